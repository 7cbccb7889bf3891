"""What every format of the status report says in the same words: columns, figures, the summary."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from promosync.model.life import State
from promosync.plan.exposure import Exposure
from promosync.render.tables import NOTHING, Column
from promosync.render.values import NO_LIMIT
from promosync.status.report import Course, Line, LineKind, OverTime, Report

NOUNS = {
    LineKind.COUPON: "Coupons",
    LineKind.CODE: "Promotion codes",
    LineKind.BATCH: "Code batches",
}


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


def columns_of(report: Report) -> list[Column]:
    """Return the columns of a report: of the states that are rare only those in which there is a code."""
    every = (*report.entries, *report.groups)
    rare = {"switched_off": State.SWITCHED_OFF, "orphaned": State.ORPHANED}
    empty = {name for name, state in rare.items() if not any(line.count(state) for line in every)}
    return [column for column in COLUMNS if column.name not in empty]


def cells(line: Line, now: int) -> dict[str, str]:
    """Return the figures of a line by the name of their column, as a person reads them; days count from ``now``."""
    group = line.kind is LineKind.GROUP
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
        "state": "" if group else line.state_word,
    }


def moments(taken: Sequence[int]) -> list[str]:
    """Return what moments, seconds UTC, are called in a table: their day if that tells them apart, else more."""
    for form in ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"):
        named = [datetime.fromtimestamp(one, UTC).strftime(form) for one in taken]
        if len(set(named)) == len(named):
            break
    return named


def courses(over: OverTime) -> list[Course]:
    """Return what people see over time: coupons and values of metadata that were used, the most since then first."""
    kinds = (LineKind.COUPON, LineKind.GROUP)
    return sorted(
        (one for one in over.courses if one.kind in kinds and any(one.used)),
        key=lambda one: (kinds.index(one.kind), -one.since, one.id),
    )


def course_columns(over: OverTime, most: int) -> list[Column]:
    """Return a column for each of the latest ``most`` moments."""
    return [Column(str(at), name) for at, name in enumerate(moments(over.taken))][-most:]


def course_cells(course: Course) -> dict[str, str]:
    """Return the figures of a line by the name of their column: how often it had been used by then."""
    return {str(at): NOTHING if used is None else f"{used:,}" for at, used in enumerate(course.used)}


def cut_words(over: OverTime, shown: int) -> str:
    """Return that not all moments are shown, if so."""
    return (
        f"The latest {shown} of {len(over.taken)} moments; CSV and JSON have all." if shown < len(over.taken) else ""
    )


def remarks(line: Line) -> list[str]:
    """Return what there is to say of a line besides its figures."""
    said = [f"differs: {'; '.join(line.drift)}"] if line.drift else []
    return [*said, line.note] if line.note else said


def title(line: Line) -> str:
    """Return what a line is called: its id, and the name or text that people know it by."""
    if line.kind is LineKind.GROUP:
        return line.id.partition("=")[2]
    return line.id


def summary(report: Report) -> str:
    """Return the line a person can act on."""
    if report.attention:
        said = ", ".join(report.attention)
        return f"{said[0].upper()}{said[1:]}."
    return f"Nothing needs attention: {counts(report)}."


def counts(report: Report) -> str:
    """Return how much there is: ``3 coupons, 12 codes, 1 batch, 16 redemptions``."""
    used = sum(line.used for line in report.coupons)
    parts = [
        number(len(report.coupons), "coupon"),
        number(len(report.codes), "code"),
        number(len(report.batches), "batch", "batches"),
        number(used, "redemption"),
    ]
    return ", ".join(part for part in parts if not part.startswith("0 ") or part.endswith("redemptions"))


def number(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def uses_words(exposure: Exposure, report: Report) -> str:
    """Return how often a coupon can be redeemed, and how often it was."""
    used = next((line.used for line in report.coupons if line.id == exposure.coupon), 0)
    return f"{used:,} of {'any number of uses' if exposure.uses is None else number(exposure.uses, 'use')}"
