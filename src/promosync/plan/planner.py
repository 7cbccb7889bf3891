"""From what the file wants and what Stripe holds to a plan: a pure function.

resolve ids -> match entries with objects -> decide coupons -> how far the plan reaches -> decide codes and batches
-> check the end -> brakes
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from promosync.model.account import Live, Unread
from promosync.model.configuration import Configuration, Import
from promosync.model.issued import IssuedCodes
from promosync.model.problems import Path, Problem, ProblemsFound
from promosync.model.promotions import PromotionCode
from promosync.plan import sealing
from promosync.plan.batch_adoption import Nobodys, nobodys_codes
from promosync.plan.batch_rows import Rows
from promosync.plan.batches import BatchQuestion, decide_batch, decide_stray_batch, settled
from promosync.plan.codes import CodeQuestion, decide_code, decide_stray_code, retire_code
from promosync.plan.coupons import CouponFuture, decide_coupon, decide_leftovers, decide_stray
from promosync.plan.deleted_coupons import GoneCoupons
from promosync.plan.desired import resolve
from promosync.plan.exposure import Exposure, batch_sizes, exposures
from promosync.plan.linked import with_waits
from promosync.plan.matching import Matches, match, name_of
from promosync.plan.plan import Action, BatchAction, Kept, Kind, Plan, Trusted, Verb
from promosync.plan.refusals import left_behind, refusals
from promosync.plan.safety import brakes
from promosync.plan.scope import Scope
from promosync.plan.sealed import Look, brought_back, look, unread_of
from promosync.plan.taken_texts import Texts
from promosync.plan.targets import Reach, find_reach
from promosync.plan.unread import uncounted, unread

Result = Action | BatchAction | Kept | Problem

_NONE: Mapping[str, Trusted | None] = {}


@dataclass(frozen=True, slots=True)
class Policy:
    """How much to look at: ``prune`` removes what is not in the file, ``targets`` are config ids to narrow to.

    ``refresh`` reads all codes of the account, whatever the seals of its coupons say, and seals them anew.
    """

    prune: bool = True
    targets: tuple[str, ...] = ()
    refresh: bool = False


def make_plan(
    configuration: Configuration, live: Live, policy: Policy, rows: Mapping[str, Rows] | None = None
) -> Plan:
    """Return what apply would do; raise ProblemsFound with everything that makes it impossible.

    ``live`` must hold all codes of the account, and what :func:`promosync.plan.desired.needs` asks for, ``rows`` what
    the files of the batches say, by batch id: a batch whose file is not among them is left as it is. Nothing here
    reads a clock, a network or
    an environment: the same values give the same plan.
    """
    made = begin(configuration, live, policy, rows or {}).plan()
    if isinstance(made, Unread):
        raise TypeError("not all codes of the account are known")
    return made


def begin(configuration: Configuration, live: Live, policy: Policy, rows: Mapping[str, Rows]) -> Begun:
    """Return a plan in the making; as for :func:`make_plan`, but that ``live`` need not hold all codes."""
    wanted, problems = resolve(configuration, live)
    matches = match(wanted, live)
    problems += matches.problems
    held = _guarded(wanted, matches)
    if not policy.prune:
        held |= _kept_by_strays(live, matches)
        matches = matches.without_strays()
    coupons = _Coupons(wanted, live, matches, held)
    try:
        reach = find_reach(policy.targets, wanted, live, matches, coupons.ending())
    except ProblemsFound:
        if live.known is None:
            raise
        reach = None  # what nobody knows may be among what was not read
    return Begun(wanted, live, policy, rows, problems, matches, coupons, reach)


class Begun:
    """A plan in the making: everything is decided about coupons, and what must be read is known."""

    def __init__(
        self,
        wanted: Configuration,
        live: Live,
        policy: Policy,
        rows: Mapping[str, Rows],
        problems: list[Problem],
        matches: Matches,
        coupons: _Coupons,
        reach: Reach | None,
    ) -> None:
        self._wanted, self._live, self._policy, self._rows = wanted, live, policy, rows
        self._problems, self._matches, self._coupons, self._reach = problems, matches, coupons, reach
        everything = Look(Unread(everything=True))
        self._look = (
            everything if reach is None else look(wanted, live, matches, coupons.futures, coupons.scope, reach, rows)
        )

    @property
    def unread(self) -> Unread:
        """What must be read before the plan can be made."""
        return self._look.unread

    @property
    def trusted(self) -> Mapping[str, Trusted]:
        """The batches that are not read, as they are unchanged by their seal; by id."""
        return self._look.trusted

    def plan(self, rows: Mapping[str, Rows] | None = None) -> Plan | Unread:
        """Return the plan, or what turns out to matter and was not read.

        ``rows`` is as it was, with the customers of addresses. Raises as :func:`make_plan`.
        """
        rows = self._rows if rows is None else rows
        if self._reach is None or self.unread:
            return self.unread
        wanted, live, matches, coupons, reach = self._wanted, self._live, self._matches, self._coupons, self._reach
        owner, texts = wanted.settings.owner, Texts(wanted, live, rows)
        entries = {entry.path for entry in wanted.coupons if reach.has_coupon(entry.id)}
        entries |= {entry.path for entry in wanted.codes if reach.has_code(entry.id)}
        entries |= {entry.path for entry in wanted.batches if reach.has_code(entry.id)}
        problems = [problem for problem in self._problems if problem.path[:2] in entries]

        results = list(_results(wanted, live, matches, texts, rows, coupons, reach, self.trusted))
        batches = [result for result in results if isinstance(result, BatchAction)]
        if unread := brought_back(batches, live):
            return unread
        actions = with_waits(with_riders([result for result in results if isinstance(result, Action)], batches))
        problems += [result for result in results if isinstance(result, Problem)]
        problems += refusals(actions, live, owner, texts.unique)
        problems += uncounted(actions, live)
        if problems := problems or list(left_behind(actions, batches, live, owner)):
            raise ProblemsFound(dict.fromkeys(problems))
        ours = in_use(live, owner, self.trusted)
        check = partial(brakes, [*actions, *batches], max_removal_percent=wanted.settings.max_removal_percent)
        found = check(ours)
        if self.trusted and (found or check(in_use(live, owner, dict.fromkeys(self.trusted)))):
            return unread_of(self.trusted.values())  # of how many codes something is taken away must be counted
        plan = Plan(
            account=live.account,
            owner=owner,
            actions=tuple(actions),
            batches=tuple(batches),
            kept=tuple(result for result in results if isinstance(result, Kept)),
            unchanged=len(entries - {result.path for result in results}),
            ours=ours,
            brakes=found,
            exposed=_exposed(wanted, rows, live.account.now, {a.path for a in actions} | {b.path for b in batches}),
            in_full=live.known is None,
            trusted=tuple(self.trusted.values()),
        )
        return self._sealed(plan, rows)

    def _sealed(self, plan: Plan, rows: Mapping[str, Rows]) -> Plan:
        """Return the plan with what becomes of seals: where they save requests, and where they were asked for."""
        policy, live, coupons = self._policy, self._live, self._coupons
        whole = policy.prune and not policy.targets
        if policy.refresh or not plan.empty:
            there = len(live.codes) + sum(map(len, live.batches.values()))
            made = sum(batch.added for batch in plan.batches) + len(plan.actions)
            large = live.known is not None or there + made > sealing.MANY
            if large or policy.refresh:
                return sealing.with_seals(
                    plan,
                    self._wanted,
                    live,
                    self._matches,
                    coupons.futures,
                    coupons.scope,
                    rows,
                    coupons.lost,
                    closes=whole,
                    anew=policy.refresh,
                )
        return plan


class _Coupons:
    """What was decided about all coupons, by config id.

    ``entries`` are decisions about the current coupons of the file, ``others`` those about what they replaced and
    about what is in no entry. ``lost`` counts the uses on coupons that are gone which a coupon does not know of.
    """

    def __init__(self, wanted: Configuration, live: Live, matches: Matches, held: Mapping[str, str]) -> None:
        settings = wanted.settings
        self.live = {coupon.stripe_id: coupon for coupon in live.coupons}
        self.scope = Scope(settings.owner, live.account.now, settings.ignore_metadata, frozenset(self.live), held)
        self.futures: dict[str, CouponFuture] = {}
        self.entries: dict[str, Result | None] = {}
        self.others: dict[str, list[Action | Kept | Problem]] = defaultdict(list)
        self.lost: dict[str, int] = {}
        gone = GoneCoupons(live, settings.owner, self.live)
        for entry in wanted.coupons:
            found = matches.coupons.get(entry.id)
            used = gone.of(entry, found.current if found else None)
            self.futures[entry.id], self.entries[entry.id] = decide_coupon(entry, found, self.scope, used)
            if found:
                self.lost[entry.id] = used.unknown
                self.others[entry.id] += decide_leftovers(entry, found, self.scope)
        for stray in matches.stray_coupons:
            self.others[name_of(stray.current)] += decide_stray(stray)

    def ending(self) -> dict[str, frozenset[str]]:
        """Return the Stripe ids of the coupons that go, replaced or not."""
        ends: dict[str, set[str]] = defaultdict(set)
        for config_id, results in self._by_id():
            for result in results:
                if isinstance(result, Action) and result.ends_coupon:
                    ends[config_id].add(result.stripe_id or "")
        return {config_id: frozenset(stripe_ids) for config_id, stripe_ids in ends.items()}

    def _by_id(self) -> Iterable[tuple[str, Iterable[Result | None]]]:
        yield from ((config_id, [result]) for config_id, result in self.entries.items())
        yield from self.others.items()


def _results(
    wanted: Configuration,
    live: Live,
    matches: Matches,
    texts: Texts,
    rows: Mapping[str, Rows],
    coupons: _Coupons,
    reach: Reach,
    trusted: Container[str],
) -> Iterator[Result]:
    """Yield what is decided about everything that a plan reaches, in the order in which people read it."""
    scope, futures = coupons.scope, coupons.futures
    yield from (result for name, result in coupons.entries.items() if result is not None and reach.has_coupon(name))
    for code in wanted.codes:
        if reach.has_code(code.id):
            hit = matches.codes.get(code.id)
            question = CodeQuestion(code, futures[code.spec.coupon], coupons.live, scope, hit.elsewhere if hit else 0)
            yield from _one(decide_code(question, hit))
            for older in hit.older if hit else ():
                yield replace(retire_code(code.id, older), path=code.path)
    nobodys = _nobodys(wanted, live, matches)
    for batch in wanted.batches:
        if batch.id in trusted:
            yield from _one(settled(batch, futures[batch.spec.coupon], scope.now))
        elif reach.has_code(batch.id) and (batch.file is None or batch.id in rows):
            asked = BatchQuestion(
                batch,
                futures[batch.spec.coupon],
                live.batches.get(batch.id, IssuedCodes()),
                rows.get(batch.id, Rows()),
                coupons.live,
                reach.ending,
                scope,
                texts.taken_for(batch.id),
                texts.holder,
                partial(texts.beside, batch=batch.id),
                nobodys if isinstance(batch.source, Import) else {},
            )
            found = decide_batch(asked)
            yield from found if isinstance(found, list) else _one(found)
    yield from (decide_stray_code(stray) for stray in matches.stray_codes if reach.has_code(name_of(stray)))
    for name, others in coupons.others.items():
        yield from others if reach.has_coupon(name) else ()
    for stray_id in matches.stray_batches:
        if reach.has_code(stray_id):
            yield from _one(decide_stray_batch(stray_id, live.batches[stray_id], coupons.live, scope, reach.ending))
    for told in unread(live, wanted):
        if reach.has_coupon(told.id) if told.kind is Kind.COUPON else reach.has_code(told.id):
            yield told


def _one(result: Result | None) -> Iterator[Result]:
    if result is not None:
        yield result


def _nobodys(wanted: Configuration, live: Live, matches: Matches) -> Nobodys:
    """Return the codes that an import could adopt: what an entry has is not among them."""
    if not any(isinstance(batch.source, Import) for batch in wanted.batches):
        return {}
    taken = {found.current.stripe_id for found in matches.codes.values()}
    return nobodys_codes(code for code in live.codes if code.stripe_id not in taken)


def _guarded(wanted: Configuration, matches: Matches) -> dict[str, str]:
    """Return why coupons must stay that a protected code of the file works on, by Stripe id."""
    found = ((code, matches.codes[code.id].current) for code in wanted.codes if code.id in matches.codes)
    return {
        live.spec.coupon: "a code on it is protected"
        for code, live in found
        if live.spec.active and (code.protect or live.tags.protect)
    }


def _kept_by_strays(live: Live, matches: Matches) -> dict[str, str]:
    """Return why coupons must stay that codes work on which a plan without pruning leaves alone, by Stripe id."""
    on = {code.spec.coupon for code in matches.stray_codes}
    on = on.union(*(live.batches[batch].active_on() for batch in matches.stray_batches))
    return dict.fromkeys(on, "codes that are not in the file are on it")


def with_riders(actions: list[Action], batches: list[BatchAction]) -> list[Action]:
    """Count on each coupon that is recreated the codes that move with it."""
    riding = Counter(
        action.after.coupon
        for action in actions
        if action.verb is Verb.RECREATE and isinstance(action.after, PromotionCode)
    )
    for batch in batches:
        if batch.work is not None:
            riding[batch.work.spec.coupon] += batch.recreated
    return [
        replace(action, riding=riding[action.new_id or ""])
        if action.kind is Kind.COUPON and action.verb is Verb.RECREATE
        else action
        for action in actions
    ]


def _exposed(wanted: Configuration, rows: Mapping[str, Rows], now: int, touched: set[Path]) -> tuple[Exposure, ...]:
    """Return the worst case of the coupons that are touched, themselves or by what hangs on them."""
    coupons = {entry.id for entry in wanted.coupons if entry.path in touched}
    coupons |= {way.spec.coupon for way in wanted.ways if way.path in touched}
    found = exposures(wanted, batch_sizes(wanted, rows), now)
    return tuple(exposure for exposure in found if exposure.coupon in coupons)


def in_use(live: Live, owner: str, trusted: Mapping[str, Trusted | None] = _NONE) -> int:
    """Return how many objects of an owner are in use; of ``trusted`` batches as their seals say, or not at all."""
    coupons = {coupon.tags.id for coupon in live.coupons if coupon.tags.owner == owner and coupon.valid}
    codes = {code.stripe_id for code in live.codes if code.tags.owner == owner and code.spec.active}
    unique = sum(records.active for batch, records in live.batches.items() if batch not in trusted)
    return len(coupons) + len(codes) + unique + sum(batch.active for batch in trusted.values() if batch is not None)
