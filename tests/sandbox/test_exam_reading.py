"""The exam, second part: lists, expansion, products, customers, headers, keys and versions."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from .conftest import World, refusal

# Products and customers


def test_products_are_listed_by_id_and_gone_once_deleted(world: World) -> None:
    product = world.v1.products.create({"name": "Shoes", "metadata": {"sku": "7"}})
    found = world.v1.products.list({"ids": [product.id, "prod_nope"]}).data
    assert [one.id for one in found] == [product.id]
    assert world.v1.products.retrieve(product.id).to_dict()["metadata"] == {"sku": "7"}
    world.v1.products.delete(product.id)
    assert world.v1.products.list({"ids": [product.id]}).data == []
    assert refusal(lambda: world.v1.products.retrieve(product.id))[:3] == (404, "resource_missing", "id")


def test_a_customer_is_found_by_email_in_its_exact_case_and_leaves_a_stub(world: World) -> None:
    email = f"{world.name('Ann')}@example.com"
    customer = world.v1.customers.create({"email": email})
    assert [one.id for one in world.v1.customers.list({"email": email}).data] == [customer.id]
    assert world.v1.customers.list({"email": email.lower()}).data == []
    world.v1.customers.delete(customer.id)
    gone = world.v1.customers.retrieve(customer.id).to_dict()
    assert gone == {"id": customer.id, "object": "customer", "deleted": True}


# Lists


def test_lists_come_newest_first_in_pages_with_exact_ends(world: World) -> None:
    coupon = world.coupon().id
    made = [world.code(coupon).id for _ in range(5)][::-1]
    codes = world.v1.promotion_codes
    first = codes.list({"coupon": coupon, "limit": 2})
    assert ([one.id for one in first.data], first.has_more) == (made[:2], True)
    rest = codes.list({"coupon": coupon, "limit": 3, "starting_after": made[1]})
    assert ([one.id for one in rest.data], rest.has_more) == (made[2:], False)
    back = codes.list({"coupon": coupon, "limit": 2, "ending_before": made[3]})
    assert ([one.id for one in back.data], back.has_more) == (made[1:3], True)
    assert [one.id for one in codes.list({"coupon": coupon}).auto_paging_iter()] == made
    assert len(codes.list({"coupon": coupon, "limit": 0}).data) == 1
    assert len(codes.list({"coupon": coupon, "limit": 101}).data) == 5


def test_codes_are_filtered_by_text_in_any_case_activity_and_time(world: World) -> None:
    coupon, text = world.coupon().id, world.name("Find")
    code = world.code(coupon, code=text)
    codes = world.v1.promotion_codes
    assert [one.id for one in codes.list({"code": text.lower()}).data] == [code.id]
    assert [one.id for one in codes.list({"coupon": coupon, "active": True}).data] == [code.id]
    assert codes.list({"coupon": coupon, "active": False}).data == []
    assert codes.list({"coupon": coupon, "created": {"gt": code.created}}).data == []
    assert len(codes.list({"coupon": coupon, "created": {"lte": code.created}}).data) == 1
    assert len(codes.list({"coupon": coupon, "created": code.created}).data) == 1


def test_coupons_are_filtered_by_time_and_paged(world: World) -> None:
    first, second = world.coupon(), world.coupon()
    between = {"gte": first.created, "lte": second.created}
    after = world.v1.coupons.list({"created": between, "limit": 1, "starting_after": second.id})
    assert [one.id for one in after.data] == [first.id]
    before = world.v1.coupons.list({"created": between, "limit": 1, "ending_before": first.id})
    assert [one.id for one in before.data] == [second.id]


def test_codes_are_filtered_by_customer(world: World) -> None:
    coupon, customer = world.coupon().id, world.v1.customers.create({"name": "x"}).id
    world.code(coupon)
    theirs = world.code(coupon, customer=customer)
    listed = world.v1.promotion_codes.list({"customer": customer})
    assert [one.id for one in listed.data] == [theirs.id]
    assert world.v1.promotion_codes.list({"coupon": coupon, "customer": customer}).data[0].customer == customer


def test_wrong_cursors_and_filters_are_refused(world: World) -> None:
    codes = world.v1.promotion_codes
    assert refusal(lambda: world.v1.customers.list({"starting_after": "cus_aaa"})) == (
        400,
        "resource_missing",
        "starting_after",
        "No such customer: 'cus_aaa'",
    )
    both = {"starting_after": "a", "ending_before": "b"}
    assert refusal(lambda: codes.list(both))[3] == (
        "Received both starting_after and ending_before parameters. Please pass in only one."
    )
    assert refusal(lambda: codes.list({"coupon": "UNKNOWN1"})) == (
        400,
        "resource_missing",
        "coupon",
        "No such coupon: 'UNKNOWN1'",
    )


def test_the_cursor_may_be_of_something_deleted(world: World) -> None:
    customers = [world.v1.customers.create({"name": "x"}).id for _ in range(3)]
    world.v1.customers.delete(customers[1])
    page = world.v1.customers.list({"limit": 1, "starting_after": customers[1]})
    assert [one.id for one in page.data] == [customers[0]]


def test_expanding_reaches_the_coupon_and_nothing_that_is_not_there(world: World) -> None:
    coupon = world.coupon().id
    customer = world.v1.customers.create({"name": "x"}).id
    code = world.code(coupon, customer=customer)
    wanted = ["data.promotion.coupon", "data.promotion.coupon.applies_to", "data.customer"]
    shown = world.v1.promotion_codes.list({"coupon": coupon, "expand": wanted}).data[0].to_dict()
    assert shown["promotion"]["coupon"]["percent_off"] == 25
    assert shown["customer"]["id"] == customer
    assert refusal(lambda: world.v1.promotion_codes.retrieve(code.id, {"expand": ["nope"]})) == (
        400,
        None,
        None,
        "This property cannot be expanded (nope).",
    )
    halfway = refusal(lambda: world.v1.promotion_codes.retrieve(code.id, {"expand": ["promotion"]}))
    assert halfway[3] == "This property cannot be expanded (promotion)."
    hint = refusal(lambda: world.v1.promotion_codes.list({"expand": ["customer"]}))[3]
    assert hint == (
        "This property cannot be expanded (customer). You may want to try expanding 'data.customer' instead."
    )


# Headers, keys, versions


def test_the_answer_says_who_it_is(world: World) -> None:
    coupon = world.v1.coupons.create({"percent_off": 5}, {"idempotency_key": world.name("key")})
    headers = coupon.last_response.headers
    assert headers["Request-Id"].startswith("req_")
    assert headers["Original-Request"] == headers["Request-Id"]
    assert headers["Idempotency-Key"].startswith("key-")
    assert headers["Stripe-Version"] == stripe.api_version
    assert headers["Stripe-Should-Retry"] == "false"
    assert headers["Date"].endswith("GMT")


def test_a_repeat_under_one_key_gives_the_first_answer_and_makes_nothing(world: World) -> None:
    coupon, key = world.coupon().id, world.name("key")
    params = {"promotion": {"type": "coupon", "coupon": coupon}}
    first = world.v1.promotion_codes.create(params, {"idempotency_key": key})
    again = world.v1.promotion_codes.create(params, {"idempotency_key": key})
    assert again.id == first.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert again.last_response.headers["Original-Request"] == first.last_response.headers["Request-Id"]
    assert len(world.v1.promotion_codes.list({"coupon": coupon}).data) == 1
    other = {**params, "metadata": {"a": "1"}}
    said = refusal(lambda: world.v1.promotion_codes.create(other, {"idempotency_key": key}), stripe.IdempotencyError)
    assert said[0] == 400
    assert said[3].startswith("Keys for idempotent requests can only be used with the same parameters")


def test_a_refused_request_does_not_use_up_its_key(world: World) -> None:
    key = world.name("key")
    with pytest.raises(stripe.InvalidRequestError):
        world.v1.coupons.create({"percent_off": 5, "wat": 1}, {"idempotency_key": key})
    assert world.v1.coupons.create({"percent_off": 5}, {"idempotency_key": key}).valid


def test_the_older_api_shows_the_coupon_itself(world: World) -> None:
    old = world.client(version="2025-08-27.basil").v1.promotion_codes
    coupon = world.coupon().id
    created: Any = old.create({"coupon": coupon})  # type: ignore[typeddict-item, typeddict-unknown-key]
    shown = created.to_dict()
    assert shown["coupon"]["id"] == coupon
    assert "promotion" not in shown


def test_a_version_that_is_none_is_refused(world: World) -> None:
    client = world.client(version="not-a-real-version")
    said = refusal(lambda: client.v1.coupons.list())
    assert said == (400, None, None, "Invalid Stripe API version: not-a-real-version")


def test_an_unknown_address_is_a_404(world: World) -> None:
    said = refusal(lambda: world.client().raw_request("get", "/v1/widgets"))
    assert said == (
        404,
        None,
        None,
        "Unrecognized request URL (GET: /v1/widgets). Please see https://stripe.com/docs or we can help at "
        "https://support.stripe.com/.",
    )


def test_a_wrong_key_is_a_401_that_does_not_show_it(world: World) -> None:
    said = refusal(lambda: world.client("sk_test_..wrong..key1234").v1.coupons.list(), stripe.AuthenticationError)
    assert (said[0], said[1]) == (401, None)
    assert said[3].startswith("Invalid API Key provided: sk_test_*")
    assert said[3].endswith("*1234")


def test_the_account_knows_its_name_and_what_happened(world: World) -> None:
    assert world.v1.accounts.retrieve_current().id.startswith("acct_")
    coupon = world.coupon().id
    kinds = [
        event.type
        for event in world.v1.events.list({"type": "coupon.*", "limit": 20}).data
        if event.to_dict()["data"]["object"]["id"] == coupon
    ]
    assert kinds == ["coupon.created"]
