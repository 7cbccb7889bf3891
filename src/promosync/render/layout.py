"""Lines of text for a terminal of some width. Words are never broken: a code or an id stays in one piece.

Lines are cut here and nowhere else, so that a pipe gets what a terminal of 80 columns gets.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from rich.cells import cell_len
from rich.text import Text

NARROWEST = 40
WIDEST = 120
"""Longer lines of prose are hard to read, however wide the terminal."""


def paragraph(text: str, width: int, style: str = "", first: str = "", indent: str = "") -> Iterator[Text]:
    """Yield a sentence on lines that begin with ``first``, then with ``indent``."""
    for line in textwrap.wrap(
        text,
        max(NARROWEST, min(width, WIDEST)),
        initial_indent=first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    ):
        yield Text(line, style)


def pad(text: str, cells: int) -> str:
    """Fill a text with blanks up to a number of terminal cells: some characters take two."""
    return text + " " * (cells - cell_len(text))


def fits(text: str, width: int) -> bool:
    """Whether a text is no longer than a line."""
    return cell_len(text) <= width
