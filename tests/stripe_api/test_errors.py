"""Every error of the SDK becomes one fault with one sentence that can be shown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promosync.apply.gateway import Fault, StripeFault
from promosync.sandbox.server import Handle
from promosync.stripe_api.errors import FAULTS, clean, translate
from promosync.stripe_api.sdk import stripe

from .border import KEY, OBJECT, Asked, account_at, client_at, served

pytestmark = pytest.mark.usefixtures("quick")


def fault_of(
    status: int,
    body: bytes,
    headers: Mapping[str, str] | None = None,
    *,
    method: str = "get",
    path: str = "/v1/promotion_codes",
    **params: Any,
) -> StripeFault:
    """The fault of one request that is answered like this."""
    with served(lambda _asked: (status, headers or {}, body)) as server, client_at(server.url) as client:
        with pytest.raises(StripeFault) as caught:
            client.once(method, path, **params)
        return caught.value


def error(message: str, code: str | None = None, type: str = "invalid_request_error") -> bytes:
    return json.dumps({"error": {"message": message, "type": type, **({"code": code} if code else {})}}).encode()


def all_sdk_errors() -> Iterator[type[BaseException]]:
    """Yield every exception class that the SDK can raise for a request."""
    waiting: list[type[BaseException]] = [stripe.StripeError]
    while waiting:
        found = waiting.pop()
        yield found
        waiting += found.__subclasses__()


def test_the_table_is_complete() -> None:
    """Whatever class the installed SDK raises, the table or one of its bases in the table knows it."""
    found = list(all_sdk_errors())
    assert len(found) > 15
    for kind in found:
        known = [base for base in kind.__mro__ if base in FAULTS]
        assert known, kind
        if (
            kind is not stripe.StripeError
            and kind.__bases__[0] is stripe.StripeError
            and "Param" not in kind.__name__
        ):
            made: Any = kind.__new__(kind)
            stripe.StripeError.__init__(made, "Something", http_status=400)
            made.should_retry = True
            assert str(translate(made, "GET /v1/coupons"))


@pytest.mark.parametrize(
    ("status", "body", "headers", "fault", "says"),
    [
        (400, error("No such coupon: 'x'", "resource_missing"), {}, Fault.REFUSED, "No such coupon"),
        (404, error("No such coupon: 'x'", "resource_missing"), {}, Fault.NOT_FOUND, "No such coupon"),
        (404, error("Unrecognized request URL (GET: /v1/x)."), {}, Fault.REFUSED, "Unrecognized"),
        (404, b"<html>not here</html>", {}, Fault.REFUSED, "API base"),
        (400, error("Coupon already exists.", "resource_already_exists"), {}, Fault.ID_TAKEN, "already exists"),
        (
            400,
            error("An active promotion code with `code: SECRET9` already exists."),
            {},
            Fault.TEXT_TAKEN,
            "has this text already",
        ),
        (400, error("Keys for idempotent …", None, "idempotency_error"), {}, Fault.MADE_ELSEWHERE, "idempotent"),
        (400, error("too fast", "rate_limit"), {}, Fault.BUSY, "fewer requests"),
        (429, error("too fast", "rate_limit"), {}, Fault.BUSY, "fewer requests"),
        (429, error("locked", "lock_timeout"), {}, Fault.BUSY, "same object"),
        (429, b"<html>slow down</html>", {}, Fault.BUSY, "fewer requests"),
        (429, error("slow", "rate_limit"), {"Stripe-Should-Retry": "false"}, Fault.BUSY, "fewer requests"),
        (409, error("in progress", "idempotency_key_in_use"), {"Stripe-Should-Retry": "false"}, Fault.BUSY, "same"),
        (409, error("never"), {"Stripe-Should-Retry": "false"}, Fault.REFUSED, "never"),
        (409, error("in progress", "idempotency_key_in_use"), {}, Fault.BUSY, "same request"),
        (409, error("not now"), {}, Fault.BUSY, "run it again"),
        (400, error("try again"), {"Stripe-Should-Retry": "true"}, Fault.BUSY, "run it again"),
        (402, error("card", "card_declined", "card_error"), {}, Fault.REFUSED, "card"),
        (418, error("teapot"), {}, Fault.REFUSED, "teapot"),
        (500, error("oh", None, "api_error"), {}, Fault.BROKEN, "error of its own (500)"),
        (503, error("oh", None, "api_error"), {}, Fault.BROKEN, "error of its own (503)"),
        (502, b"<html><body>502 Bad Gateway</body></html>", {}, Fault.BROKEN, "(502)"),
        (403, b"<html>Forbidden</html>", {}, Fault.REFUSED, "API base"),
        (401, b"", {}, Fault.REFUSED, "API base"),
        (301, b"", {"Location": "http://127.0.0.1:1/"}, Fault.REFUSED, "redirect"),
        (307, b"", {"Location": "http://127.0.0.1:1/"}, Fault.REFUSED, "redirect"),
        (200, b"<html>Log in to the wifi</html>", {}, Fault.BROKEN, "(200)"),
        (200, b"[]", {}, Fault.BROKEN, "not Stripe's"),
        (200, b'{"ok": true}', {}, Fault.BROKEN, "not Stripe's"),
        (200, OBJECT[:20], {}, Fault.BROKEN, ""),
        (
            200,
            OBJECT[:20],
            {"Content-Length": str(len(OBJECT)), "Connection": "close"},
            Fault.UNREACHABLE,
            "cannot be reached",
        ),
        (500, b'{"error": "a word"}', {}, Fault.BROKEN, "(500)"),
        (400, b'{"error": "a word"}', {}, Fault.REFUSED, "API base"),
        (400, b'{"error": ["a", "list"]}', {}, Fault.REFUSED, "API base"),
        (502, b"\xff\xfe", {}, Fault.BROKEN, "(502)"),
        (200, b"\xff\xfe", {}, Fault.BROKEN, "(200)"),
        (400, b'{"error": {"message": null, "type": null}}', {}, Fault.REFUSED, "(400)"),
    ],
)
def test_each_answer_has_its_fault_and_its_words(
    status: int, body: bytes, headers: Mapping[str, str], fault: Fault, says: str
) -> None:
    """The answer decides what is done; the message is one line without markup."""
    found = fault_of(status, body, headers)
    assert (found.fault, says in str(found)) == (fault, True), str(found)
    assert "\n" not in str(found)
    assert "<" not in str(found)


def test_a_replayed_server_error_is_known_as_stored() -> None:
    """Only then is a new idempotency key of any use."""
    body = error("oh", None, "api_error")
    assert fault_of(500, body, {"Idempotent-Replayed": "true"}, method="post").stored
    assert not fault_of(500, body, method="post").stored
    assert not fault_of(400, error("no"), {"Idempotent-Replayed": "true"}, method="post").stored


@pytest.mark.parametrize(
    ("message", "code", "says"),
    [
        ("Invalid API Key provided: sk_test_****************4321", None, "does not know the key"),
        ("Invalid API Key provided: zzzz******4321", None, "does not know the key"),
        ("Expired API Key provided: rk_test_***abc4321", "api_key_expired", "has expired"),
        ("This API call cannot be made with a publishable API key.", "secret_key_required", "publishable"),
    ],
)
def test_a_key_that_stripe_does_not_take(message: str, code: str | None, says: str) -> None:
    """Each case has its own sentence, which says what to do and contains no part of the key."""
    found = fault_of(401, error(message, code))
    assert found.fault is Fault.DENIED
    assert says in str(found)
    assert "STRIPE_API_KEY" in str(found)
    assert "Dashboard" in str(found)
    assert "4321" not in str(found)


@pytest.mark.parametrize(
    ("message", "name"),
    [
        (
            "Permission denied. The provided key 'rk_live_***j4va7j' does not have the required permissions for this "
            "endpoint on account 'acct_123'. Enabling \"Coupons Write\" ('coupon_write') permissions on this key "
            "would allow this request to continue. You can edit permissions at https://dashboard.stripe.com/apikeys",
            "Coupons: write",
        ),
        (
            "The provided key 'rk_test_***j4va7j' does not have the required permissions for this endpoint "
            "on account 'acct_123'. Having the 'rak_promotion_code_read' permission would allow this request to "
            "continue.",
            "Promotion Codes: read",
        ),
        ("Having the 'rak_plan_read' permission would allow this request to continue.", "Prices: read"),
    ],
)
def test_a_permission_is_named_as_the_dashboard_names_it(message: str, name: str) -> None:
    """Both forms of Stripe's message lead to the box that must be ticked."""
    for code in ("more_permissions_required", None):
        found = fault_of(403, error(message, code))
        assert found.fault is Fault.DENIED
        assert found.permission_missing
        assert f'"{name}"' in str(found)
        assert "j4va7j" not in str(found)


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("path", ["/v1/promotion_codes", "/v1/promotion_codes/promo_1"])
def test_where_stripe_names_no_permission_the_endpoint_is_named(method: str, path: str) -> None:
    """That is what there is to look for; without the object's id, so that many refusals are one sentence."""
    body = error("The provided key 'rk_test_***j4va7j' may not do this.", "more_permissions_required")
    found = fault_of(403, body, method=method, path=path)
    asked = f"{method.upper()} /v1/promotion_codes{'/:id' if path.endswith('promo_1') else ''}"
    assert str(found).startswith(f"the key lacks a permission for {asked}: ")


def test_an_account_out_of_reach_is_not_a_missing_permission() -> None:
    """A key that may not act for the account must not pass for one that may not read its own id."""
    message = (
        "The provided key 'sk_test_***j4va7j' does not have access to account 'acct_9' (or that account does not "
        "exist). Application access may have been revoked."
    )
    found = fault_of(403, error(message, "account_invalid"))
    assert found.fault is Fault.DENIED
    assert not found.permission_missing
    assert "acct_9" in str(found)
    assert "--stripe-account" in str(found)
    assert "j4va7j" not in str(found)


@pytest.mark.parametrize("permission", ["coupon_write", "promotion_code_write", "coupon_read", "promotion_code_read"])
def test_the_sandbox_is_understood(sandbox: Handle, permission: str) -> None:
    """The message for a restricted key is the same over HTTP."""
    key = "rk_test_short0123456789"
    sandbox.control.register_key(key, [])
    kind, right = permission.rsplit("_", 1)
    with client_at(sandbox.url, key=key) as client, pytest.raises(StripeFault) as caught:
        client.call("get" if right == "read" else "post", f"/v1/{kind}s")
    assert f'"{kind.replace("_", " ").title()}s: {right}"' in str(caught.value)


def test_an_unreadable_account_is_no_obstacle(sandbox: Handle) -> None:
    """Restricted keys often may not read the account; then its id is unknown, and that is all."""
    key = "rk_test_short0123456789"
    sandbox.control.register_key(key, ["coupon_write", "promotion_code_write"])
    with account_at(sandbox.url, key=key) as account:
        assert account.account.id is None
    sandbox.control.register_key(key, expired=True)
    with pytest.raises(StripeFault, match="expired"), account_at(sandbox.url, key=key):
        pass


def test_an_object_of_the_other_mode_is_told() -> None:
    """Stripe's own words say it best."""
    words = "No such coupon: 'x'; a similar object exists in test mode, but a live mode key was used"
    assert "exists in test mode" in str(fault_of(404, error(words, "resource_missing")))


@pytest.mark.parametrize(
    "message",
    [
        "An active promotion code with `code: Spr-7Q2K` already exists.",
        "Something about spr-7q2k, which is SPR-7Q2K.",
        "This value must match the regex pattern. (/\\A[a-zA-Z0-9\\-_]+\\z/ does not match for the value SPR-7Q2K!).",
    ],
)
def test_no_message_repeats_a_code(message: str) -> None:
    """A unique code is worth money, and many people read logs."""
    found = fault_of(400, error(message), method="post", code="SPR-7Q2K")
    assert "7q2k" not in str(found).lower()


def test_no_message_repeats_an_address_of_a_person() -> None:
    found = fault_of(400, error("Invalid email address: ann@example.com"), method="get", email="ann@example.com")
    assert "ann@" not in str(found)


def test_the_error_behind_the_fault_is_not_shown() -> None:
    """The SDK's error has the answer's body and headers in it: no traceback may go on to it."""
    found = fault_of(400, error("No"))
    assert found.__suppress_context__
    assert found.__cause__ is None


@given(
    st.sampled_from(
        ["sk_test_", "rk_test_", "sk_live_", "rk_live_", "pk_test_", "sk_org_", "sk_org_live_", "whsec_"]
    ),
    st.text("abcXYZ0129*.•_-", min_size=4, max_size=40).map(lambda text: "Q" + text + "Q7"),
    st.sampled_from(["{}", "'{}'", "key {}.", "({})", 'a "{}" b', "x={}&y", "Bearer {}"]),
)
def test_keys_are_cut_to_their_prefix(prefix: str, rest: str, around: str) -> None:
    """Only the prefix of a key is left, wherever it appears, complete or masked."""
    found = clean(around.format(prefix + rest))
    assert prefix + "…" in found
    assert "Q7" not in found


@given(st.text(max_size=2000))
def test_what_is_shown_is_one_printable_line(text: str) -> None:
    """No control character of an answer reaches a terminal, and no page fills it."""
    found = clean(text)
    assert found.isprintable()
    assert len(found) <= 401


def test_an_answer_with_a_key_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mirror that shows the whole request shows nothing to us."""

    def mirror(asked: Asked) -> tuple[int, Mapping[str, str], bytes]:
        return 400, {"Request-Id": "req_1"}, error(f"You sent {asked.headers['authorization']} to me")

    with served(mirror) as server, client_at(server.url) as client, pytest.raises(StripeFault) as caught:
        client.once("get", "/v1/coupons")
    assert str(caught.value) == "You sent Bearer sk_test_… to me (request req_1)"
    assert KEY not in repr(caught.value)
