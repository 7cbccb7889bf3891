"""Whether a saved plan is one that the planner makes: a checksum tells an accident, not somebody who means harm.

Without the configuration nobody knows what a file asks for. But everything else of a plan follows from the account:
so each action is decided again, for the entry as the plan has it and the object as the plan found it. What does not
come out the same (an object that is not ours or is protected, a limit that is not the one shown, a change that is not
told) is refused. The brakes are counted anew.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from promosync.model.account import Live
from promosync.model.configuration import CodeEntry, CouponEntry, Settings
from promosync.model.live import LiveCode, LiveCoupon
from promosync.model.problems import Problem, ProblemsFound
from promosync.model.promotions import Coupon, PromotionCode
from promosync.plan.codes import (
    CodeQuestion,
    all_used,
    decide_code,
    decide_stray_code,
    not_made_again,
    retire_code,
)
from promosync.plan.coupons import OVER, USED_UP, CouponFuture, decide_coupon, decide_leftovers, decide_stray
from promosync.plan.gone import GoneCoupons
from promosync.plan.linked import with_waits
from promosync.plan.matching import Match, code_match, code_rank, coupon_rank, places
from promosync.plan.moved import stands_on
from promosync.plan.plan import Action, Kept, Kind, Plan, Verb
from promosync.plan.planner import in_use, with_riders
from promosync.plan.safety import brakes
from promosync.plan.saved import Saved, same_action
from promosync.plan.scope import Scope
from promosync.plan.unread import uncounted

_WITH_FILE = "name the configuration too: promosync apply --plan PLAN FILE"
_ALL_USED = re.compile(r"all ([0-9,]{1,24}) redemptions are used \([0-9,]+ so far\)")


def prove(saved: Saved, live: Live) -> Plan:
    """Return the plan as it may be shown and carried out without its configuration.

    Nothing may have moved (:func:`promosync.plan.moved.what_moved`), and the plan has no batches. What is left alone
    is not in what is returned: only the configuration could tell. Raises ProblemsFound with all that does not fit.
    """
    plan = saved.plan
    then = _Then(saved, live)
    problems = [*_whole(saved, live), *uncounted(plan.actions, live)]
    for action, shown in zip(plan.actions, with_waits(with_riders(list(plan.actions), [])), strict=True):
        if said := then.fault(action) or ("" if shown == action else "it says another number of codes"):
            problems.append(_refused(f"{action.kind.value.replace('_', ' ')} {action.id!r}: {said}"))
    if problems:
        raise ProblemsFound(problems)
    ours = in_use(live, plan.owner)
    percent = min(saved.max_removal_percent, Settings().max_removal_percent)
    return replace(plan, kept=(), ours=ours, brakes=brakes(plan.actions, ours, percent), exposed=())


def _whole(saved: Saved, live: Live) -> Iterator[Problem]:
    """Yield what is wrong with a plan as a whole."""
    plan = saved.plan
    if plan.account.now > live.account.now:
        yield _refused("it was made later than now")
    if {coupon.stripe_id for coupon in saved.stands_on} != {coupon.stripe_id for coupon in stands_on(plan, live)}:
        yield _refused("it does not name the coupons that its codes hang on")
    acted: set[tuple[Kind, str]] = set()
    for action in plan.actions:
        name = action.kind, action.stripe_id or f"new {action.id}"
        if name in acted:
            yield _refused(f"{action.kind.value.replace('_', ' ')} {action.id!r} is in it twice")
        acted.add(name)


class _Then:
    """The account as a plan found it: redemptions since then are left out, for they are no move of the world."""

    def __init__(self, saved: Saved, live: Live) -> None:
        plan = saved.plan
        befores = [action.before for action in plan.actions if action.before is not None]
        known = {(type(thing), thing.stripe_id): thing for thing in (*saved.stands_on, *befores)}
        coupons = [known.get((LiveCoupon, coupon.stripe_id), coupon) for coupon in live.coupons]
        codes = [
            _with_text(known.get((LiveCode, code.stripe_id), code), code.spec.code)
            if code.tags.owner == plan.owner
            else code
            for code in live.codes
        ]
        self._coupons = {coupon.stripe_id: coupon for coupon in coupons if isinstance(coupon, LiveCoupon)}
        self._codes = {code.stripe_id: code for code in codes if isinstance(code, LiveCode)}
        account = replace(live.account, now=plan.account.now)
        world = replace(
            live, account=account, coupons=tuple(self._coupons.values()), codes=tuple(self._codes.values())
        )
        self._owner, self._place = plan.owner, places(world.codes)
        self._of_entry: dict[tuple[Kind, str | None], list[LiveCoupon | LiveCode]] = defaultdict(list)
        for kind, things in ((Kind.COUPON, world.coupons), (Kind.CODE, world.codes)):
            for thing in things:
                if thing.tags.owner == plan.owner:
                    self._of_entry[kind, thing.tags.id].append(thing)
        guarded = {code.spec.coupon for code in self._codes.values() if self._is_guarded(code)}
        held = dict.fromkeys(guarded, "a code on it is protected")
        self._scope = Scope(plan.owner, account.now, (), frozenset(self._coupons), held)
        self._gone = GoneCoupons(world, plan.owner, self._coupons)
        self._futures = dict(self._made(plan))

    def fault(self, action: Action) -> str:
        """Say why an action is none that the planner decides on; empty if it is one."""
        if action.before is not None and action.before.tags.owner != self._owner:
            return (
                f"it is not of owner {self._owner!r} in Stripe, and only the configuration can say that it is meant"
            )
        decided = list(self._coupon(action) if action.kind is Kind.COUPON else self._code(action))
        for one in decided:
            # How many codes ride on it or wait for it, an action does not know by itself.
            if isinstance(one, Action) and same_action(
                replace(one, riding=action.riding, waits=action.waits), action
            ):
                return ""
        told = [one.message for one in decided if isinstance(one, Problem) and one.rule != "nothing-left"]
        return told[0] if told else "the account does not lead to what the plan says of it"

    def _is_guarded(self, code: LiveCode) -> bool:
        return code.tags.owner == self._owner and code.spec.active and code.tags.protect

    def _made(self, plan: Plan) -> Iterator[tuple[str, CouponFuture]]:
        """Yield what codes will find of each coupon of the plan, by the Stripe id it will have."""
        for action in plan.actions:
            if isinstance(action.after, Coupon):
                future, _ = self._as_the_file(action, action.after)
                yield future.stripe_id, future

    def _as_the_file(self, action: Action, after: Coupon) -> tuple[CouponFuture, Action | Kept | Problem | None]:
        spec = replace(after, max_redemptions=action.limit)
        entry = CouponEntry(action.id, spec, action.path, protect=action.tags.protect)
        found = self._coupons_of(action)
        return decide_coupon(entry, found, self._scope, self._gone.of(entry, found.current if found else None))

    def _coupon(self, action: Action) -> Iterator[Action | Kept | Problem | None]:
        """Yield what may be decided about the coupon of an action: by its entry, by its date, or without an entry."""
        if isinstance(action.after, Coupon):
            yield self._as_the_file(action, action.after)[1]
        elif (found := self._coupons_of(action)) is not None:
            past = replace(found.current.spec, redeem_by=self._scope.now)
            entry = CouponEntry(action.id, past, action.path)
            yield decide_coupon(entry, found, self._scope, self._gone.of(entry, found.current))[1]
            yield from decide_leftovers(entry, found, self._scope)
            yield from decide_stray(found)

    def _code(self, action: Action) -> Iterator[Action | Kept | Problem | None]:
        """Yield what may be decided about the code of an action, by its entry or without one."""
        spec, found = action.after, self._codes_of(action)
        if not isinstance(spec, PromotionCode):
            return
        entry = CodeEntry(
            action.id, replace(spec, max_redemptions=action.limit), action.path, protect=action.tags.protect
        )
        asked = CodeQuestion(
            entry, self._future(spec.coupon), self._coupons, self._scope, found.elsewhere if found else 0
        )
        if asked.coupon.stripe_id:
            yield decide_code(asked, found)
        if found is None or action.verb not in (Verb.DEACTIVATE, Verb.RETIRE):
            return
        for older in found.older:
            yield replace(retire_code(action.id, older), path=action.path)
        now = found.current
        ended = replace(asked, entry=replace(entry, spec=replace(now.spec, expires_at=self._scope.now)))
        yield decide_code(ended, found)
        yield decide_code(replace(ended, coupon=CouponFuture("", Coupon(), OVER, over=True)), found)
        yield not_made_again(asked, now, USED_UP)
        if told := _ALL_USED.fullmatch(action.reason):
            limited = replace(
                asked, entry=replace(entry, spec=replace(spec, max_redemptions=int(told[1].replace(",", ""))))
            )
            yield not_made_again(limited, now, all_used(limited, now))
        for code in (*found.older, now):
            yield decide_stray_code(code)

    def _future(self, coupon: str) -> CouponFuture:
        """Return what a code finds of its coupon; without a Stripe id where it is none of ours."""
        if made := self._futures.get(coupon):
            return made
        there = self._coupons.get(coupon)
        if there is None or there.tags.owner != self._owner:
            return CouponFuture("", Coupon())
        return CouponFuture(coupon, there.spec, "" if there.valid else USED_UP)

    def _coupons_of(self, action: Action) -> Match[LiveCoupon] | None:
        chain = sorted((one for one in self._chain(action) if isinstance(one, LiveCoupon)), key=coupon_rank)
        return Match(chain[-1], tuple(chain[:-1])) if chain else None

    def _codes_of(self, action: Action) -> Match[LiveCode] | None:
        chain = [one for one in self._chain(action) if isinstance(one, LiveCode)]
        chain.sort(key=lambda code: code_rank(code, self._place))
        return code_match(chain, self._place) if chain else None

    def _chain(self, action: Action) -> list[LiveCoupon | LiveCode]:
        """Return the objects of an action's entry; one that is renamed has the old entry's name still."""
        chain = list(self._of_entry.get((action.kind, action.id), ()))
        name = action.stripe_id or ""
        own = self._coupons.get(name) if action.kind is Kind.COUPON else self._codes.get(name)
        return chain if own is None or own in chain else [*chain, own]


def _with_text(thing: LiveCoupon | LiveCode, text: str) -> LiveCoupon | LiveCode:
    """Return a code with its text, where it is left out of the file."""
    if isinstance(thing, LiveCode) and not thing.spec.code:
        return replace(thing, spec=replace(thing.spec, code=text))
    return thing


def _refused(message: str) -> Problem:
    return Problem((), f"the saved plan can not be confirmed: {message}", _WITH_FILE, rule="saved-plan")
