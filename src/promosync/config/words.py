"""Words for messages: values quoted short and safe, lists with "and" or "or", the name that was probably meant."""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Iterable
from decimal import Decimal
from functools import lru_cache

_LONGEST = 40


def shown(value: object) -> str:
    """Return a value as JSON on one line, shortened, without control characters for a terminal."""
    if isinstance(value, dict):
        return "{…}" if value else "{}"
    if isinstance(value, list):
        return "[…]" if value else "[]"
    if isinstance(value, Decimal):
        return shorten(str(value))
    if isinstance(value, str):
        return f'"{shorten(printable(json.dumps(value[: 2 * _LONGEST], ensure_ascii=False)[1:-1]))}"'
    return shorten(json.dumps(value))


def printable(text: str) -> str:
    """Return the text with every character that does not print written as ``\\uXXXX``."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in text)


def shorten(text: str) -> str:
    """Cut a long text in the middle."""
    half = _LONGEST // 2
    return text if len(text) <= _LONGEST else f"{text[:half]}…{text[-half:]}"


def listing(words: Iterable[str], last: str = "and") -> str:
    """Join words for a sentence: ``a, b and c``."""
    found = list(words)
    return f" {last} ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)


def closest(word: str, options: Collection[str], cutoff: float = 0.6) -> str | None:
    """Return the option that was probably meant, or None.

    Case, ``_`` and ``-`` are ignored. Long words and long lists are not compared, because that is slow.
    """
    if len(word) > 100 or len(options) > 500:
        return None
    return _closest(word, tuple(sorted(options)), cutoff)


@lru_cache(maxsize=256)
def _closest(word: str, options: tuple[str, ...], cutoff: float) -> str | None:
    plain = {_plain(option): option for option in reversed(options)}
    found = difflib.get_close_matches(_plain(word), plain, n=1, cutoff=cutoff)
    return plain[found[0]] if found else None


def _plain(word: str) -> str:
    return word.lower().replace("_", "").replace("-", "")


def did_you_mean(word: str, options: Collection[str]) -> str:
    """Return ``did you mean "x"?``, or an empty text if no option is similar."""
    return _question(closest(word, options))


class Guesses:
    """What was probably meant by unknown names. Only the first ``most`` names are compared, because that is slow."""

    def __init__(self, most: int = 100) -> None:
        self._most = most
        self._known: dict[tuple[str, int], str | None] = {}

    def closest(self, word: str, options: Collection[str]) -> str | None:
        """As :func:`closest`, but None after the first names; ``options`` must live as long as this object."""
        key = word, id(options)
        if key not in self._known:
            if len(self._known) >= self._most:
                return None
            self._known[key] = closest(word, options)
        return self._known[key]

    def did_you_mean(self, word: str, options: Collection[str]) -> str:
        """As :func:`did_you_mean`, but empty after the first names."""
        return _question(self.closest(word, options))


def _question(meant: str | None) -> str:
    return f"did you mean {shown(meant)}?" if meant else ""
