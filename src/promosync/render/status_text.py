"""The status report for people: on a terminal, and as Markdown for an issue or a chat."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len
from rich.text import Text

from promosync.plan.exposure import total
from promosync.plan.fields import iso
from promosync.render.heads import markdown_head, text_head
from promosync.render.layout import paragraph
from promosync.render.markdown import cell, code
from promosync.render.status_words import COLUMNS, cut_words, over_time_table, summary, tables, uses_words
from promosync.render.tables import filled, markdown_table, shortened, text_tables
from promosync.render.values import number, totals_words, worst_words
from promosync.render.visible import visible
from promosync.status.report import LineKind, OverTime, Report, Since

_OPTIONAL = ("expired", "withdrawn", "switched_off", "orphaned", "days", "share")
_MOST_MOMENTS = 8
"""A table of more columns is too wide for a comment."""


def status_text(report: Report, width: int, room: int) -> Iterator[Text]:
    """Yield the lines of a report, for a terminal of ``width`` columns; a row of a table may have ``room``."""
    yield text_head(report.account, report.owner).append(f", {iso(report.now)}")
    every = list(tables(report))
    yield from text_tables(every, filled(COLUMNS, every, _OPTIONAL), width, room)
    if report.worst:
        yield Text()
        yield Text("The most it can cost", "bold")
        for one in report.worst:
            yield Text(f"  {visible(one.coupon)}: {uses_words(one, report)}, {worst_words(one.amounts)}")
        if len(report.worst) > 1:
            yield Text(f"  by currency: {totals_words(total(report.worst))}")
    if report.since is not None:
        yield from _since(report.since)
    if report.over_time is not None:
        yield from _over_time(report.over_time, width, room)
    yield Text()
    yield from paragraph(visible(summary(report)), width, "bold yellow" if report.attention else "bold green")


def status_markdown(report: Report) -> str:
    """Return a report as Markdown of GitHub's flavour."""
    return "\n".join(_markdown(report)) + "\n"


def _markdown(report: Report) -> Iterator[str]:
    yield from (f"## Status of {code(report.owner)}", "", markdown_head(report.account))
    yield from ("", _summary(summary(report)))
    every = list(tables(report))
    columns = filled(COLUMNS, every, ("switched_off", "orphaned"))
    for table in every:
        heading = f"By {code(table.key)}" if table.key else table.heading
        yield from ("", f"### {heading} ({number(len(table.rows), 'line')})", "")
        shown = [column for column in table.columns if column in columns]
        yield from markdown_table(table.rows, shown, remarks=not table.key)
    if report.worst:
        yield from ("", "### The most it can cost", "", "| coupon | uses | at most |", "| --- | ---: | ---: |")
        for exposure in report.worst:
            yield f"| {cell(exposure.coupon)} | {uses_words(exposure, report)} | {worst_words(exposure.amounts)} |"
        yield f"| by currency | | {totals_words(total(report.worst))} |"
    if report.since is not None:
        yield from ("", f"### Since {iso(report.since.taken)}", "", "| | uses | of the batch |")
        yield "| --- | ---: | ---: |"
        for change in report.since.changes:
            share = "" if change.percent is None else f"{change.percent:.1f} %"
            yield f"| {change.kind.value.replace('_', ' ')} {cell(change.id)} | {change.since:,} | {share} |"
        if not report.since.changes:
            yield "| nothing was used | | |"
        for alarm in report.since.alarms:
            yield from ("", f"**Alarm:** {code(alarm.message)}")
    if report.over_time is not None:
        table = over_time_table(report.over_time)
        columns = list(table.columns[-_MOST_MOMENTS:])
        yield from ("", f"### {table.heading}", "")
        yield from markdown_table(table.rows, columns, remarks=False)
        if said := cut_words(report.over_time, len(columns)):
            yield from ("", said)


def _over_time(over: OverTime, width: int, room: int) -> Iterator[Text]:
    table = over_time_table(over)
    names = max(len(table.heading), *(cell_len(shortened(visible(row.title))) for row in table.rows), 0)
    columns = table.columns[-max(1, (width - names) // (len(table.columns[0].head) + 2)) :]
    yield from text_tables([table], columns, width, room, len(table.heading))
    if not table.rows:
        yield Text("  nothing was used")
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


def _summary(text: str) -> str:
    """Return it in bold, or as code where an id in it has a sign that Markdown or GitHub might read."""
    return f"**{text}**" if re.fullmatch(r"[A-Za-z0-9 ,.%():;-]*", text) else code(text)
