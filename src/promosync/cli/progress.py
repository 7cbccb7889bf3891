"""Shows progress while an account is read, and while an apply runs."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from promosync.cli.run import Run

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.status import Status

    from promosync.apply.outcome import Outcome, Progress
    from promosync.plan.plan import Plan
    from promosync.stripe_api.account import StripeAccount

EVERY = 5.0
EVERY_ON_TERMINAL = 1.0
"""Seconds between two lines of progress."""

_FULL = 0.995


class ProgressDisplay:
    """Counts codes and coupons that are done: a bar on a terminal, a line every few seconds elsewhere.

    With JSON, each outcome and each report of progress is an event.
    """

    def __init__(self, run: Run, plan: Plan, stripe: StripeAccount) -> None:
        self._run, self._stripe = run, stripe
        self._total = len(plan.actions) + sum(batch.codes for batch in plan.batches)
        self._done = self._failed = 0
        self._batches: dict[str, tuple[int, int]] = {}
        self._recent: deque[tuple[float, int]] = deque([(time.monotonic(), 0)], maxlen=7)
        self._writing = threading.Lock()
        self._bar: Bar | None = None

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the progress while the block lasts."""
        if self._run.err.is_terminal and self._total:
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
            self._bar = Bar(*columns, console=self._run.err, transient=True)
            self._bar.add_task("", total=self._total)
        with self._bar or nullcontext(), _ticking(EVERY_ON_TERMINAL if self._bar else EVERY, self._tick):
            yield

    def ended(self, outcome: Outcome) -> None:
        """Count an action that has ended; the codes of a batch were counted one by one."""
        if outcome.action.kind != "code_batch" and outcome.status != "skipped":
            self._done += 1
            self._failed += outcome.status == "failed"
        if self._run.json:
            from promosync.render.outcomes import outcome_json

            self._emit(outcome_json(outcome))
        self._draw()

    def further(self, batch: Progress) -> None:
        """Count the progress of a batch."""
        self._batches[batch.action.id] = (batch.done, batch.failed)
        self._draw()

    def _counts(self) -> tuple[int, int]:
        batches = list(self._batches.values())  # a copy: another thread reads it
        return self._done + sum(done for done, _ in batches), self._failed + sum(failed for _, failed in batches)

    def _draw(self) -> None:
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=self._counts()[0])

    def _tick(self) -> None:
        done, failed = self._counts()
        (since, then), now = self._recent[0], time.monotonic()
        self._recent.append((now, done))
        rate = (done - then) / (now - since)
        left = round((self._total - done) / rate) if rate else None
        pace = self._stripe.pace
        words = [f"{failed:,} failed"] if failed else []
        words += [f"{rate:.1f} a second", pace_words(pace)]
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], description=", ".join(words))
        else:
            remaining = "time left unknown" if left is None else _time_left(left)
            self._run.say(", ".join((f"{done:,} of {self._total:,}", *words, remaining)))
        if self._run.json:
            from promosync.render.outcomes import progress_json

            self._emit(progress_json(done, failed, self._total, rate, left, pace))

    def _emit(self, event: dict[str, Any]) -> None:
        with self._writing:
            self._run.emit(event)


@contextmanager
def reading(run: Run, stripe: StripeAccount, left: Callable[[], float | None] = lambda: None) -> Iterator[None]:
    """Report every few seconds how many requests were made, while an account is read; ``left`` is requests to go."""
    begun, before = time.monotonic(), stripe.requests
    with ExitStack() as shown:
        status: Status | None = None

        def tick() -> None:
            nonlocal status
            asked = stripe.requests - before
            rate = asked / (time.monotonic() - begun)
            words = f"Reading Stripe: {asked:,} requests, {rate:.1f} a second, {pace_words(stripe.pace)}"
            more = left()
            if more is not None and rate:
                words += f", about {more:,.0f} to go, {_time_left(more / rate)}"
            if not run.err.is_terminal:
                run.say(words)
            elif status is None:
                status = shown.enter_context(run.err.status(words))
            else:
                status.update(words)

        with _ticking(EVERY_ON_TERMINAL if run.err.is_terminal else EVERY, tick):
            yield


def _time_left(seconds: float) -> str:
    return f"about {round(seconds) // 60}:{round(seconds) % 60:02} left"


def pace_words(pace: float | None) -> str:
    """Return words for the speed: ``pace`` is the current share of the configured rate, None for no limit."""
    if pace is None:
        return "without a limit"
    return "at full pace" if pace > _FULL else f"slowed down to {pace:.0%} as Stripe asked"


@contextmanager
def _ticking(every: float, tick: Callable[[], None]) -> Iterator[None]:
    """Call ``tick`` every ``every`` seconds from its own thread, even while the others wait."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(every):
            tick()

    thread = threading.Thread(target=work, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
