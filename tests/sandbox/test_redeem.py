"""Using codes and coupons: what is counted, what ends, and what prevents it."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import World, refusal
from .direct import Direct


def test_a_use_counts_for_the_code_and_its_coupon_and_a_direct_one_for_the_coupon_only(local: World) -> None:
    coupon = local.coupon().id
    code = local.code(coupon)
    done = local.control.redeem(code.code.lower())
    assert (done["redeemed"], done["rule"]) == (1, None)
    assert done["promotion_code"]["times_redeemed"] == 1
    assert local.control.redeem(coupon=coupon, times=2)["redeemed"] == 2
    assert local.v1.coupons.retrieve(coupon).times_redeemed == 3
    assert local.v1.promotion_codes.retrieve(code.id).times_redeemed == 1


def test_the_last_use_of_a_code_ends_it_at_once_and_for_good(local: World) -> None:
    code = local.code(local.coupon().id, max_redemptions=2)
    assert local.control.redeem(code.id, times=5)["redeemed"] == 2
    assert not local.v1.promotion_codes.retrieve(code.id).active
    assert refusal(lambda: local.v1.promotion_codes.update(code.id, {"active": True}))[:3] == (
        400,
        None,
        "active",
    )
    assert local.control.redeem(code.id)["rule"] == "used_up"
    assert local.code(local.coupon().id, code=code.code).active


def test_the_last_use_of_a_coupon_ends_all_its_codes(local: World) -> None:
    coupon = local.coupon(max_redemptions=1).id
    used, unused = local.code(coupon), local.code(coupon)
    local.control.redeem(used.code)
    assert not local.v1.coupons.retrieve(coupon).valid
    assert not local.v1.promotion_codes.retrieve(unused.id).active
    assert local.control.redeem(unused.code)["rule"] == "coupon_invalid"
    assert refusal(lambda: local.code(coupon))[0] == 400


def test_a_use_is_told_as_events(local: World) -> None:
    code = local.code(local.coupon().id)
    local.control.redeem(code.code)
    told = [event.to_dict() for event in local.v1.events.list({"limit": 2}).data]
    assert [event["type"] for event in told] == ["promotion_code.updated", "coupon.updated"]
    assert told[0]["data"]["previous_attributes"] == {"times_redeemed": 0}
    assert told[0]["data"]["object"]["times_redeemed"] == 1


@pytest.mark.parametrize(
    ("params", "order", "rule"),
    [
        ({"active": False}, {}, "inactive"),
        (
            {"restrictions": {"first_time_transaction": True}},
            {"first_time": False},
            "first_time_transaction",
        ),
        ({"restrictions": {"first_time_transaction": True}}, {"first_time": True}, None),
        (
            {"restrictions": {"minimum_amount": 500, "minimum_amount_currency": "usd"}},
            {"amount": 499, "currency": "usd"},
            "minimum_amount",
        ),
        (
            {"restrictions": {"minimum_amount": 500, "minimum_amount_currency": "usd"}},
            {"amount": 500},
            None,
        ),
        (
            {"restrictions": {"minimum_amount": 500, "minimum_amount_currency": "usd"}},
            {"amount": 900, "currency": "eur"},
            "minimum_amount_currency",
        ),
    ],
)
def test_a_code_is_refused_with_the_rule_that_stands_against_it(
    local: World, params: dict[str, Any], order: dict[str, Any], rule: str | None
) -> None:
    code = local.code(local.coupon().id, **params)
    done = local.control.redeem(code.code, **order)
    assert (done["rule"], done["redeemed"]) == (rule, 0 if rule else 1)
    assert local.v1.promotion_codes.retrieve(code.id).times_redeemed == done["redeemed"]


def test_a_customers_code_is_for_that_customer_and_found_among_several_of_its_text(local: World) -> None:
    coupon = local.coupon().id
    ann, bob = (local.v1.customers.create({"name": name}).id for name in ("Ann", "Bob"))
    codes = {holder: local.code(coupon, code="OURS", customer=holder) for holder in (ann, bob)}
    assert local.control.redeem("ours")["rule"] == "customer"
    assert local.control.redeem("ours", customer=ann)["promotion_code"]["id"] == codes[ann].id


def test_a_coupon_is_refused_for_other_products_and_currencies(local: World) -> None:
    product = local.v1.products.create({"name": "Shoes"}).id
    shoes = local.coupon(applies_to={"products": [product]}).id
    dollars = local.coupon(amount_off=5, currency="usd", currency_options={"eur": {"amount_off": 4}}).id
    assert local.control.redeem(coupon=shoes, product="prod_other")["rule"] == "product"
    assert local.control.redeem(coupon=shoes, product=product)["redeemed"] == 1
    assert local.control.redeem(coupon=dollars, currency="gbp")["rule"] == "currency"
    assert local.control.redeem(coupon=dollars, currency="EUR")["redeemed"] == 1


def test_what_is_not_there_cannot_be_redeemed(local: World) -> None:
    assert local.control.redeem("NOPE")["rule"] == "no_such_code"
    assert local.control.redeem(coupon="NOPE")["rule"] == "no_such_coupon"


def test_a_redemption_by_text_does_not_read_all_codes_of_the_account() -> None:
    direct = Direct()
    direct.control.seed("coupon", [{"id": "bulk", "percent_off": 5}])
    direct.control.seed("promotion_code", count=2000, template={"coupon": "bulk", "code": "S-{n:04}"})
    steps: list[int] = []
    with direct.sandbox.store.transaction() as db:
        db.set_progress_handler(lambda: steps.append(1), 1000)
    assert direct.control.redeem("s-0007")["redeemed"] == 1
    assert len(steps) < 10
