"""A slow or failing request delays only the changes that need it, and an outage costs its time only once."""

from __future__ import annotations

import time
from typing import Any

import pytest

from promosync.apply.outcome import Outcome, Status
from tests.journeys.world import Json, World, code, coupon, document

from .mixed import batch


def shop() -> Json:
    homes = [coupon(f"home{n}") for n in range(6)]
    codes = [code(f"code{n}", coupon=f"home{n % 6}") for n in range(24)]
    batches = [batch(f"batch{n}", f"home{n}", 6) for n in range(3)]
    return {**document(homes, codes), "code_batches": batches}


def order_of(world: World, content: Json, **faults: Any) -> list[Outcome]:
    """Carry out with one fault; the outcomes in the order in which they came."""
    plan, came = world.plan(content), list[Outcome]()
    world.control.faults({"match": {"method": "POST"}, **faults})
    world.carry_out(plan, workers=8, on_outcome=came.append)
    world.control.clear_faults()
    return came


def matching(text: str) -> Json:
    return {"match": {"method": "POST", "body_contains": text}}


@pytest.mark.parametrize("fault", ["slow", "503"])
def test_a_coupon(world: World, fault: str) -> None:
    """Its own codes and batch wait for it; everything else is done before."""
    world.client.patience = 2.0
    came = order_of(world, shop(), fault=fault, seconds=2.0, **matching("id=home0"))
    world.client.patience = 0.5
    late = {"home0", "code0", "code6", "code12", "code18", "batch0"}
    assert {outcome.action.id for outcome in came[-len(late) :]} == late
    status = Status.DONE if fault == "slow" else Status.SKIPPED
    assert all(outcome.status is Status.DONE for outcome in came[: -len(late)])
    assert {outcome.status for outcome in came if outcome.action.id in late - {"home0"}} == {status}


def test_a_code(world: World) -> None:
    """A swap that hangs delays the deletion of its own coupon, but not of another one."""
    world.apply(shop())
    changed = shop()
    for home in changed["coupons"]:
        home["percent_off"] = 30
    came = order_of(world, changed, fault="slow", seconds=2.0, **matching("code=CODE0"))
    assert {outcome.action.id for outcome in came[-2:]} == {"code0", "home0"}
    assert {outcome.status for outcome in came} == {Status.DONE}


def test_a_code_of_a_batch(world: World) -> None:
    """If one code of a batch fails, only this code fails: the batch reports it, and the next apply makes it."""
    world.apply(document([coupon("home0")]))
    content = {**document([coupon("home0")]), "code_batches": [batch("batch0", "home0", 12)]}
    world.client.patience = 0.2
    came = order_of(world, content, fault="503", **matching("metadata[promosync_slot]=3"))
    world.client.patience = 0.5
    assert [(o.status, o.message.split(":")[0]) for o in came] == [(Status.FAILED, "1 of 12 codes")]
    assert len(world.codes("batch0", active=True)) == 11
    world.apply(content)
    assert {row["metadata"]["promosync_slot"] for row in world.codes("batch0", active=True)} == set(
        map(str, range(12))
    )


def test_an_outage_costs_its_time_once(world: World) -> None:
    """If Stripe stops answering, two hundred codes do not each wait until their time is over."""
    content = document([coupon()], [code(f"code{n}") for n in range(200)])
    plan = world.plan(content)
    world.control.die_after(10)
    world.client.patience = 1.0
    begun = time.monotonic()
    report = world.carry_out(plan, workers=8)
    seconds = time.monotonic() - begun
    world.client.patience = 0.5
    world.control.clear_faults()
    assert report.counts[Status.DONE] <= 10
    assert report.counts[Status.FAILED] >= 190
    assert 1.0 < seconds < 15  # 24 and more, if each had its own second
    world.settle(content)
