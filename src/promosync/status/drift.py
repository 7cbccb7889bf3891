"""What differs between the file and Stripe, for each entry: the decisions of the planner in a few words."""

from __future__ import annotations

from dataclasses import dataclass, replace

from promosync.model.account import Live
from promosync.model.configuration import BatchEntry, CodeEntry, Configuration, CouponEntry
from promosync.model.issued import shared_fields
from promosync.model.live import LiveCode
from promosync.model.ownership import Tags
from promosync.model.problems import Path, Problem
from promosync.plan.codes import CodeQuestion, decide_code
from promosync.plan.coupons import CouponFuture, decide_coupon
from promosync.plan.deleted_coupons import Gone
from promosync.plan.desired import resolve
from promosync.plan.matching import Match, match
from promosync.plan.plan import Action, Kept, Verb
from promosync.plan.scope import Scope
from promosync.status.report import NOT_IN_STRIPE

NOT_IN_FILE = "not in the file"

_KNOWN = 1000
"""How many different kinds of unique code are remembered; codes of other kinds are compared one by one."""


@dataclass(frozen=True, slots=True)
class Difference:
    """``drift`` is what the next apply would change, ``note`` why something is not changed."""

    drift: tuple[str, ...] = ()
    note: str = ""


class Drift:
    """Compares a file with an account. ``live`` needs no codes; ``wanted`` is the file with Stripe's ids."""

    def __init__(self, configuration: Configuration, live: Live) -> None:
        self.wanted, problems = resolve(configuration, live)
        matches = match(self.wanted, live)
        self._wrong: dict[Path, list[str]] = {}
        for problem in (*problems, *matches.problems):
            if problem.path[:1] == ("coupons",) or problem.rule != "missing-stripe-id":  # the codes are not here yet
                self._wrong.setdefault(problem.path[:2], []).append(problem.message)
        self._every = {coupon.stripe_id: coupon for coupon in live.coupons}
        settings = configuration.settings
        self._scope = Scope(settings.owner, live.account.now, settings.ignore_metadata, frozenset(self._every))
        self._futures: dict[str, CouponFuture] = {}
        self._differences: dict[str, Difference] = {}
        for entry in self.wanted.coupons:
            self._futures[entry.id], result = decide_coupon(entry, matches.coupons.get(entry.id), self._scope, Gone())
            self._differences[entry.id] = self._words(entry.path, result)
        self._known: dict[tuple[object, ...], tuple[str, ...]] = {}

    def of_coupon(self, entry: CouponEntry) -> Difference:
        """Return what differs on a coupon of the file."""
        return self._differences[entry.id]

    def of_code(self, entry: CodeEntry, found: Match[LiveCode] | None) -> Difference:
        """Return what differs on a code of the file."""
        if entry.path[:2] in self._wrong:
            return self._words(entry.path, None)
        return self._words(entry.path, decide_code(self._question(entry), found))

    def of_unique(self, entry: BatchEntry, code: LiveCode) -> tuple[str, ...]:
        """Return what differs on an active, unused code of a batch. Codes with equal fields are compared once."""
        spec = self._scope.visible(code.spec)
        key = (entry.id, shared_fields(spec, code.tags))
        known = self._known.get(key)
        if known is None:
            known = self._compared(entry, replace(code, spec=spec))
            if len(self._known) < _KNOWN:
                self._known[key] = known
        return known

    def _compared(self, entry: BatchEntry, code: LiveCode) -> tuple[str, ...]:
        tags = Tags(self._scope.owner, entry.id, carried=code.tags.carried, protect=code.tags.protect)
        own = replace(entry.spec, code=code.spec.code, customer=code.spec.customer)
        as_single = CodeEntry(entry.id, own, entry.path, protect=entry.protect)
        result = decide_code(self._question(as_single), Match(replace(code, tags=tags)))
        return self._words((), result).drift

    def _question(self, entry: CodeEntry) -> CodeQuestion:
        return CodeQuestion(entry, self._futures[entry.spec.coupon], self._every, self._scope)

    def _words(self, path: Path, result: Action | Kept | Problem | None) -> Difference:
        wrong = self._wrong.get(path[:2])
        if wrong:
            return Difference(tuple(wrong))
        if result is None:
            return Difference()
        if isinstance(result, Kept):
            return Difference(note=result.reason)
        if isinstance(result, Problem):
            return Difference((result.message,))
        if result.verb is Verb.CREATE:
            return Difference((NOT_IN_STRIPE,))
        if result.verb is Verb.ADOPT:
            return Difference(("not adopted yet", *self._fields(result)))
        return Difference(self._fields(result) or (result.reason,))

    @staticmethod
    def _fields(action: Action) -> tuple[str, ...]:
        return () if action.verb is Verb.DEACTIVATE else tuple(change.field for change in action.changes)
