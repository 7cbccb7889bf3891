"""Tables of figures as every report shows them: a name, then columns, on a terminal and in Markdown; cells of CSV."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from promosync.codes.listing import inert
from promosync.render.layout import pad, paragraph
from promosync.render.markdown import cell
from promosync.render.visible import visible

NOTHING = "–"

_GAP = "  "
_LONGEST = 36


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its head, and whether it is numbers."""

    name: str
    head: str
    number: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its name fit for a terminal, its figures by the name of their column, what else there is to say."""

    name: str
    cells: Mapping[str, str]
    remarks: Sequence[str] = ()
    remark_style: str = "dim"
    style: Callable[[Column], str] = lambda _: ""


def text_table(
    heading: str, rows: Sequence[Row], columns: Sequence[Column], name_width: int, width: int, room: int
) -> Iterator[Text]:
    """Yield the lines of a table; a row is never broken, a remark is at ``width``.

    Where a row has no ``room``, its figures stand below its name, each with the head of its column.
    """
    widths = [max(len(column.head), *(len(row.cells[column.name]) for row in rows)) for column in columns]
    if name_width + sum(len(_GAP) + cells_wide for cells_wide in widths) > room:
        yield from _one_below_the_other(heading, rows, columns, width)
        return
    head = [
        pad(visible(heading), name_width),
        *(_aligned(c.head, c, w) for c, w in zip(columns, widths, strict=True)),
    ]
    yield Text(_GAP.join(head).rstrip(), "bold")
    for row in rows:
        shown = Text(pad(row.name, name_width))
        for column, cells_wide in zip(columns, widths, strict=True):
            shown.append(_GAP)
            shown.append(_aligned(row.cells[column.name], column, cells_wide), row.style(column))
        shown.rstrip()
        yield shown
        for remark in row.remarks:
            yield from paragraph(visible(remark), width, row.remark_style, "    ", "      ")


def _one_below_the_other(heading: str, rows: Iterable[Row], columns: Sequence[Column], width: int) -> Iterator[Text]:
    yield Text(visible(heading), "bold")
    for row in rows:
        if row.name:
            yield Text(row.name)
        shown = ((column.head, row.cells[column.name]) for column in columns)
        figures = (f"{head} {figure}" for head, figure in shown if figure not in ("", NOTHING))
        yield from paragraph(", ".join(figures), width, "", "  ", "  ")
        for remark in row.remarks:
            yield from paragraph(visible(remark), width, row.remark_style, "    ", "      ")


def markdown_table(rows: Iterable[Row], columns: Sequence[Column], remarks: bool) -> Iterator[str]:
    """Yield the lines of a table in Markdown, text from people as code; ``remarks`` are a last column."""
    yield f"| | {' | '.join(column.head for column in columns)} |{' remarks |' if remarks else ''}"
    rules = ["---:" if column.number else "---" for column in columns]
    yield f"| --- | {' | '.join(rules)} |{' --- |' if remarks else ''}"
    for row in rows:
        said = f" {cell('; '.join(row.remarks)) if row.remarks else ''} |" if remarks else ""
        named = cell(row.name) if row.name else ""
        yield f"| {named} | {' | '.join(row.cells[column.name] for column in columns)} |{said}"


def shortened(name: str) -> str:
    """Return a name that is not too wide for a column."""
    return name if cell_len(name) <= _LONGEST else f"{set_cell_size(name, _LONGEST - 1).rstrip()}…"


def is_nothing(cell: str) -> bool:
    """Whether a figure says nothing: it is 0, of whatever unit, or a dash."""
    return re.search("[1-9a-z]", cell) is None


def csv_cell(value: Any) -> Any:
    """Make text fit for a cell: no spreadsheet and no terminal obeys it."""
    return inert(visible(value)) if isinstance(value, str) else "" if value is None else value


def _aligned(text: str, column: Column, cells_wide: int) -> str:
    return text.rjust(cells_wide) if column.number else text.ljust(cells_wide)
