"""What became of each action: values that are shown, written as JSON, and decide the exit code."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from promosync.plan.plan import Action, BatchAction


class Status(StrEnum):
    """How an action ended. ``SKIPPED``: something it needs failed first, or apply was stopped before it."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one action. ``message`` is the reason of a failure or a skip, or a remark on a success."""

    action: Action | BatchAction
    status: Status
    message: str = ""
    stripe_id: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch has come: so many of its codes are dealt with, ``failed`` of them in vain."""

    action: BatchAction
    done: int
    failed: int


@dataclass(frozen=True, slots=True)
class Report:
    """All outcomes of one apply. ``requests`` counts what went over the wire, ``seconds`` is wall time.

    ``stopped`` says why apply ended early: None, "interrupted" or "time" (``--max-minutes``). ``notes`` has a
    sentence for each coupon that could not be sealed.
    """

    outcomes: tuple[Outcome, ...]
    requests: int = 0
    seconds: float = 0.0
    stopped: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> Counter[Status]:
        """How many actions ended which way."""
        return Counter(outcome.status for outcome in self.outcomes)

    @property
    def failed(self) -> bool:
        """Whether anything was not done for a reason other than being stopped."""
        return any(outcome.status is Status.FAILED for outcome in self.outcomes)
