"""Recognises YAML files, and words and numbers of other languages, and says how to write them in JSON."""

from __future__ import annotations

import re

_FIRST = re.compile(r"(?:\s|#[^\n]*\n|%YAML[^\n]*\n)*")
"""What may come before the first value: blanks, comments, the heading of YAML."""

_BEGINS = re.compile(r"---(?:\s|$)|- |[A-Za-z_][\w .-]*:(?:\s|$)")
"""How a YAML document begins, but never a JSON document, however faulty."""

FOREIGN = {"True": "true", "False": "false", "TRUE": "true", "FALSE": "false", "None": "null", "nil": "null"}
"""Words of other languages, and the word of JSON."""


def yaml_at(text: str, name: str) -> int | None:
    """Return the offset at which a YAML text begins; None for a text that is to be read as JSON.

    A text that begins with a brace or bracket is read as JSON, whatever the ``name``: JSON is also YAML.
    """
    start = _FIRST.match(text).end()  # type: ignore[union-attr]
    named = name.lower().endswith((".yaml", ".yml")) and text[start : start + 1] not in ("", "{", "[")
    return start if named or _BEGINS.match(text, start) else None


def number_hint(text: str) -> str:
    """Return how to write something that looks like a number but is not one in JSON."""
    bare = text.lstrip("+-")
    if bare[:1] == "0" and bare[1:2].isdigit():
        return "a number does not begin with 0"
    if bare.startswith(".") or text.startswith("+"):
        return "a number begins with a digit or -"
    if bare.endswith("."):
        return "put a digit after the point"
    return "write digits only, with a point for decimals; put text in double quotes"


def word_hint(word: str) -> str:
    """Return how to write a word that has no quotes."""
    if word.lstrip("+-").lower() in ("nan", "infinity", "inf"):
        return "JSON has no such number: write the digits"
    if word in FOREIGN:
        return f"write {FOREIGN[word]}"
    return "put text in double quotes; true, false and null are the only bare words"
