"""What has become of one code: why it works no more, told by Stripe's fields and promosync's own."""

from __future__ import annotations

from promosync.model.live import LiveCode, LiveCoupon
from promosync.model.ownership import Retired
from promosync.status.report import State


def fate(code: LiveCode, coupon: LiveCoupon | None, now: int) -> State:
    """Return the state of a code; ``coupon`` is the one it names, None where that is gone. ``now``: seconds UTC."""
    spec = code.spec
    if spec.active:
        return State.ACTIVE
    if code.tags.retired is Retired.WITHDRAWN:
        return State.WITHDRAWN
    if spec.max_redemptions is not None and code.times_redeemed >= spec.max_redemptions:
        return State.USED_UP
    if spec.expires_at is not None and spec.expires_at <= now:
        return State.EXPIRED
    if code.tags.retired is not None:  # switched off before its coupon went
        return State.OFF
    if coupon is None or coupon.created > code.created:
        return State.ENDED
    if coupon.valid:
        return State.OFF
    if coupon.spec.redeem_by is not None and coupon.spec.redeem_by <= now:
        return State.EXPIRED
    return State.USED_UP


def end_of(code: LiveCode, coupon: LiveCoupon | None) -> int | None:
    """Return when a code ends: by its own date or its coupon's, whichever is first; seconds UTC."""
    ends = (code.spec.expires_at, coupon.spec.redeem_by if coupon else None)
    return min((end for end in ends if end is not None), default=None)
