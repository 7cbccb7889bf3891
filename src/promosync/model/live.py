"""The objects of a Stripe account, as far as promosync looks at them."""

from __future__ import annotations

from dataclasses import dataclass, field

from promosync.model.ownership import Mode, Tags
from promosync.model.promotions import Coupon, PromotionCode


@dataclass(frozen=True, slots=True)
class LiveCoupon:
    """A coupon in Stripe. ``times_redeemed`` and ``valid`` are Stripe's; ``created`` is seconds UTC.

    ``unknown`` names the fields that are set and that promosync does not know: a new coupon would be without them.
    ``seal`` is the text of its seal (:mod:`promosync.model.seal`), empty where there is none.
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
        """The keys of promosync's that cannot be read, of those that a coupon has."""
        return tuple(key for key in self.tags.unreadable if key in ("carried", "late", "protect"))


@dataclass(frozen=True, slots=True)
class LiveCode:
    """A promotion code in Stripe; ``spec.coupon`` is a Stripe coupon id.

    ``spec.active`` is Stripe's word, which also turns false for good when a code ends by itself. ``unknown`` is as in
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
        """The keys of promosync's that cannot be read, but for why a code was off that is on now."""
        return tuple(key for key in self.tags.unreadable if key != "retired" or not self.spec.active)


@dataclass(frozen=True, slots=True)
class Account:
    """Whose data it is; ``id`` is None when the key may not read it. ``now``: Stripe's clock, seconds UTC."""

    id: str | None
    mode: Mode
    now: int
