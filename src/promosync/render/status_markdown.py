"""The status report as Markdown, for an issue or a chat: tables of figures, text from people as code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from promosync.plan.exposure import total
from promosync.plan.fields import iso
from promosync.render.heads import markdown_head
from promosync.render.markdown import cell, code
from promosync.render.status_words import (
    NOUNS,
    cells,
    columns_of,
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
from promosync.render.tables import Row, markdown_table
from promosync.render.values import totals_words, worst_words
from promosync.status.report import Line, LineKind, Report

_MOMENTS = 8
"""A table of more columns is too wide for a comment."""


def status_markdown(report: Report) -> str:
    """Return a report as Markdown of GitHub's flavour."""
    return "\n".join(_blocks(report)) + "\n"


def _blocks(report: Report) -> Iterator[str]:
    yield f"## Status of {code(report.owner)}"
    yield ""
    yield markdown_head(report.account)
    yield ""
    yield _summary(summary(report))
    for kind, noun in NOUNS.items():
        yield from _table(noun, [line for line in report.entries if line.kind is kind], report)
    for key in report.by:
        yield from _table(f"By {code(key)}", [line for line in report.groups if line.label == key], report)
    if report.worst:
        yield from ("", "### The most it can cost", "", "| coupon | uses | at most |", "| --- | ---: | ---: |")
        for exposure in report.worst:
            yield f"| {cell(exposure.coupon)} | {uses_words(exposure, report)} | {worst_words(exposure.amounts)} |"
        yield f"| by currency | | {totals_words(total(report.worst))} |"
    if report.since is not None:
        yield from (
            "",
            f"### Since {iso(report.since.taken)}",
            "",
            "| | uses | of the batch |",
            "| --- | ---: | ---: |",
        )
        for change in report.since.changes:
            share = "" if change.percent is None else f"{change.percent:.1f} %"
            yield f"| {change.kind.value.replace('_', ' ')} {cell(change.id)} | {change.since:,} | {share} |"
        if not report.since.changes:
            yield "| nothing was used | | |"
        for alarm in report.since.alarms:
            yield from ("", f"**Alarm:** {code(alarm.message)}")
    if (over := report.over_time) is not None:
        columns = course_columns(over, _MOMENTS)
        yield from ("", "### Uses over time", "")
        yield from markdown_table((Row(one.id, course_cells(one)) for one in courses(over)), columns, remarks=False)
        if said := cut_words(over, len(columns)):
            yield from ("", said)


def _table(heading: str, lines: Sequence[Line], report: Report) -> Iterator[str]:
    if not lines:
        return
    group = lines[0].kind is LineKind.GROUP
    columns = [column for column in columns_of(report) if not (group and column.name in ("state", "days"))]
    yield from ("", f"### {heading} ({number(len(lines), 'line')})", "")
    rows = (Row(title(line), cells(line, report.now), remarks(line)) for line in lines)
    yield from markdown_table(rows, columns, remarks=not group)


def _summary(text: str) -> str:
    """Return it in bold, or as code where an id in it has a sign that Markdown or GitHub might read."""
    return f"**{text}**" if re.fullmatch(r"[A-Za-z0-9 ,.%():;-]*", text) else code(text)
