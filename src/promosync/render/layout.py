"""Lines of text for a terminal of some width. Words are never broken: a code or an id stays in one piece.

Prose is wrapped for every reader, so that a pipe gets what a terminal of 80 columns gets. A line that is one item
(a row, a finding, a command) is not wrapped in a pipe; on a terminal it is folded to fit.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from rich.cells import cell_len
from rich.text import Text

NARROWEST = 40
_JOINED = "\0"
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


def folded(line: Text, width: int) -> Iterator[Text]:
    """Yield a line in pieces that fit, with their styles; all but the first are indented a little deeper.

    Words and text in backquotes are not broken, so that a command that is too long can still be copied.
    """
    if cell_len(line.plain) <= width:
        yield line
        return
    body = line.plain.lstrip(" ")
    start = len(line.plain) - len(body)
    indent = " " * (start + 2)
    whole = re.sub("`[^`]*`", lambda found: found[0].replace(" ", _JOINED), body)
    for piece in textwrap.wrap(
        whole, max(1, width - len(indent)), break_long_words=False, break_on_hyphens=False, replace_whitespace=False
    ):
        at = line.plain.index(piece.replace(_JOINED, " "), start)
        start, first = at + len(piece), at == len(line.plain) - len(body)
        yield Text(indent[2:] if first else indent).append_text(line[at:start])


def pad(text: str, cells: int) -> str:
    """Fill a text with spaces up to a number of terminal cells; some characters take two cells."""
    return text + " " * (cells - cell_len(text))
