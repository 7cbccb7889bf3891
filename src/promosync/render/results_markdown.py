"""The results as Markdown, for an issue or a chat: tables of figures, text from people as code."""

from __future__ import annotations

from collections.abc import Iterator

from promosync.render import results_words as wording
from promosync.render.heads import markdown_head
from promosync.render.markdown import code
from promosync.render.tables import markdown_table, title
from promosync.results.report import Report


def results_markdown(report: Report) -> str:
    """Return a report as Markdown of GitHub's flavour."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    head = f"{markdown_head(report.account)}. {wording.span_words(report)}."
    yield from (f"## Results of {code(report.owner)}", "", head, "", f"**{wording.summary(report)}**")
    for said in wording.missing_words(report):
        yield from ("", f"**Missing:** {said}")
    every = list(wording.tables(report))
    columns = wording.columns(every)
    for table in every:
        yield from ("", f"### By {code(table.key)}" if table.key else f"### {table.heading}", "")
        yield from markdown_table(table.rows, columns, remarks=any(row.remarks for row in table.rows))
    for line in wording.lines_over_time(report):
        heading = f"{code(title(line.kind, line.id)) if line.kind else 'All orders'} by {report.every}"
        yield from ("", f"### {heading}", "")
        yield from markdown_table(wording.period_rows(line, report), columns, remarks=False)
    for said in wording.notes(report):
        yield from ("", said)
