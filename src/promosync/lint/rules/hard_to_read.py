"""A code that is read from a screen, heard or copied from paper must come through in one piece."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promosync.config.words import listing, shown
from promosync.lint.facts import Facts
from promosync.model.problems import Problem

LONGEST = 20
_DIGITS = re.compile(r"[0-9]{5,}")
_CONSONANTS = re.compile(r"[BCDFGHJKLMNPQRSTVWXZ]{5,}")
_CHANGES = re.compile(r"(?<=[A-Z])(?=[0-9])|(?<=[0-9])(?=[A-Z])")
_MOST_CHANGES = 4

# 0 before a letter; 1 among letters where a group has two letters at most (V1P, but not BUY1GET1); O, I or L
# where a number should go on.
_LOOK_ALIKES = re.compile(
    r"(?<![0-9])0(?=[A-Z])|(?<![A-Z])[A-Z]{1,2}1(?=[A-Z])|(?<=[A-Z])1(?=[A-Z]{1,2}(?![A-Z]))|(?<=[0-9])[OIL]+(?![A-Z])"
)


def check(facts: Facts) -> Iterator[Problem]:
    """A code for everybody is a word or two and a short number: WELCOME50 rather than WLC5020240101."""
    for entry in facts.public_codes():
        if reasons := list(_reasons(entry.spec.code.upper())):
            message = f"{shown(entry.spec.code)} is hard to read and to type: it has {listing(reasons)}"
            hint = "choose a word or two and a short number, such as WELCOME50"
            yield Problem((*entry.path, "code"), message, hint)


def _reasons(code: str) -> Iterator[str]:
    if len(code) > LONGEST:
        yield f"{len(code)} characters"
    if found := _DIGITS.search(code):
        yield f"{len(found[0])} digits in a row"
    if found := _CONSONANTS.search(code):
        yield f"no vowel in {found[0]}"
    if max(len(_CHANGES.findall(part)) for part in re.split("[-_]", code)) > _MOST_CHANGES:
        yield "letters and digits that take turns"
    if found := _LOOK_ALIKES.search(code):
        yield f"{_named(found[0])} where the other is expected"


def _named(found: str) -> str:
    pairs = {"0": "a zero that looks like the letter O", "O": "a letter O that looks like a zero"}
    one = "a one that looks like the letter I" if "1" in found else f"a letter {found[0]} that looks like a one"
    return pairs.get(found[0], one)
