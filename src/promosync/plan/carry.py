"""Redemptions carry over: the arithmetic of limits when an entry's object is replaced by a new one.

An entry's objects form a chain, oldest first. Each object counts its own redemptions (``times_redeemed``). Its tags
count those of its predecessors: ``carried`` is fixed when the object is made, ``late`` are redemptions of the
predecessor after that. The file's limit is for the entry, so an object allows what its predecessors left.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from promosync.model.live import LiveCode, LiveCoupon


class Counted(Protocol):
    """Anything that counts the redemptions of predecessors, or says that the count is unknown."""

    @property
    def carried(self) -> int: ...
    @property
    def uncounted(self) -> bool: ...


def carried(counted: Counted, allowed: int | None, limit: int | None, elsewhere: int = 0) -> int:
    """Return the redemptions of predecessors; an unknown count is derived from the limits.

    An object that ``allowed`` 63 of a ``limit`` of 100 when it was made must have predecessors with 37 redemptions,
    less what was used ``elsewhere``. The count is 0 for an object that allows more than the file.
    """
    if counted.uncounted and allowed is not None and limit is not None:
        return max(0, limit - allowed - elsewhere)
    return counted.carried


def total_used(chain: Iterable[LiveCoupon | LiveCode]) -> int:
    """Return the redemptions of an entry, given its objects that still exist, oldest first.

    Each redemption is counted once, whether the successor's tags have it already or not. So the sum is the same
    before and after :func:`late_on` has been written.
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

    It is what is left for the code, but never more than its coupon allows: Stripe refuses that.
    """
    rest = left(limit, carried)
    if rest is None or coupon_limit is None:
        return rest
    return min(rest, coupon_limit)
