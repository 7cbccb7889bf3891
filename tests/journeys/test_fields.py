"""Each field of a coupon and of a code, changed or removed: the right action on the right object, then no changes."""

from __future__ import annotations

from typing import Any

import pytest

from promosync.plan.plan import Verb

from .world import LATER, LATEST, SOON, Json, World, code, coupon, document

DROP: Any = object()

IN_PLACE, ANEW, NOTHING = "in place", "anew", "nothing"

FIXED: Json = {"amount_off": 1000, "currency": "usd", "currency_options": {"eur": {"amount_off": 900}}}
FULL_COUPON: Json = {
    "name": "Spring sale",
    "max_redemptions": 100,
    "redeem_by": LATER,
    "applies_to": ["pro"],
    "metadata": {"team": "growth", "season": "spring"},
}
REPEATING: Json = {**FULL_COUPON, "duration": "repeating", "duration_in_months": 3}
AMOUNT: Json = {**FULL_COUPON, **FIXED}

FURTHER = ("eur", "gbp", "cad", "chf")
FOUR: Json = {"currency_options": {currency: {"amount_off": 900} for currency in FURTHER}}
SIX: Json = {currency: {"amount_off": 900} for currency in ("gbp", "cad", "chf", "sek", "nok")}

COUPONS: list[tuple[str, Json, Json, str]] = [
    ("a larger percentage", FULL_COUPON, {"percent_off": 25}, ANEW),
    ("a percentage with two decimals", FULL_COUPON, {"percent_off": 19.99}, ANEW),
    ("the same percentage, written otherwise", FULL_COUPON, {"percent_off": 20.0}, NOTHING),
    ("an amount for a percentage", FULL_COUPON, {"percent_off": DROP, "amount_off": 500, "currency": "usd"}, ANEW),
    ("another amount", AMOUNT, {"amount_off": 1100}, ANEW),
    ("another currency", AMOUNT, {"currency": "gbp"}, ANEW),
    ("the same currency in capitals", AMOUNT, {"currency": "USD"}, NOTHING),
    ("another amount in a further currency", AMOUNT, {"currency_options": {"eur": {"amount_off": 800}}}, IN_PLACE),
    (
        "one more currency",
        AMOUNT,
        {"currency_options": {"EUR": {"amount_off": 900}, "jpy": {"amount_off": 1500}}},
        IN_PLACE,
    ),
    ("a currency removed", AMOUNT, {"currency_options": DROP}, ANEW),
    ("all currencies but one removed", {**AMOUNT, **FOUR}, {"currency_options": {"eur": {"amount_off": 900}}}, ANEW),
    ("all currencies but a changed one", {**AMOUNT, **FOUR}, {"currency_options": {"eur": {"amount_off": 9}}}, ANEW),
    ("other currencies", {**AMOUNT, **FOUR}, {"currency_options": {"jpy": {"amount_off": 1500}}}, ANEW),
    ("other currencies besides", AMOUNT, {"currency_options": {**FIXED["currency_options"], **SIX}}, IN_PLACE),
    ("another duration", FULL_COUPON, {"duration": "forever"}, ANEW),
    ("more months", REPEATING, {"duration_in_months": 4}, ANEW),
    ("a higher limit", FULL_COUPON, {"max_redemptions": 200}, ANEW),
    ("a lower limit", FULL_COUPON, {"max_redemptions": 50}, ANEW),
    ("no limit any more", FULL_COUPON, {"max_redemptions": DROP}, ANEW),
    ("a later end", FULL_COUPON, {"redeem_by": LATEST}, ANEW),
    ("the same end in another zone", FULL_COUPON, {"redeem_by": "2027-06-01T02:00:00+02:00"}, NOTHING),
    ("no end any more", FULL_COUPON, {"redeem_by": DROP}, ANEW),
    ("one more product", FULL_COUPON, {"applies_to": ["team", "pro"]}, ANEW),
    ("another product", FULL_COUPON, {"applies_to": ["team"]}, ANEW),
    ("every product", FULL_COUPON, {"applies_to": DROP}, ANEW),
    ("the products in another order", {**FULL_COUPON, "applies_to": ["pro", "team"]}, {"applies_to": ["team", "pro"]},
     NOTHING),
    ("another name", FULL_COUPON, {"name": "Summer [red]sale[/x]"}, IN_PLACE),
    ("no name", FULL_COUPON, {"name": DROP}, IN_PLACE),
    ("another value in metadata", FULL_COUPON, {"metadata": {"team": "sales", "season": "spring"}}, IN_PLACE),
    ("a key less in metadata", FULL_COUPON, {"metadata": {"team": "growth"}}, IN_PLACE),
    ("a key more in metadata", FULL_COUPON, {"metadata": {**FULL_COUPON["metadata"], "x'y \"z": "1"}}, IN_PLACE),
    ("no metadata", FULL_COUPON, {"metadata": DROP}, IN_PLACE),
    ("protected from now on", FULL_COUPON, {"protect": True}, IN_PLACE),
    ("not protected any more", {**FULL_COUPON, "protect": True}, {"protect": DROP}, IN_PLACE),
]  # fmt: skip

FULL_CODE: Json = {
    "max_redemptions": 10,
    "expires_at": SOON,
    "first_time_transaction": True,
    "minimum_amount": 5000,
    "minimum_amount_currency": "usd",
    "currency_options": {"eur": {"minimum_amount": 4500}},
    "customer": "cus_ann",
    "metadata": {"team": "growth", "source": "mail"},
}
MANY: Json = {**FULL_CODE, "currency_options": {currency: {"minimum_amount": 4500} for currency in FURTHER}}

CODES: list[tuple[str, Json, Json, str]] = [
    ("another text", FULL_CODE, {"code": "HELLO"}, ANEW),
    ("the same text in another case", FULL_CODE, {"code": "Welcome"}, NOTHING),
    ("a higher limit", FULL_CODE, {"max_redemptions": 20}, ANEW),
    ("a lower limit", FULL_CODE, {"max_redemptions": 5}, ANEW),
    ("no limit any more", FULL_CODE, {"max_redemptions": DROP}, ANEW),
    ("a limit where there was none", {}, {"max_redemptions": 5}, ANEW),
    ("a later end", FULL_CODE, {"expires_at": LATER}, ANEW),
    ("no end any more", FULL_CODE, {"expires_at": DROP}, ANEW),
    ("an end where there was none", {}, {"expires_at": LATER}, ANEW),
    ("for everybody's first purchase or not", FULL_CODE, {"first_time_transaction": DROP}, ANEW),
    ("the default, written out", {}, {"first_time_transaction": False, "active": True}, NOTHING),
    ("a lower minimum", FULL_CODE, {"minimum_amount": 4000}, ANEW),
    ("a minimum in another currency", FULL_CODE, {"minimum_amount_currency": "gbp"}, ANEW),
    (
        "no minimum",
        FULL_CODE,
        {"minimum_amount": DROP, "minimum_amount_currency": DROP, "currency_options": DROP},
        ANEW,
    ),
    (
        "another minimum in a further currency",
        FULL_CODE,
        {"currency_options": {"eur": {"minimum_amount": 4000}}},
        IN_PLACE,
    ),
    (
        "one more currency",
        FULL_CODE,
        {"currency_options": {"eur": {"minimum_amount": 4500}, "JPY": {"minimum_amount": 700}}},
        IN_PLACE,
    ),
    ("a currency removed", FULL_CODE, {"currency_options": DROP}, ANEW),
    ("all currencies but one removed", MANY, {"currency_options": {"eur": {"minimum_amount": 4500}}}, ANEW),
    ("other currencies", MANY, {"currency_options": {"jpy": {"minimum_amount": 700}}}, ANEW),
    ("another customer", FULL_CODE, {"customer": "cus_bob"}, ANEW),
    ("the same customer, by address", FULL_CODE, {"customer": DROP, "customer_email": "ANN@example.com"}, NOTHING),
    ("another customer, by address", FULL_CODE, {"customer": DROP, "customer_email": "bob@example.com"}, ANEW),
    ("for every customer", FULL_CODE, {"customer": DROP}, ANEW),
    ("another value in metadata", FULL_CODE, {"metadata": {"team": "sales", "source": "mail"}}, IN_PLACE),
    ("no metadata", FULL_CODE, {"metadata": DROP}, IN_PLACE),
    ("protected from now on", FULL_CODE, {"protect": True}, IN_PLACE),
    ("switched off", FULL_CODE, {"active": False}, "off"),
    ("switched on", {**FULL_CODE, "active": False}, {"active": True}, IN_PLACE),
    ("off, and another limit at once", FULL_CODE, {"active": False, "max_redemptions": 20}, ANEW),
]


def _changed(entry: Json, change: Json) -> Json:
    return {key: value for key, value in {**entry, **change}.items() if value is not DROP}


@pytest.mark.parametrize(("change", "verb"), [case[2:] for case in COUPONS], ids=[case[0] for case in COUPONS])
@pytest.mark.parametrize("codes", [0, 2], ids=["no code on it", "two codes on it"])
def test_one_field_of_a_coupon(world: World, request: Any, change: Json, verb: str, codes: int) -> None:
    """A changed field of a coupon updates it in place or recreates it with its codes; nothing else happens."""
    base = next(case[1] for case in COUPONS if case[2] is change)
    riders = [code(f"code{n}") for n in range(codes)]
    before = document([coupon(**base), coupon("other")], [*riders, code("apart", coupon="other")])
    after = document([_changed(coupon(**base), change), coupon("other")], before["promotion_codes"])
    world.settle(before)
    [old], others = world.coupons("spring"), world.coupons("other") + world.codes("apart")
    old_codes = [row["id"] for row in world.codes() if row["code"] != "APART"]

    plan = world.settle(after)

    [new] = world.coupons("spring")
    verbs = sorted(action.verb for action in plan.actions)
    if verb == ANEW:
        assert verbs == [Verb.RECREATE] * (1 + codes)
        assert new["id"] == "spring_r2"
        assert old["id"] == "spring"
    else:
        assert verbs == ([Verb.UPDATE] if verb == IN_PLACE else [])
        assert new["id"] == old["id"]
    moved = [row for row in world.codes(active=True) if row["code"] != "APART"]
    assert {row["promotion"]["coupon"] for row in moved} <= {new["id"]}
    assert len(moved) == codes
    assert ([row["id"] for row in moved] == old_codes) is (verb != ANEW or not codes)
    assert world.coupons("other") + world.codes("apart") == others
    _same_as_fresh(world, after)


@pytest.mark.parametrize(("change", "verb"), [case[2:] for case in CODES], ids=[case[0] for case in CODES])
@pytest.mark.parametrize("ends", [None, LATER], ids=["coupon without an end", "coupon with an end"])
def test_one_field_of_a_code(world: World, change: Json, verb: str, ends: str | None) -> None:
    """A changed field of a code updates it in place, or swaps it for a new one of the same entry."""
    base = next(case[1] for case in CODES if case[2] is change)
    home = coupon() if ends is None else coupon(redeem_by=ends)
    others = [coupon("other")], [code("apart", coupon="other")]
    before = document([home, *others[0]], [code(**base), *others[1]])
    after = document([home, *others[0]], [_changed(code(**base), change), *others[1]])
    world.settle(before)
    [old], bystanders = world.codes("welcome"), world.coupons() + world.codes("apart")

    plan = world.settle(after)

    if ends == change.get("expires_at", DROP) and "expires_at" not in base:
        verb = NOTHING  # Stripe had filled in the coupon's end already
    rows = world.codes("welcome")
    if verb == ANEW:
        assert [action.verb for action in plan.actions] == [Verb.RECREATE]
        assert [row["active"] for row in rows] == [False, change.get("active", True)]
        assert rows[0]["metadata"]["promosync_retired"] == "swap"
    else:
        verbs = {NOTHING: [], IN_PLACE: [Verb.UPDATE], "off": [Verb.DEACTIVATE]}
        assert [action.verb for action in plan.actions] == verbs[verb]
        assert [row["id"] for row in rows] == [old["id"]]
    assert world.coupons() + world.codes("apart") == bystanders
    _same_as_fresh(world, after)


def _same_as_fresh(world: World, content: Json) -> None:
    reached = world.normal_form(content)
    world.fresh()
    world.settle(content)
    [texts, wanted] = [_caseless(form) for form in (reached, world.normal_form(content))]
    assert texts == wanted


def _caseless(form: tuple[dict[str, Json], dict[str, Json]]) -> Any:
    coupons, codes = form
    return coupons, {id: {**row, "code": row["code"].lower()} for id, row in codes.items()}
