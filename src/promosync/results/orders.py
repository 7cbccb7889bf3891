"""An order that was paid, as Stripe's invoices and checkout sessions tell of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from promosync.model.live import LiveCode


class Source(StrEnum):
    """Which of Stripe's lists an order is from. A session that has an invoice is counted by that."""

    INVOICES = "invoices"
    SESSIONS = "checkout sessions"


@dataclass(frozen=True, slots=True)
class Discount:
    """One discount of an order: its amount in minor units, the Stripe id of its coupon, the code it came with.

    ``code_id`` is the Stripe id of the promotion code, ``code`` that code as it is today where Stripe showed it.
    """

    amount: int
    coupon: str | None
    code_id: str | None = None
    code: LiveCode | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """One order. Times are seconds UTC, amounts minor units of ``currency`` (lower case).

    ``after`` is what the goods came to after all discounts: in the terms of their prices, so without tax that comes
    on top, and without shipping. ``refunded`` is what credit notes took back, tax included. ``customer`` is a Stripe
    id, None for a guest. ``renewal``: a later invoice of a subscription.
    """

    source: Source
    created: int
    paid: int
    currency: str
    after: int
    refunded: int = 0
    customer: str | None = None
    renewal: bool = False
    discounts: tuple[Discount, ...] = ()

    @property
    def before(self) -> int:
        """What the goods came to before all discounts."""
        return self.after + sum(discount.amount for discount in self.discounts)
