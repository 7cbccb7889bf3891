"""What an answer must look like before anything is made of it: somebody else may have answered, or changed it.

Only fields that promosync reads are looked at. Source: the object pages, such as
https://docs.stripe.com/api/promotion_codes/object
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from promosync.apply.gateway import Fault, StripeFault

Row = Mapping[str, Any]
Fits = Callable[[Any], bool]


class Shape(NamedTuple):
    """The fields of an object: what each that it must have, and each that it may have, fits."""

    must: Mapping[str, Fits] = {}
    may: Mapping[str, Fits] = {}

    def wrong(self, row: Row) -> str | None:
        """Return the name of a field that does not fit; what is null is not there."""
        get = row.get
        for name, fits in self.must.items():
            if not fits(get(name)):
                return name
        for name, fits in self.may.items():
            value = get(name)
            if value is not None and not fits(value):
                return name
        return None


def checked(row: Any, shape: Shape) -> Row:
    """Return an object whose fields are as they must be; StripeFault for another."""
    if not isinstance(row, dict):
        raise _unreadable("what should be an object is none")
    if (wrong := shape.wrong(row)) is not None:
        raise _unreadable(f"the field {wrong!r} of an object cannot be read")
    return row


def listed(page: Row, shape: Shape) -> list[Row]:
    """Return the objects of a page, each as :func:`checked` has it."""
    rows = page.get("data")
    if not isinstance(rows, list):
        raise _unreadable("what should be a list is none")
    return [checked(row, shape) for row in rows]


def _unreadable(what: str) -> StripeFault:
    return StripeFault(Fault.BROKEN, f"{what} in Stripe's answer: check the API base, and run it again")


_LAST_SECOND = 253402300799
"""The end of the year 9999: no date of Python's goes further."""
_MOST = 2**53


def _text(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)


def _identity(value: Any) -> bool:
    return value != "" and _text(value)


def _whole(value: Any) -> bool:
    return type(value) is int and -_MOST <= value <= _MOST  # true is an int to isinstance


def _date(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _LAST_SECOND


def _percentage(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= 100


def _yes_or_no(value: Any) -> bool:
    return isinstance(value, bool)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _reference(value: Any) -> bool:
    """An id, or the object itself where it is expanded."""
    return _identity(value.get("id") if isinstance(value, dict) else value)


def _object(shape: Shape) -> Fits:
    return lambda value: isinstance(value, dict) and shape.wrong(value) is None


def _map_of(fits: Fits) -> Fits:
    return lambda value: isinstance(value, dict) and all(map(_text, value)) and all(map(fits, value.values()))


_ID: Mapping[str, Fits] = {"id": _identity}
_DATED: Mapping[str, Fits] = {"id": _identity, "created": _date}
_OURS: Mapping[str, Fits] = {"metadata": _map_of(_text), "times_redeemed": _whole, "max_redemptions": _whole}

OBJECT = Shape(_ID)
DATED = Shape(_DATED)
CUSTOMER = Shape(_ID, {"email": _text})
COUPON = Shape(
    {**_DATED, "duration": _identity},
    {
        **_OURS,
        "percent_off": _percentage,
        "amount_off": _whole,
        "currency": _text,
        "currency_options": _map_of(_object(Shape({"amount_off": _whole}))),
        "duration_in_months": _whole,
        "redeem_by": _date,
        "applies_to": _object(Shape(may={"products": _texts})),
        "name": _text,
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
        "promotion": _object(Shape(may={"coupon": _reference})),
        "restrictions": _object(
            Shape(
                may={
                    "first_time_transaction": _yes_or_no,
                    "minimum_amount": _whole,
                    "minimum_amount_currency": _text,
                    "currency_options": _map_of(_object(Shape({"minimum_amount": _whole}))),
                }
            )
        ),
    },
)
