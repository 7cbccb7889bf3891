"""Killed, or without Stripe, after any write: the next apply has the same result as an undisturbed one."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import process_env
from tests.journeys.world import Json, World

from . import mixed

KEY = "sk_test_failures0123456789"
WRITES = 27
"""The writes of the whole change; :func:`test_stripe_gone_after_the_kth_write` holds the number to it."""


@pytest.fixture(scope="module")
def undisturbed(shared_world: World) -> Json:
    """Return the result of the change without any failure."""
    texts = shared_world.begin(mixed.begin)
    begun = shared_world.writes
    shared_world.apply(mixed.after())
    mixed.rests(shared_world, mixed.after())
    assert shared_world.writes - begun == WRITES
    assert mixed.texts_of(shared_world, "vip").items() <= texts.items()
    return mixed.end(shared_world)


def repaired(world: World, texts: dict[str, str], wanted: Json) -> None:
    """The next apply does the rest, and the one after that nothing."""
    world.control.clear_faults()
    world.apply(mixed.after())
    mixed.rests(world, mixed.after())
    assert mixed.end(world) == wanted
    now = mixed.texts_of(world, "vip")
    assert len(now) == 3
    assert now.items() <= texts.items()  # customers keep their codes


@pytest.mark.parametrize("workers", [1, 8])
@pytest.mark.parametrize("after", range(WRITES))
def test_stripe_gone_after_the_kth_write(world: World, undisturbed: Json, after: int, workers: int) -> None:
    """For every k: changes that failed are reported, and the next apply makes them."""
    texts = world.begin(mixed.begin)
    plan = world.plan(mixed.after())
    world.control.die_after(after)
    world.client.patience = 0.0
    report = world.carry_out(plan, workers=workers)
    world.client.patience = 0.5
    assert report.failed
    assert all(outcome.message for outcome in report.outcomes if outcome.status != "done")
    repaired(world, texts, undisturbed)


@pytest.mark.parametrize("after", [1, 3, 6, 7, 9, 12, 15, 18, 21, 23, 25, 26])
@pytest.mark.usefixtures("folder")
def test_killed_after_the_kth_write(elsewhere: World, shared_elsewhere: str, undisturbed: Json, after: int) -> None:
    """A real `kill -9` of a real process: its log is complete and true, and the next apply does the rest."""
    texts = elsewhere.begin(mixed.begin)
    Path("promosync.json").write_text(json.dumps(mixed.after()), encoding="utf-8")
    begun = elsewhere.writes
    elsewhere.control.die_after(after)
    with Path("log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "promosync", "apply", "--yes", "--force", "--format", "json", "--rps", "10000"],
            env=process_env(STRIPE_API_KEY=KEY, STRIPE_API_BASE=shared_elsewhere),
            stdout=log,
            stderr=subprocess.DEVNULL,
        )
        try:
            end = time.monotonic() + 60
            while elsewhere.writes < begun + after:
                assert process.poll() is None
                assert time.monotonic() < end
                time.sleep(0.02)
        finally:
            process.kill()
            process.communicate()
    assert process.returncode == -9
    elsewhere.control.clear_faults()
    there = {row["id"] for row in (*elsewhere.coupons(), *elsewhere.codes())}
    events = [json.loads(line) for line in Path("log").read_text(encoding="utf-8").splitlines()]
    done = [event for event in events if event["event"] == "outcome" and event["status"] == "done"]
    assert all((event["stripe_id"] in there) is (event["verb"] != "delete") for event in done if event["verb"])
    repaired(elsewhere, texts, undisturbed)
