"""From the SDK's exceptions to promosync's faults: one table, and a test that it is complete."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from urllib.parse import quote

from promosync.apply.gateway import Fault, StripeFault
from promosync.stripe_api.keys import without_keys
from promosync.stripe_api.sdk import stripe

# The bases of a class are looked up too, so a new subclass counts as its base class.
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
_LONGEST_READ = 4_000
"""Characters; a longer message is not from Stripe, and nothing of it is shown."""

_PERMISSION = re.compile(r"'(?:rak_)?([a-z_]+)_(read|write)'")
_ACCOUNT = re.compile(r"account '([A-Za-z0-9_]+)'")
_PATTERN = re.compile(r"(does not match) for the value .*\)")
_HTML = re.compile(r"<[^<>]*>")  # without "<" inside: the time stays linear
_CUT = re.compile(r"\.{3,}|…")
_TELLING = 3
"""A match of this many characters at one end of a private text, next to an ellipsis, is treated as that text."""


def translate(error: stripe.StripeError, endpoint: str, hide: Iterable[str] = ()) -> StripeFault:
    """Return the fault for an SDK exception, with a sentence that may be shown.

    ``endpoint`` is method and path of the request without ids. ``hide`` has texts of the request and of its object
    that must not be shown, such as a unique code.
    """
    hide = [*hide]
    kind = next(FAULTS[base] for base in type(error).__mro__ if base in FAULTS)
    status, inner = error.http_status, _inner(error)
    code = (inner or {}).get("code")  # `error.code` is None on some classes; the body always has it
    said = str(error.user_message or "") if inner else ""
    message = clean(said, hide)
    headers = error.headers or {}
    retry, refused = headers.get("Stripe-Should-Retry"), status is not None and 400 <= status < 500
    if isinstance(error, stripe.APIConnectionError):
        return StripeFault(Fault.UNREACHABLE, clean(str(error.user_message or "Stripe cannot be reached"), hide))
    if status is not None and inner is None and 300 <= status < 500 and status not in (409, 429):
        what = "a redirect" if status < 400 else "an answer that is not from Stripe"
        words = f"{what} came back ({status}): check the API base, and whether a proxy is in between"
        return StripeFault(Fault.REFUSED, words)
    cases = (
        (status == 404 and code == "resource_missing", Fault.NOT_FOUND),
        # Even with Stripe-Should-Retry false: that means now, and we retry later.
        (status == 429 or code in _IN_USE, Fault.BUSY),
        (status == 409, Fault.REFUSED if retry == "false" else Fault.BUSY),
        (refused and retry == "true", Fault.BUSY),
        (code == "resource_already_exists", Fault.ID_TAKEN),
        # Stripe gives no error code or param for it.
        ("promotion code with" in said and "already exists" in said, Fault.TEXT_TAKEN),
        (refused and kind is Fault.BROKEN, Fault.REFUSED),
    )
    kind = next((fault for applies, fault in cases if applies), kind)
    lacking = _PERMISSION.search(message) if status == 403 and code != "account_invalid" else None
    return StripeFault(
        kind,
        _sentence(kind, status, code, message, lacking, endpoint, clean(error.request_id or "", hide)),
        stored=kind is Fault.BROKEN and "Idempotent-Replayed" in headers,
        permission_missing=status == 403 and (lacking is not None or code == "more_permissions_required"),
    )


def clean(text: str, hide: Iterable[str] = ()) -> str:
    """Return a text as one printable line of limited length, without private texts and with keys cut to a prefix.

    ``hide`` has the private texts. They are found in any case, percent-encoded, and shortened as Stripe quotes long
    values ("SPR-...9K2M"). A text longer than any message of Stripe's becomes empty.
    """
    if len(text) > _LONGEST_READ:
        return ""
    text = _PATTERN.sub(r"\1)", without_keys(_HTML.sub(" ", _without(text, {secret for secret in hide if secret}))))
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def _without(text: str, secrets: Collection[str]) -> str:
    """Return a text with "…" in place of every secret, and of every shortened secret."""
    shown, at = [], 0
    for start, end in sorted([*_whole(text, secrets), *_cut_short(text, secrets)]):
        if start >= at:
            shown += [text[at:start], "…"]
        at = max(at, end)
    return "".join([*shown, text[at:]])


def _whole(text: str, secrets: Collection[str]) -> Iterator[tuple[int, int]]:
    """Yield the start and end of every secret in a text, as it is or percent-encoded."""
    for form in {form for secret in secrets for form in (secret, quote(secret), quote(secret, safe=""))}:
        # A very short secret is found as a whole word only: other words may contain it.
        word = re.escape(form) if len(form) > _TELLING else rf"(?<![A-Za-z0-9]){re.escape(form)}(?![A-Za-z0-9])"
        yield from (found.span() for found in re.finditer(word, text, re.IGNORECASE))


def _cut_short(text: str, secrets: Collection[str]) -> Iterator[tuple[int, int]]:
    """Yield the start and end of every shortened secret: one or both of its ends next to an ellipsis."""
    low, lowered = _lower(text), [_lower(secret) for secret in secrets]
    for cut in _CUT.finditer(text):
        for secret in lowered:
            sizes = range(len(secret), 0, -1)
            begins = next((size for size in sizes if low.endswith(secret[:size], 0, cut.start())), 0)
            ends = next((size for size in sizes if low.startswith(secret[-size:], cut.end())), 0)
            if (begins and ends) or max(begins, ends) >= _TELLING:
                yield cut.start() - begins, cut.end() + ends


def _lower(text: str) -> str:
    """Return a text in lower case with the same length, which :meth:`str.lower` does not guarantee."""
    return "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)


def _inner(error: stripe.StripeError) -> dict[str, object] | None:
    """Return Stripe's own error object; None if the answer is not from Stripe."""
    body = error.json_body if isinstance(error.json_body, dict) else {}
    inner = body.get("error")
    return inner if isinstance(inner, dict) else None


def _sentence(
    kind: Fault,
    status: int | None,
    code: object,
    message: str,
    lacking: re.Match[str] | None,
    endpoint: str,
    request_id: str,
) -> str:
    where = f" (request {request_id})" if request_id else ""
    busy, key = kind is Fault.BUSY, "the key in STRIPE_API_KEY"
    account = found[1] if (found := _ACCOUNT.search(message)) else "this account"
    needed = f'the permission "{_dashboard_name(lacking)}"' if lacking else f"a permission for {endpoint}"
    cases = (
        (
            busy and code == "lock_timeout",
            f"something else is changing the same object at Stripe{where}: run it again",
        ),
        (busy and status == 409, f"Stripe is still busy with the same request{where}: run it again"),
        (busy, f"Stripe is still asking for fewer requests{where}: lower --rps, or run it again later"),
        (
            kind is Fault.BROKEN,
            f"Stripe answered with an error of its own ({status or 'unreadable'}){where}: run it again",
        ),
        (kind is Fault.TEXT_TAKEN, f"an active promotion code has this text already{where}"),
        (status == 401 and code == "api_key_expired", f"{key} has expired: make a new one {_KEYS}"),
        (
            status == 401 and code == "secret_key_required",
            f"{key} is a publishable one: take a secret or restricted key {_KEYS}",
        ),
        (status == 401, f"Stripe does not know {key}: copy it again, it is {_KEYS}"),
        (
            status == 403 and code == "account_invalid",
            f"the key has no access to {account}: check STRIPE_ACCOUNT and --stripe-account, or take another key",
        ),
        (status == 403, f"the key lacks {needed}: add it to the restricted key {_KEYS}"),
        (message, message + where),
    )
    return next((words for applies, words in cases if applies), f"Stripe refused it ({status}){where}")


def _dashboard_name(lacking: re.Match[str]) -> str:
    """Return a permission as the Dashboard names it: ``promotion_code_write`` is "Promotion Codes: write"."""
    resource, right = lacking.groups()
    words = {"plan": "Prices", "connected_account": "Connected Accounts"}
    return f"{words.get(resource) or resource.replace('_', ' ').title() + 's'}: {right}"
