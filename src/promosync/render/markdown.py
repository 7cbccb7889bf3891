"""Text from people in Markdown, made harmless: no link, no mention, no HTML, no end of its own block.

All of it is code, inline or fenced; the fence is longer than any run of backticks in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256

from promosync.render.visible import visible

COMMENT_LIMIT = 65_536
"""Characters that a comment on GitHub may have."""

ROOM = COMMENT_LIMIT - 1_000
"""Characters for our part of a comment: whoever posts it may add a line."""

WIDTH = 100
"""Columns of the lines in a block of a comment."""

_RUN = re.compile("`+")
_BAR = re.compile(r"(\\*)\|")


def code(text: str) -> str:
    """Return text as inline code."""
    shown = visible(text) or " "
    fence = "`" * (1 + longest_run(shown))
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def cell(text: str) -> str:
    """Return text as inline code for a cell of a table, in which a bar ends the cell even within code.

    A bar gets a backslash; backslashes before it are doubled, because some readers take two of them as one.
    """
    return _BAR.sub(lambda found: f"{found[1] * 2}\\|", code(text))


def fenced(lines: Sequence[str], kind: str = "text") -> str:
    """Return lines as a block of code."""
    fence = "`" * max(3, 1 + max(map(longest_run, lines), default=0))
    return "\n".join([f"{fence}{kind}", *lines, fence])


def block(lines: Iterable[str]) -> str:
    """Return lines as a block of code that fits into a comment, and how many lines did not fit."""
    shown, rest, room = [], 0, ROOM
    for line in lines:
        room -= size(line) + 1 + 2 * longest_run(line)
        if room < 0:
            rest += 1
        else:
            shown.append(line)
    more = f"\n\n… and {rest:,} more lines: see the log of the job." if rest else ""
    return fenced(shown) + more


def longest_run(text: str) -> int:
    """Return the length of the longest run of backticks."""
    return max(map(len, _RUN.findall(text)), default=0)


def marker(name: str) -> str:
    """Return the hidden line by which a later run finds the comment about the same configuration."""
    shown = re.sub(r"[^A-Za-z0-9._/]+", "-", name)[:100].strip("-")
    return f"<!-- promosync plan of {shown} {sha256(name.encode(errors='replace')).hexdigest()[:12]} -->"


def size(text: str) -> int:
    """Return how much of the limit a text needs: to be safe, characters above U+FFFF count twice."""
    return len(text) + sum(sign > "\uffff" for sign in text)
