"""The outcome of the many codes of a batch, without naming any of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future

from promosync.apply.coupon_steps import LosesFields, NotDone
from promosync.apply.gateway import Fault, StripeFault
from promosync.apply.outcome import Outcome, Progress, Status, done_word
from promosync.plan.plan import BatchAction

_WORDS = {
    Fault.NOT_FOUND: "no longer in Stripe",
    Fault.TEXT_TAKEN: "the text is in use by another active code",
    Fault.BUSY: "Stripe was still asking for fewer requests: lower --rps, or run it again later",
    Fault.BROKEN: "Stripe answered with an error of its own: run it again",
}
"""The words used instead of Stripe's own, which name a request or may quote a code."""

_QUOTED = re.compile(r"`[^`]*`|'[^']*'|\"[^\"]*\"| \(request [^)]*\)")
_MOST_REASONS = 5


class OutcomeCounter:
    """Counts jobs as they end; for one thread."""

    def __init__(self, action: BatchAction, on_progress: Callable[[Progress], None]) -> None:
        self._action, self._on_progress = action, on_progress
        self._made = 0
        self._failed: Counter[str] = Counter()

    def add(self, ended: Future[bool]) -> None:
        """Count a job that has ended, and report how far the batch is."""
        try:
            self._made += ended.result()
        except (StripeFault, NotDone) as reason:
            self.failed(reason)
        failed = self._failed.total()
        self._on_progress(Progress(self._action, self._made + failed, failed))

    def failed(self, reason: StripeFault | NotDone, codes: int = 1) -> None:
        """Count codes that failed for one reason."""
        self._failed[_words(reason)] += codes

    def outcome(self, elsewhere: int, stopped: bool) -> Outcome:
        """Return the outcome of the batch; ``elsewhere`` codes are still being made by another run."""
        total, made = self._action.codes, self._made
        if elsewhere and not stopped:
            self._failed["another apply is making them; run it again when that has ended"] += elsewhere
        if self._failed:
            shown = [f"{count:,} {reason}" for reason, count in self._failed.most_common(_MOST_REASONS)]
            if len(self._failed) > _MOST_REASONS:
                shown.append(f"and {len(self._failed) - _MOST_REASONS} more reasons")
            message = f"{self._failed.total():,} of {total:,} codes: {'; '.join(shown)}"
            return Outcome(self._action, Status.FAILED, message, codes=made)
        if stopped and made < total:
            word = done_word(self._action)
            message = f"{made:,} of {total:,} {word}, then apply was stopped; the next one goes on from there"
            return Outcome(self._action, Status.PARTIAL if made else Status.SKIPPED, message, codes=made)
        return Outcome(self._action, Status.DONE, codes=total)


def _words(reason: StripeFault | NotDone) -> str:
    """Return why a code was not done, in words that are the same for many codes and name none of them."""
    if isinstance(reason, LosesFields):
        return str(reason)
    if isinstance(reason, NotDone):
        return "refused by Stripe; the codes to be replaced work as before where that was possible"
    if reason.fault is Fault.DENIED:
        return str(reason)  # promosync's own sentence, which quotes nothing but the permission's name
    return _WORDS.get(reason.fault) or _QUOTED.sub("", str(reason)).strip()
