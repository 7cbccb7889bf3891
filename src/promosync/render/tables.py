"""The tables of every report: a name, then columns of figures, on a terminal and in Markdown; cells of CSV."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from promosync.codes.listing import inert
from promosync.render.layout import pad, paragraph
from promosync.render.markdown import cell
from promosync.render.visible import visible
from promosync.status.report import LineKind

NOTHING = "–"
NOUNS = {LineKind.COUPON: "Coupons", LineKind.CODE: "Promotion codes", LineKind.BATCH: "Code batches"}

_FIGURE = re.compile("[1-9a-z]")
"""In every cell except 0, of any unit, and a dash."""
_GAP = "  "
_LONGEST = 36
_NARROWEST = 15
_UNFOLDED = 12
"""A table with more lines begins folded on a page."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its head, and whether it has numbers."""

    name: str
    head: str
    number: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """One row, with its texts as people wrote them: each format makes them harmless.

    ``figures`` are its lines, one for each currency if it has amounts: the cells by the name of their column.
    ``label`` is a coupon's name or a code's text, ``drift`` what differs from the file, ``note`` another remark.
    ``warn`` are the columns to highlight. ``order`` has the values by which a page sorts a column, if not by its
    cells: numbers as JavaScript writes them. ``ended`` is whether it no longer works.
    """

    kind: LineKind | None
    id: str
    figures: Sequence[Mapping[str, str]]
    label: str = ""
    drift: Sequence[str] = ()
    note: str = ""
    warn: Collection[str] = ()
    order: Mapping[str, str] = field(default_factory=dict)
    ended: bool = False

    @property
    def title(self) -> str:
        """Its name in every format."""
        return title(self.kind, self.id)

    @property
    def remarks(self) -> list[str]:
        """What differs from the file, and its note."""
        said = [f"differs: {'; '.join(self.drift)}"] if self.drift else []
        return [*said, self.note] if self.note else said


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its heading; ``key`` is the metadata key if its rows are values of one.

    ``id`` names it on a page, ``kind`` is its CSS class there, ``about`` the text beside its heading.
    """

    id: str
    heading: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    key: str = ""
    about: str = ""
    kind: str = ""

    @property
    def open(self) -> bool:
        """Whether it is short enough to begin unfolded on a page."""
        return sum(len(row.figures) for row in self.rows) <= _UNFOLDED


def title(kind: LineKind | None, id: str) -> str:
    """Return the name of a line: its id, or its value of a metadata key."""
    return id.partition("=")[2] if kind is LineKind.GROUP else id


def filled(columns: Iterable[Column], tables: Iterable[Table], optional: Collection[str]) -> list[Column]:
    """Return the columns; an ``optional`` one only if a row of the tables has a figure in it."""
    cells = [cells for table in tables for row in table.rows for cells in row.figures]
    return [
        one for one in columns if one.name not in optional or any(_FIGURE.search(found[one.name]) for found in cells)
    ]


def text_tables(
    tables: Sequence[Table], columns: Collection[Column], width: int, room: int, narrowest: int = _NARROWEST
) -> Iterator[Text]:
    """Yield the lines of tables, an empty line before each; of their columns only ``columns`` are shown.

    A row is never broken; its remarks are wrapped at ``width``. If the rows of a table need more columns than
    ``room``, their figures are below their names, each with the head of its column.
    """
    name_width = max(narrowest, *(cell_len(_name(row)) for table in tables for row in table.rows), 0)
    for table in tables:
        yield Text()
        shown = [column for column in table.columns if column in columns]
        figures = [cells for row in table.rows for cells in row.figures]
        widths = [max(map(len, (one.head, *(cells[one.name] for cells in figures)))) for one in shown]
        heads = [_aligned(one.head, one, wide) for one, wide in zip(shown, widths, strict=True)]
        fits = name_width + sum(len(_GAP) + wide for wide in widths) <= room
        head = _GAP.join([pad(visible(table.heading), name_width), *heads]).rstrip()
        yield Text(head if fits else visible(table.heading), "bold")
        for row in table.rows:
            yield from _beside(row, shown, widths, name_width) if fits else _below(row, shown, width)
            for remark in row.remarks:
                yield from paragraph(visible(remark), width, "yellow" if row.drift else "dim", "    ", "      ")


def _beside(row: Row, columns: Sequence[Column], widths: Sequence[int], name_width: int) -> Iterator[Text]:
    """Yield the lines of a row with its figures beside its name."""
    for at, cells in enumerate(row.figures):
        line = Text(pad("" if at else _name(row), name_width))
        for column, wide in zip(columns, widths, strict=True):
            line.append(_GAP).append(_aligned(cells[column.name], column, wide), _style(row, column))
        line.rstrip()
        yield line


def _below(row: Row, columns: Sequence[Column], width: int) -> Iterator[Text]:
    """Yield the lines of a row with its figures below its name."""
    if name := _name(row):
        yield Text(name)
    for cells in row.figures:
        shown = ((column.head, cells[column.name]) for column in columns)
        figures = (f"{head} {figure}" for head, figure in shown if figure not in ("", NOTHING))
        yield from paragraph(", ".join(figures), width, "", "  ", "  ")


def markdown_table(rows: Iterable[Row], columns: Sequence[Column], remarks: bool) -> Iterator[str]:
    """Yield the lines of a table in Markdown, text from people as code; ``remarks`` are a last column."""
    yield f"| | {' | '.join(column.head for column in columns)} |{' remarks |' if remarks else ''}"
    rules = ["---:" if column.number else "---" for column in columns]
    yield f"| --- | {' | '.join(rules)} |{' --- |' if remarks else ''}"
    for row in rows:
        said = f" {cell('; '.join(row.remarks)) if row.remarks else ''} |" if remarks else ""
        for cells in row.figures:
            figures = " | ".join(cells[column.name] for column in columns)
            yield f"| {cell(row.title) if row.title else ''} | {figures} |{said}"


def shortened(name: str) -> str:
    """Return a name that is not too wide for a column."""
    return name if cell_len(name) <= _LONGEST else f"{set_cell_size(name, _LONGEST - 1).rstrip()}…"


def csv_cell(value: Any) -> Any:
    """Return a cell of CSV: its text cannot run in a spreadsheet and cannot control a terminal."""
    return inert(visible(value)) if isinstance(value, str) else "" if value is None else value


def _name(row: Row) -> str:
    """Return the name of a row on a terminal: of a code also its text; a long name is cut."""
    name = visible(row.title)
    return shortened(f"{name} {visible(row.label)}" if row.kind is LineKind.CODE and row.label else name)


def _style(row: Row, column: Column) -> str:
    return "bold yellow" if column.name in row.warn else "dim" if column.name == "state" and row.ended else ""


def _aligned(text: str, column: Column, cells_wide: int) -> str:
    return text.rjust(cells_wide) if column.number else text.ljust(cells_wide)
