"""Any object in an answer is read, or is a fault with a message, and never another exception."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promosync.apply.gateway import Fault, StripeFault
from promosync.model.live import LiveCode, LiveCoupon
from promosync.stripe_api.translate import code_from, coupon_from

from .border import Asked, account_at, served

COUPON: dict[str, Any] = {
    "id": "five",
    "object": "coupon",
    "amount_off": 500,
    "applies_to": {"products": ["prod_1"]},
    "created": 1_800_000_000,
    "currency": "usd",
    "currency_options": {"usd": {"amount_off": 500}, "eur": {"amount_off": 450}},
    "duration": "repeating",
    "duration_in_months": 3,
    "max_redemptions": 10,
    "metadata": {"promosync_owner": "shop", "a": "1"},
    "name": "Fünf",
    "percent_off": None,
    "redeem_by": 1_900_000_000,
    "times_redeemed": 1,
    "valid": True,
}
CODE: dict[str, Any] = {
    "id": "promo_1",
    "object": "promotion_code",
    "active": True,
    "code": "LAUNCH",
    "created": 1_800_000_000,
    "customer": "cus_1",
    "expires_at": 1_900_000_000,
    "max_redemptions": 5,
    "metadata": {"promosync_slot": "1"},
    "promotion": {"type": "coupon", "coupon": {"id": "five"}},
    "restrictions": {
        "first_time_transaction": True,
        "minimum_amount": 100,
        "minimum_amount_currency": "usd",
        "currency_options": {"eur": {"minimum_amount": 90}},
    },
    "times_redeemed": 0,
}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**20, 10**30)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["\ud800", "", "id"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


def places(row: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [at] if at else []
    for name in row if isinstance(row, dict) else range(len(row)) if isinstance(row, list) else ():
        found += places(row[name], (*at, name))
    return found


def put(row: Any, at: tuple[Any, ...], value: Any, *, gone: bool) -> Any:
    """A copy of a row with another value at a place, or nothing there."""
    row = json.loads(json.dumps(row))
    inner = row
    for name in at[:-1]:
        inner = inner[name]
    if gone:
        del inner[at[-1]]
    else:
        inner[at[-1]] = value
    return row


@pytest.mark.parametrize(("row", "kind"), [(COUPON, LiveCoupon), (CODE, LiveCode)], ids=["coupon", "code"])
@given(st.data())
def test_an_object_with_anything_in_it(row: Any, kind: type, data: st.DataObject) -> None:
    """One field has any value, or is missing: the object that is read can be compared, hashed and written."""
    read = coupon_from if kind is LiveCoupon else code_from
    assert isinstance(read(row), kind)
    at = data.draw(st.sampled_from(places(row)))
    odd = put(row, at, data.draw(JSON), gone=data.draw(st.booleans()))
    try:
        made = read(odd)
    except StripeFault as found:
        fault = found
    else:
        assert made == read(odd)
        assert isinstance(made.created, int)
        assert made.used >= made.times_redeemed
        repr(made).encode("utf-8")
        return
    assert fault.fault is Fault.BROKEN
    assert "Stripe's answer" in str(fault)


@pytest.mark.parametrize("value", [True, float("nan"), float("inf"), -1, 101, 10**400, "20", [20], {}])
def test_a_percentage_is_a_number_up_to_a_hundred(value: Any) -> None:
    with pytest.raises(StripeFault, match="percent_off"):
        coupon_from({**COUPON, "percent_off": value})
    assert coupon_from({**COUPON, "percent_off": 12.5, "amount_off": None}).spec.percent_off == Decimal("12.5")


@given(JSON)
def test_what_is_no_object(row: Any) -> None:
    for read in (coupon_from, code_from):
        with pytest.raises(StripeFault):
            read(row)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "page",
    [
        {"data": [{"id": 1, "created": 1}], "has_more": False},
        {"data": [{"created": 1}], "has_more": True},
        {"data": ["promo_1"], "has_more": True},
        {"data": {"id": "a"}, "has_more": False},
        {"data": [{"id": "a", "created": "now"}], "has_more": False},
        {"data": [], "has_more": "no"},
        {"has_more": False},
        {"data": [{"id": "a", "email": 7, "created": 1}], "has_more": False},
    ],
)
def test_a_page_that_is_none(page: Mapping[str, Any]) -> None:
    """For any list: the message says that the answer is wrong."""

    def answer(asked: Asked) -> tuple[int, Mapping[str, str], bytes]:
        body = {"object": "account", "id": "acct_1"} if asked.path.startswith("/v1/account") else page
        return 200, {}, json.dumps({"object": "list", **body}).encode()

    with served(answer) as server, account_at(server.url, patience=0) as account:
        for ask in (
            lambda: list(account.coupons()),
            lambda: list(account.codes()),
            lambda: list(account.codes_of("A")),
            lambda: account.customers_of(["ann@example.com"]),
        ):
            with pytest.raises(StripeFault, match="check the API base"):
                ask()
        if page.get("data") != []:  # the check whether there are any does not request more
            with pytest.raises(StripeFault, match="check the API base"):
                account.active_codes_on("a")
