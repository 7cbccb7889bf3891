"""Amounts as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from promosync.model.currency import decimals

NO_LIMIT = "no limit"


def money(amount: int, currency: str) -> str:
    """Return an amount in minor units as a person reads it: ``500.00 USD``."""
    return f"{amount_text(amount, currency)} {currency.upper()}"


def amount_text(amount: int, currency: str) -> str:
    """Return an amount in minor units without its currency: ``1,500.00``."""
    digits = decimals(currency)
    return f"{Decimal(amount).scaleb(-digits):,.{digits}f}"


def worst_words(amounts: Mapping[str, int | None]) -> str:
    """Return the worst case of one coupon; customers pay in one of its currencies, so they are alternatives."""
    return " or ".join(_amounts(amounts))


def totals_words(amounts: Mapping[str, int | None]) -> str:
    """Return the worst case of all coupons in each currency, if everybody pays in that one who can."""
    return ", ".join(_amounts(amounts))


def _amounts(amounts: Mapping[str, int | None]) -> list[str]:
    return [
        f"{NO_LIMIT} ({currency.upper()})" if amount is None else money(amount, currency)
        for currency, amount in sorted(amounts.items())
    ]
