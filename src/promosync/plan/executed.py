"""How far a saved plan is executed in the account: what is done, what is half done, and what has changed since.

Some changes do not count: redemptions, what Stripe does because of them (a used-up code is off), and what an earlier
run of the same plan did. All other changes do: what somebody changed, made, deleted or switched since the plan was
made.

    as the plan found it           to do; redemptions since then are left out, so that the decision stays the same
    as it is after the action      done, whoever did it
    as a stopped run leaves it     to do again: a code that is off for a swap, a new coupon beside the old one
    anything else                  has moved, and nothing of the plan is carried out
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

from promosync.model.account import Live, Unread
from promosync.model.life import is_used_up
from promosync.model.live import LiveCode, LiveCoupon
from promosync.model.ownership import Retired, Tags
from promosync.model.problems import Problem
from promosync.model.promotions import Coupon, PromotionCode, fold
from promosync.plan import carry
from promosync.plan.fields import changed_fields
from promosync.plan.plan import Action, Kind, Plan, Verb

MAKES = (Verb.CREATE, Verb.RECREATE)


@dataclass(frozen=True, slots=True)
class Executed:
    """How far a plan is executed. ``live`` is the account without the redemptions on objects with an action to do.

    ``done`` are the actions that are done, ``half`` those whose new coupon exists, each by its :func:`subject`.
    ``made`` are the Stripe ids of the new coupons. ``exhausted`` are coupons whose limit is used up. ``moved`` has a
    problem for each object that somebody else has changed.
    """

    live: Live
    done: frozenset[object]
    half: frozenset[object]
    made: frozenset[str]
    exhausted: frozenset[str]
    moved: tuple[Problem, ...]


def subject(action: Action) -> object:
    """Return what identifies an action: its object, or its entry where it has no object."""
    return action.kind, action.id, action.stripe_id


def objects_of(plan: Plan) -> Unread:
    """Return the promotion codes that show how far a plan is: those it acts on, and those of the texts it makes."""
    codes = [action for action in plan.actions if action.kind is Kind.CODE]
    return Unread(
        texts=frozenset(action.after.code for action in codes if isinstance(action.after, PromotionCode)),
        ids=frozenset(action.stripe_id for action in codes if action.stripe_id is not None),
    )


def executed(plan: Plan, live: Live) -> Executed:
    """Return how far a plan is in the account as it is now; ``live`` has at least its :func:`objects_of`."""
    world = _World(plan, live)
    done, half, made = set(), set(), set()
    coupons: dict[str, LiveCoupon] = {}  # as the plan found them
    codes: dict[str, LiveCode] = {}
    moved: list[Problem] = []
    for action in plan.actions:
        new = world.made(action)
        if isinstance(new, LiveCoupon):
            made.add(new.stripe_id)
        if world.is_done(action, new):
            done.add(subject(action))
        elif said := "; ".join(world.moves(action, new)):
            moved.append(has_moved(f"{named(action)}: {said}"))
        elif new is not None:
            half.add(subject(action))
        elif isinstance(action.before, LiveCoupon):
            coupons[action.before.stripe_id] = action.before
        elif action.before is not None:
            codes[action.before.stripe_id] = action.before
    return Executed(
        replace(
            live,
            # A saved plan has no seals: they are taken from the account as it is now.
            coupons=tuple(replace(coupons.get(one.stripe_id, one), seal=one.seal) for one in live.coupons),
            codes=tuple(_with_text(codes.get(code.stripe_id, code), code) for code in live.codes),
        ),
        frozenset(done),
        frozenset(half),
        frozenset(made),
        world.exhausted,
        tuple(moved),
    )


def named(action: Action) -> str:
    """Return what a message calls an action's entry."""
    return f"{action.kind.noun} {action.id!r}"


def has_moved(message: str) -> Problem:
    """Return the refusal of a plan that does not fit the account any more."""
    return Problem((), f"{message} (since the plan was made)", "plan again", rule="moved")


def is_made(there: LiveCoupon, action: Action) -> bool:
    """Whether a coupon is what an action makes, whatever number of redemptions it carries."""
    if not isinstance(action.after, Coupon):
        return False
    spec = replace(action.after, max_redemptions=carry.left(action.limit, there.tags.carried))
    tags = replace(action.tags, carried=there.tags.carried, late=there.tags.late)
    return (there.spec, there.tags) == (spec, tags)


class _World:
    """The account as it is now, and what the actions of a plan expect of it."""

    def __init__(self, plan: Plan, live: Live) -> None:
        self.exhausted = frozenset(
            one.stripe_id for one in live.coupons if is_used_up(one.spec.max_redemptions, one.times_redeemed)
        )
        self._things: dict[tuple[Kind, str], LiveCoupon | LiveCode] = {
            (Kind.COUPON, coupon.stripe_id): coupon for coupon in live.coupons
        }
        self._things |= {(Kind.CODE, code.stripe_id): code for code in live.codes}
        known = {(action.kind, action.stripe_id) for action in plan.actions}
        self._new: dict[object, list[LiveCoupon | LiveCode]] = defaultdict(list)
        for (kind, name), thing in self._things.items():
            if thing.tags.owner == plan.owner and (kind, name) not in known:
                self._new[kind, thing.tags.id].append(thing)

    def made(self, action: Action) -> LiveCoupon | LiveCode | None:
        """Return the new object of an action that makes one, if it is there."""
        if action.verb not in MAKES and not action.comes_back:  # a code that Stripe had ended is made anew
            return None
        return next((new for new in self._new[action.kind, action.id] if self._is_made(action, new)), None)

    def is_done(self, action: Action, new: LiveCoupon | LiveCode | None) -> bool:
        """Whether the account is as an action leaves it; ``new`` is the object that was made for it."""
        now = self._now(action)
        if new is not None:
            return now is None or isinstance(now, LiveCode)
        if action.verb is Verb.DELETE or (action.verb is Verb.RETIRE and action.kind is Kind.COUPON):
            return now is None
        if action.verb in MAKES or now is None or action.after is None:
            return False
        # Late redemptions are written to a coupon when its predecessor is deleted: they are no part of this action.
        tags = replace(action.tags, late=max(action.tags.late, now.tags.late))
        return now.tags == tags and not changed_fields(action.after, self._compared(action.after, now))

    def moves(self, action: Action, new: LiveCoupon | LiveCode | None) -> Iterator[str]:
        """Yield a clause for each change since the plan was made, for an action that is not done."""
        if action.before is not None:
            yield from self._changes(action.before, _taken_back(action, self._now(action)))
        elif others := self._new[action.kind, action.id]:
            yield f"it is in Stripe now, as {', '.join(sorted(other.stripe_id for other in others))}"
        is_coupon = action.kind is Kind.COUPON and action.verb in MAKES
        if is_coupon and new is None and (Kind.COUPON, action.new_id) in self._things:
            yield f"the Stripe id {action.new_id!r} is taken now"

    def _now(self, action: Action) -> LiveCoupon | LiveCode | None:
        return self._things.get((action.kind, action.stripe_id or ""))

    def _changes(self, before: LiveCoupon | LiveCode, now: LiveCoupon | LiveCode | None) -> Iterator[str]:
        """Yield a clause for each way in which an object has changed."""
        if now is None:
            yield "it is no longer in Stripe"
            return
        if now.created != before.created:
            yield "it was deleted in Stripe and made anew"
            return
        spec = self._compared(before.spec, now)
        names = list(dict.fromkeys(change.field for change in changed_fields(before.spec, spec)))
        own = (f.name for f in fields(Tags) if f.compare)
        names += [f"promosync_{name}" for name in own if getattr(before.tags, name) != getattr(now.tags, name)]
        names += sorted({*before.unknown} ^ {*now.unknown})
        if names:
            yield f"changed in Stripe: {', '.join(names)}"
        if now.times_redeemed < before.times_redeemed:
            yield f"it was used {now.times_redeemed:,} times, and not {before.times_redeemed:,}"
        if isinstance(before, LiveCoupon) and isinstance(now, LiveCoupon) and before.valid is not now.valid:
            if now.valid:
                yield "it has not ended"
            elif now.stripe_id not in self.exhausted:
                yield "it has ended"

    def _is_made(self, action: Action, new: LiveCoupon | LiveCode) -> bool:
        """Whether an object is what an action makes, whatever number of redemptions it carries."""
        wanted = action.after
        if isinstance(new, LiveCoupon):
            return new.stripe_id == action.new_id and is_made(new, action)
        if not isinstance(wanted, PromotionCode) or fold(new.spec.code) != fold(wanted.code):
            return False
        there = replace(self._compared(wanted, new), max_redemptions=wanted.max_redemptions, code=wanted.code)
        home = self._things.get((Kind.COUPON, wanted.coupon))
        if wanted.expires_at is None and isinstance(home, LiveCoupon) and there.expires_at == home.spec.redeem_by:
            there = replace(there, expires_at=None)  # Stripe copies the coupon's end to the code
        return new.tags == replace(action.tags, carried=new.tags.carried, late=new.tags.late) and not changed_fields(
            wanted, there
        )

    def _compared(self, with_: Coupon | PromotionCode, now: LiveCoupon | LiveCode) -> Any:
        """Return what is in Stripe now, in the form of the plan: a code that is only used up counts as on."""
        if not isinstance(now, LiveCode) or not isinstance(with_, PromotionCode):
            return now.spec
        spec = now.spec
        used_up = spec.coupon in self.exhausted or is_used_up(spec.max_redemptions, now.times_redeemed)
        if with_.active and used_up and now.tags.retired is None:
            spec = replace(spec, active=True)
        return spec if with_.code else replace(spec, code="")  # a unique code's text is not in the file


def _taken_back(action: Action, now: LiveCoupon | LiveCode | None) -> LiveCoupon | LiveCode | None:
    """Return an object as it was before a run began to replace it: without the mark, and a code switched on."""
    before = action.before
    if action.verb is not Verb.RECREATE or before is None or now is None:
        return now
    marked = replace(before.tags, owner=action.tags.owner, id=action.tags.id)
    if isinstance(now, LiveCoupon):
        return replace(now, tags=before.tags) if now.tags == marked else now
    if isinstance(before, LiveCode) and before.spec.active and now.tags == replace(marked, retired=Retired.SWAP):
        return replace(now, spec=replace(now.spec, active=True), tags=before.tags)
    return now


def _with_text(code: LiveCode, now: LiveCode) -> LiveCode:
    """Return a code with its text, which a saved plan may leave out."""
    return code if code.spec.code else replace(code, spec=replace(code.spec, code=now.spec.code))
