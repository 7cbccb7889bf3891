"""Carrying out a plan in an open account, with the time and the requests it took."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from promosync.apply.engine import carry_out as run
from promosync.apply.outcome import Outcome, Progress, Report, Status
from promosync.plan.plan import Plan

if TYPE_CHECKING:
    from promosync.stripe_api.account import StripeAccount


def carry_out(
    plan: Plan,
    stripe: StripeAccount,
    on_outcome: Callable[[Outcome], None],
    on_progress: Callable[[Progress], None],
    stop: threading.Event,
    deadline: float | None,
) -> Report:
    """Return the report of an apply. ``stop`` ends it early, ``deadline`` too (seconds on the monotonic clock)."""
    begun, requests = time.monotonic(), stripe.requests
    timed_out = False

    def stopped() -> bool:
        nonlocal timed_out
        timed_out = timed_out or (deadline is not None and time.monotonic() >= deadline)
        return timed_out or stop.is_set()

    notes = [*plan.unsealed]
    outcomes = run(
        plan, stripe, on_outcome=on_outcome, on_progress=on_progress, stopped=stopped, on_note=notes.append
    )
    left = any(outcome.status is not Status.DONE for outcome in outcomes)
    reason = "interrupted" if stop.is_set() else "time" if timed_out and left else None
    return Report(outcomes, stripe.requests - requests, time.monotonic() - begun, reason, tuple(notes))
