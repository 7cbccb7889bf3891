"""What stands on the invoice: the coupon's name, and without one its id."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from promosync.config.words import shown
from promosync.lint.facts import Facts
from promosync.model.currency import decimals
from promosync.model.problems import Problem
from promosync.model.promotions import Coupon


def check(facts: Facts) -> Iterator[Problem]:
    """Every coupon has a name. Source: `name` at https://docs.stripe.com/api/coupons/create."""
    for coupon in facts.current_coupons():
        if coupon.spec.name is None:
            seen = next(iter(coupon.stripe_id.values()), coupon.id)
            message = f"without a name, invoices and receipts show the coupon's Stripe id, such as {shown(seen)}"
            hint = f"add a `name` of 40 characters at most, for example {shown(_proposed(coupon.spec))}"
            yield Problem((*coupon.path, "id"), message, hint)


def _proposed(spec: Coupon) -> str:
    if spec.percent_off is not None:
        return f"{spec.percent_off.normalize():f}% Off"
    currency = spec.currency or ""
    digits = decimals(currency)
    return f"{Decimal(spec.amount_off or 0).scaleb(-digits):,.{digits}f} {currency.upper()} Off"
