"""Dates of the file: ISO 8601 to the second, always with a time zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SHORT_ZONE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9:.]+[+-][0-9]{2})([0-9]{2})?")
_NO_ZONE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9:.]+")
_WITH_BLANK = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}) +([0-9]{2}:[0-9]{2}(?::[0-9]{2})?) *(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_YEARS = range(2000, 2200)


class BadDate(ValueError):
    """A text that is not a date with time and zone; ``message`` says why, ``hint`` what to write."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def parse_instant(text: str) -> int:
    """Return seconds since 1970 in UTC. Raises :class:`BadDate`, also for parts of a second: Stripe has none."""
    found = _INSTANT.fullmatch(text)
    if not found:
        raise _not_an_instant(text)
    day, minute, second, fraction, zone = found.groups()
    if second == "60":
        raise BadDate("has a leap second, which Stripe's clock does not know", "write second 59")
    if fraction and fraction.strip("0"):
        raise BadDate("has parts of a second, which Stripe does not keep", "write whole seconds")
    try:
        moment = datetime.fromisoformat(f"{day}T{minute}:{second or '00'}{zone.upper().replace('Z', '+00:00')}")
    except ValueError:
        raise BadDate("is no date of the calendar", "check month, day, hour, minute and zone") from None
    if moment.year not in _YEARS:
        raise BadDate(f"is in the year {moment.year}", "check the year")
    return int(moment.timestamp())


def format_instant(seconds: int) -> str:
    """Return seconds since 1970 as a date of the file, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _not_an_instant(text: str) -> BadDate:
    if _DAY.fullmatch(text):
        return BadDate(
            "has no time and no zone, so it is not clear when the day ends", f'write "{text}T23:59:59Z" for UTC'
        )
    if _NO_ZONE.fullmatch(text):
        return BadDate("has no time zone", f'write "{text}Z" for UTC, or an offset such as +02:00')
    if found := _SHORT_ZONE.fullmatch(text):
        return BadDate("has a zone without a colon", f'write "{found[1]}:{found[2] or "00"}"')
    if found := _WITH_BLANK.fullmatch(text):
        day, time, zone = found.groups()
        return BadDate("has a blank inside", f'write "{day}T{time}{zone or "Z"}"')
    return BadDate("is no ISO 8601 date with a time and a zone", 'write for example "2027-06-01T00:00:00Z"')
