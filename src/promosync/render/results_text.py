"""The results for people: on a terminal, and as Markdown for an issue or a chat."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from promosync.plan.fields import iso
from promosync.render import results_words as wording
from promosync.render.heads import markdown_head, text_head
from promosync.render.layout import paragraph
from promosync.render.markdown import code
from promosync.render.tables import Table, markdown_table, shortened, text_tables, title
from promosync.render.visible import visible
from promosync.results.report import Line, Report
from promosync.status.report import LineKind

_KINDS = {LineKind.CODE: "code ", LineKind.COUPON: "coupon ", LineKind.BATCH: "batch "}


def results_text(report: Report, width: int, room: int) -> Iterator[Text]:
    """Yield the lines of a report, for a terminal of ``width`` columns; a row of a table may have ``room``."""
    yield text_head(report.account, report.owner).append(f", {iso(report.now)}")
    yield from paragraph(
        f"{wording.span_words(report)}. Amounts: before discounts, the discounts, after discounts.", width
    )
    for said in wording.missing_words(report):
        yield from paragraph(said, width, "bold yellow", "! ", "  ")
    every = list(wording.tables(report))
    columns = wording.columns(every)
    for line in wording.lines_over_time(report):
        every.append(Table("", _heading(line, report), columns, wording.period_rows(line, report)))
    yield from text_tables(every, columns, width, room)
    yield Text()
    for said in wording.notes(report):
        yield from paragraph(said, width, "dim")
    yield from paragraph(visible(wording.summary(report)), width, "bold")


def results_markdown(report: Report) -> str:
    """Return a report as Markdown of GitHub's flavour."""
    return "\n".join(_markdown(report)) + "\n"


def _markdown(report: Report) -> Iterator[str]:
    yield from (f"## Results of {code(report.owner)}", "")
    yield from (f"{markdown_head(report.account)}. {wording.span_words(report)}.", "")
    yield f"**{wording.summary(report)}**"
    for said in wording.missing_words(report):
        yield from ("", f"**Missing:** {said}")
    every = list(wording.tables(report))
    columns = wording.columns(every)
    for table in every:
        yield from ("", f"### By {code(table.key)}" if table.key else f"### {table.heading}", "")
        yield from markdown_table(table.rows, columns, remarks=any(row.remarks for row in table.rows))
    for line in wording.lines_over_time(report):
        name = code(title(line.kind, line.id)) if line.kind else "All orders"
        yield from ("", f"### {name} by {report.every}", "")
        yield from markdown_table(wording.period_rows(line, report), columns, remarks=False)
    for said in wording.notes(report):
        yield from ("", said)


def _heading(line: Line, report: Report) -> str:
    """Return the heading of a line's periods; it is above their names, so a long name is cut."""
    name = shortened(title(line.kind, line.id)) if line.kind else "All orders"
    return f"{_KINDS.get(line.kind or LineKind.GROUP, '')}{name} by {report.every}"
