"""From what the file wants and what Stripe holds to a plan: a pure function.

resolve ids -> match entries with objects -> decide coupons, codes, strays -> narrow -> check the end -> brakes
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from promosync.model.configuration import Configuration, Import
from promosync.model.issued import IssuedCodes
from promosync.model.live import Live
from promosync.model.problems import Path, Problem, ProblemsFound
from promosync.model.promotions import PromotionCode
from promosync.plan.batch_adoption import nobodys_codes
from promosync.plan.batches import BatchQuestion, Rows, decide_batch, decide_stray_batch
from promosync.plan.checks import refusals
from promosync.plan.codes import CodeQuestion, decide_code, decide_stray_code, retire_code
from promosync.plan.coupons import CouponFuture, decide_coupon, decide_stray, retire
from promosync.plan.desired import resolve
from promosync.plan.exposure import Exposure, all_ways, batch_sizes, exposures
from promosync.plan.gone import GoneCoupons
from promosync.plan.matching import Matches, match
from promosync.plan.plan import Action, BatchAction, Kept, Kind, Plan, Verb
from promosync.plan.safety import brakes
from promosync.plan.scope import Scope
from promosync.plan.targets import Decision, narrow
from promosync.plan.texts import Texts
from promosync.plan.unread import uncounted, unread

_LEFTOVER = "a newer one has taken its place"


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
    say, by batch id. Nothing here reads a clock, a network or
    an environment: the same values give the same plan.
    """
    wanted, problems = resolve(configuration, live)
    matches = match(wanted, live)
    problems += matches.problems
    texts = Texts(wanted, live, rows or {})
    decisions = _decide(wanted, live, matches, texts, rows or {})
    if not policy.prune:
        decisions = [decision for decision in decisions if not decision.stray]
    if policy.targets:
        decisions, paths = narrow(decisions, wanted, policy.targets)
        problems = [problem for problem in problems if problem.path[:2] in paths]

    results = [decision.result for decision in decisions]
    batches = [result for result in results if isinstance(result, BatchAction)]
    actions = _with_riders([result for result in results if isinstance(result, Action)], batches)
    problems += [result for result in results if isinstance(result, Problem)]
    problems += refusals(actions, live, wanted.settings.owner, texts.unique)
    problems += uncounted(actions, live)
    if problems:
        raise ProblemsFound(dict.fromkeys(problems))
    ours = _in_use(live, wanted.settings.owner)
    entries = {entry.path for entry in wanted.coupons} | {entry.path for entry in wanted.codes}
    entries |= {entry.path for entry in wanted.batches}
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


def _decide(
    wanted: Configuration, live: Live, matches: Matches, texts: Texts, rows: Mapping[str, Rows]
) -> list[Decision]:
    settings = wanted.settings
    every = {coupon.stripe_id: coupon for coupon in live.coupons}
    scope = Scope(
        settings.owner, live.account.now, settings.ignore_metadata, frozenset(every), _guarded(wanted, matches)
    )
    coupons: list[Decision] = []
    codes: list[Decision] = []
    strays: list[Decision] = []

    gone = GoneCoupons(live, settings.owner, every)
    futures: dict[str, CouponFuture] = {}
    for entry in wanted.coupons:
        found = matches.coupons.get(entry.id)
        used = gone.of(entry, found.current if found else None)
        futures[entry.id], result = decide_coupon(entry, found, scope, used)
        _note(coupons, Kind.COUPON, entry.id, result)
        for leftover in retire(entry.id, found, _LEFTOVER, entry.path) if found else ():
            _note(strays, Kind.COUPON, entry.id, leftover)

    for code in wanted.codes:
        hit = matches.codes.get(code.id)
        question = CodeQuestion(code, futures[code.spec.coupon], every, scope, hit.elsewhere if hit else 0)
        _note(codes, Kind.CODE, code.id, decide_code(question, hit))
        for older in hit.older if hit else ():
            _note(codes, Kind.CODE, code.id, replace(retire_code(code.id, older), path=code.path))

    for stray_code in matches.stray_codes:
        action_or_problem = decide_stray_code(stray_code)
        _note(strays, Kind.CODE, stray_code.tags.id or "", action_or_problem, stray=True)
    for stray in matches.stray_coupons:
        for end in decide_stray(stray):
            _note(strays, Kind.COUPON, stray.current.tags.id or "", end, stray=True)
    ending = frozenset(
        d.result.stripe_id or "" for d in [*coupons, *strays] if isinstance(d.result, Action) and d.gone
    )
    imports = any(isinstance(batch.source, Import) for batch in wanted.batches)
    nobodys = nobodys_codes(live.codes) if imports else {}
    for batch in wanted.batches:
        issued = live.batches.get(batch.id, IssuedCodes())
        asked = BatchQuestion(
            batch,
            futures[batch.spec.coupon],
            issued,
            rows.get(batch.id, Rows()),
            every,
            ending,
            scope,
            partial(texts.taken_for, batch.id),
            texts.holder,
            partial(texts.beside, batch=batch.id),
            nobodys if isinstance(batch.source, Import) else {},
        )
        found_or_not = decide_batch(asked)
        for one in found_or_not if isinstance(found_or_not, list) else [found_or_not]:
            _note(codes, Kind.BATCH, batch.id, one)
    for stray_id in sorted(live.batches.keys() - {batch.id for batch in wanted.batches}):
        withdrawn = decide_stray_batch(stray_id, live.batches[stray_id], every, scope, ending)
        _note(strays, Kind.BATCH, stray_id, withdrawn, stray=True)
    for told in unread(live, wanted):
        _note(codes, told.kind, told.id, told)
    return [*coupons, *codes, *strays]


def _note(
    decisions: list[Decision],
    kind: Kind,
    config_id: str,
    result: Action | BatchAction | Kept | Problem | None,
    stray: bool = False,
) -> None:
    if result is not None:
        decisions.append(Decision(kind, config_id, result, stray))


def _guarded(wanted: Configuration, matches: Matches) -> frozenset[str]:
    """Return the Stripe ids of coupons that a protected code of the file works on."""
    found = ((code, matches.codes[code.id].current) for code in wanted.codes if code.id in matches.codes)
    return frozenset(
        live.spec.coupon for code, live in found if live.spec.active and (code.protect or live.tags.protect)
    )


def _with_riders(actions: list[Action], batches: list[BatchAction]) -> list[Action]:
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


def _in_use(live: Live, owner: str) -> int:
    coupons = {coupon.tags.id for coupon in live.coupons if coupon.tags.owner == owner and coupon.valid}
    codes = {code.stripe_id for code in live.codes if code.tags.owner == owner and code.spec.active}
    unique = sum(records.active for records in live.batches.values())
    return len(coupons) + len(codes) + unique
