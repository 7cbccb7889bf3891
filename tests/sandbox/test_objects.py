"""Questions whose answer from Stripe is not known: the sandbox's own answers, and details."""

from __future__ import annotations

import pytest

from .direct import Direct


def test_currencies_are_merged_into_a_coupon_and_need_an_amount() -> None:
    direct = Direct()
    amounts = {"amount_off": 500, "currency": "usd", "id": "five"}
    direct.ask("POST", "/v1/coupons", {**amounts, "currency_options[eur][amount_off]": 450})
    body = {"currency_options[gbp][amount_off]": 400, "expand[]": "currency_options"}
    merged = direct.ask("POST", "/v1/coupons/five", body)["currency_options"]
    assert merged == {"eur": {"amount_off": 450}, "gbp": {"amount_off": 400}}
    for wrong, param in (("EUR", "currency_options"), ("xyz", "currency_options")):
        status, error = direct.error("POST", "/v1/coupons/five", {f"currency_options[{wrong}][amount_off]": 1})
        assert (status, error["param"]) == (400, param)
    direct.coupon(id="percent")
    assert direct.error("POST", "/v1/coupons/percent", {"currency_options[eur][amount_off]": 1})[0] == 400


def test_minimums_by_currency_are_merged_into_a_code_that_has_a_minimum() -> None:
    direct = Direct()
    coupon = direct.coupon()
    least = {"restrictions[minimum_amount]": 500, "restrictions[minimum_amount_currency]": "usd"}
    code = direct.code(coupon, **least)["id"]
    body = {
        "restrictions[currency_options][eur][minimum_amount]": 450,
        "expand[]": "restrictions.currency_options",
    }
    shown = direct.ask("POST", f"/v1/promotion_codes/{code}", body)
    assert shown["restrictions"]["currency_options"] == {"eur": {"minimum_amount": 450}}
    own = {"restrictions[currency_options][usd][minimum_amount]": 450}
    assert direct.error("POST", f"/v1/promotion_codes/{code}", own)[0] == 400
    without = direct.code(coupon)["id"]
    assert direct.error("POST", f"/v1/promotion_codes/{without}", body)[0] == 400


@pytest.mark.parametrize(
    "params",
    [
        {"percent_off": "12.345"},
        {"duration": "once", "duration_in_months": 3},
        {"currency": "usd"},
    ],
)
def test_what_stripe_would_hardly_take_is_refused(params: dict[str, object]) -> None:
    assert Direct().error("POST", "/v1/coupons", {"percent_off": 5, **params})[0] == 400


def test_the_coupon_of_a_dead_code_expands_as_it_was_but_invalid_even_if_the_id_was_taken_again() -> None:
    """In both shapes of a code: the spec has no stub of a deleted coupon there."""
    direct = Direct()
    code = direct.code(direct.coupon(id="one", name="the first"))["id"]
    direct.ask("DELETE", "/v1/coupons/one")
    direct.coupon(id="one", name="the second")
    shown = direct.ask("GET", f"/v1/promotion_codes/{code}", {"expand[]": "promotion.coupon"})["promotion"]["coupon"]
    assert (shown["id"], shown["name"], shown["valid"]) == ("one", "the first", False)
    old = direct.ask("GET", f"/v1/promotion_codes/{code}", stripe_version="2025-08-27.basil")
    assert old["coupon"] == shown


def test_what_is_expanded_and_not_set_is_absent() -> None:
    """Currencies and products of a coupon, and currencies of a code: the spec has no null there."""
    direct = Direct()
    coupon = direct.ask("POST", "/v1/coupons", "percent_off=5&expand[]=applies_to&expand[]=currency_options")
    assert not {"applies_to", "currency_options"} & set(coupon)
    code = direct.code(coupon["id"], **{"expand[]": "restrictions.currency_options"})
    assert "currency_options" not in code["restrictions"]


def test_an_event_tells_of_currencies_that_were_added_that_there_were_none() -> None:
    direct = Direct()
    direct.ask("POST", "/v1/coupons", "id=five&amount_off=500&currency=usd")
    direct.ask("POST", "/v1/coupons/five", "currency_options[eur][amount_off]=450")
    event = direct.ask("GET", "/v1/events", {"type": "coupon.updated"})["data"][0]
    assert event["data"]["previous_attributes"] == {"currency_options": None}


def test_the_older_api_lacks_what_came_later() -> None:
    direct = Direct()
    direct.code(direct.coupon())
    by_version = {
        version: direct.ask("GET", "/v1/promotion_codes", stripe_version=version)["data"][0]
        for version in ("2025-09-29.basil", "2025-09-30.clover", "2025-12-15.clover")
    }
    assert ["promotion" in code for code in by_version.values()] == [False, True, True]
    assert ["customer_account" in code for code in by_version.values()] == [False, False, True]
    promotion = {"promotion[coupon]": "x", "promotion[type]": "coupon", "coupon": "x"}
    status, error = direct.error("POST", "/v1/promotion_codes", promotion, stripe_version="2025-08-27.basil")
    assert (status, error["param"]) == (400, "promotion")


def test_products_change_and_clear() -> None:
    direct = Direct()
    product = direct.ask("POST", "/v1/products", "name=Hat&description=warm&metadata[a]=1&images[]=x")
    direct.clock.now += 5
    changed = direct.ask("POST", f"/v1/products/{product['id']}", "active=false&description=&metadata[b]=2")
    assert (changed["active"], changed["description"], changed["metadata"]) == (
        False,
        None,
        {"a": "1", "b": "2"},
    )
    assert changed["updated"] == product["updated"] + 5
    assert direct.ask("GET", "/v1/products", "active=true")["data"] == []
    assert direct.error("POST", "/v1/products", {"name": "Hat", "id": product["id"]})[1]["code"] == (
        "resource_already_exists"
    )
    body = {"ids[]": product["id"], "starting_after": product["id"]}
    assert direct.error("GET", "/v1/products", body)[0] == 400


def test_customers_change_and_clear() -> None:
    direct = Direct()
    customer = direct.ask("POST", "/v1/customers", {"email": "a@example.com", "address[city]": "Bonn"})["id"]
    moved = direct.ask("POST", f"/v1/customers/{customer}", {"address[country]": "DE"})
    assert (moved["address"]["city"], moved["address"]["country"]) == (None, "DE")
    changed = direct.ask("POST", f"/v1/customers/{customer}", {"email": "b@example.com", "address": ""})
    assert (changed["email"], changed["address"]) == ("b@example.com", None)
    assert direct.ask("GET", "/v1/customers", {"email": "a@example.com"})["data"] == []
    assert direct.error("POST", "/v1/customers", {"email": "nobody"})[1]["code"] == "email_invalid"


def test_customers_and_the_account_show_what_the_spec_asks_for() -> None:
    direct = Direct()
    customer = direct.ask("POST", "/v1/customers", {"email": "a@example.com"})
    assert customer["customer_account"] is None
    assert {"branding", "card_payments", "dashboard", "payments"} <= set(direct.ask("GET", "/v1/account")["settings"])


def test_an_event_is_found_by_its_id_and_type() -> None:
    direct = Direct()
    coupon = direct.coupon()
    direct.ask("DELETE", f"/v1/coupons/{coupon}")
    (event,) = direct.ask("GET", "/v1/events", {"types[]": "coupon.deleted"})["data"]
    assert event["data"]["object"]["valid"] is False
    assert direct.ask("GET", f"/v1/events/{event['id']}") == event
    assert direct.error("GET", "/v1/events/evt_nope")[0] == 404


def test_ids_may_hold_what_must_be_encoded_in_an_address() -> None:
    direct = Direct()
    direct.coupon(id="50% off/ü")
    assert direct.ask("GET", "/v1/coupons/50%25%20off%2F%C3%BC")["id"] == "50% off/ü"


def test_more_than_four_levels_are_not_expanded() -> None:
    status, error = Direct().error("GET", "/v1/promotion_codes", {"expand[]": "data.a.b.c.d"})
    assert (status, "4 levels" in error["message"]) == (400, True)
