"""Checks of an answer before it is used: another server may have answered, or a proxy changed it.

Only fields that promosync reads are checked. Source: the object pages, such as
https://docs.stripe.com/api/promotion_codes/object
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from promosync.apply.gateway import Fault, StripeFault

Row = Mapping[str, Any]
Fits = Callable[[Any], bool]


class Shape:
    """The fields of an object: a check for each that it must have, and for each that it may have.

    ``others`` are known too, but not checked. What is not known would be lost with the object. A shape is a check
    itself, for an object in a field of another.
    """

    def __init__(self, must: Mapping[str, Fits], may: Mapping[str, Fits], others: Iterable[str] = ()) -> None:
        self._must, self._may = must, may
        self._known = frozenset((*must, *may, *others))
        self._inner = {name: fits for name, fits in may.items() if isinstance(fits, Shape)}

    def __call__(self, value: Any) -> bool:
        return isinstance(value, dict) and self.wrong(value) is None

    def wrong(self, row: Row) -> str | None:
        """Return the name of a field that fails its check; a field with null counts as missing."""
        get = row.get
        for name, fits in self._must.items():
            if not fits(get(name)):
                return name
        for name, fits in self._may.items():
            value = get(name)
            if value is not None and not fits(value):
                return name
        return None

    def unknown(self, row: Row) -> list[str]:
        """Return the names of the fields that are set and not known, those of an inner object dotted."""
        known = self._known
        found = [name for name in row if name not in known and _is_set(row[name])]
        for group, shape in self._inner.items():
            if inside := row.get(group):
                found += [f"{group}.{name}" for name in shape.unknown(inside)]
        return found


def _is_set(value: Any) -> bool:
    """Whether a value is set: not null, empty or false, and not an object with only such values."""
    if isinstance(value, Mapping):
        return any(map(_is_set, value.values()))
    return value not in (None, "", []) and value is not False


def checked(row: Any, shape: Shape) -> Row:
    """Return an object if all fields pass their checks; raise StripeFault if not."""
    if not isinstance(row, dict):
        raise _unreadable("an object is missing")
    if (wrong := shape.wrong(row)) is not None:
        raise _unreadable(f"the field {wrong!r} of an object cannot be read")
    return row


def listed(page: Row, shape: Shape) -> list[Row]:
    """Return the objects of a page, each checked as by :func:`checked`."""
    rows = page.get("data")
    if not isinstance(rows, list):
        raise _unreadable("a list is missing")
    return [checked(row, shape) for row in rows]


def _unreadable(what: str) -> StripeFault:
    return StripeFault(Fault.BROKEN, f"{what} in Stripe's answer: check the API base, and run it again")


_LAST_SECOND = 253402300799
"""The end of the year 9999: Python has no later date."""
_MOST = 2**53


def _text(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)


def _identity(value: Any) -> bool:
    return value != "" and _text(value)


def _whole(value: Any) -> bool:
    return type(value) is int and -_MOST <= value <= _MOST  # for isinstance, true is an int


def _date(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _LAST_SECOND


def _percentage(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= 100


def _yes_or_no(value: Any) -> bool:
    return isinstance(value, bool)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _reference(value: Any) -> bool:
    """An id, or the expanded object."""
    return _identity(value.get("id") if isinstance(value, dict) else value)


def _map_of(fits: Fits) -> Fits:
    return lambda value: isinstance(value, dict) and all(map(_text, value)) and all(map(fits, value.values()))


_ID: Mapping[str, Fits] = {"id": _identity}
_DATED: Mapping[str, Fits] = {"id": _identity, "created": _date}
_OURS: Mapping[str, Fits] = {"metadata": _map_of(_text), "times_redeemed": _whole, "max_redemptions": _whole}

OBJECT = Shape(_ID, {})
DATED = Shape(_DATED, {})
CUSTOMER = Shape(_ID, {"email": _text})
COUPON = Shape(
    {**_DATED, "duration": _identity},
    {
        **_OURS,
        "percent_off": _percentage,
        "amount_off": _whole,
        "currency": _text,
        "currency_options": _map_of(Shape({"amount_off": _whole}, {})),
        "duration_in_months": _whole,
        "redeem_by": _date,
        "applies_to": Shape({}, {"products": _texts}),
        "name": _text,
    },
    ("object", "deleted", "livemode", "valid"),
)
_RESTRICTIONS = Shape(
    {},
    {
        "first_time_transaction": _yes_or_no,
        "minimum_amount": _whole,
        "minimum_amount_currency": _text,
        "currency_options": _map_of(Shape({"minimum_amount": _whole}, {})),
    },
)
CODE = Shape(
    {**_DATED, "code": _identity, "active": _yes_or_no},
    {
        **_OURS,
        "expires_at": _date,
        "customer": _reference,
        "customer_account": _text,
        "coupon": _reference,
        "promotion": Shape({}, {"coupon": _reference}, ("type",)),
        "restrictions": _RESTRICTIONS,
    },
    ("object", "livemode"),
)
