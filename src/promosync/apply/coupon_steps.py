"""What is done to a coupon: the new one is made first, the old one is deleted last."""

from __future__ import annotations

from dataclasses import replace

from promosync.apply.gateway import Fault, Gateway, StripeFault
from promosync.model.live import LiveCode, LiveCoupon
from promosync.model.ownership import Tags
from promosync.model.promotions import Coupon
from promosync.plan import carry
from promosync.plan.executed import is_made
from promosync.plan.matching import next_id
from promosync.plan.plan import Action, Verb

_MOST_IDS = 100
"""How many ids that Stripe says are taken are skipped at most."""


class NotDone(Exception):
    """An action that was given up with nothing half done; ``str()`` says why, for people."""


class LosesFields(NotDone):
    """An object is not recreated, because the new one would lose fields that promosync does not know."""


def check_known(now: LiveCoupon | LiveCode) -> None:
    """Raise LosesFields for an object with fields that a new one would lose."""
    if now.unknown:
        raise LosesFields(f"it has fields that promosync does not know and would lose: {', '.join(now.unknown)}")


def begin(gateway: Gateway, action: Action, seal: str = "") -> LiveCoupon:
    """Create, update or adopt a coupon, or make the new one of a recreate; return the coupon that is current now.

    ``seal`` is the text of the seal that a new coupon gets.

    A recreate counts the redemptions since the plan was made: the new coupon allows that many less. Where another
    apply has replaced the old one already, its coupon is the new one.
    """
    spec, before = action.after, action.before
    if not isinstance(spec, Coupon):
        raise TypeError("the plan gives no coupon to make")  # a plan made by hand
    if isinstance(before, LiveCoupon) and action.verb is not Verb.RECREATE:
        return gateway.update_coupon(before, spec, action.tags)
    tags = action.tags
    if isinstance(before, LiveCoupon):
        now = _taken_over(gateway, before, tags)
        if now is None:
            made = gateway.read_coupon(action.new_id or action.id)
            if made is not None and is_made(made, action):
                return made
            raise NotDone("it was deleted in Stripe since the plan was made; plan again")
        check_known(now)
        carried = action.carried + max(0, now.times_redeemed - before.times_redeemed)
        rest = carry.left(action.limit, carried)
        if rest == 0:
            raise NotDone(f"all {action.limit:,} redemptions were used since the plan was made; plan again")
        spec, tags = replace(spec, max_redemptions=rest), replace(tags, carried=carried)
    return _create(gateway, action, spec, tags, seal)


def end(gateway: Gateway, action: Action) -> str:
    """Delete a coupon that nothing of ours needs any more; return a remark, empty if there is none.

    Redemptions on it while its codes moved are written to its successor first (``promosync_late``). So a run that is
    cut short in between counts each of them once.
    """
    old = _as_it_is(gateway, action.before) if isinstance(action.before, LiveCoupon) else None
    if old is None:
        return ""
    riders = gateway.active_codes_on(old.stripe_id)
    if riders:
        ours = [code.tags.id or code.stripe_id for code in riders if code.tags.owner == action.tags.owner]
        strangers = [code.stripe_id for code in riders if code.tags.owner != action.tags.owner]
        names = ", ".join([*sorted(ours)[:5], *sorted(strangers)[:5]])
        whose = "that are not promosync's" if strangers else "of ours"
        raise NotDone(f"active codes {whose} are still on {old.stripe_id!r}, so it stays: {names}")
    remark = ""
    successor = gateway.read_coupon(action.new_id) if action.new_id else None
    if successor is not None:
        late = carry.late_on(successor, [old])
        if late > successor.tags.late:
            gateway.update_coupon(successor, successor.spec, replace(successor.tags, late=late))
            remark = f"{late:,} redemptions came in on the old coupon while its codes moved; they are counted"
    gateway.delete_coupon(old.stripe_id)
    return remark


def _create(gateway: Gateway, action: Action, spec: Coupon, tags: Tags, seal: str) -> LiveCoupon:
    """Make the coupon under its planned id, or under the next one that Stripe does not say is taken.

    Stripe may keep the id of a deleted coupon, and somebody else's coupon may have the next id.
    """
    planned = stripe_id = action.new_id or action.id
    for _ in range(_MOST_IDS):
        try:
            return gateway.create_coupon(stripe_id, spec, tags, seal)
        except StripeFault as fault:
            if fault.fault is not Fault.ID_TAKEN:
                raise
            there = gateway.read_coupon(stripe_id)
            if there is not None and is_made(there, action):
                return there
            if there is not None and (stripe_id == planned or _same_entry(there.tags, tags)):
                said = f"a coupon {stripe_id!r} appeared in Stripe since the plan was made; plan again"
                raise NotDone(said) from fault
            stripe_id = next_id(stripe_id, action.id)
    raise NotDone(f"Stripe says of {_MOST_IDS} ids up to {stripe_id!r} that they are taken: give the coupon a new id")


def _as_it_is(gateway: Gateway, before: LiveCoupon) -> LiveCoupon | None:
    """Return a coupon of the plan as it is now; None where it is deleted, even if another one has its id now."""
    now = gateway.read_coupon(before.stripe_id)
    return now if now is not None and now.created == before.created else None


def _taken_over(gateway: Gateway, before: LiveCoupon, tags: Tags) -> LiveCoupon | None:
    """Return a coupon that is to be replaced as it is now, None where it is deleted.

    One that is not the entry's yet gets the entry's keys first: if this run is cut short, the next one deletes it.
    """
    now = _as_it_is(gateway, before)
    if now is None or _same_entry(now.tags, tags):
        return now
    if now.tags.owner not in (None, tags.owner):
        raise NotDone(f"it was taken over by owner {now.tags.owner!r} since the plan was made; plan again")
    try:
        return gateway.update_coupon(now, now.spec, replace(now.tags, owner=tags.owner, id=tags.id))
    except StripeFault as fault:
        if fault.fault is not Fault.NOT_FOUND:
            raise
        return None


def _same_entry(one: Tags, other: Tags) -> bool:
    return (one.owner, one.id) == (other.owner, other.id)
