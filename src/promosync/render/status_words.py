"""What every format of the status report shows in the same words: its tables, columns and summary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from promosync.model.life import State
from promosync.plan.exposure import Exposure
from promosync.render.tables import NOTHING, NOUNS, Column, Row, Table
from promosync.render.values import NO_LIMIT, number
from promosync.status.attention import ends_soon, nearly_used
from promosync.status.report import Course, Line, LineKind, OverTime, Report

COLUMNS = (
    Column("issued", "issued"),
    Column("active", "active"),
    Column("used", "used"),
    Column("left", "left"),
    Column("expired", "expired"),
    Column("withdrawn", "withdrawn"),
    Column("switched_off", "switched off"),
    Column("orphaned", "orphaned"),
    Column("share", "share"),
    Column("days", "days left"),
    Column("state", "state", number=False),
)
_GROUP_COLUMNS = COLUMNS[:-2]
"""A metadata value has no state and no end."""


def tables(report: Report) -> Iterator[Table]:
    """Yield the tables that have a row: one for each kind of entry, and one for each metadata key."""
    for place, (kind, noun) in enumerate(NOUNS.items(), start=1):
        if rows := [_row(line, report.now) for line in report.entries if line.kind is kind]:
            yield Table(f"table-{place}", noun, COLUMNS, rows)
    for place, key in enumerate(report.by, start=1):
        if rows := [_row(line, report.now) for line in report.groups if line.label == key]:
            yield Table(f"group-{place}", f"By {key}", _GROUP_COLUMNS, rows, key)


def over_time_table(over: OverTime) -> Table:
    """Return how often each line had been used by each moment."""
    columns = [Column(str(at), name) for at, name in enumerate(moments(over.taken))]
    rows = [
        Row(None, one.id, [{str(at): NOTHING if used is None else f"{used:,}" for at, used in enumerate(one.used)}])
        for one in courses(over)
    ]
    return Table("over-time", "Uses over time", columns, rows)


def moments(taken: Sequence[int]) -> list[str]:
    """Return the names of moments, seconds UTC, in a table: the day, and the time if two are on one day."""
    for form in ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"):
        named = [datetime.fromtimestamp(one, UTC).strftime(form) for one in taken]
        if len(set(named)) == len(named):
            break
    return named


def courses(over: OverTime) -> list[Course]:
    """Return the coupons and metadata values that were used, those used most over this time first."""
    kinds = (LineKind.COUPON, LineKind.GROUP)
    return sorted(
        (one for one in over.courses if one.kind in kinds and any(one.used)),
        key=lambda one: (kinds.index(one.kind), -one.since, one.id),
    )


def cut_words(over: OverTime, shown: int) -> str:
    """Return a sentence if not all moments are shown, else an empty text."""
    return (
        f"The latest {shown} of {len(over.taken)} moments; CSV and JSON have all." if shown < len(over.taken) else ""
    )


def summary(report: Report) -> str:
    """Return one sentence: what needs attention, or how much there is."""
    if report.attention:
        said = ", ".join(report.attention)
        return f"{said[0].upper()}{said[1:]}."
    return f"Nothing needs attention: {counts(report)}."


def counts(report: Report) -> str:
    """Return how much there is: ``3 coupons, 12 codes, 1 batch, 16 redemptions``."""
    amounts = {"coupon": len(report.coupons), "code": len(report.codes), "batch": len(report.batches)}
    parts = [number(count, noun) for noun, count in amounts.items() if count]
    return ", ".join([*parts, number(sum(line.used for line in report.coupons), "redemption")])


def uses_words(exposure: Exposure, report: Report) -> str:
    """Return how often a coupon was redeemed, and how often it can be."""
    used = next((line.used for line in report.coupons if line.id == exposure.coupon), 0)
    return f"{used:,} of {'any number of uses' if exposure.uses is None else number(exposure.uses, 'use')}"


def _row(line: Line, now: int) -> Row:
    return Row(
        line.kind,
        line.id,
        [_cells(line, now)],
        "" if line.kind is LineKind.GROUP else line.label,
        line.drift,
        line.note,
        tuple(name for name, on in (("share", nearly_used(line)), ("days", ends_soon(line, now))) if on),
        {
            "left": "Infinity" if line.left is None else f"{line.left}",
            "days": "" if line.ends is None else f"{line.ends - now}",
        },
        line.state is not State.ACTIVE,
    )


def _cells(line: Line, now: int) -> dict[str, str]:
    """Return the figures of a line by the name of their column, as a person reads them; days count from ``now``."""
    days = line.days_left(now)
    return {
        "issued": f"{line.issued:,}",
        "active": f"{line.count(State.ACTIVE):,}",
        "used": f"{line.used:,}",
        "left": NO_LIMIT if line.left is None else f"{line.left:,}",
        "expired": f"{line.count(State.EXPIRED):,}",
        "withdrawn": f"{line.count(State.WITHDRAWN):,}",
        "switched_off": f"{line.count(State.SWITCHED_OFF):,}",
        "orphaned": f"{line.count(State.ORPHANED):,}",
        "share": NOTHING if line.percent_used is None else f"{line.percent_used:,} %",
        "days": NOTHING if days is None else "over" if days < 0 else f"{days:,}" if days else "<1",
        "state": line.state_word,
    }
