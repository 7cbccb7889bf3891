"""From any file to any other: the result is what the second file makes of an empty account."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, example, given, settings

from .documents import pairs
from .world import LATER, PAST, Json, World, code, coupon, document

CALM = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

ANN, BOB = {"customer": "cus_ann"}, {"customer_email": "bob@example.com"}


@settings(CALM, max_examples=40)
@given(pairs())
@example(
    (
        document([coupon()], [code("a", "ONE"), code("b", "TWO"), code("c", "THREE")]),
        document([coupon()], [code("a", "two"), code("b", "Three"), code("c", "one")]),
    )
)
@example(
    (
        document([coupon()], [code("a", "ONE", **ANN), code("b", "one", **BOB)]),
        document([coupon()], [code("a", "ONE", **BOB), code("b", "ONE", **ANN)]),
    )
)
@example(
    (
        document([coupon()], [code("a", "ONE", **ANN), code("b", "one", **BOB)]),
        document([coupon(percent_off=30)], [code("a", "ONE")]),
    )
)
@example(
    (
        document([coupon(redeem_by=LATER)], [code("a"), code("b", expires_at=LATER, active=False)]),
        document([coupon(redeem_by=PAST)], [code("a"), code("b", active=False)]),
    )
)
def test_from_one_file_to_another(shared_world: World, pair: tuple[Json, Json]) -> None:
    """Apply one file, then another: the next plan is empty, and the account is as if only the second was applied."""
    before, after = pair
    shared_world.fresh()
    shared_world.settle(after)
    wanted = shared_world.normal_form(after)

    shared_world.fresh()
    shared_world.settle(before)
    shared_world.settle(after)
    assert _caseless(shared_world.normal_form(after)) == _caseless(wanted)


@settings(CALM, max_examples=15)
@given(pairs())
def test_and_back(shared_world: World, pair: tuple[Json, Json]) -> None:
    """Apply one file, another, and the first again: that is the first."""
    before, after = pair
    shared_world.fresh()
    shared_world.settle(before)
    wanted = shared_world.normal_form(before)
    shared_world.settle(after)
    shared_world.settle(before)
    assert _caseless(shared_world.normal_form(before)) == _caseless(wanted)


@settings(CALM, max_examples=15)
@given(pairs())
def test_others_are_left_alone(shared_world: World, pair: tuple[Json, Json]) -> None:
    """Two owners of one account do not see each other, as long as they want no text and no id of each other's."""
    before, after = pair
    shared_world.fresh()
    theirs = _renamed(before)
    shared_world.apply(theirs)
    everything = shared_world.control.dump()
    shared_world.settle(after)
    shared_world.settle(document())
    now = shared_world.control.dump()
    for kind in ("coupons", "promotion_codes"):
        rows = {row["id"]: row for row in now[kind]}
        assert [rows[row["id"]] for row in everything[kind]] == everything[kind]


def _renamed(content: Json) -> Json:
    """Return a file with other ids, texts and another owner."""
    return document(
        [{**entry, "id": "their_" + entry["id"]} for entry in content["coupons"]],
        [
            {**entry, "coupon": "their_" + entry["coupon"], "code": "THEIR-" + entry["code"]}
            for entry in content["promotion_codes"]
        ],
        owner="other-shop",
    )


def _caseless(form: tuple[dict[str, Json], dict[str, Json]]) -> Any:
    coupons, codes = form
    return coupons, {id: {**row, "code": row["code"].lower()} for id, row in codes.items()}
