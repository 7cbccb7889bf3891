"""Whether the world is still as it was when a plan was saved.

A redemption is no move of the world, nor is what Stripe does because of it: a code that is used up is off. All else
is: what was changed, made, deleted or switched since then, and a date that has passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from hashlib import sha256
from typing import Any

from promosync.model.account import Live
from promosync.model.configuration import Configuration
from promosync.model.issued import IssuedCodes, Shape
from promosync.model.live import LiveCode, LiveCoupon
from promosync.model.ownership import Retired, Tags
from promosync.model.problems import Problem
from promosync.model.promotions import Coupon, PromotionCode, fold
from promosync.plan.checks import left_behind, refusals
from promosync.plan.desired import Needs
from promosync.plan.fields import changed_fields, iso
from promosync.plan.plan import Action, Kind, Plan, Verb
from promosync.plan.saved import Saved
from promosync.plan.texts import Texts

_MAKES = (Verb.CREATE, Verb.RECREATE)


def what_to_read(plan: Plan) -> Needs:
    """Return what must be looked up in Stripe before :func:`what_moved` can be asked."""
    made = [action.after for action in plan.actions if action.verb in _MAKES]
    return Needs(
        owner=plan.owner,
        products=frozenset(name for spec in made if isinstance(spec, Coupon) for name in spec.applies_to),
        customers=frozenset(spec.customer for spec in made if isinstance(spec, PromotionCode) and spec.customer),
        emails=frozenset(),
    )


def stands_on(plan: Plan, live: Live) -> tuple[LiveCoupon, ...]:
    """Return the coupons that codes of a plan are to hang on and that the plan itself does not touch."""
    used = {action.after.coupon for action in plan.actions if isinstance(action.after, PromotionCode)}
    used |= {batch.work.spec.coupon for batch in plan.batches if batch.work is not None}
    touched = {action.stripe_id for action in plan.actions if action.kind is Kind.COUPON}
    return tuple(coupon for coupon in live.coupons if coupon.stripe_id in used - touched)


def batch_state(records: IssuedCodes | None, live: Live) -> str:
    """Return a digest of a batch's codes as they are, redemptions aside, whatever their order.

    Their texts are not in it: somebody could try texts out against it.
    """
    if not records:
        return "no codes"
    exhausted = _exhausted(live)
    shapes = [_shape_text(shape) for shape in records.shapes]
    total = 0
    for record in records:
        shape = records.shapes[record.shape]
        limit = shape.spec.max_redemptions
        used_up = limit is not None and record.used - shape.carried >= limit
        on = record.active or _is_off_by_use(record.retired, used_up, shape.spec.coupon in exhausted)
        known = (record.stripe_id, record.slot, record.email, record.customer, record.retired, record.created, on)
        total += int.from_bytes(sha256(f"{known!r} {shapes[record.shape]}".encode()).digest())
    return f"{len(records)} codes, sha256 {total % 2**256:064x}"  # a sum needs no order


def what_moved(saved: Saved, live: Live) -> list[Problem]:
    """Return a problem for each object that is no longer as the plan found it, or that is now in its way.

    ``live`` must hold what :func:`what_to_read` asks for.
    """
    plan, world = saved.plan, _World(saved.plan, live)
    found: list[Problem] = []
    for action in plan.actions:
        if said := "; ".join(world.moves(action)):
            found.append(_moved(f"{action.kind.value.replace('_', ' ')} {action.id!r}: {said}"))
    for coupon in saved.stands_on:
        if said := "; ".join(world.changes(coupon, world.coupons.get(coupon.stripe_id))):
            found.append(_moved(f"coupon {coupon.stripe_id!r}, which codes of the plan hang on: {said}"))
    for batch in plan.batches:
        if saved.states[batch.id] != batch_state(live.batches.get(batch.id), live):
            found.append(_moved(f"code batch {batch.id!r}: its codes are no longer as they were"))
    found = found or refusals(plan.actions, live, plan.owner, Texts(Configuration(), live, {}).unique)
    return found or list(left_behind(plan.actions, plan.batches, live, plan.owner))


def was_applied(plan: Plan, live: Live) -> bool:
    """Whether every action on a single entry has been carried out already."""
    world = _World(plan, live)
    return all(world.is_done(action) for action in plan.actions)


def without_used_up(actions: Iterable[Action], live: Live) -> list[Action]:
    """Return the actions but for those on a code that is used up, itself or with its coupon: it is left alone."""
    exhausted = _exhausted(live)
    used = {code.stripe_id for code in live.codes if _is_used_up(code)}

    def is_over(action: Action) -> bool:
        specs = (action.after, action.before.spec if action.before else None)
        homes = {spec.coupon for spec in specs if isinstance(spec, PromotionCode)}
        return action.kind is Kind.CODE and (action.stripe_id in used or not exhausted.isdisjoint(homes))

    return [action for action in actions if not is_over(action)]


class _World:
    """What there is now, and what the actions of a plan expect of it."""

    def __init__(self, plan: Plan, live: Live) -> None:
        self.coupons = {coupon.stripe_id: coupon for coupon in live.coupons}
        self._codes = {code.stripe_id: code for code in live.codes}
        self._live, self._made_at = live, plan.account.now
        self._exhausted = _exhausted(live)
        self._touched = {action.stripe_id for action in plan.actions}
        self._batches = {batch.id for batch in plan.batches}

    def moves(self, action: Action) -> Iterator[str]:
        """Yield a clause for each way in which an action is not what it was when it was planned."""
        if action.before is not None:
            yield from self.changes(action.before, self._now(action))
        elif others := self._others(action):
            yield f"it is in Stripe now, as {', '.join(sorted(others))}"
        if action.verb in _MAKES:
            if action.kind is Kind.COUPON and action.new_id in self.coupons:
                yield f"the Stripe id {action.new_id!r} is taken now"
            yield from self._out_of_date(action.after)
        if action.ends_coupon and (riders := self._new_riders(action)):
            yield f"codes were made on it since then: {', '.join(riders)}"

    def changes(self, before: LiveCoupon | LiveCode, now: LiveCoupon | LiveCode | None) -> Iterator[str]:
        """Yield a clause for each way in which an object differs from how it was."""
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
            elif now.stripe_id not in self._exhausted:
                yield "it has ended"

    def is_done(self, action: Action) -> bool:
        """Whether things are as if the action had been carried out."""
        now = self._now(action)
        if action.verb is Verb.DELETE:
            return now is None
        if action.verb is Verb.RETIRE:
            return now is None or (isinstance(now, LiveCode) and not now.spec.active)
        if action.verb in _MAKES:
            return any(self._is_made(action.after, action.new_id, other) for other in self._others(action).values())
        if now is None or action.after is None:
            return False
        return now.tags == action.tags and not changed_fields(action.after, self._compared(action.after, now))

    def _now(self, action: Action) -> LiveCoupon | LiveCode | None:
        name = action.stripe_id or ""
        return self.coupons.get(name) if action.kind is Kind.COUPON else self._codes.get(name)

    def _others(self, action: Action) -> Mapping[str, LiveCoupon | LiveCode]:
        """The objects of the action's entry, but for those that the plan knew of."""
        every: Mapping[str, LiveCoupon | LiveCode] = self.coupons if action.kind is Kind.COUPON else self._codes
        mine = (action.tags.owner, action.tags.id)
        return {
            name: thing
            for name, thing in every.items()
            if (thing.tags.owner, thing.tags.id) == mine and name not in self._touched
        }

    def _is_made(
        self, wanted: Coupon | PromotionCode | None, new_id: str | None, other: LiveCoupon | LiveCode
    ) -> bool:
        if isinstance(other, LiveCoupon):
            return other.stripe_id == new_id
        if not isinstance(wanted, PromotionCode):
            return False
        there = self._compared(wanted, other)
        return isinstance(there, PromotionCode) and (there.coupon, fold(there.code), there.active) == (
            wanted.coupon,
            fold(wanted.code),
            wanted.active,
        )

    def _compared(self, with_: Coupon | PromotionCode, now: LiveCoupon | LiveCode) -> Any:
        """What is there now, to be compared with what was or is planned: a code that was used up is still on."""
        if not isinstance(now, LiveCode) or not isinstance(with_, PromotionCode):
            return now.spec
        spec = now.spec
        if with_.active and _is_off_by_use(now.tags.retired, _is_used_up(now), spec.coupon in self._exhausted):
            spec = replace(spec, active=True)
        return spec if with_.code else replace(spec, code="")  # a unique code's text is not in the file

    def _out_of_date(self, made: Coupon | PromotionCode | None) -> Iterator[str]:
        """Yield what was still to come when the plan was made, or was there."""
        date = made.redeem_by if isinstance(made, Coupon) else made.expires_at if made else None
        if date is not None and date <= self._live.account.now:
            yield f"its date has passed ({iso(date)})"
        if isinstance(made, Coupon) and (gone := made.applies_to - self._live.products):
            yield f"no longer in Stripe: {', '.join(f'product {name!r}' for name in sorted(gone))}"
        if isinstance(made, PromotionCode) and made.customer and not self._live.customers.get(made.customer):
            yield f"no longer in Stripe: customer {made.customer!r}"

    def _new_riders(self, action: Action) -> list[str]:
        """The active codes on a coupon that were made since the plan, and that it knows nothing of."""

        def is_new(coupon: str, active: bool, created: int) -> bool:
            return active and coupon == action.stripe_id and created >= self._made_at

        riders = [
            name
            for name, code in self._codes.items()
            if name not in self._touched and is_new(code.spec.coupon, code.spec.active, code.created)
        ]
        for batch, records in self._live.batches.items():
            coupons = [shape.spec.coupon for shape in records.shapes]
            if batch not in self._batches and action.stripe_id in coupons:
                count = sum(is_new(coupons[record.shape], record.active, record.created) for record in records)
                riders += [f"{count:,} of the batch {batch!r}"] if count else []
        return riders


def _exhausted(live: Live) -> frozenset[str]:
    """The coupons whose limit is used up: their codes are off with them."""
    return frozenset(
        coupon.stripe_id
        for coupon in live.coupons
        if coupon.spec.max_redemptions is not None and coupon.times_redeemed >= coupon.spec.max_redemptions
    )


def _is_used_up(code: LiveCode) -> bool:
    limit = code.spec.max_redemptions
    return limit is not None and code.times_redeemed >= limit


def _is_off_by_use(retired: Retired | None, used_up: bool, coupon_used_up: bool) -> bool:
    return retired is None and (used_up or coupon_used_up)


def _shape_text(shape: Shape) -> str:
    spec = [getattr(shape.spec, f.name) for f in fields(shape.spec)]
    plain = [sorted(value.items()) if isinstance(value, Mapping) else value for value in spec]
    return repr((plain, shape.carried, shape.protect, shape.unknown))


def _moved(message: str) -> Problem:
    return Problem((), f"{message} (since the plan was made)", "plan again", rule="moved")
