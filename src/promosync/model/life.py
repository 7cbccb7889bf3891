"""The state of a code, from one table that all of promosync uses.

The first row that is true, from the top, is the state of the code:

============  ====================================================  ==========================================
state         true if                                               known by
============  ====================================================  ==========================================
redeemed  *   its own limit is used up                              ``times_redeemed``, ``max_redemptions``
withdrawn     it is off: it left the file, or its batch shrank      ``promosync_retired``
expired   *   its own date has passed                               ``expires_at``
off           it is off: the file says so, or a swap was cut short  ``promosync_retired``
switched off  it is off: by hand, and that was noted                ``promosync_retired``
orphaned  *   its coupon was deleted; a new one may have its id     no such coupon, or one younger than the code
expired   *   its coupon's date has passed                          ``redeem_by``
redeemed  *   its coupon's limit is used up                         ``valid``, ``times_redeemed``
active        it is on                                              ``active``
switched off  it is off without a reason: by hand                   ``active``
============  ====================================================  ==========================================

A row with a star ends a code for ever, whatever Stripe's ``active`` says: Stripe does not accept the code any more
and cannot switch it on again, but ``active`` may become false some time after the date. The state active means that a
customer can use the code now. Redeemed comes before withdrawn: a used code always counts as issued. Source:
https://docs.stripe.com/billing/subscriptions/coupons and https://docs.stripe.com/api/promotion_codes/object
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from promosync.model.live import LiveCode, LiveCoupon
from promosync.model.ownership import Retired

MAX_YEARS = 5
"""Stripe takes dates up to five years ahead: https://docs.stripe.com/api/coupons/create (2026-01-28)."""


class State(StrEnum):
    """The state of a code, as all commands call it; see the table of this module."""

    ACTIVE = "active"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    OFF = "off"
    SWITCHED_OFF = "switched off"
    ORPHANED = "orphaned"


_SWITCHED: Final = {
    Retired.WITHDRAWN: State.WITHDRAWN,
    Retired.OFF: State.OFF,
    Retired.SWAP: State.OFF,
    Retired.HAND: State.SWITCHED_OFF,
}
_LAST: Final = {Retired.SWAP: 1, None: 2, Retired.HAND: 2, Retired.OFF: 3, Retired.WITHDRAWN: 3}
"""By the reason why a code is off: the higher, the less likely it has a successor."""


def state(code: LiveCode, coupon: LiveCoupon | None, now: int) -> State:
    """Return the state of a code; ``coupon`` is its coupon, None if that is gone. ``now``: seconds UTC."""
    return state_of(code.spec.active, code.tags.retired, _own_end(code, now), _shared_end(code, coupon, now))


def state_of(on: bool, retired: Retired | None, own: State | None, coupon: State | None) -> State:
    """Return the state of a code that is ``on`` in Stripe, or off.

    ``own`` is how it ended by itself (redeemed or expired), ``coupon`` how its coupon ended (the same, or orphaned);
    None if it has not ended.
    """
    if on or retired is None:
        return own or coupon or (State.ACTIVE if on else State.SWITCHED_OFF)
    if own is State.REDEEMED or (own and retired is not Retired.WITHDRAWN):
        return own
    return _SWITCHED[retired]


def coupon_end(coupon: LiveCoupon | None, now: int) -> State | None:
    """Return how a coupon ended, None if it has not; without a coupon its codes are orphaned."""
    if coupon is None:
        return State.ORPHANED
    if is_over(coupon.spec.redeem_by, now):
        return State.EXPIRED
    if coupon.valid and not is_used_up(coupon.spec.max_redemptions, coupon.times_redeemed):
        return None
    return State.REDEEMED


def has_ended(code: LiveCode, coupon: LiveCoupon | None, now: int) -> bool:
    """Whether a code has ended for ever, by itself or with its coupon: some row with a star is true."""
    return bool(_own_end(code, now) or _shared_end(code, coupon, now))


def is_gone(code: LiveCode, coupon: LiveCoupon | None) -> bool:
    """Whether the coupon of a code is gone; ``coupon`` has the same id, but may be a new one.

    A new coupon with the id of a deleted one does not get its codes, and those are off. So an active code is on the
    new coupon.
    """
    return coupon is None or (coupon.created > code.created and not code.spec.active)


def is_over(ends: int | None, now: int | None) -> bool:
    """Whether a date has passed; both are seconds UTC. If the time is unknown, any date may have passed."""
    return ends is not None and (now is None or ends <= now)


def is_used_up(limit: int | None, times: int) -> bool:
    """Whether a limit is reached after so many redemptions; None is no limit."""
    return limit is not None and times >= limit


def end_of(code: LiveCode, coupon: LiveCoupon | None) -> int | None:
    """Return when a code ends: by its own date or its coupon's, whichever is first; seconds UTC."""
    ends = (code.spec.expires_at, coupon.spec.redeem_by if coupon else None)
    return min((end for end in ends if end is not None), default=None)


def rank(on: bool, created: int, retired: Retired | None, gone: bool = False) -> int:
    """Return the rank of a code among its predecessors and successors; the current one has the highest.

    That is the newest that is on, else the newest. Of two created in the same second, one whose coupon is ``gone`` or
    that is off for a swap has a successor, and one that is off by hand may have one; with equal ranks the order of
    Stripe's list decides.
    """
    return on << 62 | max(created, 0) << 3 | (not gone) << 2 | _LAST[retired]


def farthest(now: int) -> int:
    """Return the latest date that Stripe takes: five years after ``now``, 28 February instead of 29; seconds UTC."""
    moment = datetime.fromtimestamp(now, UTC)
    try:
        return int(moment.replace(year=moment.year + MAX_YEARS).timestamp())
    except ValueError:
        return int(moment.replace(year=moment.year + MAX_YEARS, day=28).timestamp())


def _own_end(code: LiveCode, now: int) -> State | None:
    if is_used_up(code.spec.max_redemptions, code.times_redeemed):
        return State.REDEEMED
    return State.EXPIRED if is_over(code.spec.expires_at, now) else None


def _shared_end(code: LiveCode, coupon: LiveCoupon | None, now: int) -> State | None:
    return coupon_end(None if is_gone(code, coupon) else coupon, now)
