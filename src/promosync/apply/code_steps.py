"""What is done to a code: switching it, or the swap, which leaves customers without a working code for one request.

    read the old one -> deactivate it, counting its redemptions -> create the new one with the same text
                                                                    \\ refused: the old one is switched on again

Only during the create does neither code work. ``promosync_retired: swap`` on the old one tells the next plan what
happened if this process dies in between.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from promosync.apply.coupon_steps import NotDone, check_known
from promosync.apply.gateway import Fault, Gateway, StripeFault
from promosync.model.live import LiveCode
from promosync.model.ownership import Retired
from promosync.model.promotions import PromotionCode
from promosync.plan import carry
from promosync.plan.plan import Action


@dataclass(frozen=True, slots=True)
class Swap:
    """A code to make. ``used`` counts the redemptions of the old code, which is off by now.

    ``old`` is that code where it is switched on again if Stripe refuses the new one.
    """

    action: Action
    old: LiveCode | None = None
    used: int = 0


def switch(gateway: Gateway, action: Action) -> LiveCode:
    """Update, adopt or deactivate a code in place."""
    before, after = _pair(action)
    return gateway.update_code(before, after, action.tags)


def switch_on(gateway: Gateway, action: Action, coupon_limit: int | None) -> tuple[LiveCode | None, str]:
    """Switch a code back on; where Stripe says that it has ended for good, make it anew."""
    try:
        return switch(gateway, action), ""
    except StripeFault as fault:
        if fault.fault is not Fault.REFUSED:
            raise
        before, _ = _pair(action)
        # Somebody may have switched it on, and customers used it up.
        now = gateway.read_code(before.stripe_id) or before
        if now.tags.uncounted:
            raise NotDone("Stripe has ended it, and how often it was used before cannot be read") from fault
    check_known(now)
    return create(gateway, Swap(action, used=now.used), coupon_limit)


def read_and_take_off(gateway: Gateway, action: Action) -> Swap:
    """Begin a swap, with the old code as it is now: the plan may have been made long ago."""
    before, _ = _pair(action)
    now = gateway.read_code(before.stripe_id)
    if now is None:
        raise NotDone("it is no longer in Stripe; plan again")
    return take_off(gateway, action, now)


def take_off(gateway: Gateway, action: Action, now: LiveCode) -> Swap:
    """Begin a swap: switch the old code off, if it is on, and count its redemptions."""
    before, _ = _pair(action)
    check_known(now)
    if not now.spec.active:
        return Swap(action, used=action.carried + max(0, now.times_redeemed - before.times_redeemed))
    tags = replace(now.tags, owner=action.tags.owner, id=action.tags.id, retired=Retired.SWAP)
    off = gateway.update_code(now, replace(now.spec, active=False), tags)
    used = action.carried + max(0, off.times_redeemed - before.times_redeemed)
    return Swap(action, replace(now, spec=off.spec, tags=off.tags), used)


def create(
    gateway: Gateway, swap: Swap, coupon_limit: int | None, key: str | None = None
) -> tuple[LiveCode | None, str]:
    """Make the new code of a swap, or a code that was not there; return it and a remark. ``key`` as in the gateway.

    None where no redemptions are left. When Stripe refuses, the old code is switched on again before the fault is
    raised.
    """
    action = swap.action
    spec = action.after
    if not isinstance(spec, PromotionCode):
        raise TypeError("the plan gives no code to make")  # a plan made by hand
    rest = carry.left(action.limit, swap.used)
    if rest == 0:
        return None, f"all {action.limit:,} redemptions were used since the plan was made; it was not made again"
    limits = [limit for limit in (rest, spec.max_redemptions, coupon_limit) if limit is not None]
    spec = replace(spec, max_redemptions=min(limits) if rest is not None else None)
    try:
        return gateway.create_code(spec, replace(action.tags, carried=swap.used), key), ""
    except StripeFault as fault:
        if swap.old is None or fault.fault is Fault.MADE_ELSEWHERE:
            raise
        raise NotDone(f"{fault}; {_put_back(gateway, swap.old)}") from fault


def _put_back(gateway: Gateway, old: LiveCode) -> str:
    try:
        gateway.update_code(old, replace(old.spec, active=True), replace(old.tags, retired=None))
    except StripeFault as fault:
        return f"the code it was to replace ({old.stripe_id}) could not be switched on again: {fault}"
    return f"the code it was to replace ({old.stripe_id}) works as before"


def _pair(action: Action) -> tuple[LiveCode, PromotionCode]:
    if not isinstance(action.before, LiveCode) or not isinstance(action.after, PromotionCode):
        raise TypeError("the plan gives no code to change")  # a plan made by hand
    return action.before, action.after
