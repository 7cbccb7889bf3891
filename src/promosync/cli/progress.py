"""What is seen while an apply runs, and how it is stopped: once politely, twice at once."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import TYPE_CHECKING

from promosync.cli.run import Run

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from promosync.apply.outcome import Outcome
    from promosync.apply.outcome import Progress as BatchProgress
    from promosync.plan.plan import Plan

EVERY = 5.0
"""Seconds between two lines of progress where there is no terminal."""

_POLITE = b"\nStopping: what has begun is finished first. Once more stops at once.\n"
_AT_ONCE = b"\nStopped at once: what was under way may or may not be done. The next plan shows it.\n"


class Progress:
    """Counts codes and coupons as they are done: a bar on a terminal, a line every few seconds elsewhere.

    In JSON each outcome is an event of its own as well.
    """

    def __init__(self, run: Run, plan: Plan) -> None:
        self._run = run
        self._total = len(plan.actions) + sum(batch.codes for batch in plan.batches)
        self._done = self._failed = 0
        self._batches: dict[str, tuple[int, int]] = {}
        self._said = time.monotonic()
        self._bar: Bar | None = None

    def __enter__(self) -> Progress:
        if self._run.err.is_terminal and self._total:
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
            self._bar = Bar(*columns, console=self._run.err, transient=True)
            self._bar.add_task("", total=self._total)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def ended(self, outcome: Outcome) -> None:
        """Take in the end of an action; the codes of a batch were counted as they went."""
        if outcome.action.kind != "code_batch":
            self._done += 1
            self._failed += outcome.status == "failed"
        if self._run.json:
            from promosync.render.outcomes import outcome_json

            self._run.emit(outcome_json(outcome))
        self._tell()

    def further(self, batch: BatchProgress) -> None:
        """Take in how far a batch has come."""
        self._batches[batch.action.id] = (batch.done, batch.failed)
        self._tell()

    def _tell(self) -> None:
        done = self._done + sum(done for done, _ in self._batches.values())
        failed = self._failed + sum(failed for _, failed in self._batches.values())
        words = f"{failed:,} failed" if failed else ""
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=done, description=words)
        elif time.monotonic() - self._said >= EVERY:
            self._said = time.monotonic()
            self._run.say(f"{done:,} of {self._total:,}{', ' if words else ''}{words}")


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """Give an event that SIGINT and SIGTERM set; the second of them ends the process, with 130.

    The handler writes with ``os.write``: the console it interrupts may be in the middle of a line.
    """
    stop = threading.Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            os.write(2, _AT_ONCE)
            os._exit(130)
        stop.set()
        os.write(2, _POLITE)

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
