"""Reads valid JSON with the standard library, which is ten times as fast as the careful reader.

It only says whether something may be wrong; the careful reader, :mod:`promosync.config.strict_json`, finds out what.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, Final

Json = None | bool | int | Decimal | str | list["Json"] | dict[str, "Json"]

MAX_DEPTH = 64
MAX_NUMBER = 400  # characters of a number, and size of its exponent: more is a slip or an attack


class NotSound(Exception):
    """The careful reader has to read the text; it may find no fault."""


# U+0000 and half characters, which the standard library accepts; bad bytes are decoded to half characters too.
_DOUBTFUL = re.compile(r"\\u(?:0000|[Dd][89A-Fa-f])|[\ud800-\udfff]").search
_CONTAINERS: Final = (dict, list)


def read_sound(text: str) -> Json:
    """Return the value of a text in which the careful reader would find no fault; raise NotSound for all others."""
    if _DOUBTFUL(text):
        raise NotSound
    try:
        value: Json = _DECODER.decode(text)
    except (ValueError, RecursionError):
        raise NotSound from None
    if _deeper(value, MAX_DEPTH):
        raise NotSound
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise NotSound  # a key appears twice
    return found


def _whole(digits: str) -> int:
    if len(digits) > MAX_NUMBER:
        raise NotSound
    return int(digits)


def _decimal(digits: str) -> Decimal:
    if len(digits) > MAX_NUMBER or "e" in digits or "E" in digits:
        raise NotSound
    return Decimal(digits)


def _no_number(_: str) -> Any:
    raise NotSound  # NaN, Infinity


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_whole, parse_float=_decimal, parse_constant=_no_number
)


def _deeper(value: Json, levels: int) -> bool:
    """Whether objects and lists are nested deeper than ``levels``."""
    if not isinstance(value, _CONTAINERS):
        return False
    if not levels:
        return True
    inner = value.values() if isinstance(value, dict) else value
    return any(_deeper(item, levels - 1) for item in inner if isinstance(item, _CONTAINERS))
