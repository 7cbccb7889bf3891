"""An edited saved plan with a correct checksum does nothing that the plan does not show."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promosync.apply.outcome import Status
from promosync.plan.plan import Plan
from tests.journeys.documents import pairs
from tests.journeys.world import World, code, coupon, document

from .drawer import Json, all_done, apply, save
from .forging import action_on, edits, forged, shown_is_done, taken_up

CALM = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

_MANY = [code(f"c{number}", coupon="winter") for number in range(12)]
BEFORE = document(
    [coupon(max_redemptions=10), coupon("winter"), coupon("guarded", protect=True), coupon("unused"), coupon("base")],
    [code(max_redemptions=5), code("shut", coupon="guarded", protect=True), code("gone"), *_MANY],
)
AFTER = document(
    [coupon(max_redemptions=10, percent_off=30), coupon("winter", name="Winter"), coupon("guarded", protect=True),
     coupon("summer", max_redemptions=100), coupon("base")],
    [code(max_redemptions=5), code("shut", coupon="guarded", protect=True),
     code("fresh", coupon="base", max_redemptions=9), *_MANY],
)  # fmt: skip
"""Recreates ``spring`` with ``welcome``, renames ``winter``, makes ``summer`` and ``fresh``, takes ``gone`` and
``unused`` away."""

THEIRS = {"id": "theirs", "percent_off": 50, "duration": "once"}


def begun(world: World) -> str:
    """An account as BEFORE has it, beside what is somebody else's, and a plan for AFTER."""
    world.control.seed("coupon", [THEIRS])
    promotion = {"type": "coupon", "coupon": "theirs"}
    world.dashboard.once("post", "/v1/promotion_codes", promotion=promotion, code="THEIRS")
    world.settle(BEFORE)
    world.control.redeem("WELCOME", times=2)
    return save(world, AFTER)


def live(world: World, stripe_id: str, percent: str = "50", **tags: Any) -> Json:
    """A coupon as a plan has what it found."""
    [row] = [row for row in world.control.dump()["coupons"] if row["id"] == stripe_id]
    spec = {"percent_off": percent, "duration": "once"}
    return {"stripe_id": stripe_id, "spec": spec, "tags": tags, "created": row["created"], "valid": True}


def gone(before: Json, id: str, verb: str = "delete") -> Json:
    reason = "it is not in the file"
    return {"verb": verb, "kind": "coupon", "id": id, "reason": reason, "before": before, "tags": before["tags"],
            "removes": True, "path": []}  # fmt: skip


def deletes_nobodys(plan: Json, world: World) -> None:
    plan["actions"].append(gone(live(world, "theirs"), "theirs"))


def deletes_nobodys_as_ours(plan: Json, world: World) -> None:
    plan["actions"].append(gone(live(world, "theirs", owner="shop", id="theirs"), "theirs"))


def adopts_nobodys(plan: Json, world: World) -> None:
    before = live(world, "theirs")
    action = gone(before, "theirs", "adopt")
    del action["removes"]
    plan["actions"].append({**action, "after": before["spec"], "tags": {"owner": "shop", "id": "theirs"}})


def makes_a_code_on_nobodys(plan: Json, world: World) -> None:
    action_on(plan, "fresh")["after"]["coupon"] = "theirs"


def deletes_the_protected(plan: Json, world: World) -> None:
    tags = {"owner": "shop", "id": "guarded", "protect": True}
    plan["actions"].append(gone(live(world, "guarded", "20", **tags), "guarded"))


def deletes_the_protected_as_if_not(plan: Json, world: World) -> None:
    plan["actions"].append(gone(live(world, "guarded", "20", owner="shop", id="guarded"), "guarded"))


def retires_what_is_current(plan: Json, world: World) -> None:
    """The safety checks do not count it."""
    action = action_on(plan, "unused")
    action |= {"verb": "retire", "reason": "a newer one has taken its place", "new_id": "winter"}
    del action["removes"]


def on(entry: str, **more: Any) -> Callable[[Json, World], None]:
    """An edit of one action; None takes a field away, a dictionary changes what is in it."""

    def edit(plan: Json, world: World) -> None:
        _put(action_on(plan, entry), more)

    return edit


def _put(into: Json, more: Json) -> None:
    for key, value in more.items():
        if value is None:
            into.pop(key)
        elif isinstance(value, dict):
            _put(into.setdefault(key, {}), value)
        else:
            into[key] = value


def whole(**more: Any) -> Callable[[Json, World], None]:
    return lambda plan, world: _put(plan, more)


def written(old: str, new: str) -> Callable[[Json, World], None]:
    """An edit of the configuration in the plan."""

    def edit(plan: Json, world: World) -> None:
        file = plan["files"]["promosync.json"]
        assert old in file["text"]
        file["text"] = file["text"].replace(old, new)

    return edit


def twice(plan: Json, world: World) -> None:
    plan["actions"].append(action_on(plan, "fresh"))


LIES: dict[str, Callable[[Json, World], None]] = {
    "deletes a coupon that is nobody's": deletes_nobodys,
    "deletes a coupon that is nobody's, and says it is ours": deletes_nobodys_as_ours,
    "adopts what is nobody's": adopts_nobodys,
    "makes a code on a coupon that is nobody's": makes_a_code_on_nobodys,
    "deletes what is protected": deletes_the_protected,
    "deletes what is protected, and says it is not": deletes_the_protected_as_if_not,
    "shows a limit and makes a coupon without": on("summer", after={"max_redemptions": None}),
    "shows a limit and makes a coupon with more": on("summer", after={"max_redemptions": 100_000}),
    "shows a limit and makes a code without": on("fresh", after={"max_redemptions": None}),
    "shows another limit than it leaves": on("welcome", limit=3),
    "recreates with a fresh limit": on("spring", after={"max_redemptions": 10}, carried=None, tags={"carried": None}),
    "says that nothing was used": on("welcome", before={"times_redeemed": None}),
    "says that more was used": on("welcome", before={"times_redeemed": 5}),
    "shows 30 % and makes 95 %": on("spring", after={"percent_off": "95"}),
    "shows no change": on("spring", changes=None),
    "shows another change": on("winter", after={"name": "Free for all"}),
    "says nothing of a larger discount": on("spring", warnings=None),
    "says it is harmless": on("unused", reason="nobody has it, and finance agreed"),
    "says so of a new one": on("fresh", reason="finance agreed"),
    "says so of one that is recreated": on("spring", reason="finance agreed"),
    "moves other codes than it says": on("spring", riding=None),
    "takes away what it does not count": on("unused", removes=None),
    "takes a code away that it does not count": on("gone", removes=None),
    "retires instead": retires_what_is_current,
    "makes it for another owner": on("fresh", tags={"owner": "other"}),
    "makes it for another entry": on("fresh", tags={"id": "other"}),
    "has used up what is new": on("summer", carried=50, after={"max_redemptions": 50}, tags={"carried": 50}),
    "makes a coupon under another id": on("summer", new_id="summer_r9"),
    "calls it another entry": on("unused", id="nothing"),
    "does it twice": twice,
    "hides its configuration": lambda plan, world: plan.update(files={}),
    "has another discount in its configuration": written('"percent_off": 30', '"percent_off": 95'),
    "has a limit less in its configuration": written(', "max_redemptions": 9', ""),
    "has one code less in its configuration": written(f", {json.dumps(_MANY[-1])}", ""),
    "has another owner in its configuration": written('"owner": "shop"', '"owner": "other"'),
    "has no protection in its configuration": written(', "protect": true', ""),
    "was made tomorrow": whole(made_at="2030-01-01T00:00:00Z"),
    "is of another owner": whole(owner="other"),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("again", [None, AFTER], ids=["alone", "with its configuration"])
def test_a_lie_is_refused(world: World, lie: str, again: Json | None) -> None:
    """Before the first write. If the configuration is given, the correct plan may be applied instead."""
    text = world.begin(begun)
    hostile = forged(text, lambda plan: LIES[lie](plan, world))
    found = taken_up(world, hostile, again)
    if isinstance(found, Plan):
        assert again is not None
        honest = taken_up(world, text, again)
        assert found == honest
    assert isinstance(found, list) or again is not None
    assert isinstance(taken_up(world, text, again), Plan)


@pytest.mark.parametrize("again", [None, document([coupon()], max_removal_percent=90)], ids=["alone", "with its own"])
def test_the_brakes_are_counted_anew(world: World, again: Json | None) -> None:
    """The checks use the account's objects in use and the configuration's limit, not the numbers in the plan."""
    world.settle(document([coupon()], [code(f"c{number}") for number in range(19)]))
    text = save(world, again or document([coupon()]))

    def edit(plan: Json) -> None:
        plan["ours"] = 1000
        del plan["brakes"]
        if again is None:  # a given configuration is compared
            looser = document([coupon()], max_removal_percent=100)
            plan["files"]["promosync.json"]["text"] = json.dumps(looser)

    hostile = forged(text, edit)
    found = taken_up(world, hostile, again)
    assert isinstance(found, list)
    assert "19 of 20 objects" in found[0]


def test_a_configuration_may_be_stricter(world: World) -> None:
    """A plan of few removals is stopped where the file says so, and told so without the file."""
    content = document([coupon()], [code(f"c{number}") for number in range(19)], max_removal_percent=5)
    world.settle(content)
    fewer = {**content, "promotion_codes": content["promotion_codes"][2:]}
    text = save(world, fewer)
    for again in (None, fewer):
        found = taken_up(world, text, again)
        assert isinstance(found, list)
        assert "max_removal_percent is 5" in found[0]


def test_what_is_left_alone_is_said(world: World) -> None:
    """It comes from the configuration, given or in the plan."""
    content = document([coupon(), coupon("late", redeem_by="2027-01-10T00:00:00Z")])
    text = save(world, content)
    for again in (None, content):
        found = taken_up(world, text, again)
        assert isinstance(found, Plan)
        assert len(found.kept) == 1


@settings(CALM, max_examples=150)
@given(st.data(), st.booleans(), st.booleans())
def test_any_edit_is_refused_or_shown(shared_world: World, data: st.DataObject, with_file: bool, use: bool) -> None:
    """What is nobody's and what is protected stays as it is, and the account is as it was shown."""
    world = shared_world
    text = world.begin(begun)
    hostile = data.draw(edits(text))
    if use:
        world.control.redeem("C1")
    others = world.others()
    guarded = [*world.coupons("guarded"), *world.codes("shut")]
    found = taken_up(world, hostile, AFTER if with_file else None)
    if isinstance(found, list):
        assert found
        return
    report = world.carry_out(found)
    assert world.others() == others
    assert [*world.coupons("guarded"), *world.codes("shut")] == guarded
    # A change that Stripe refuses, such as a coupon without a discount, is reported as failed.
    done = [outcome.action for outcome in report.outcomes if outcome.status is Status.DONE]
    shown_is_done(world, replace(found, actions=tuple(action for action in found.actions if action in done)))


@settings(CALM, max_examples=60)
@given(pairs(), st.booleans())
def test_no_honest_plan_is_doubted(shared_world: World, pair: tuple[Json, Json], use: bool) -> None:
    """From any file to any other, without and with the configuration, redemptions in between or not."""
    before, after = pair
    for again in (None, after):
        shared_world.fresh()
        shared_world.settle(before)
        text = save(shared_world, after)
        if use:
            for row in shared_world.codes(active=True):
                shared_world.control.redeem(row["id"], customer=row["customer"])
        report = apply(shared_world, text, again)
        assert use or all_done(report)
        if not use:
            shared_world.rests(after)
