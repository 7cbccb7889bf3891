"""Redemptions carry over: the arithmetic of limits when an entry's object is replaced by a new one.

An entry's objects form a chain, oldest first. Each object counts its own redemptions (``times_redeemed``), and
knows by its tags how many its predecessors had (``carried``, fixed when it was made, and ``late``, what came in on
the predecessor after that). The file's limit is for the entry, so an object allows what its predecessors left.
"""

from __future__ import annotations

from collections.abc import Iterable

from promosync.model.live import LiveCode, LiveCoupon


def total_used(chain: Iterable[LiveCoupon | LiveCode]) -> int:
    """Return the redemptions of an entry, given its objects that still exist, oldest first.

    A redemption on an old one that its successor does not know of yet is counted, one that it knows of is not
    counted twice; so the sum is the same before and after :func:`late_on` has been written.
    """
    used = 0
    for thing in chain:
        used = max(used, thing.tags.carried + thing.tags.late) + thing.times_redeemed
    return used


def late_on(successor: LiveCoupon, predecessors: Iterable[LiveCoupon]) -> int:
    """Return what ``promosync_late`` must say on ``successor``: what its predecessors had beyond ``carried``."""
    return max(successor.tags.late, total_used(predecessors) - successor.tags.carried)


def left(limit: int | None, used: int) -> int | None:
    """Return how many redemptions a limit still allows, never below 0; None is no limit."""
    return None if limit is None else max(0, limit - used)


def code_limit(limit: int | None, carried: int, coupon_limit: int | None) -> int | None:
    """Return the ``max_redemptions`` of a code's object.

    It is what is left to the code, but never more than its coupon allows: Stripe refuses that.
    """
    rest = left(limit, carried)
    if rest is None or coupon_limit is None:
        return rest
    return min(rest, coupon_limit)
