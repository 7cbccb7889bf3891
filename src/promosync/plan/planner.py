"""From what the file wants and what Stripe holds to a plan: a pure function.

resolve ids -> match entries with objects -> decide coupons -> how far the plan reaches -> decide codes and batches
-> check the end -> brakes
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from promosync.model.account import Live
from promosync.model.configuration import Configuration, Import
from promosync.model.issued import IssuedCodes
from promosync.model.problems import Path, Problem, ProblemsFound
from promosync.model.promotions import PromotionCode
from promosync.plan.batch_adoption import Nobodys, nobodys_codes
from promosync.plan.batch_rows import Rows
from promosync.plan.batches import BatchQuestion, decide_batch, decide_stray_batch
from promosync.plan.checks import left_behind, refusals
from promosync.plan.codes import CodeQuestion, decide_code, decide_stray_code, retire_code
from promosync.plan.coupons import CouponFuture, decide_coupon, decide_leftovers, decide_stray
from promosync.plan.desired import resolve
from promosync.plan.exposure import Exposure, all_ways, batch_sizes, exposures
from promosync.plan.gone import GoneCoupons
from promosync.plan.linked import with_waits
from promosync.plan.matching import Matches, match, name_of
from promosync.plan.plan import Action, BatchAction, Kept, Kind, Plan, Verb
from promosync.plan.safety import brakes
from promosync.plan.scope import Scope
from promosync.plan.targets import Reach, find_reach
from promosync.plan.texts import Texts
from promosync.plan.unread import uncounted, unread

Result = Action | BatchAction | Kept | Problem


@dataclass(frozen=True, slots=True)
class Policy:
    """How much to look at: ``prune`` takes away what is not in the file, ``targets`` are config ids to narrow to."""

    prune: bool = True
    targets: tuple[str, ...] = ()


def make_plan(
    configuration: Configuration, live: Live, policy: Policy, rows: Mapping[str, Rows] | None = None
) -> Plan:
    """Return what apply would do; raise ProblemsFound with everything that makes it impossible.

    ``live`` must hold what :func:`promosync.plan.desired.needs` asks for, ``rows`` what the files of the batches
    say, by batch id: a batch whose file is not among them is left as it is. Nothing here reads a clock, a network or
    an environment: the same values give the same plan.
    """
    wanted, problems = resolve(configuration, live)
    matches = match(wanted, live)
    problems += matches.problems
    held = _guarded(wanted, matches)
    if not policy.prune:
        held |= _kept_by_strays(live, matches)
        matches = matches.without_strays()
    texts = Texts(wanted, live, rows or {})
    coupons = _Coupons(wanted, live, matches, held)
    reach = find_reach(policy.targets, wanted, live, matches, coupons.ending())
    entries = {entry.path for entry in wanted.coupons if reach.has_coupon(entry.id)}
    entries |= {entry.path for entry in wanted.codes if reach.has_code(entry.id)}
    entries |= {entry.path for entry in wanted.batches if reach.has_code(entry.id)}
    problems = [problem for problem in problems if problem.path[:2] in entries]

    results = list(_results(wanted, live, matches, texts, rows or {}, coupons, reach))
    batches = [result for result in results if isinstance(result, BatchAction)]
    actions = with_waits(with_riders([result for result in results if isinstance(result, Action)], batches))
    problems += [result for result in results if isinstance(result, Problem)]
    problems += refusals(actions, live, wanted.settings.owner, texts.unique)
    problems += uncounted(actions, live)
    if problems := problems or list(left_behind(actions, batches, live, wanted.settings.owner)):
        raise ProblemsFound(dict.fromkeys(problems))
    ours = in_use(live, wanted.settings.owner)
    return Plan(
        account=live.account,
        owner=wanted.settings.owner,
        actions=tuple(actions),
        batches=tuple(batches),
        kept=tuple(result for result in results if isinstance(result, Kept)),
        unchanged=len(entries - {result.path for result in results}),
        ours=ours,
        brakes=brakes([*actions, *batches], ours, wanted.settings.max_removal_percent),
        exposed=_exposed(wanted, rows or {}, live.account.now, {a.path for a in actions} | {b.path for b in batches}),
    )


class _Coupons:
    """What was decided about all coupons, by config id.

    ``entries`` are decisions about the current coupons of the file, ``others`` those about what they replaced and
    about what is in no entry.
    """

    def __init__(self, wanted: Configuration, live: Live, matches: Matches, held: Mapping[str, str]) -> None:
        settings = wanted.settings
        self.live = {coupon.stripe_id: coupon for coupon in live.coupons}
        self.scope = Scope(settings.owner, live.account.now, settings.ignore_metadata, frozenset(self.live), held)
        self.futures: dict[str, CouponFuture] = {}
        self.entries: dict[str, Result | None] = {}
        self.others: dict[str, list[Action | Kept | Problem]] = defaultdict(list)
        gone = GoneCoupons(live, settings.owner, self.live)
        for entry in wanted.coupons:
            found = matches.coupons.get(entry.id)
            used = gone.of(entry, found.current if found else None)
            self.futures[entry.id], self.entries[entry.id] = decide_coupon(entry, found, self.scope, used)
            if found:
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
        if reach.has_code(batch.id) and (batch.file is None or batch.id in rows):
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
    coupons |= {way.spec.coupon for way in all_ways(wanted) if way.path in touched}
    found = exposures(wanted, batch_sizes(wanted, rows), now)
    return tuple(exposure for exposure in found if exposure.coupon in coupons)


def in_use(live: Live, owner: str) -> int:
    """Return how many objects of an owner are in use."""
    coupons = {coupon.tags.id for coupon in live.coupons if coupon.tags.owner == owner and coupon.valid}
    codes = {code.stripe_id for code in live.codes if code.tags.owner == owner and code.spec.active}
    unique = sum(records.active for records in live.batches.values())
    return len(coupons) + len(codes) + unique
