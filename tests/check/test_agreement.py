"""`check` says valid exactly if a redemption succeeds, after any history."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promosync.apply.gateway import StripeFault
from promosync.plan.checkout import Order, Verdict
from promosync.workflows.check import ask
from tests.journeys.world import DAY, NOW, World

Json = dict[str, Any]

TEXTS = ("SPRING", "spring", "Spring-1")
CUSTOMERS = (None, "cus_ann", "cus_bob", "acct_acme")
HOLDERS: tuple[Json, ...] = ({}, {"customer": "cus_ann"}, {"customer": "cus_bob"}, {"customer_account": "acct_acme"})

coupons = st.fixed_dictionaries(
    {},
    optional={
        "max_redemptions": st.integers(1, 3),
        "redeem_by": st.integers(1, 6).map(lambda days: NOW + days * DAY),
        "applies_to": st.sampled_from([{"products": ["pro"]}, {"products": ["pro", "team"]}]),
    },
).flatmap(
    lambda shared: st.sampled_from(
        [
            {**shared, "percent_off": 20},
            {**shared, "amount_off": 500, "currency": "usd"},
            {**shared, "amount_off": 500, "currency": "usd", "currency_options": {"eur": {"amount_off": 450}}},
        ]
    )
)
restrictions: st.SearchStrategy[Json] = st.one_of(
    st.just({}),
    st.just({"first_time_transaction": True}),
    st.fixed_dictionaries(
        {"minimum_amount": st.sampled_from([1000, 2000]), "minimum_amount_currency": st.just("usd")},
        optional={"currency_options": st.just({"eur": {"minimum_amount": 900}})},
    ),
)
codes = st.builds(
    lambda fields, holder: {**fields, **holder},
    st.fixed_dictionaries(
        {"code": st.sampled_from(TEXTS), "restrictions": restrictions},
        optional={
            "max_redemptions": st.integers(1, 3),
            "expires_at": st.integers(1, 6).map(lambda days: NOW + days * DAY),
            "active": st.booleans(),
        },
    ),
    st.sampled_from(HOLDERS),
)
orders = st.builds(
    Order,
    customer=st.sampled_from(CUSTOMERS),
    amount=st.sampled_from([None, 0, 899, 900, 1000, 1999, 2000]),
    currency=st.sampled_from([None, "usd", "eur", "gbp"]),
    first_time=st.sampled_from([None, True, False]),
    product=st.sampled_from([None, "pro", "team", "other"]),
)
events = st.one_of(
    st.tuples(st.just("coupon"), coupons),
    st.tuples(st.just("code"), codes),
    st.tuples(st.just("redeem"), orders),
    st.tuples(st.just("switch"), st.booleans()),
    st.tuples(st.just("wait"), st.integers(-2, 4)),
    st.tuples(st.just("delete"), st.none()),
)


def redeemed(world: World, text: str, order: Order) -> bool:
    given: Json = {
        "customer": order.customer,
        "amount": order.amount,
        "currency": order.currency,
        "product": order.product,
    }
    first = True if order.first_time is None else order.first_time
    return bool(world.control.redeem(text, first_time=first, **given)["redeemed"])


def happen(world: World, event: str, given: Any) -> None:
    """Do something in the account; nothing if Stripe refuses it."""
    with suppress(StripeFault):
        if event == "coupon":
            world.dashboard.call("post", "/v1/coupons", id="spring", duration="once", **given)
        elif event == "code":
            shown = {key: value for key, value in given.items() if value != {}}
            world.dashboard.call(
                "post", "/v1/promotion_codes", promotion={"type": "coupon", "coupon": "spring"}, **shown
            )
        elif event == "redeem":
            redeemed(world, "SPRING", given)
        elif event == "switch":
            rows = world.control.dump()["promotion_codes"]
            if rows:
                world.dashboard.call("post", f"/v1/promotion_codes/{rows[-1]['id']}", active=given)
        elif event == "wait":
            world.control.advance(given * DAY)
        else:
            world.dashboard.call("delete", "/v1/coupons/spring")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(coupon=coupons, code=codes, then=st.lists(events, max_size=6), asked=st.lists(orders, min_size=1, max_size=6))
def test_check_is_valid_exactly_when_a_redemption_goes_through(
    shared_world: World, coupon: Json, code: Json, then: list[tuple[str, Any]], asked: list[Order]
) -> None:
    """Each check runs just before the redemption, with the text in another case."""
    shared_world.fresh()
    for event, given_to_it in [("coupon", coupon), ("code", code), *then]:
        happen(shared_world, event, given_to_it)
    for order in asked:
        for text in ("sPRING", "SPRING-1"):
            checked = ask(text, order, shared_world.stripe)
            assert checked.valid == redeemed(shared_world, text, order), checked


ORDERS = {
    "customer": Order(customer="cus_bob"),
    "first_time": Order(customer="cus_ann", first_time=False),
    "minimum": Order(customer="cus_ann", amount=1999),
    "currency": Order(customer="cus_ann", currency="gbp"),
    "product": Order(customer="cus_ann", product="team"),
}


@pytest.mark.parametrize("rule", ORDERS)
def test_a_failed_rule_is_the_one_that_refuses(world: World, rule: str) -> None:
    """A code with every restriction fails only that rule, whose message says what to do."""
    happen(
        world,
        "coupon",
        {"amount_off": 500, "currency": "usd", "applies_to": {"products": ["pro"]}, "max_redemptions": 5},
    )
    limits = {"first_time_transaction": True, "minimum_amount": 2000, "minimum_amount_currency": "usd"}
    happen(world, "code", {"code": "SPRING", "customer": "cus_ann", "restrictions": limits})
    good = Order("cus_ann", 2000, "usd", True, "pro")
    assert ask("spring", good, world.stripe).valid
    checked = ask("spring", ORDERS[rule], world.stripe)
    failed = [one for one in checked.rules if one.verdict is Verdict.FAILED]
    assert [one.name for one in failed] == [rule]
    assert failed[0].hint
    assert not redeemed(world, "spring", ORDERS[rule])


def test_the_order_of_the_rules_is_stripes(world: World) -> None:
    happen(world, "coupon", {"percent_off": 20})
    happen(world, "code", {"code": "SPRING", "restrictions": {}})
    names = [rule.name for rule in ask("spring", Order(), world.stripe).rules]
    assert names[:5] == ["exists", "active", "coupon", "dates", "uses"]
    assert names[5:] == ["customer", "first_time", "minimum", "currency", "product"]


def test_only_what_is_asked_about_is_read(world: World) -> None:
    """With any number of codes in the account: one list, filtered by text, and one coupon are read."""
    happen(world, "coupon", {"percent_off": 20})
    happen(world, "code", {"code": "SPRING", "restrictions": {}})
    for number in range(250):
        world.dashboard.call(
            "post", "/v1/promotion_codes", code=f"OTHER{number}", promotion={"type": "coupon", "coupon": "spring"}
        )
    before = world.stripe.requests
    assert ask("spring", Order(), world.stripe).valid
    assert world.stripe.requests - before == 2


def test_an_empty_text_asks_nothing(world: World) -> None:
    before = world.stripe.requests
    assert not ask(" ", Order(), world.stripe).valid
    assert world.stripe.requests == before


def test_several_codes_of_one_text_are_told_apart(world: World) -> None:
    """One code for each of two customers: the given customer decides which code is checked."""
    happen(world, "coupon", {"percent_off": 20})
    for customer in ("cus_ann", "cus_bob"):
        happen(world, "code", {"code": "SPRING", "customer": customer, "restrictions": {}})
    for customer in ("cus_ann", "cus_bob"):
        checked = ask("Spring", Order(customer=customer), world.stripe)
        assert checked.valid
        assert checked.code is not None
        assert checked.code.spec.customer == customer
        assert [other.spec.customer for other in checked.others] == [
            {"cus_ann", "cus_bob"}.difference({customer}).pop()
        ]
    assert not ask("Spring", Order(), world.stripe).valid


def test_a_code_can_be_named_by_its_id(world: World) -> None:
    happen(world, "coupon", {"percent_off": 20})
    happen(world, "code", {"code": "SPRING", "restrictions": {}})
    [row] = world.control.dump()["promotion_codes"]
    assert ask(row["id"], Order(), world.stripe).valid
    assert not ask("promo_nobody", Order(), world.stripe).valid
