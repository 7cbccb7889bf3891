"""The exam: known answers of Stripe, requested with the real SDK from everything that replaces Stripe in tests.

This part asks about coupons and promotion codes, the other (`test_exam_reading.py`) about everything around them.
Set PROMOSYNC_EXAM_KEY to a `sk_test_` key to put the same questions to Stripe itself.
"""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import World, refusal

YEAR = 365 * 86400
EXISTS = "An active promotion code with `code: {}` already exists."


# Coupons


def test_a_coupon_is_shown_with_every_field_and_without_what_must_be_expanded(world: World) -> None:
    shown = world.coupon(max_redemptions=5, metadata={"team": "shop"}, name="Spring").to_dict()
    assert {name: shown.pop(name) for name in ("id", "created")}
    assert shown == {
        "object": "coupon",
        "amount_off": None,
        "currency": None,
        "duration": "once",
        "duration_in_months": None,
        "livemode": False,
        "max_redemptions": 5,
        "metadata": {"team": "shop"},
        "name": "Spring",
        "percent_off": 25.0,
        "redeem_by": None,
        "times_redeemed": 0,
        "valid": True,
    }


def test_without_an_id_stripe_draws_one(world: World) -> None:
    assert len(world.v1.coupons.create({"percent_off": 5}).id) == 8


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"percent_off": None}, ("parameter_missing", None, "Must provide percent_off or amount_off.")),
        (
            {"amount_off": 5, "currency": "usd"},
            (None, None, "Received both percent_off and amount_off parameters. Please pass in only one."),
        ),
        (
            {"percent_off": None, "amount_off": 5},
            (None, "currency", "You must pass currency when passing amount_off"),
        ),
        (
            {"duration": "repeating"},
            (
                None,
                "duration",
                "The duration_in_months param must be set when creating a coupon with a repeating duration",
            ),
        ),
        (
            {"percent_off": 0},
            (
                None,
                "percent_off",
                "This value must be greater than or equal to 0.01 (it currently is '0.0').",
            ),
        ),
        (
            {"duration": "weekly"},
            (None, "duration", "Invalid duration: must be one of forever, once, or repeating"),
        ),
        (
            {"redeem_by": 1000},
            (
                None,
                "redeem_by",
                "The parameter `redeem_by` expects a unix timestamp representing a date and time in the "
                "future. You specified the value `1000` which is in the past.",
            ),
        ),
        (
            {"currency_options": {"EUR": {"amount_off": 4}}},
            (
                None,
                "currency_options",
                "You may only specify one of these parameters: currency_options, percent_off.",
            ),
        ),
        (
            {"percent_off": None, "amount_off": 5, "currency": "usd", "currency_options": "eur"},
            (None, "currency_options", "Invalid object"),
        ),
        (
            {"name": "A name that is far too long for a coupon of Stripe's"},
            (None, "name", "Invalid string: A na...pe's; must be at most 40 characters"),
        ),
        ({"max_redemptions": "abc"}, ("parameter_invalid_integer", "max_redemptions", "Invalid integer: abc")),
        ({"wat": "1"}, ("parameter_unknown", "wat", "Received unknown parameter: wat")),
        (
            {"applies_to": {"prices": ["p"]}},
            ("parameter_unknown", "applies_to[prices]", "Received unknown parameter: applies_to[prices]"),
        ),
        (
            {"metadata": {"k" * 41: "v"}},
            (
                None,
                ...,
                "Metadata keys can have up to 40 characters, but you passed in a key that is 41 characters. "
                f"Invalid key: {'k' * 41}",
            ),
        ),
        (
            {"metadata": {"k": "v" * 501}},
            (
                None,
                ...,
                "Metadata values can have up to 500 characters, but you passed in a value that is 501 "
                f"characters. Invalid value: {'v' * 501}",
            ),
        ),
    ],
)
def test_what_makes_no_coupon_is_refused_in_stripes_words(
    world: World, params: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    asked = {"percent_off": 25, **params}
    status, code, param, message = refusal(lambda: world.v1.coupons.create(asked))
    assert status == 400
    assert (code, ... if expected[1] is ... else param, message) == expected


@pytest.mark.parametrize(
    "params",
    [
        {"percent_off": 100.5},
        {"percent_off": None, "amount_off": 0, "currency": "usd"},
        {"percent_off": None, "amount_off": 5, "currency": "xyz"},
        {"redeem_by": 4_000_000_000},
        {"max_redemptions": 0},
        {"applies_to": {"products": ["prod_nope"]}},
        {"metadata": {f"k{n}": "v" for n in range(51)}},
        {
            "percent_off": None,
            "amount_off": 5,
            "currency": "usd",
            "currency_options": {"EUR": {"amount_off": 4}},
        },
    ],
)
def test_what_makes_no_coupon_is_refused(world: World, params: dict[str, Any]) -> None:
    assert refusal(lambda: world.v1.coupons.create({"percent_off": 25, **params}))[0] == 400


def test_a_taken_id_is_refused(world: World) -> None:
    coupon = world.coupon()
    said = refusal(lambda: world.coupon(id=coupon.id))
    assert said == (400, "resource_already_exists", None, "Coupon already exists.")


def test_a_forever_amount_and_decimal_percents_are_taken_and_a_currency_is_lowered(world: World) -> None:
    assert world.coupon(amount_off=500, currency="USD", duration="forever").currency == "usd"
    assert world.coupon(percent_off=22.5).percent_off == 22.5


def test_products_and_currencies_of_a_coupon_are_seen_only_when_expanded(world: World) -> None:
    product = world.v1.products.create({"name": "Shoes"})
    coupon = world.coupon(
        amount_off=500,
        currency="usd",
        applies_to={"products": [product.id]},
        currency_options={"eur": {"amount_off": 450}},
    )
    plain = world.v1.coupons.retrieve(coupon.id).to_dict()
    assert "applies_to" not in plain
    assert "currency_options" not in plain
    full = world.v1.coupons.retrieve(coupon.id, {"expand": ["applies_to", "currency_options"]}).to_dict()
    assert full["applies_to"] == {"products": [product.id]}
    assert full["currency_options"]["eur"]["amount_off"] == 450


def test_name_and_metadata_change_in_place_and_are_cleared_with_nothing(world: World) -> None:
    coupon = world.coupon(name="Spring", metadata={"a": "1", "b": "2"})
    changed = world.v1.coupons.update(coupon.id, {"name": "May", "metadata": {"a": "", "c": "3"}})
    assert (changed.name, changed.to_dict()["metadata"]) == ("May", {"b": "2", "c": "3"})
    cleared = world.v1.coupons.update(coupon.id, {"metadata": ""})
    assert cleared.to_dict()["metadata"] == {}


def test_nothing_else_of_a_coupon_changes(world: World) -> None:
    coupon = world.coupon()
    said = refusal(lambda: world.v1.coupons.update(coupon.id, {"max_redemptions": 5}))
    assert said == (
        400,
        "parameter_unknown",
        "max_redemptions",
        "Received unknown parameter: max_redemptions",
    )


def test_a_missing_coupon_is_a_404(world: World) -> None:
    said = refusal(lambda: world.v1.coupons.retrieve("NOPE"))
    assert said == (404, "resource_missing", "coupon", "No such coupon: 'NOPE'")


# Promotion codes


def test_a_code_is_shown_with_every_field_in_the_new_shape(world: World) -> None:
    coupon, text = world.coupon(), world.name("Code")
    shown = world.code(coupon.id, code=text).to_dict()
    assert shown.pop("id").startswith("promo_")
    assert shown.pop("created")
    assert shown == {
        "object": "promotion_code",
        "active": True,
        "code": text,
        "customer": None,
        "customer_account": None,
        "expires_at": None,
        "livemode": False,
        "max_redemptions": None,
        "metadata": {},
        "promotion": {"coupon": coupon.id, "type": "coupon"},
        "restrictions": {
            "first_time_transaction": False,
            "minimum_amount": None,
            "minimum_amount_currency": None,
        },
        "times_redeemed": 0,
    }


def test_without_a_text_stripe_draws_eight_characters(world: World) -> None:
    text = world.code(world.coupon().id).code
    assert len(text) == 8
    assert text == text.upper()


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ("parameter_missing", "promotion", "Missing required param: promotion.")),
        (
            {"promotion": {"type": "coupon"}},
            (None, "promotion.coupon", "You must pass promotion.coupon when passing promotion"),
        ),
        (
            {"promotion": {"type": "coupon", "coupon": "NOPE1234"}},
            ("resource_missing", "promotion[coupon]", "No such coupon: 'NOPE1234'"),
        ),
        ({"coupon": "x"}, ("parameter_unknown", "coupon", "Received unknown parameter: coupon")),
    ],
)
def test_a_code_without_a_coupon_is_refused_in_stripes_words(
    world: World, params: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    assert refusal(lambda: world.v1.promotion_codes.create(params)) == (400, *expected)


def test_a_code_with_wrong_values_is_refused_in_stripes_words(world: World) -> None:
    coupon = world.coupon().id
    assert refusal(lambda: world.code(coupon, customer="cus_nope")) == (
        400,
        "resource_missing",
        "customer",
        "No such customer: 'cus_nope'",
    )
    assert refusal(lambda: world.code(coupon, code="has spaces!"))[2:] == (
        "code",
        r"This value must match the regex pattern. (/\A[a-zA-Z0-9\-_]+\z/ does not match for the value "
        "has spaces!).",
    )
    far = world.now() + 6 * YEAR
    assert refusal(lambda: world.code(coupon, expires_at=far))[2:] == (
        "expires_at",
        "Invalid timestamp: can be no more than five years in the future.",
    )


def test_a_code_never_goes_beyond_its_coupon(world: World) -> None:
    soon = world.now() + YEAR
    coupon = world.coupon(max_redemptions=10, redeem_by=soon).id
    assert refusal(lambda: world.code(coupon, max_redemptions=11))[0] == 400
    assert refusal(lambda: world.code(coupon, expires_at=soon + 1))[0] == 400
    assert world.code(coupon, max_redemptions=10).expires_at == soon


def test_minimums_are_kept_and_need_a_currency(world: World) -> None:
    coupon = world.coupon().id
    assert refusal(lambda: world.code(coupon, restrictions={"minimum_amount": 500}))[0] == 400
    restrictions = {
        "minimum_amount": 500,
        "minimum_amount_currency": "usd",
        "first_time_transaction": True,
        "currency_options": {"eur": {"minimum_amount": 450}},
    }
    code = world.code(coupon, restrictions=restrictions, expand=["restrictions.currency_options"])
    shown = code.to_dict()["restrictions"]
    assert shown["currency_options"]["eur"]["minimum_amount"] == 450
    assert (shown["minimum_amount"], shown["first_time_transaction"]) == (500, True)


def test_an_active_text_is_unique_whatever_its_case_and_free_again_once_off(world: World) -> None:
    coupon, text = world.coupon().id, world.name("Text")
    first = world.code(coupon, code=text)
    said = refusal(lambda: world.code(coupon, code=text))
    assert said == (400, None, None, EXISTS.format(text))
    assert refusal(lambda: world.code(coupon, code=text.upper()))[0] == 400
    world.v1.promotion_codes.update(first.id, {"active": False})
    second = world.code(coupon, code=text.upper())
    assert second.active
    assert refusal(lambda: world.v1.promotion_codes.update(first.id, {"active": True}))[0] == 400


def test_two_customers_may_hold_one_text_but_not_beside_everybody(world: World) -> None:
    coupon, text, other = world.coupon().id, world.name("Mine"), world.name("All")
    one, two = (world.v1.customers.create({"email": "a@example.com"}).id for _ in range(2))
    world.code(coupon, code=text, customer=one)
    world.code(coupon, code=text, customer=two)
    assert refusal(lambda: world.code(coupon, code=text, customer=one))[3] == EXISTS.format(text)
    assert refusal(lambda: world.code(coupon, code=text))[3] == EXISTS.format(text)
    world.code(coupon, code=other)
    assert refusal(lambda: world.code(coupon, code=other, customer=one))[3] == EXISTS.format(other)


def test_an_account_that_is_a_customer_holds_a_code_as_any_customer_does(world: World) -> None:
    coupon, text = world.coupon().id, world.name("Firm")
    customer = world.v1.customers.create({"email": "a@example.com"}).id
    mine = world.code(coupon, code=text, customer_account="acct_one")
    assert (mine.customer, mine.customer_account) == (None, "acct_one")
    world.code(coupon, code=text, customer_account="acct_two")
    world.code(coupon, code=text, customer=customer)
    taken = EXISTS.format(text)
    assert refusal(lambda: world.code(coupon, code=text, customer_account="acct_one"))[3] == taken
    assert refusal(lambda: world.code(coupon, code=text))[3] == taken
    both = {"customer": customer, "customer_account": "acct_one"}
    assert refusal(lambda: world.code(coupon, **both))[0] == 400
    assert refusal(lambda: world.code(coupon, customer_account=customer))[:3] == (
        400,
        "resource_missing",
        "customer_account",
    )
    codes = world.v1.promotion_codes
    assert [one.id for one in codes.list({"coupon": coupon, "customer_account": "acct_one"}).data] == [mine.id]
    assert refusal(lambda: codes.list({"customer": customer, "customer_account": "acct_one"}))[0] == 400


def test_only_active_metadata_and_currency_options_of_a_code_change(world: World) -> None:
    code = world.code(world.coupon().id, metadata={"a": "1"})
    changed = world.v1.promotion_codes.update(code.id, {"active": False, "metadata": {"b": "2"}})
    assert (changed.active, changed.to_dict()["metadata"]) == (False, {"a": "1", "b": "2"})
    assert world.v1.promotion_codes.update(code.id, {"active": True}).active
    said = refusal(
        lambda: world.v1.promotion_codes.update(code.id, {"restrictions": {"first_time_transaction": True}})
    )
    assert said[1:3] == ("parameter_unknown", "restrictions[first_time_transaction]")


def test_a_missing_code_is_a_404_and_a_text_is_no_id(world: World) -> None:
    code = world.code(world.coupon().id)
    assert refusal(lambda: world.v1.promotion_codes.retrieve("promo_nope")) == (
        404,
        "resource_missing",
        "promotion_code",
        "No such promotion code: 'promo_nope'",
    )
    assert refusal(lambda: world.v1.promotion_codes.retrieve(code.code))[0] == 404


# The end of a coupon


def test_a_deleted_coupon_takes_its_codes_with_it_for_good(world: World) -> None:
    coupon, text = world.coupon().id, world.name("Gone")
    code = world.code(coupon, code=text)
    stub = world.v1.coupons.delete(coupon).to_dict()
    assert stub == {"id": coupon, "object": "coupon", "deleted": True}
    for ask in (world.v1.coupons.retrieve, world.v1.coupons.update, world.v1.coupons.delete):
        assert refusal(lambda ask=ask: ask(coupon))[0] == 404  # type: ignore[misc]
    left = world.v1.promotion_codes.retrieve(code.id)
    assert (left.active, left.to_dict()["promotion"]["coupon"]) == (False, coupon)
    assert refusal(lambda: world.v1.promotion_codes.update(code.id, {"active": True}))[0] == 400

    world.coupon(id=coupon)
    assert not world.v1.promotion_codes.retrieve(code.id).active
    assert refusal(lambda: world.v1.promotion_codes.update(code.id, {"active": True}))[0] == 400
    again = world.code(coupon, code=text)
    listed = [one.id for one in world.v1.promotion_codes.list({"coupon": coupon}).data]
    assert listed == [again.id, code.id]
