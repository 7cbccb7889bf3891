"""The status report for a terminal: a table for each kind, columns without a figure left out, the summary last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from rich.cells import cell_len
from rich.text import Text

from promosync.model.life import State
from promosync.plan.exposure import total
from promosync.plan.fields import iso
from promosync.render.heads import text_head
from promosync.render.layout import paragraph
from promosync.render.status_words import (
    COLUMNS,
    NOUNS,
    cells,
    course_cells,
    course_columns,
    courses,
    cut_words,
    number,
    remarks,
    summary,
    title,
    uses_words,
)
from promosync.render.tables import Column, Row, is_nothing, shortened, text_table
from promosync.render.values import totals_words, worst_words
from promosync.render.visible import visible
from promosync.status.attention import ends_soon, nearly_used
from promosync.status.report import Line, LineKind, OverTime, Report, Since

_USES = "Uses over time"
_OPTIONAL = {"expired", "withdrawn", "switched_off", "orphaned", "days", "share"}


def status_text(report: Report, width: int, room: int) -> Iterator[Text]:
    """Yield the lines of a report, for a terminal of ``width`` columns; a row of a table has ``room`` for so many."""
    yield text_head(report.account, report.owner).append(f", {iso(report.now)}")
    sections = [(noun, [line for line in report.entries if line.kind is kind]) for kind, noun in NOUNS.items()]
    sections += [(f"By {key}", [line for line in report.groups if line.label == key]) for key in report.by]
    shown = [line for _, lines in sections for line in lines]
    columns = _columns(shown, report.now)
    widest = max((cell_len(_name(line)) for line in shown), default=0)
    for noun, lines in sections:
        if lines:
            yield Text()
            yield from _table(noun, lines, columns, max(widest, 15), report.now, width, room)
    yield from _worst(report)
    if report.since is not None:
        yield from _since(report.since)
    if report.over_time is not None:
        yield from _over_time(report.over_time, width, room)
    yield Text()
    yield from paragraph(visible(summary(report)), width, "bold yellow" if report.attention else "bold green")


def _columns(lines: Iterable[Line], now: int) -> Sequence[Column]:
    rows = [cells(line, now) for line in lines]
    return [
        column
        for column in COLUMNS
        if column.name not in _OPTIONAL or not all(is_nothing(row[column.name]) for row in rows)
    ]


def _table(
    noun: str, lines: Sequence[Line], columns: Sequence[Column], name_width: int, now: int, width: int, room: int
) -> Iterator[Text]:
    group = lines[0].kind is LineKind.GROUP
    used = [column for column in columns if not (group and column.name in ("state", "days"))]
    rows = [
        Row(
            _name(line),
            cells(line, now),
            remarks(line),
            "yellow" if line.drift else "dim",
            partial(_style, line, now),
        )
        for line in lines
    ]
    yield from text_table(noun, rows, used, name_width, width, room)


def _name(line: Line) -> str:
    """Return what a line is called: of a code its text, too; a long value of metadata is cut."""
    name = visible(title(line))
    return shortened(f"{name} {visible(line.label)}" if line.kind is LineKind.CODE and line.label else name)


def _style(line: Line, now: int, column: Column) -> str:
    if column.name == "share" and nearly_used(line):
        return "bold yellow"
    if column.name == "days" and ends_soon(line, now):
        return "bold yellow"
    if column.name == "state" and line.kind is not LineKind.GROUP:
        return "" if line.state is State.ACTIVE else "dim"
    return ""


def _worst(report: Report) -> Iterator[Text]:
    if not report.worst:
        return
    yield Text()
    yield Text("The most it can cost", "bold")
    for exposure in report.worst:
        yield Text(f"  {visible(exposure.coupon)}: {uses_words(exposure, report)}, {worst_words(exposure.amounts)}")
    if len(report.worst) > 1:
        yield Text(f"  by currency: {totals_words(total(report.worst))}")


def _over_time(over: OverTime, width: int, room: int) -> Iterator[Text]:
    rows = [Row(shortened(visible(one.id)), course_cells(one)) for one in courses(over)]
    name_width = max(len(_USES), *(cell_len(row.name) for row in rows), 0)
    every = course_columns(over, len(over.taken))
    columns = course_columns(over, max(1, (width - name_width) // (len(every[0].head) + 2)))
    yield Text()
    yield from text_table(_USES, rows, columns, name_width, width, room)
    if said := cut_words(over, len(columns)):
        yield Text(f"  {said}", "dim")


def _since(since: Since) -> Iterator[Text]:
    yield Text()
    yield Text(f"Since {iso(since.taken)}", "bold")
    if not since.changes:
        yield Text("  nothing was used")
    for change in since.changes:
        kind = "" if change.kind is LineKind.GROUP else f"{change.kind.value.replace('_', ' ')} "
        share = f" ({change.percent:.1f} % of it)" if change.percent is not None else ""
        yield Text(f"  {kind}{visible(change.id)}: {number(change.since, 'use')}{share}")
    for alarm in since.alarms:
        yield Text(f"  ! {visible(alarm.message)}", "bold red")
