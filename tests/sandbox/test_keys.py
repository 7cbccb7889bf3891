"""Keys, modes, accounts and encodings of requests."""

from __future__ import annotations

from base64 import b64encode

import pytest

from .direct import Direct


@pytest.mark.parametrize("key", ["sk_test_a1", "rk_test_a1", "sk_live_a1", "rk_live_a1"])
def test_any_wellformed_secret_key_is_good_and_its_prefix_is_the_mode(key: str) -> None:
    direct = Direct()
    coupon = direct.ask("POST", "/v1/coupons", "percent_off=5", key=key)
    assert coupon["livemode"] is ("live" in key)


def test_a_key_may_come_as_basic_authentication() -> None:
    token = b64encode(b"sk_test_abc:").decode()
    assert Direct().ask("GET", "/v1/coupons", key="", authorization=f"Basic {token}")["data"] == []


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("", "You did not provide an API key."),
        ("pk_test_abc", "This API call cannot be made with a publishable API key."),
        ("garbage", "Invalid API Key provided: *******"),
    ],
)
def test_a_bad_key_is_a_401(key: str, words: str) -> None:
    status, error = Direct().error("GET", "/v1/coupons", key=key)
    assert status == 401
    assert error["message"].startswith(words)
    assert "request_log_url" not in error


def test_an_expired_key_is_told_apart() -> None:
    direct = Direct()
    direct.control.register_key("rk_test_0123456789", expired=True)
    status, error = direct.error("GET", "/v1/coupons", key="rk_test_0123456789")
    assert (status, error["code"]) == (401, "api_key_expired")
    assert error["message"] == "Expired API Key provided: rk_test_***456789"


def test_a_restricted_key_may_do_what_it_was_given_and_is_refused_before_parameters() -> None:
    direct, key = Direct(), "rk_test_0123456789"
    direct.control.register_key(key, ["coupon_write"])
    direct.ask("POST", "/v1/coupons", "percent_off=5", key=key)
    direct.ask("GET", "/v1/coupons", key=key)
    status, error = direct.error("POST", "/v1/promotion_codes", "wat=1", key=key)
    assert (status, error["code"]) == (403, "more_permissions_required")
    assert (
        "The provided key 'rk_test_***456789' does not have the required permissions for this endpoint on "
        "account 'acct_1PromosyncSandbox'. Enabling \"Promotion Codes Write\" ('promotion_code_write') "
        "permissions on this key would allow this request to continue."
    ) in error["message"]
    assert direct.error("GET", "/v1/account", key=key)[0] == 403


def test_test_and_live_and_connected_accounts_are_worlds_apart() -> None:
    direct = Direct()
    direct.coupon(id="one")
    status, error = direct.error("GET", "/v1/coupons/one", key="sk_live_abc")
    assert (status, error["message"]) == (
        404,
        "No such coupon: 'one'; a similar object exists in test mode, but a live mode key was used to make "
        "this request.",
    )
    assert direct.error("GET", "/v1/coupons/one", stripe_account="acct_2")[0] == 404
    made = direct.ask("POST", "/v1/coupons", "percent_off=5&id=one", stripe_account="acct_2")
    assert made["percent_off"] == 5
    assert direct.ask("GET", "/v1/account", stripe_account="acct_2")["id"] == "acct_2"
    assert direct.error("GET", "/v1/account", stripe_account="nobody")[0] == 403


def test_idempotency_keys_belong_to_their_account_and_mode() -> None:
    direct = Direct()
    test = direct.ask("POST", "/v1/coupons", "percent_off=5", idempotency_key="k")
    live = direct.ask("POST", "/v1/coupons", "percent_off=5", idempotency_key="k", key="sk_live_abc")
    assert test["id"] != live["id"]


def test_lists_may_be_sent_with_and_without_numbers() -> None:
    direct = Direct()
    products = [direct.ask("POST", "/v1/products", {"name": name})["id"] for name in "ab"]
    for names in (("[]", "[]"), ("[0]", "[1]"), ("[7]", "[3]")):
        body = {f"applies_to[products]{name}": product for name, product in zip(names, products, strict=False)}
        if names[0] == "[]":
            encoded = "&".join(f"applies_to[products][]={product}" for product in products)
        else:
            encoded = "&".join(f"{name}={value}" for name, value in body.items())
        made = direct.ask("POST", "/v1/coupons", f"percent_off=5&{encoded}&expand[]=applies_to")
        assert sorted(made["applies_to"]["products"]) == sorted(products)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ("percent_off=5&metadata=x&metadata[a]=b", "metadata"),
        ("percent_off=5&metadata[a]=b&metadata=x", "metadata"),
        ("percent_off=5&name[a]=b", "name"),
        ("percent_off=5&id=", "id"),
        ("percent_off=5&max_redemptions=", "max_redemptions"),
        ("percent_off=five", "percent_off"),
        ("percent_off=5&redeem_by=2027-01-01", "redeem_by"),
        ("percent_off=5&max_redemptions=9999999999999999999999", "max_redemptions"),
        ("percent_off=5&expand=applies_to", "expand"),
    ],
)
def test_a_value_of_the_wrong_shape_names_its_parameter(body: str, param: str) -> None:
    status, error = Direct().error("POST", "/v1/coupons", body)
    assert (status, error["param"]) == (400, param)


def test_json_is_not_what_stripe_reads() -> None:
    status, error = Direct().error("POST", "/v1/coupons", '{"a": 1}', content_type="application/json")
    assert status == 400
    assert "application/x-www-form-urlencoded" in error["message"]


def test_a_boolean_is_true_or_false() -> None:
    direct = Direct()
    coupon = direct.coupon()
    body = {"promotion[type]": "coupon", "promotion[coupon]": coupon, "active": "yes"}
    assert direct.error("POST", "/v1/promotion_codes", body)[1]["param"] == "active"
