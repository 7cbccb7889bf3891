"""What a file is that was meant for JSON and is something else: told as one fault, not as fifty of its signs."""

from __future__ import annotations

import re

_FIRST = re.compile(r"(?:\s|#[^\n]*\n|%YAML[^\n]*\n)*")
"""What may come before the beginning: blanks, comments, YAML's own heading."""

_BEGINS = re.compile(r"---(?:\s|$)|- |[A-Za-z_][\w .-]*:(?:\s|$)")
"""How a document of YAML begins, and none of JSON, however many faults it has."""


def yaml_at(text: str, name: str) -> int | None:
    """Return the offset at which a text begins that is YAML and no JSON; None for any other.

    What begins with a brace is read as JSON, of which YAML takes every document, whatever the ``name``.
    """
    start = _FIRST.match(text).end()  # type: ignore[union-attr]
    named = name.lower().endswith((".yaml", ".yml")) and text[start : start + 1] not in ("", "{", "[")
    return start if named or _BEGINS.match(text, start) else None
