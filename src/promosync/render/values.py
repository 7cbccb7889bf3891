"""How a value reads: a count with its noun, an amount with its currency, text in quotes, a word for "not set"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from promosync.model.currency import decimals
from promosync.model.ownership import Mode
from promosync.render.visible import visible

NO_LIMIT = "no limit"

_NOT_SET = {
    "max_redemptions": NO_LIMIT,
    "redeem_by": "no end",
    "expires_at": "no end",
    "applies_to": "every product",
    "minimum_amount": "no minimum",
    "customer": "every customer",
}
_QUOTED = ("name", "metadata.")
_MONEY = ("amount_off", "minimum_amount", "currency_options.")


def number(count: int, noun: str) -> str:
    """Return a count with its noun: ``1 batch``, ``1,200 batches``."""
    plural = "es" if noun.endswith(("ch", "s")) else "s"
    return f"{count:,} {noun}{plural * (count != 1)}"


def mode_words(mode: Mode) -> str:
    """Return the mode; live mode in capital letters, so that nobody overlooks it."""
    return "LIVE mode" if mode is Mode.LIVE else "test mode"


def money(amount: int, currency: str) -> str:
    """Return an amount in minor units with its currency: ``500.00 USD``."""
    return f"{amount_text(amount, currency)} {currency.upper()}"


def amount_text(amount: int | Decimal, currency: str) -> str:
    """Return an amount in minor units without its currency: ``1,500.00``."""
    digits = decimals(currency)
    return f"{Decimal(amount).scaleb(-digits):,.{digits}f}"


def worst_words(amounts: Mapping[str, int | None]) -> str:
    """Return the worst case of one coupon; a customer pays in one of its currencies."""
    return " or ".join(_amounts(amounts))


def totals_words(amounts: Mapping[str, int | None]) -> str:
    """Return the worst case of all coupons in each currency, if every customer who can pays in that currency."""
    return ", ".join(_amounts(amounts))


def value_text(field: str, value: Any, currency: str | None = None) -> str:
    """Return a field's value as a person reads it; ``currency`` is that of an amount."""
    if value is None:
        return _NOT_SET.get(field, "not set")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return _number(field, value, currency)
    if isinstance(value, str):
        shown = visible(value)
        return '"' + shown.replace('"', '\\"') + '"' if field.startswith(_QUOTED) else shown
    if isinstance(value, Iterable):
        return ", ".join(visible(str(item)) for item in value)
    return visible(str(value))


def json_value(value: Any) -> Any:
    """Return a field's value as JSON has it; Stripe's percentages have two decimals at most and fit a double."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {key: json_value(inner) for key, inner in value.items()}
    return [json_value(inner) for inner in value] if isinstance(value, list | tuple) else value


def _number(field: str, value: int | Decimal, currency: str | None) -> str:
    if field == "percent_off":
        return f"{value:f} %"
    currency = (field.partition(".")[2] or currency) if field.startswith(_MONEY) else None
    if currency is None:
        return f"{value:,}"
    return f"{value:,} ({amount_text(value, currency)} {visible(currency)})"


def _amounts(amounts: Mapping[str, int | None]) -> list[str]:
    return [
        f"{NO_LIMIT} ({currency.upper()})" if amount is None else money(amount, currency)
        for currency, amount in sorted(amounts.items())
    ]
