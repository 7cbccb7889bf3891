"""The results for a terminal: a table for each kind, a row for each currency, the summary last."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from rich.text import Text

from promosync.plan.fields import iso
from promosync.render import results_words as wording
from promosync.render.heads import text_head
from promosync.render.layout import paragraph
from promosync.render.tables import Row, shortened, text_table
from promosync.render.visible import visible
from promosync.results.report import Line, Report
from promosync.status.report import LineKind

_NARROWEST = 15


def results_text(report: Report, width: int, room: int) -> Iterator[Text]:
    """Yield the lines of a report, for a terminal of ``width`` columns; a row of a table has ``room`` for so many."""
    yield text_head(report.account, report.owner).append(f", {iso(report.now)}")
    yield from paragraph(f"{wording.span_words(report)}. Amounts are before, of and after discounts.", width)
    for said in wording.missing_words(report):
        yield from paragraph(said, width, "bold yellow", "! ", "  ")
    tables = list(wording.sections(report))
    used, widest = wording.columns(report), max(cell_len(_name(line)) for _, lines in tables for line in lines)
    name_width = max(widest, _NARROWEST)
    for heading, lines in tables:
        yield Text()
        shown = [row for line in lines for row in _rows(line)]
        yield from text_table(heading, shown, used, name_width, width, room)
    if report.every:
        for line in (one for _, lines in tables for one in lines if one.periods):
            yield Text()
            shown = list(_periods(line, report))
            yield from text_table(_by_period(line, report), shown, used, name_width, width, room)
    yield Text()
    for said in wording.notes(report):
        yield from paragraph(said, width, "dim")
    yield from paragraph(visible(wording.summary(report)), width, "bold")


def _rows(line: Line) -> Iterator[Row]:
    found = wording.rows(line.sums)
    for number, cells in enumerate(found):
        last = number == len(found) - 1
        yield Row(_name(line) if number == 0 else "", cells, wording.remarks(line) if last else ())


def _periods(line: Line, report: Report) -> Iterator[Row]:
    for number, sums in line.periods.items():
        for at, cells in enumerate(wording.rows(sums)):
            yield Row(wording.label(report.periods[number], report.every) if at == 0 else "", cells)


def _by_period(line: Line, report: Report) -> str:
    """Return the heading of a line's periods; it stands over their names, so a long one is cut."""
    kind = {LineKind.CODE: "code ", LineKind.COUPON: "coupon ", LineKind.BATCH: "batch "}.get(
        line.kind or LineKind.GROUP, ""
    )
    each = wording.EACH[report.every] if report.every else ""
    return f"{kind}{shortened(wording.title(line) if line.kind else 'All orders')} by {each.partition(' ')[0]}"


def _name(line: Line) -> str:
    """Return what a line is called: of a code its text, too; a long value of metadata is cut."""
    name = visible(wording.title(line))
    return shortened(f"{name} {visible(line.label)}" if line.kind is LineKind.CODE and line.label else name)
