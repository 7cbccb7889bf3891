"""Runs random edits, customers, changes by others and failures, and checks invariants and memory.

``python -m benchmarks.soak MINUTES`` runs the shop of ``tests/journeys/test_machine.py`` again and again, with new
random numbers, against a sandbox in its own process. It ends with 1 at the first broken invariant (Hypothesis then
shows the shortest example), or if memory has grown.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from pathlib import Path

import stripe
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.journeys.test_machine import Shop
from tests.journeys.world import NOW, open_world

from benchmarks.ground import served
from promosync.sandbox import Control, Sandbox, serve

SERVE = "serve"
STEPS, SHOPS = 30, 20
WARM = 0.2
"""The share of the time in which caches fill. The memory after it is compared with the memory at the end."""
MOST_GROWTH = 20.0
"""Megabytes. Hypothesis also keeps a little memory for each round."""


def soak(minutes: float, url: str) -> bool:
    """Run until the time is over; return whether memory did not grow. AssertionError for a broken invariant."""
    world = open_world(url, Control(url))
    begun, warm, rounds, told = time.monotonic(), 0.0, 0, 0.0
    machine = type("ThisShop", (Shop,), {"world": world})
    how = settings(
        max_examples=SHOPS,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    while (gone := time.monotonic() - begun) < 60 * minutes:
        run_state_machine_as_test(machine, settings=how)
        rounds += 1
        now = megabytes()
        if not warm and gone > WARM * 60 * minutes:
            warm = now
        if time.monotonic() - told > 30:
            told = time.monotonic()
            requests = world.stripe.requests
            print(f"{gone:6.0f} s  {rounds * SHOPS:6,} shops  {requests:9,} requests  {now:6.1f} MB", flush=True)
    now, held = megabytes(), warm or megabytes()
    print(
        f"{rounds * SHOPS:,} shops of {STEPS} steps, {world.stripe.requests:,} requests; "
        f"memory {held:.1f} MB after the first fifth, {now:.1f} MB in the end."
    )
    return now - held < MOST_GROWTH


def megabytes() -> float:
    """Return the memory of this process; Linux only."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> int:
    if sys.argv[1:] == [SERVE]:
        # Only a journey moves the clock.
        serve(Sandbox(clock=lambda: float(NOW)), ready=lambda url: print(url, flush=True))
        return 0
    # Otherwise the SDK waits half a second before each of its own tries.
    stripe.HTTPClient.INITIAL_DELAY = stripe.HTTPClient.MAX_DELAY = 0
    with served([sys.executable, "-m", "benchmarks.soak", SERVE]) as url:
        return 0 if soak(float(sys.argv[1]) if sys.argv[1:] else 60.0, url) else 1


if __name__ == "__main__":
    sys.exit(main())
