"""The status report as Markdown, for an issue or a chat: tables of figures, text from people as code."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promosync.plan.exposure import total
from promosync.plan.fields import iso
from promosync.render.heads import markdown_head
from promosync.render.markdown import cell, code
from promosync.render.status_words import COLUMNS, cut_words, over_time_table, summary, tables, uses_words
from promosync.render.tables import filled, markdown_table
from promosync.render.values import number, totals_words, worst_words
from promosync.status.report import Report

_MOMENTS = 8
"""A table of more columns is too wide for a comment."""


def status_markdown(report: Report) -> str:
    """Return a report as Markdown of GitHub's flavour."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
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
        columns = list(table.columns[-_MOMENTS:])
        yield from ("", f"### {table.heading}", "")
        yield from markdown_table(table.rows, columns, remarks=False)
        if said := cut_words(report.over_time, len(columns)):
            yield from ("", said)


def _summary(text: str) -> str:
    """Return it in bold, or as code where an id in it has a sign that Markdown or GitHub might read."""
    return f"**{text}**" if re.fullmatch(r"[A-Za-z0-9 ,.%():;-]*", text) else code(text)
