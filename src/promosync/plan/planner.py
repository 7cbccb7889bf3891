"""From the file and the account to a plan: a pure function.

resolve ids -> match entries with objects -> decide coupons -> how far the plan reaches -> decide codes and batches
-> check the end -> brakes
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from promosync.model.account import Live, Unread
from promosync.model.configuration import Configuration
from promosync.model.problems import Path, Problem, ProblemsFound
from promosync.plan import sealing
from promosync.plan.basis import Basis
from promosync.plan.batch_rows import Rows
from promosync.plan.batches import BatchQuestion, decide_batch, decide_stray_batch, settled
from promosync.plan.codes import CodeQuestion, decide_code, decide_stray_code, retire_code
from promosync.plan.desired import resolve
from promosync.plan.exposure import Exposure, batch_sizes, exposures
from promosync.plan.linked import with_waits
from promosync.plan.matching import Matches, match, name_of
from promosync.plan.plan import Action, BatchAction, Kept, Kind, Plan, Trusted, Verb
from promosync.plan.refusals import left_behind, refusals
from promosync.plan.safety import brakes
from promosync.plan.sealed import brought_back, look, unread_of
from promosync.plan.taken_texts import Texts
from promosync.plan.targets import Reach, find_reach
from promosync.plan.unreadable import uncounted, unreadable

Result = Action | BatchAction | Kept | Problem

_NONE: Mapping[str, Trusted | None] = {}


@dataclass(frozen=True, slots=True)
class Policy:
    """What a plan includes: ``prune`` removes what is not in the file, ``targets`` are the only config ids to plan.

    ``refresh`` reads all codes of the account, whatever the seals of its coupons say, and seals them anew.
    """

    prune: bool = True
    targets: tuple[str, ...] = ()
    refresh: bool = False


def make_plan(
    configuration: Configuration, live: Live, policy: Policy, rows: Mapping[str, Rows] | None = None
) -> Plan:
    """Return what apply would do; raise ProblemsFound with everything that makes it impossible.

    ``live`` must have all codes of the account, and what :func:`promosync.plan.desired.needs` asks for. ``rows`` is
    what the files of the batches say, by batch id: a batch whose file is missing is left as it is. Nothing here reads
    a clock, a network or an environment: the same values give the same plan.
    """
    rows = rows or {}
    made = begin(configuration, live, policy, rows).plan(rows)
    if isinstance(made, Unread):
        raise TypeError("not all codes of the account are known")
    return made


def begin(configuration: Configuration, live: Live, policy: Policy, rows: Mapping[str, Rows]) -> Begun:
    """Return a plan in the making, as for :func:`make_plan`; but ``live`` need not have all codes."""
    wanted, problems = resolve(configuration, live)
    matches = match(wanted, live)
    problems += matches.problems
    held = _guarded(wanted, matches)
    if not policy.prune:
        held |= _kept_by_strays(live, matches)
        matches = replace(matches, stray_coupons=(), stray_codes=(), stray_batches=())
    basis = Basis(wanted, live, rows, matches, held)
    try:
        reach = find_reach(policy.targets, wanted, live, matches, basis.ending())
    except ProblemsFound:
        if live.known is None:
            raise
        # An unknown target may be among the codes that were not read.
        return Begun(basis, policy, problems, Reach(frozenset()), Unread(everything=True))
    return Begun(basis, policy, problems, reach, *look(basis, reach))


@dataclass(frozen=True, slots=True)
class Begun:
    """A plan in the making: coupons are decided, and what must be read is known.

    ``unread`` must be read before the plan can be made. ``trusted`` are the batches, by id, that need not be read:
    they are unchanged by their seal.
    """

    basis: Basis
    policy: Policy
    problems: list[Problem]
    reach: Reach
    unread: Unread
    trusted: Mapping[str, Trusted] = field(default_factory=dict)

    def plan(self, rows: Mapping[str, Rows]) -> Plan | Unread:
        """Return the plan, or what must be read first.

        ``rows`` is as it was, with the customers of addresses. Raises as :func:`make_plan`.
        """
        if self.unread:
            return self.unread
        wanted, live, reach = self.basis.wanted, self.basis.live, self.reach
        owner, texts = wanted.settings.owner, Texts(self.basis)
        entries = {entry.path for entry in wanted.coupons if reach.has_coupon(entry.id)}
        entries |= {way.path for way in wanted.ways if reach.has_code(way.id)}
        problems = [problem for problem in self.problems if problem.path[:2] in entries]

        results = [result for result in self._results(texts, rows) if result is not None]
        batches = [result for result in results if isinstance(result, BatchAction)]
        if unread := brought_back(batches, live):
            return unread
        actions = with_waits(_with_riders([result for result in results if isinstance(result, Action)], batches))
        problems += [result for result in results if isinstance(result, Problem)]
        problems += refusals(actions, live, owner, texts.unique)
        problems += uncounted(actions, self.basis.coupons)
        if problems := problems or list(left_behind(actions, batches, live, owner)):
            raise ProblemsFound(dict.fromkeys(problems))
        ours = _in_use(live, owner, self.trusted)
        check = partial(brakes, [*actions, *batches], max_removal_percent=wanted.settings.max_removal_percent)
        found = check(ours)
        if self.trusted and (found or check(_in_use(live, owner, dict.fromkeys(self.trusted)))):
            return unread_of(self.trusted.values())  # the number of codes that are removed must be exact
        touched = {action.path for action in actions} | {batch.path for batch in batches}
        plan = Plan(
            account=live.account,
            owner=owner,
            actions=tuple(actions),
            batches=tuple(batches),
            kept=tuple(result for result in results if isinstance(result, Kept)),
            unchanged=len(entries - {result.path for result in results}),
            ours=ours,
            brakes=found,
            exposed=_exposed(wanted, rows, live.account.now, touched),
            in_full=live.known is None,
            trusted=tuple(self.trusted.values()),
        )
        whole = self.policy.prune and not self.policy.targets
        return sealing.with_seals(plan, self.basis, closes=whole, anew=self.policy.refresh)

    def _results(self, texts: Texts, rows: Mapping[str, Rows]) -> Iterator[Result | None]:
        """Yield what is decided about everything that a plan reaches, in the order in which people read it."""
        basis, reach = self.basis, self.reach
        wanted, live, matches, scope, futures = basis.wanted, basis.live, basis.matches, basis.scope, basis.futures
        for name, result in basis.entries.items():
            if reach.has_coupon(name):
                yield result
        for code in wanted.codes:
            if reach.has_code(code.id):
                hit = matches.codes.get(code.id)
                elsewhere = hit.elsewhere if hit else 0
                question = CodeQuestion(code, futures[code.spec.coupon], basis.coupons, scope, elsewhere)
                yield decide_code(question, hit)
                for older in hit.older if hit else ():
                    yield replace(retire_code(code.id, older), path=code.path)
        for batch in wanted.batches:
            if batch.id in self.trusted:
                yield from settled(batch, basis)
            elif reach.has_code(batch.id) and (batch.file is None or batch.id in rows):
                own = rows.get(batch.id, Rows())
                yield from decide_batch(BatchQuestion(batch, basis, own, reach.ending, texts))
        yield from (decide_stray_code(stray) for stray in matches.stray_codes if reach.has_code(name_of(stray)))
        for name, others in basis.others.items():
            yield from others if reach.has_coupon(name) else ()
        for stray_id in matches.stray_batches:
            if reach.has_code(stray_id):
                yield from decide_stray_batch(stray_id, basis, reach.ending)
        for kept in unreadable(live, wanted):
            if reach.has_coupon(kept.id) if kept.kind is Kind.COUPON else reach.has_code(kept.id):
                yield kept


def _guarded(wanted: Configuration, matches: Matches) -> dict[str, str]:
    """Return why coupons must stay, by Stripe id: an active, protected code of the file is on them."""
    found = ((code, matches.codes[code.id].current) for code in wanted.codes if code.id in matches.codes)
    return {
        live.spec.coupon: "a code on it is protected"
        for code, live in found
        if live.spec.active and (code.protect or live.tags.protect)
    }


def _kept_by_strays(live: Live, matches: Matches) -> dict[str, str]:
    """Return why coupons must stay, by Stripe id: a plan without pruning leaves active codes on them alone."""
    on = {code.spec.coupon for code in matches.stray_codes}
    on = on.union(*(live.batches[batch].active_on() for batch in matches.stray_batches))
    return dict.fromkeys(on, "codes that are not in the file are on it")


def _with_riders(actions: list[Action], batches: list[BatchAction]) -> list[Action]:
    """Count on each coupon that is recreated the codes that move with it."""
    riding = Counter(action.home for action in actions if action.verb is Verb.RECREATE)
    for batch in batches:
        riding[batch.home] += batch.recreated
    return [
        replace(action, riding=riding[action.new_id or ""])
        if action.kind is Kind.COUPON and action.verb is Verb.RECREATE
        else action
        for action in actions
    ]


def _exposed(wanted: Configuration, rows: Mapping[str, Rows], now: int, touched: set[Path]) -> tuple[Exposure, ...]:
    """Return the worst case of the coupons that are touched, themselves or by their codes."""
    coupons = {entry.id for entry in wanted.coupons if entry.path in touched}
    coupons |= {way.spec.coupon for way in wanted.ways if way.path in touched}
    found = exposures(wanted, batch_sizes(wanted, rows), now)
    return tuple(exposure for exposure in found if exposure.coupon in coupons)


def _in_use(live: Live, owner: str, trusted: Mapping[str, Trusted | None] = _NONE) -> int:
    """Return how many objects of an owner are in use; ``trusted`` batches count as their seals say, None as 0."""
    coupons = {coupon.tags.id for coupon in live.coupons if coupon.tags.owner == owner and coupon.valid}
    codes = {code.stripe_id for code in live.codes if code.tags.owner == owner and code.spec.active}
    unique = sum(records.active for batch, records in live.batches.items() if batch not in trusted)
    return len(coupons) + len(codes) + unique + sum(batch.active for batch in trusted.values() if batch is not None)
