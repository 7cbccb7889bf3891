"""The status report for a terminal: a table for each kind, columns without a figure left out, the summary last."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from rich.text import Text

from promosync.plan.exposure import total
from promosync.plan.fields import iso
from promosync.render.heads import text_head
from promosync.render.layout import paragraph
from promosync.render.status_words import COLUMNS, cut_words, over_time_table, summary, tables, uses_words
from promosync.render.tables import filled, shortened, text_tables
from promosync.render.values import number, totals_words, worst_words
from promosync.render.visible import visible
from promosync.status.report import LineKind, OverTime, Report, Since

_OPTIONAL = {"expired", "withdrawn", "switched_off", "orphaned", "days", "share"}


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
