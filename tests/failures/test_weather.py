"""One request in eight fails, in seven different ways: a single apply succeeds, and no object is doubled or lost."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.journeys.world import Json, World, code, coupon, document

from .mixed import rests

WAYS = ("429", "409", "500", "500_after", "reset", "reset_after", "half")
SHARE = 1 / 8
COUPONS, CODES = 14, 336


def shop() -> Json:
    homes = [coupon(f"home{n}", percent_off=n + 1) for n in range(COUPONS)]
    codes = [code(f"code{n}", coupon=f"home{n % COUPONS}") for n in range(CODES)]
    return document(homes, codes)


def bad_weather(seed: int) -> list[Json]:
    """Rules that come one after the other: each takes its part of what the earlier ones let through."""
    each = SHARE / len(WAYS)
    return [
        {"fault": way, "probability": each / (1 - at * each), "seed": seed, "reason": "endpoint-rate"}
        for at, way in enumerate(WAYS)
    ]


@pytest.mark.parametrize("seed", range(20))
def test_a_single_apply_gets_through(world: World, seed: int) -> None:
    """Each create is made once however often it is sent, and the plan after it is empty."""
    world.client.patience = 60.0
    world.control.faults(*bad_weather(seed))
    plan = world.plan(shop())
    report = world.carry_out(plan, workers=16)
    fired = sum(rule["fired"] for rule in world.control.faults())
    world.control.clear_faults()
    world.client.patience = 0.5
    assert fired > 20
    assert [(o.action.id, o.message) for o in report.outcomes if o.status != "done"] == []
    made = Counter(row["metadata"]["promosync_id"] for row in (*world.coupons(), *world.codes()))
    assert len(made) == COUPONS + CODES
    assert set(made.values()) == {1}
    rests(world, shop())
