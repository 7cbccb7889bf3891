"""The objects of a Stripe account, with the fields that promosync uses."""

from __future__ import annotations

from dataclasses import dataclass, field

from promosync.model.ownership import Mode, Tags
from promosync.model.promotions import Coupon, PromotionCode


@dataclass(frozen=True, slots=True)
class LiveCoupon:
    """A coupon in Stripe. ``times_redeemed`` and ``valid`` are Stripe's; ``created`` is seconds UTC.

    ``unknown`` names the fields that are set but that promosync does not know: a new coupon would not have them.
    ``seal`` is the text of its seal (:mod:`promosync.model.seal`), empty if there is none.
    """

    stripe_id: str
    spec: Coupon
    tags: Tags
    created: int
    times_redeemed: int = 0
    valid: bool = True
    unknown: tuple[str, ...] = ()
    seal: str = field(default="", compare=False)

    @property
    def used(self) -> int:
        """Redemptions of the config entry so far, predecessors included."""
        return self.tags.carried + self.tags.late + self.times_redeemed

    @property
    def unreadable(self) -> tuple[str, ...]:
        """The metadata keys of promosync that have an unreadable value, of those for coupons."""
        return tuple(key for key in self.tags.unreadable if key in ("carried", "late", "protect"))


@dataclass(frozen=True, slots=True)
class LiveCode:
    """A promotion code in Stripe; ``spec.coupon`` is a Stripe coupon id.

    ``spec.active`` is Stripe's field, which also becomes false when a code ends by itself. ``unknown`` is as in
    :class:`LiveCoupon`.
    """

    stripe_id: str
    spec: PromotionCode
    tags: Tags
    created: int
    times_redeemed: int = 0
    unknown: tuple[str, ...] = ()

    @property
    def used(self) -> int:
        """Redemptions of the config entry so far, predecessors included."""
        return self.tags.carried + self.times_redeemed

    @property
    def unreadable(self) -> tuple[str, ...]:
        """The metadata keys of promosync that have an unreadable value; an active code needs no ``retired``."""
        return tuple(key for key in self.tags.unreadable if key != "retired" or not self.spec.active)


@dataclass(frozen=True, slots=True)
class Account:
    """The account of the data; ``id`` is None if the key may not read it. ``now``: Stripe's clock, seconds UTC."""

    id: str | None
    mode: Mode
    now: int
