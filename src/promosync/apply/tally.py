"""What became of the many codes of a batch, without naming any of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Future

from promosync.apply.coupon_steps import NotDone
from promosync.apply.gateway import Fault, StripeFault
from promosync.apply.outcome import Outcome, Progress, Status
from promosync.plan.plan import BatchAction

_REASONS = {
    Fault.NOT_FOUND: "no longer in Stripe",
    Fault.TEXT_TAKEN: "the text is in use by another active code",
    Fault.REFUSED: "refused by Stripe",
}
"""Where Stripe's own sentence may quote a code, this one stands for it."""


class Tally:
    """Counts jobs as they end; for one thread."""

    def __init__(self, action: BatchAction, on_progress: Callable[[Progress], None]) -> None:
        self._action, self._on_progress = action, on_progress
        self._done = 0
        self._failed: Counter[str] = Counter()

    def add(self, ended: Iterable[Future[None]]) -> None:
        """Count what has ended, and say how far the batch is."""
        for future in ended:
            self._done += 1
            try:
                future.result()
            except StripeFault as fault:
                self._failed[_REASONS.get(fault.fault, str(fault))] += 1
            except NotDone:
                self._failed[
                    "refused by Stripe; the codes to be replaced work as before where that was possible"
                ] += 1
        self._on_progress(Progress(self._action, self._done, self._failed.total()))

    def outcome(self, elsewhere: int, stopped: bool) -> Outcome:
        """Return what became of the batch; ``elsewhere`` codes are still being made by another run."""
        total = self._action.codes
        if elsewhere:
            self._failed["another apply is making them; run it again when that has ended"] += elsewhere
        if self._failed:
            reasons = "; ".join(f"{count:,} {reason}" for reason, count in self._failed.most_common())
            return Outcome(self._action, Status.FAILED, f"{self._failed.total():,} of {total:,} codes: {reasons}")
        if stopped and self._done < total:
            message = f"apply was stopped after {self._done:,} of {total:,} codes; the next one goes on from there"
            return Outcome(self._action, Status.SKIPPED, message)
        return Outcome(self._action, Status.DONE)
