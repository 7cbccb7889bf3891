"""Codes that exchange their texts: the plan says for how many requests each of them is off."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from promosync.model.live import LiveCode
from promosync.render.facts import Pace
from promosync.render.plan_json import plan_json
from promosync.render.plan_markdown import plan_markdown
from promosync.render.plan_text import plan_text

from .world import World, code, coupon, document

IDS, TEXTS = ("a", "b", "c", "d"), ("ONE", "TWO", "THREE", "FOUR", "FIVE")

files = st.dictionaries(st.sampled_from(IDS), st.sampled_from(TEXTS), min_size=1).filter(
    lambda texts: len(set(texts.values())) == len(texts)
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=files, after=files, off=st.sets(st.sampled_from(IDS)), limited=st.sets(st.sampled_from(IDS)))
@example({"a": "ONE", "b": "TWO"}, {"a": "TWO", "b": "ONE"}, set(), set())
@example({"a": "ONE", "b": "TWO", "c": "THREE"}, {"a": "TWO", "b": "THREE", "c": "ONE"}, set(), set())
@example({"a": "ONE", "b": "TWO", "c": "THREE"}, {"a": "TWO", "b": "THREE", "c": "FOUR"}, set(), set())
@example({"a": "ONE", "b": "TWO"}, {"a": "TWO", "c": "ONE"}, set(), set())
def test_a_code_is_off_for_as_many_requests_as_the_plan_says(
    shared_world: World, before: dict[str, str], after: dict[str, str], off: set[str], limited: set[str]
) -> None:
    """Counted in Stripe's own log, from the request that switches it off to the one after which it works again.

    It works again when its entry has a new code, and its text, if another code takes that, works too.
    """
    world = shared_world
    world.fresh()
    world.settle(document([coupon()], [code(id, text, active=id not in off) for id, text in before.items()]))
    plan = world.plan(
        document(
            [coupon()],
            [code(id, text, **{"max_redemptions": 5} if id in limited else {}) for id, text in after.items()],
        )
    )
    begun, there = len(world.control.log()), len(world.codes())
    world.carry_out(plan, workers=1)
    log = [(line["method"], line["path"]) for line in world.control.log()[begun:]]
    assert len(log) == plan.requests
    made = iter(world.codes()[there:])
    works: dict[str, int] = {}  # at which request a text begins to work
    back = {action.stripe_id: action for action in plan.actions if action.comes_back}
    for at, (method, path) in enumerate(log):
        if (method, path) == ("POST", "/v1/promotion_codes"):
            works[next(made)["code"]] = at
        elif method == "POST" and (action := back.get(path.rpartition("/")[2])):
            works[action.label] = at
    for action in plan.actions:
        swapped = action.verb == "recreate" and isinstance(action.before, LiveCode) and action.before.spec.active
        if swapped and isinstance(action.before, LiveCode):
            switched_off = log.index(("POST", f"/v1/promotion_codes/{action.stripe_id}"))
            wanted = max(works[action.label], works.get(action.before.spec.code, 0)) - switched_off
        assert action.gap_requests == (wanted if swapped else 0)


def test_it_is_said_in_every_format(world: World) -> None:
    """In the action, and over the plan; codes that are swapped alone are counted apart."""
    world.settle(document([coupon()], [code("a", "ONE"), code("b", "TWO"), code("c")]))
    plan = world.plan(document([coupon()], [code("a", "TWO"), code("b", "ONE"), code("c", max_redemptions=3)]))
    assert [action.gap_requests for action in plan.actions] == [4, 2, 1]
    pace = Pace(20.0, 80.0)
    text = "\n".join(line.plain for line in plan_text(plan, 200, pace))
    for said in (text, plan_markdown(plan, pace, "promosync.json")):
        assert "off for 4 requests: codes that take over each other's texts" in said
        assert "2 codes that work now are off for up to 4 requests" in said
        assert "1 code that works now is off for the time of one request" in said
    document_ = plan_json(plan, pace)
    assert [action["gap"] for action in document_["actions"]] == [4, 2, 1]
    assert document_["summary"]["gap"] == 3


@pytest.mark.parametrize("count", [1, 3])
def test_codes_that_keep_their_texts_wait_for_nobody(world: World, count: int) -> None:
    world.settle(document([coupon()], [code(f"code{n}") for n in range(count)]))
    plan = world.plan(document([coupon(percent_off=25)], [code(f"code{n}") for n in range(count)]))
    assert sum(action.gap_requests for action in plan.actions) == count
