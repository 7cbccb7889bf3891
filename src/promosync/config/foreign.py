"""What was meant for JSON and is of another language: a file is told as one fault, a word with how to write it."""

from __future__ import annotations

import re

_FIRST = re.compile(r"(?:\s|#[^\n]*\n|%YAML[^\n]*\n)*")
"""What may come before the beginning: blanks, comments, YAML's own heading."""

_BEGINS = re.compile(r"---(?:\s|$)|- |[A-Za-z_][\w .-]*:(?:\s|$)")
"""How a document of YAML begins, and none of JSON, however many faults it has."""

FOREIGN = {"True": "true", "False": "false", "TRUE": "true", "FALSE": "false", "None": "null", "nil": "null"}
"""Bare words of other languages, and what JSON calls them."""


def yaml_at(text: str, name: str) -> int | None:
    """Return the offset at which a text begins that is YAML and no JSON; None for any other.

    What begins with a brace is read as JSON, of which YAML takes every document, whatever the ``name``.
    """
    start = _FIRST.match(text).end()  # type: ignore[union-attr]
    named = name.lower().endswith((".yaml", ".yml")) and text[start : start + 1] not in ("", "{", "[")
    return start if named or _BEGINS.match(text, start) else None


def number_hint(text: str) -> str:
    """Return how to write what looks like a number and is none."""
    bare = text.lstrip("+-")
    if bare[:1] == "0" and bare[1:2].isdigit():
        return "a number does not begin with 0"
    if bare.startswith(".") or text.startswith("+"):
        return "a number begins with a digit or -"
    if bare.endswith("."):
        return "put a digit after the point"
    return "write digits only, with a point for decimals; put text in double quotes"


def word_hint(word: str) -> str:
    """Return how to write a bare word."""
    if word.lstrip("+-").lower() in ("nan", "infinity", "inf"):
        return "JSON has no such number: write the digits"
    if word in FOREIGN:
        return f"write {FOREIGN[word]}"
    return "put text in double quotes; true, false and null are the only bare words"
