"""How the value of a field reads: amounts with their money, nothing with the word for it, text in quotes."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from promosync.model.currency import decimals
from promosync.render.visible import visible

_NOTHING = {
    "max_redemptions": "no limit",
    "redeem_by": "no end",
    "expires_at": "no end",
    "applies_to": "every product",
    "minimum_amount": "no minimum",
    "customer": "every customer",
}
_QUOTED = ("name", "metadata.")
_MONEY = ("amount_off", "minimum_amount", "currency_options.")


def value_text(field: str, value: Any, currency: str | None = None) -> str:
    """Return a field's value as a person reads it; ``currency`` is of the amount, where it is one."""
    if value is None:
        return _NOTHING.get(field, "not set")
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
    if not field.startswith(_MONEY):
        return f"{value:,}"
    currency = field.partition(".")[2] or currency
    if currency is None:
        return f"{value:,}"
    digits = decimals(currency)
    return f"{value:,} ({Decimal(value).scaleb(-digits):,.{digits}f} {visible(currency)})"
