"""What became of the many codes of a batch, without naming any of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future

from promosync.apply.coupon_steps import LosesFields, NotDone
from promosync.apply.gateway import Fault, StripeFault
from promosync.apply.outcome import Outcome, Progress, Status
from promosync.plan.plan import BatchAction

_WORDS = {
    Fault.NOT_FOUND: "no longer in Stripe",
    Fault.TEXT_TAKEN: "the text is in use by another active code",
    Fault.BUSY: "Stripe was still asking for fewer requests: lower --rps, or run it again later",
    Fault.BROKEN: "Stripe answered with an error of its own: run it again",
}
"""What stands for Stripe's own sentence where it names a request, or may quote a code."""

_QUOTED = re.compile(r"`[^`]*`|'[^']*'|\"[^\"]*\"| \(request [^)]*\)")
_MOST_REASONS = 5


class Tally:
    """Counts jobs as they end; for one thread."""

    def __init__(self, action: BatchAction, on_progress: Callable[[Progress], None]) -> None:
        self._action, self._on_progress = action, on_progress
        self._done = 0
        self._failed: Counter[str] = Counter()

    def add(self, ended: Future[bool]) -> None:
        """Count a job that has ended, and say how far the batch is."""
        try:
            self._done += ended.result()
        except (StripeFault, NotDone) as reason:
            self._done += 1
            self.failed(reason)
        self._on_progress(Progress(self._action, self._done, self._failed.total()))

    def failed(self, reason: StripeFault | NotDone, codes: int = 1) -> None:
        """Count codes that were not done for one reason."""
        self._failed[_words(reason)] += codes

    def outcome(self, elsewhere: int, stopped: bool) -> Outcome:
        """Return what became of the batch; ``elsewhere`` codes are still being made by another run."""
        total = self._action.codes
        if elsewhere and not stopped:
            self._failed["another apply is making them; run it again when that has ended"] += elsewhere
        if self._failed:
            shown = [f"{count:,} {reason}" for reason, count in self._failed.most_common(_MOST_REASONS)]
            if len(self._failed) > _MOST_REASONS:
                shown.append(f"and {len(self._failed) - _MOST_REASONS} more reasons")
            message = f"{self._failed.total():,} of {total:,} codes: {'; '.join(shown)}"
            return Outcome(self._action, Status.FAILED, message)
        if stopped and self._done < total:
            message = f"apply was stopped after {self._done:,} of {total:,} codes; the next one goes on from there"
            return Outcome(self._action, Status.SKIPPED, message)
        return Outcome(self._action, Status.DONE)


def _words(reason: StripeFault | NotDone) -> str:
    """Return why one code was not done, in words that are the same for many and name none of them."""
    if isinstance(reason, LosesFields):
        return str(reason)
    if isinstance(reason, NotDone):
        return "refused by Stripe; the codes to be replaced work as before where that was possible"
    if reason.fault is Fault.DENIED:
        return str(reason)  # promosync's own sentence, which quotes nothing but the permission's name
    return _WORDS.get(reason.fault) or _QUOTED.sub("", str(reason)).strip()
