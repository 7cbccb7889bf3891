"""Two applies of one file at once: if one runs between any two requests of the other, both succeed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, cast

import pytest

from promosync.apply.outcome import Status
from promosync.plan.plan import Plan
from promosync.stripe_api.account import StripeAccount

from .test_recreate import interrupted_after
from .world import CARRIED, Json, World, code, coupon, document

MANY = [code(f"code{n}", max_redemptions=9) for n in range(3)]

CASES: dict[str, tuple[Json, Json]] = {
    "everything is new": (document(), document([coupon(max_redemptions=9)], MANY)),
    "everything goes": (document([coupon()], MANY), document()),
    "a coupon goes": (document([coupon(), coupon("a")]), document([coupon()])),
    "a coupon and its codes change": (
        document([coupon(max_redemptions=99)], MANY),
        document([coupon(percent_off=25, max_redemptions=99)], MANY),
    ),
    "a coupon is renamed": (
        document([coupon()], MANY),
        document([coupon("summer")], [{**one, "coupon": "summer"} for one in MANY]),
    ),
    "what Stripe can change": (
        document([coupon()], MANY),
        document([coupon(name="Sale")], [{**MANY[0], "metadata": {"a": "1"}}, {**MANY[1], "active": False}, MANY[2]]),
    ),
    "codes come back": (
        document([coupon()], [{**one, "active": False} for one in MANY]),
        document([coupon()], MANY),
    ),
    "texts move on": (
        document([coupon()], MANY),
        document([coupon()], [code(f"code{n}", f"CODE{(n + 1) % 3}", max_redemptions=9) for n in range(3)]),
    ),
    "nobody's coupon and code become ours": (
        document(),
        document([coupon("a", percent_off=5, stripe_id="a")], [code("c", coupon="a")]),
    ),
    "nobody's coupon is recreated": (
        document(),
        document([coupon("b", percent_off=25, stripe_id="a")], [code("c", coupon="b")]),
    ),
}


class Between:
    """A gateway that runs a function just before one of its calls."""

    def __init__(self, stripe: StripeAccount, at: int, happens: Callable[[], object]) -> None:
        self._stripe, self._left, self._happens = stripe, at, happens
        self.happened = False

    def __getattr__(self, name: str) -> Any:
        if not self.happened and not self._left:
            self.happened = True
            self._happens()
        self._left -= 1
        return getattr(self._stripe, name)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("used", [0, 2], ids=["", "and customers use them in between"])
def test_one_apply_comes_between_two_requests_of_the_other(world: World, case: str, used: int) -> None:
    """Both end with everything done, whenever the other one runs, and nothing is left to do."""

    def planned(world: World) -> tuple[Json, Plan, Plan]:
        before, after = CASES[case]
        if "nobody" in case:
            world.control.seed("coupon", [{"id": "a", "percent_off": 5, "duration": "once"}])
            world.control.seed("promotion_code", [{"coupon": "a", "code": "C"}])
            [row] = world.others()["promotion_codes"]
            after = {**after, "promotion_codes": [{**after["promotion_codes"][0], "stripe_id": row["id"]}]}
        world.settle(before)
        plans = world.plan(after), world.plan(after)
        if used:
            for row in world.codes(active=True):
                world.control.redeem(row["code"], times=used)
        return after, *plans

    at, happened = 0, True
    while happened:
        after, *plans = world.begin(planned)
        between = Between(world.stripe, at, partial(done, world, plans[1]))
        done(replace(world, stripe=cast("StripeAccount", between)), plans[0])
        world.rests(after)
        assert len({row["metadata"]["promosync_id"] for row in world.codes(active=True)}) == len(
            world.codes(active=True)
        )
        at, happened = at + 1, between.happened
    assert at > 1


def done(world: World, plan: Any) -> None:
    """Carry a plan out; nothing of it may fail."""
    outcomes = world.carry_out(plan, workers=1).outcomes
    assert [(one.action.id, one.message) for one in outcomes if one.status is not Status.DONE] == []


def test_what_is_left_of_a_recreate_is_finished_twice(world: World) -> None:
    """An interrupted recreate, and two applies that finish it: uses are carried over once."""
    before, after = (document([coupon(percent_off=percent, max_redemptions=9)], MANY) for percent in (20, 25))

    def planned(world: World) -> tuple[Plan, Plan]:
        world.settle(before)
        interrupted_after(world, after, writes=1)
        world.control.redeem("CODE1", times=2)
        return world.plan(after), world.plan(after)

    at, happened = 0, True
    while happened:
        plans = world.begin(planned)
        between = Between(world.stripe, at, partial(done, world, plans[1]))
        done(replace(world, stripe=cast("StripeAccount", between)), plans[0])
        world.rests(after)
        home = world.one_coupon()
        assert (home["metadata"].get(CARRIED), home["metadata"]["promosync_late"]) == (None, "2")
        at, happened = at + 1, between.happened


def test_a_coupon_made_anew_by_hand_is_not_the_one_that_was_to_go(world: World) -> None:
    """Somebody deletes a coupon that is not in the file any more, and makes one with its id: it is unchanged."""
    world.settle(document([coupon(), coupon("a")]))
    plan = world.plan(document([coupon()]))
    world.control.advance(1)
    world.dashboard.once("delete", "/v1/coupons/a")
    world.dashboard.once("post", "/v1/coupons", id="a", percent_off=5, duration="once")
    done(world, plan)
    assert [row["id"] for row in world.others()["coupons"]] == ["a"]
