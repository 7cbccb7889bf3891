"""Coupons and promotion codes: the same types for the configuration and for Stripe, so that they can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Coupon:
    """The fields of a coupon that a configuration sets.

    Amounts are whole minor units of their currency, currencies are lower case, ``redeem_by`` is seconds since
    1970 in UTC, ``None`` is Stripe's default (no limit, no date). ``metadata`` is without promosync's own
    keys.
    ``applies_to`` has config product ids in a configuration and Stripe product ids everywhere else.
    Source: https://docs.stripe.com/api/coupons/object
    """

    percent_off: Decimal | None = None
    amount_off: int | None = None
    currency: str | None = None
    currency_options: Mapping[str, int] = field(default_factory=dict)
    duration: str = "once"
    duration_in_months: int | None = None
    max_redemptions: int | None = None
    redeem_by: int | None = None
    applies_to: frozenset[str] = frozenset()
    name: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PromotionCode:
    """The fields of a promotion code that a configuration sets; units as in :class:`Coupon`.

    ``coupon`` is a config id in a configuration and a Stripe coupon id everywhere else, empty if Stripe names none.
    ``code`` keeps its spelling; compare with :func:`fold`. ``customer`` is a Stripe customer id (``cus_…``),
    ``customer_account`` an account that is a customer (``acct_…``); a code has at most one of them.
    ``currency_options`` maps a currency to a minimum amount.
    Source: https://docs.stripe.com/api/promotion_codes/object
    """

    code: str
    coupon: str
    active: bool = True
    max_redemptions: int | None = None
    expires_at: int | None = None
    first_time_transaction: bool = False
    minimum_amount: int | None = None
    minimum_amount_currency: str | None = None
    currency_options: Mapping[str, int] = field(default_factory=dict)
    customer: str | None = None
    customer_account: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def holder(self) -> str | None:
        """Return the customer or account that alone may use the code; None if everybody may."""
        return self.customer or self.customer_account


def fold(code: str) -> str:
    """Return a code as Stripe compares it: in lower case."""
    return code.lower()
