"""Config ids for objects that are in no file yet, made from Stripe's ids and the texts of codes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import count

_LONGEST = 64
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_RECREATED = re.compile(r"(.+)_(r[0-9]+)")
"""The Stripe ids of recreated coupons: such a config id would be taken for a recreated coupon of another entry."""


class Names:
    """Gives each config id once, and never one of ``reserved``."""

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._taken = set(reserved)
        self._numbers: dict[str, count[int]] = {}

    def take(self, wanted: str, fallback: str) -> str:
        """Return ``wanted`` as a config id, or ``fallback`` if it has no usable letter; numbered if that is taken.

        The same calls in the same order give the same names.
        """
        name = base = slug(wanted) or fallback
        while name in self._taken:
            tail = f"-{next(self._numbers.setdefault(base, count(2)))}"
            name = base[: _LONGEST - len(tail)] + tail
        self._taken.add(name)
        return name


def slug(text: str) -> str:
    """Return a text changed to a config id as little as possible; empty if it has no ASCII letter or digit."""
    if not _NAME.fullmatch(text):
        plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
        text = re.sub(r"[^A-Za-z0-9_-]+", "-", plain).strip("-")[:_LONGEST]
    recreated = _RECREATED.fullmatch(text)
    return f"{recreated[1]}-{recreated[2]}" if recreated else text


def is_own_name(stripe_id: str) -> bool:
    """Whether a Stripe id can be a config id without a change."""
    return slug(stripe_id) == stripe_id and stripe_id != ""
