"""The codes that a pattern can make, counted and numbered. Stripe ignores case, so two spellings are one code."""

from __future__ import annotations

import string
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from promosync.model.configuration import BatchEntry, Generate
from promosync.model.promotions import fold

DRAWN: Final = "#"
MAX_CODE_LENGTH: Final = 500
"""Stripe's limit on ``code``; source: https://docs.stripe.com/api/promotion_codes/create."""

CODE_CHARACTERS: Final = frozenset(string.ascii_letters + string.digits + "-_")
"""What Stripe takes in a code; anything else is refused with ``/\\A[a-zA-Z0-9\\-_]+\\z/``."""

CHARSETS: Final = {
    "alphanumeric": string.ascii_uppercase + string.digits,
    "alphabetic": string.ascii_uppercase,
    "numeric": string.digits,
    "unambiguous": "ACDEFHJKMNPRTWXY34679",
}
"""The named alphabets.

``unambiguous`` has no two characters that look alike in print or handwriting. Left out with all their look-alikes:
0 O Q, 1 I L, 2 Z, 5 S, 8 B, U V; of 6 and G only 6 is in it. The pairs are those of pwgen's list of ambiguous
characters (https://github.com/tytso/pwgen: B8G6I1l0OQDS5Z2). D is in, because what it resembles is left out; U and V
are added for handwriting.
"""

_TABLE_SIZE = 4096  # strings in one look-up table of Space.code_at: two characters of A-Z0-9 at a time


def alphabet_of(charset: str) -> str:
    """Return the distinct characters of a charset: one of ``CHARSETS`` by name, or the characters themselves.

    Of a letter in both cases, and of a repeated character, only the first is kept: Stripe ignores case.
    """
    distinct: dict[str, str] = {}
    for character in CHARSETS.get(charset, charset):
        distinct.setdefault(fold(character), character)
    return "".join(distinct.values())


@dataclass(frozen=True)
class Space:
    """Every code of one shape: ``template`` with each ``#`` replaced by a character of ``alphabet``.

    Codes are numbered from 0 to ``capacity - 1``; the first drawn position turns fastest. ``alphabet`` holds
    no letter twice, whatever its case (see :func:`alphabet_of`), so two numbers never name the same code.
    """

    template: str
    alphabet: str

    @cached_property
    def capacity(self) -> int:
        """How many codes there are; case does not count."""
        return int(len(self.alphabet) ** self.drawn)

    @property
    def drawn(self) -> int:
        """The number of drawn positions."""
        return self.template.count(DRAWN)

    def code_at(self, index: int) -> str:
        """Return the code with this number; IndexError when there is none."""
        if not 0 <= index < self.capacity:
            raise IndexError(index)
        parts = []
        for table in self._tables:
            index, digit = divmod(index, len(table))
            parts.append(table[digit])
        return "".join(parts)

    def index_of(self, code: str) -> int | None:
        """Return the number of a code in any case, or None if it is not of this shape."""
        if len(code) != len(self.template) or not code.isascii():
            return None
        index, weight = 0, 1
        for expected, character in zip(fold(self.template), fold(code), strict=True):
            if expected == DRAWN:
                digit = self._digits.get(character)
                if digit is None:
                    return None
                index += digit * weight
                weight *= len(self.alphabet)
            elif expected != character:
                return None
        return index

    @cached_property
    def _digits(self) -> dict[str, int]:
        return {fold(character): digit for digit, character in enumerate(self.alphabet)}

    @cached_property
    def _tables(self) -> tuple[list[str], ...]:
        """The template cut into pieces of a few drawn positions, with every text of each piece."""
        made: dict[str, list[str]] = {}
        for piece in self._pieces():
            if piece not in made:
                texts = [""]
                for part in piece:  # appended outermost, so that the first position turns fastest
                    choices = self.alphabet if part == DRAWN else part
                    texts = [text + choice for choice in choices for text in texts]
                made[piece] = texts
        return tuple(made[piece] for piece in self._pieces())

    def _pieces(self) -> list[str]:
        pieces, size = [""], 1
        for part in self.template:
            if part == DRAWN and size * len(self.alphabet) > _TABLE_SIZE:
                pieces.append("")
                size = 1
            pieces[-1] += part
            size *= len(self.alphabet) if part == DRAWN else 1
        return pieces


def space_of(entry: BatchEntry) -> Space:
    """Return the codes that a batch with ``generate`` can draw.

    The configuration was checked: Stripe takes each of them.
    """
    generate = entry.source
    if not isinstance(generate, Generate):
        raise TypeError("an imported batch draws no codes")
    drawn = DRAWN * (generate.length or 0)
    template = generate.prefix + drawn + generate.suffix if generate.pattern is None else generate.pattern
    return Space(template, alphabet_of(generate.charset))
