"""The SDK's exceptions as promosync's faults: one table, and a test that it is complete."""

from __future__ import annotations

import re
from collections.abc import Iterator

import stripe

from promosync.apply.gateway import Fault, StripeFault

# Looked up along the class's bases, so a new subclass is read as what it derives from.
FAULTS: dict[type[BaseException], Fault] = {
    stripe.APIConnectionError: Fault.UNREACHABLE,
    stripe.RateLimitError: Fault.BUSY,
    stripe.AuthenticationError: Fault.DENIED,
    stripe.PermissionError: Fault.DENIED,
    stripe.InvalidRequestError: Fault.REFUSED,
    stripe.IdempotencyError: Fault.REFUSED,
    stripe.CardError: Fault.REFUSED,
    stripe.APIError: Fault.BROKEN,
    stripe.StripeError: Fault.BROKEN,
}

_SECRET = re.compile(r"\b((?:sk|rk|pk|ek)_(?:test|live|org)?_?)[A-Za-z0-9*_]{3,}")
_PERMISSION = re.compile(r"\"([^\"]+)\" \('([a-z_]+)'\) permission|'(?:rak_)?([a-z_]+)' permission")
_HTML = re.compile(r"<[^>]+>")


def translate(error: stripe.StripeError) -> StripeFault:
    """Return the fault that an SDK exception stands for, with a sentence that is fit to be shown."""
    kind = next(FAULTS[base] for base in type(error).__mro__ if base in FAULTS)
    status, code = error.http_status, _code(error)
    if kind is Fault.BROKEN and status is not None and 400 <= status < 500 and status != 409:
        kind = Fault.REFUSED
    message = scrub(error.user_message or "")
    if kind is Fault.REFUSED and status == 404:
        kind = Fault.NOT_FOUND
    elif status in (409, 429) or code == "lock_timeout":
        kind = Fault.BUSY
    elif code == "resource_already_exists":
        kind = Fault.ID_TAKEN
    elif (
        "promotion code with" in message and "already exists" in message
    ):  # no code or param: the text is all there is
        kind = Fault.TEXT_TAKEN
    return StripeFault(
        kind,
        _sentence(kind, status, code, message, error.request_id),
        stored=kind is Fault.BROKEN and _inner(error) is not None,
        permission_missing=status == 403,
    )


def scrub(text: str) -> str:
    """Return a text with every API key in it, even a masked one, cut down to its prefix."""
    return _SECRET.sub(r"\1…", text)


def _inner(error: stripe.StripeError) -> dict[str, object] | None:
    """Return Stripe's own error object; None where something else answered."""
    body = error.json_body if isinstance(error.json_body, dict) else {}
    inner = body.get("error")
    return inner if isinstance(inner, dict) else None


def _code(error: stripe.StripeError) -> object:
    return (_inner(error) or {}).get("code")  # `error.code` is None on some classes; the body always has it


def _sentence(kind: Fault, status: int | None, code: object, message: str, request_id: str | None) -> str:
    where = f" (request {request_id})" if request_id else ""
    if kind is Fault.UNREACHABLE:
        return "Stripe cannot be reached: no answer, or the connection broke"
    if kind is Fault.BUSY:
        return f"Stripe is still asking for fewer requests{where}: lower --rps, or run it again later"
    if kind is Fault.BROKEN:
        return f"Stripe answered with an error of its own ({status or 'unreadable'}){where}: run it again"
    if kind is Fault.DENIED:
        return _denied(status, code, message)
    return " ".join(_HTML.sub(" ", message).split()) + where if message else f"Stripe refused it ({status}){where}"


def _denied(status: int | None, code: object, message: str) -> str:
    if status == 403:
        found = _PERMISSION.search(message)
        name = next((part for part in found.groups() if part), None) if found else None
        needed = f"the permission {name!r}" if name else "a permission"
        return f"the key lacks {needed}: add it to the restricted key in the Dashboard under Developers, API keys"
    if code == "api_key_expired":
        return "the key in STRIPE_API_KEY has expired: make a new one in the Dashboard under Developers, API keys"
    return (
        "Stripe does not know the key in STRIPE_API_KEY: copy it again from the Dashboard under Developers, API keys"
    )


def all_sdk_errors() -> Iterator[type[BaseException]]:
    """Yield every exception class that the SDK can raise for a request, for the test of the table."""
    waiting: list[type[BaseException]] = [stripe.StripeError]
    while waiting:
        found = waiting.pop()
        yield found
        waiting += found.__subclasses__()
