"""Days, weeks and months of a time zone: from what users type to seconds UTC, and from those to periods.

A day begins with its first moment, also where the clock skips midnight or shows it twice. A day that a zone left out
of its calendar is no period.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from enum import StrEnum
from zoneinfo import ZoneInfo, available_timezones

from promosync.config.dates import BadDate, parse_instant
from promosync.model.problems import Problem, ProblemsFound

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Every(StrEnum):
    """How long a period is. Weeks begin on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Span:
    """From ``since`` to just before ``until``, seconds UTC; None is no bound."""

    since: int | None = None
    until: int | None = None

    def holds(self, moment: int) -> bool:
        return (self.since is None or self.since <= moment) and (self.until is None or moment < self.until)


@dataclass(frozen=True, slots=True)
class Period:
    """One period: its first day, and its first and last second UTC."""

    first: date
    since: int
    last: int


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its name; raise ProblemsFound for an unknown one."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        known = available_timezones()
        close = get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]}?" if close else "write one such as Europe/Berlin"
        hint = hint if known else "this system has no time zones: install its tzdata"
        raise ProblemsFound([Problem((), f"--zone {name!r} is no time zone", hint, rule="usage")]) from None


def span_of(since: str | None, until: str | None, zone: ZoneInfo) -> Span:
    """Return the span between two texts: each a day of the zone (the last day included) or a time with a zone.

    Raises ProblemsFound for any other text, and for an empty span.
    """
    found = Span(
        None if since is None else _moment("--from", since, zone, timedelta(0)),
        None if until is None else _moment("--to", until, zone, timedelta(days=1)),
    )
    if found.since is not None and found.until is not None and found.since >= found.until:
        raise ProblemsFound([Problem((), f"--from {since} is not before --to {until}", rule="usage")])
    return found


def midnight(day: date, zone: ZoneInfo) -> int:
    """Return the first second of a day, UTC."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())


def first_day(moment: int, every: Every, zone: ZoneInfo) -> date:
    """Return the first day of the period of a moment (seconds UTC)."""
    day = datetime.fromtimestamp(moment, zone).date()
    if every is Every.MONTH:
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if every is Every.WEEK else day


def periods(since: int, last: int, every: Every, zone: ZoneInfo) -> Iterator[Period]:
    """Yield every period from that of ``since`` to that of ``last`` (seconds UTC)."""
    day = first_day(since, every, zone)
    while (begin := midnight(day, zone)) <= last:
        following = _following(day, every)
        last_of_it = midnight(following, zone) - 1
        if begin <= last_of_it:  # else the zone left the day out, as Apia did on 2011-12-30
            yield Period(day, begin, last_of_it)
        day = following


def fit_for_a_chart(since: int, last: int) -> Every:
    """Return the length of periods for a chart with at most about thirty bars, else months."""
    days = (last - since) // 86_400
    return Every.DAY if days <= 31 else Every.WEEK if days <= 200 else Every.MONTH


def _following(day: date, every: Every) -> date:
    if every is Every.MONTH:
        return (day + timedelta(days=31)).replace(day=1)
    return day + timedelta(days=7 if every is Every.WEEK else 1)


def _moment(option: str, text: str, zone: ZoneInfo, more: timedelta) -> int:
    try:
        if _DAY.fullmatch(text):
            return midnight(date.fromisoformat(text) + more, zone)
        return parse_instant(text)
    except BadDate as bad:
        hint = f"{bad.hint}; a day without a time, such as 2027-03-01, is in the time zone of --zone"
        raise ProblemsFound([Problem((), f"{option} {text!r} {bad.message}", hint, rule="usage")]) from None
    except (ValueError, OverflowError):
        raise ProblemsFound([Problem((), f"{option} {text!r} is no day of the calendar", rule="usage")]) from None
