"""A paid order, from Stripe's invoices or checkout sessions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from promosync.model.live import LiveCode


class Source(StrEnum):
    """The list of Stripe's that an order is from. A session with an invoice counts as that invoice."""

    INVOICES = "invoices"
    SESSIONS = "checkout sessions"


@dataclass(frozen=True, slots=True)
class Discount:
    """One discount of an order: its amount in minor units, the Stripe id of its coupon, and its promotion code.

    ``code_id`` is the Stripe id of the code, ``code`` the code as it is today if Stripe has shown it.
    """

    amount: int
    coupon: str | None
    code_id: str | None = None
    code: LiveCode | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """One order. Times are seconds UTC, amounts minor units of ``currency`` (lower case).

    ``after`` is the price of the goods after all discounts, without tax on top of prices and without shipping.
    ``refunded`` is the sum of credit notes, with tax. ``customer`` is a Stripe id, None for a guest. ``renewal``: a
    later invoice of a subscription.
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
        """The price of the goods before all discounts."""
        return self.after + sum(discount.amount for discount in self.discounts)
