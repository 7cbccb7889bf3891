"""The results as Markdown, for an issue or a chat: tables of figures, text from people as code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from promosync.render import results_words as wording
from promosync.render.heads import markdown_head
from promosync.render.markdown import code
from promosync.render.tables import Row, markdown_table
from promosync.results.report import Line, Report


def results_markdown(report: Report) -> str:
    """Return a report as Markdown of GitHub's flavour."""
    return "\n".join(_blocks(report)) + "\n"


def _blocks(report: Report) -> Iterator[str]:
    yield f"## Results of {code(report.owner)}"
    yield ""
    yield f"{markdown_head(report.account)}. {wording.span_words(report)}."
    yield ""
    yield f"**{wording.summary(report)}**"
    for said in wording.missing_words(report):
        yield from ("", f"**Missing:** {said}")
    tables = list(wording.sections(report))
    used = wording.columns(report)
    for heading, lines in tables:
        shown = [row for line in lines for row in _rows(line)]
        yield from ("", f"### {_heading(heading)}", "")
        yield from markdown_table(shown, used, remarks=any(row.remarks for row in shown))
    if report.every:
        for line in (one for _, lines in tables for one in lines if one.periods):
            yield from (
                "",
                f"### {code(wording.title(line)) if line.kind else 'All orders'} by {report.every.value}",
                "",
            )
            yield from markdown_table(_periods(line, report), used, remarks=False)
    for said in wording.notes(report):
        yield from ("", said)


def _heading(heading: str) -> str:
    """Return a heading with the metadata key in it as code."""
    return f"By {code(heading[3:])}" if heading.startswith("By ") else heading


def _rows(line: Line) -> Iterator[Row]:
    for cells in wording.rows(line.sums):
        yield Row(wording.title(line), cells, wording.remarks(line))


def _periods(line: Line, report: Report) -> Sequence[Row]:
    return [
        Row(wording.label(report.periods[number], report.every), cells)
        for number, sums in line.periods.items()
        for cells in wording.rows(sums)
    ]
