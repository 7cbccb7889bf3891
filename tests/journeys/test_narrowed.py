"""A plan with --target or --no-prune shows exactly what apply then does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from promosync.apply.outcome import Status
from promosync.model.problems import ProblemsFound
from promosync.plan.plan import Plan, Verb

from .batch_shop import batch
from .documents import BATCH_IDS, CODE_IDS, COUPON_IDS, pairs_with_batches
from .test_recreate import interrupted_after
from .world import PAST, Json, World, code, coupon, document

CALM = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

targets = st.lists(st.sampled_from((*COUPON_IDS, *CODE_IDS, *BATCH_IDS)), max_size=2, unique=True).map(tuple)


@settings(CALM, max_examples=60)
@given(
    pair=pairs_with_batches(),
    policy=st.fixed_dictionaries({"prune": st.booleans(), "targets": targets}),
    cut=st.sampled_from((None, None, 1, 2, 4)),
    by_hand=st.sampled_from(("nothing", "off", "redeem")),
)
def test_a_plan_is_what_apply_does(
    shared_world: World, pair: tuple[Json, Json], policy: dict[str, Any], cut: int | None, by_hand: str
) -> None:
    """From any file to any other, interrupted or not: a narrowed plan is done, and the next one is empty."""
    world, (before, after) = shared_world, pair
    world.fresh()
    _apply(world, before)
    for row in world.codes(active=True)[::2]:
        if by_hand == "off":
            world.dashboard.once("post", f"/v1/promotion_codes/{row['id']}", active=False)
        elif by_hand == "redeem":
            world.control.redeem(row["id"], customer=row["customer"])
    world.control.advance(1)
    if cut is not None:
        try:
            interrupted_after(world, after, cut)
        except ProblemsFound:
            return
    try:
        plan = _apply(world, after, **policy)
    except ProblemsFound as found:
        event(f"refused: {sorted({problem.rule for problem in found.problems})}")
        return
    event("nothing to do" if plan.empty else "applied")
    try:
        again = world.plan(after, **policy)
    except ProblemsFound as found:
        told = [problem.message for problem in found.problems]
    else:
        told = []
        assert (again.actions, again.batches) == ((), ())
    # A target that was not in the file is removed, and is unknown now.
    assert [message for message in told if "nothing to do about it in Stripe" not in message] == []


def _apply(world: World, content: Json, **policy: Any) -> Plan:
    """Plan and carry out; every action and every batch must be done."""
    world.control.advance(1)
    plan = world.plan(content, **policy)
    outcomes = world.carry_out(plan, workers=1).outcomes
    assert [(one.action.id, one.message) for one in outcomes if one.status is not Status.DONE] == []
    return plan


def _shop(
    *batches: Json, coupons: tuple[str, ...] = ("spring",), codes: tuple[Json, ...] = (), **fields: Any
) -> Json:
    return {**document([coupon(id, **fields) for id in coupons], codes), "code_batches": list(batches)}


def _on(home: str, what: Json) -> Json:
    return {**what, "coupon": home}


TAKEN_ALONG: dict[str, tuple[Json, Json, list[str]]] = {
    "a batch that is not in the file either": (_shop(batch()), document(), ["spring", "vip"]),
    "a batch that moves to another coupon": (
        _shop(batch(), coupons=("spring", "summer")),
        _shop(_on("summer", batch()), coupons=("summer",)),
        ["spring", "vip"],
    ),
    "a code and a batch that move to a coupon that is new": (
        _shop(batch(), codes=(code(),)),
        _shop(_on("summer", batch()), coupons=("summer",), codes=(_on("summer", code()),)),
        ["spring", "summer", "vip", "welcome"],
    ),
    "a code of a coupon that is recreated, and what hangs on that": (
        _shop(batch(), coupons=("spring", "summer"), codes=(code(), _on("summer", code("hello")))),
        _shop(_on("summer", batch()), coupons=("summer",), percent_off=25, codes=(code("hello", coupon="summer"),)),
        ["hello", "spring", "summer", "vip", "welcome"],
    ),
}


@pytest.mark.parametrize("case", TAKEN_ALONG)
def test_what_rides_on_a_coupon_that_goes_is_taken_along(world: World, case: str) -> None:
    """Batches too, and the coupons that all of them move to; otherwise apply would refuse the delete."""
    before, after, names = TAKEN_ALONG[case]
    _apply(world, before)
    plan = _apply(world, after, targets=("spring",))
    assert sorted({action.id for action in plan.actions} | {action.id for action in plan.batches}) == names
    assert world.coupons("spring") == []


def test_what_does_not_end_moves_nothing(world: World) -> None:
    """Without pruning a coupon that left the file stays, and so do used codes on it; those off by hand are noted."""
    before = _shop(batch(count=4, max_redemptions=3), coupons=("spring", "summer"))
    after = _shop(_on("summer", batch(count=4, max_redemptions=3)), coupons=("summer",))
    _apply(world, before)
    used, off, *_ = world.codes(active=True)
    world.control.redeem(used["id"])
    world.dashboard.once("post", f"/v1/promotion_codes/{off['id']}", active=False)
    rows = [row for row in world.codes() if row["id"] in (used["id"], off["id"])]
    for policy in ({"prune": False}, {"targets": ("vip",)}):
        plan = world.plan(after, **policy)
        assert plan.actions == ()
        [moved] = plan.batches
        assert (moved.recreated, moved.marked) == (2, 1)
    _apply(world, after, prune=False)
    now = [row for row in world.codes() if row["id"] in (used["id"], off["id"])]
    assert next(row for row in now if row["id"] == off["id"])["metadata"].pop("promosync_retired") == "hand"
    assert now == rows


@pytest.mark.parametrize("left", ["code", "batch"])
def test_a_coupon_is_not_recreated_under_a_code_that_stays(world: World, left: str) -> None:
    """Refused before any write, with the code that prevents it; an ended coupon is unchanged, with the reason."""
    _apply(world, _shop(codes=(code(),)) if left == "code" else _shop(batch()))
    with pytest.raises(ProblemsFound) as found:
        world.plan(_shop(percent_off=25), prune=False)
    [problem] = found.value.problems
    assert (problem.rule, problem.path) == ("codes-of-others", ("coupons", 0))
    assert "--no-prune" in problem.hint
    assert (world.codes()[0]["id"] if left == "code" else "5 of the batch 'vip'") in problem.message
    plan = _apply(world, _shop(redeem_by=PAST), prune=False)
    assert [(kept.id, "not in the file" in kept.reason) for kept in plan.kept] == [("spring", True)]
    assert _apply(world, _shop(percent_off=25)).counts[Verb.RECREATE] == 1


def test_only_what_a_plan_reaches_is_called_unchanged(world: World) -> None:
    """The plan says nothing about entries that are not in the target."""
    _apply(world, _shop())
    assert world.plan(_shop(coupons=("spring", "summer")), targets=("spring",)).unchanged == 1


def test_codes_on_a_replaced_coupon_are_switched_off_where_the_new_one_is_used_up(world: World) -> None:
    """They cannot move: a batch's codes end there as single codes do, and the old coupon goes."""
    before, after = (_shop(batch(), percent_off=percent, max_redemptions=9) for percent in (20, 25))
    _apply(world, before)
    interrupted_after(world, after, writes=3)
    new = [row for row in world.codes(active=True) if row["promotion"]["coupon"] == "spring_r2"]
    world.control.redeem(new[0]["id"])
    world.control.redeem(coupon="spring_r2", times=8)
    plan = _apply(world, after)
    assert [(action.verb, action.id) for action in plan.actions] == [(Verb.RETIRE, "spring")]
    assert world.codes(active=True) == []
    assert world.plan(after).empty
