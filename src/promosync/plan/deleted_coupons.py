"""The uses of deleted coupons: Stripe forgets the count of a deleted coupon, but keeps the counts of its codes."""

from __future__ import annotations

from collections.abc import Container
from typing import NamedTuple

from promosync.model.account import Live
from promosync.model.configuration import CouponEntry
from promosync.model.live import LiveCoupon
from promosync.plan.matching import generation, generations


class Gone(NamedTuple):
    """Redemptions on the deleted coupons of an entry.

    ``unknown`` are those that the entry's current coupon does not count: all where there is no current coupon, else
    those on coupons made after it, by a recreate that was cut short. ``before`` are those on its predecessors; it
    counts them, except those after it was made.
    """

    unknown: int = 0
    before: int = 0


class GoneCoupons:
    """The redemptions of an owner's codes on coupons that are no longer in Stripe."""

    def __init__(self, live: Live, owner: str, there: Container[str]) -> None:
        # All codes that were ever on a coupon are here, so each counts its own uses, without what it carries.
        self._uses: dict[str, list[_Use]] = {}
        for code in live.codes:
            if code.times_redeemed and code.tags.owner == owner and code.spec.coupon not in there:
                self._uses.setdefault(code.spec.coupon, []).append(_Use(code.created, code.times_redeemed))
        for records in live.batches.values():
            shapes = {at: shape for at, shape in enumerate(records.shapes) if shape.spec.coupon not in there}
            for record in records if shapes else ():
                shape = shapes.get(record.shape)
                if shape is not None and record.used > shape.carried:
                    uses = self._uses.setdefault(shape.spec.coupon, [])
                    uses.append(_Use(record.created, record.used - shape.carried))
        self._mode = live.account.mode
        self._coupons: dict[str, list[tuple[str, int]]] = {}
        for coupon in self._uses:
            for config_id, number in generations(coupon):
                self._coupons.setdefault(config_id, []).append((coupon, number))

    def of(self, entry: CouponEntry, current: LiveCoupon | None) -> Gone:
        """Return the redemptions on the deleted coupons of an entry."""
        named = entry.stripe_id.get(self._mode)
        numbers = {named: 0} if named in self._uses else {}
        numbers.update(self._coupons.get(entry.id, ()))
        if current is None:
            return Gone(sum(use.times for coupon in numbers for use in self._uses[coupon]))
        newest = generation(current.stripe_id, entry.id) or 0
        older = [use for coupon, number in numbers.items() if number < newest for use in self._uses[coupon]]
        newer = [use for coupon, number in numbers.items() if number > newest for use in self._uses[coupon]]
        before = sum(use.times for use in older)
        after = sum(use.times for use in newer if use.created > current.created)
        earlier = sum(use.times for use in newer if use.created < current.created)
        # Codes made in the same second as the current coupon: the uses that it does not count came later.
        same = sum(use.times for use in newer if use.created == current.created)
        unknown = after + min(same, max(0, before + earlier + same - current.tags.carried))
        return Gone(unknown, before)


class _Use(NamedTuple):
    """Redemptions of one code, and when it was made, seconds UTC."""

    created: int
    times: int
