"""The SDK's exceptions as promosync's faults: one table, and a test that it is complete."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from promosync.apply.gateway import Fault, StripeFault
from promosync.stripe_api.keys import without_keys
from promosync.stripe_api.sdk import stripe

# Looked up along the class's bases, so a new subclass is read as what it derives from.
FAULTS: dict[type[BaseException], Fault] = {
    stripe.APIConnectionError: Fault.UNREACHABLE,
    stripe.RateLimitError: Fault.BUSY,
    stripe.AuthenticationError: Fault.DENIED,
    stripe.PermissionError: Fault.DENIED,
    stripe.InvalidRequestError: Fault.REFUSED,
    stripe.IdempotencyError: Fault.MADE_ELSEWHERE,
    stripe.CardError: Fault.REFUSED,
    stripe.APIError: Fault.BROKEN,
    stripe.StripeError: Fault.BROKEN,
}

_KEYS = "in the Dashboard under Developers, API keys"
_IN_USE = ("lock_timeout", "idempotency_key_in_use")
_LONGEST = 400

_PERMISSION = re.compile(r"'(?:rak_)?([a-z_]+)_(read|write)'")
_ACCOUNT = re.compile(r"account '([A-Za-z0-9_]+)'")
_PATTERN = re.compile(r"(does not match) for the value .*\)")
_HTML = re.compile(r"<[^>]*>")


def translate(error: stripe.StripeError, endpoint: str, hide: Iterable[str] = ()) -> StripeFault:
    """Return the fault that an SDK exception stands for, with a sentence that is fit to be shown.

    ``endpoint`` is what was asked for, as method and path without ids. ``hide`` has texts of the request that must
    not be shown, such as a unique code.
    """
    kind = next(FAULTS[base] for base in type(error).__mro__ if base in FAULTS)
    status, inner = error.http_status, _inner(error)
    code = (inner or {}).get("code")  # `error.code` is None on some classes; the body always has it
    message = clean(error.user_message or "" if inner else "", hide)
    retry = (error.headers or {}).get("Stripe-Should-Retry")
    if isinstance(error, stripe.APIConnectionError):
        kind = Fault.UNREACHABLE if error.should_retry else Fault.REFUSED
        return StripeFault(kind, clean(error.user_message or "Stripe cannot be reached", hide))
    if status is not None and (inner is None and 300 <= status < 500 and status not in (409, 429)):
        return StripeFault(Fault.REFUSED, _not_stripe(status))
    if status == 404 and code == "resource_missing":
        kind = Fault.NOT_FOUND
    elif status == 429 or code in _IN_USE:
        kind = Fault.BUSY  # even where Stripe-Should-Retry is false: that is about at once, and we go slower
    elif status == 409:
        kind = Fault.REFUSED if retry == "false" else Fault.BUSY
    elif status is not None and 400 <= status < 500 and retry == "true":
        kind = Fault.BUSY
    elif code == "resource_already_exists":
        kind = Fault.ID_TAKEN
    elif "promotion code with" in message and "already exists" in message:
        kind = Fault.TEXT_TAKEN  # no code or param: the text is all there is
    elif kind is Fault.BROKEN and status is not None and 400 <= status < 500:
        kind = Fault.REFUSED
    lacking = _PERMISSION.search(message) if status == 403 and code != "account_invalid" else None
    return StripeFault(
        kind,
        _sentence(kind, status, code, message, lacking, endpoint, error.request_id),
        stored=kind is Fault.BROKEN and "Idempotent-Replayed" in (error.headers or {}),
        permission_missing=status == 403 and (lacking is not None or code == "more_permissions_required"),
    )


def clean(text: str, hide: Iterable[str] = ()) -> str:
    """Return a text as one printable line of bounded length, with every API key cut down to its prefix."""
    for secret in hide:
        text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(secret)}(?![A-Za-z0-9])", "…", text, flags=re.IGNORECASE)
    text = _PATTERN.sub(r"\1)", without_keys(_HTML.sub(" ", text)))
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def _inner(error: stripe.StripeError) -> dict[str, object] | None:
    """Return Stripe's own error object; None where something else answered."""
    body = error.json_body if isinstance(error.json_body, dict) else {}
    inner = body.get("error")
    return inner if isinstance(inner, dict) else None


def _not_stripe(status: int) -> str:
    what = "a redirect" if status < 400 else "something that is not Stripe's"
    return f"{what} came back ({status}): check the API base, and whether a proxy is in between"


def _sentence(
    kind: Fault,
    status: int | None,
    code: object,
    message: str,
    lacking: re.Match[str] | None,
    endpoint: str,
    request_id: str | None,
) -> str:
    where = f" (request {clean(request_id)})" if request_id else ""
    if kind is Fault.BUSY and code == "lock_timeout":
        return f"something else is changing the same object at Stripe{where}: run it again"
    if kind is Fault.BUSY and status == 409:
        return f"Stripe is still busy with the same request{where}: run it again"
    if kind is Fault.BUSY:
        return f"Stripe is still asking for fewer requests{where}: lower --rps, or run it again later"
    if kind is Fault.BROKEN:
        return f"Stripe answered with an error of its own ({status or 'unreadable'}){where}: run it again"
    if kind is Fault.TEXT_TAKEN:
        return f"an active promotion code has this text already{where}"
    if status == 401:
        return _unknown_key(code)
    if status == 403 and code == "account_invalid":
        found = _ACCOUNT.search(message)
        account = found[1] if found else "this account"
        return f"the key has no access to {account}: check STRIPE_ACCOUNT and --stripe-account, or take another key"
    if status == 403:
        needed = f'the permission "{_dashboard_name(lacking)}"' if lacking else f"a permission for {endpoint}"
        return f"the key lacks {needed}: add it to the restricted key {_KEYS}"
    return message + where if message else f"Stripe refused it ({status}){where}"


def _unknown_key(code: object) -> str:
    if code == "api_key_expired":
        return f"the key in STRIPE_API_KEY has expired: make a new one {_KEYS}"
    if code == "secret_key_required":
        return f"the key in STRIPE_API_KEY is a publishable one: take a secret or restricted key {_KEYS}"
    return f"Stripe does not know the key in STRIPE_API_KEY: copy it again, it is {_KEYS}"


def _dashboard_name(lacking: re.Match[str]) -> str:
    """Return a permission as the Dashboard lists it: ``promotion_code_write`` is "Promotion Codes: write"."""
    resource, right = lacking.groups()
    words = {"plan": "Prices", "connected_account": "Connected Accounts"}
    return f"{words.get(resource) or resource.replace('_', ' ').title() + 's'}: {right}"


def all_sdk_errors() -> Iterator[type[BaseException]]:
    """Yield every exception class that the SDK can raise for a request, for the test of the table."""
    waiting: list[type[BaseException]] = [stripe.StripeError]
    while waiting:
        found = waiting.pop()
        yield found
        waiting += found.__subclasses__()
