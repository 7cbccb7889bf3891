"""The outcome of each action: values that are shown, written as JSON, and decide the exit code."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from promosync.plan.plan import Action, BatchAction


class Status(StrEnum):
    """How an action ended. ``SKIPPED``: something it needs failed first, or apply was stopped before it.

    ``PARTIAL``, of batches only: apply was stopped in the middle, and the next apply goes on from there.
    """

    DONE = "done"
    PARTIAL = "partial"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one action. ``message`` is the reason of a failure or a skip, or a remark on a success.

    ``codes`` counts the codes of a batch that were done, however it ended.
    """

    action: Action | BatchAction
    status: Status
    message: str = ""
    stripe_id: str | None = None
    codes: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is: ``done`` codes are finished, of which ``failed`` were not done."""

    action: BatchAction
    done: int
    failed: int


@dataclass(frozen=True, slots=True)
class Report:
    """All outcomes of one apply. ``requests`` counts the requests sent, ``seconds`` is wall time.

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
        """How many actions have each status."""
        return Counter(outcome.status for outcome in self.outcomes)

    @property
    def failed(self) -> bool:
        """Whether anything was not done for a reason other than being stopped."""
        return any(outcome.status is Status.FAILED for outcome in self.outcomes)

    @property
    def unfinished(self) -> tuple[Outcome, ...]:
        """The batches of which some codes were done and some were not."""
        return tuple(one for one in self.outcomes if one.codes and one.status is not Status.DONE)


def done_word(*batches: BatchAction) -> str:
    """Return the word for what happens to the codes of batches: "made" where all are new."""
    return "made" if all(batch.added == batch.codes for batch in batches) else "done"
