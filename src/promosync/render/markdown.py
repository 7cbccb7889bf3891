"""Text from people in Markdown, where it can do nothing: no link, no mention, no HTML, no end of its own block.

All of it stands in code, inline or fenced; the fence is longer than any run of backticks within.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256

from rich.text import Text

from promosync.render.visible import visible

COMMENT_LIMIT = 65_536
"""Characters that a comment on GitHub may have."""

_RUN = re.compile("`+")
_BAR = re.compile(r"(\\*)\|")


def code(text: str) -> str:
    """Return text as inline code."""
    shown = visible(text) or " "
    fence = "`" * (1 + longest_run(shown))
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def cell(text: str) -> str:
    """Return text as inline code for a cell of a table, which a bar would end even within code.

    A backslash keeps it; those before it are doubled, for some readers take two of them for one.
    """
    return _BAR.sub(lambda found: f"{found[1] * 2}\\|", code(text))


def fenced(lines: Iterable[Text | str], kind: str = "text") -> str:
    """Return lines as a block of code."""
    plain = [line.plain if isinstance(line, Text) else line for line in lines]
    fence = "`" * max(3, 1 + max(map(longest_run, plain), default=0))
    return "\n".join([f"{fence}{kind}", *plain, fence])


def longest_run(text: str) -> int:
    """Return how many backticks stand together at most."""
    return max(map(len, _RUN.findall(text)), default=0)


def marker(name: str) -> str:
    """Return the hidden line by which a later run finds the comment about the same configuration."""
    shown = re.sub(r"[^A-Za-z0-9._/]+", "-", name)[:100].strip("-")
    return f"<!-- promosync plan of {shown} {sha256(name.encode(errors='replace')).hexdigest()[:12]} -->"


def size(text: str) -> int:
    """Return how much of the limit a text takes: characters beyond the basic plane count twice, to be careful."""
    return len(text) + sum(sign > "\uffff" for sign in text)
