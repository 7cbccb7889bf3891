"""A set of a million texts in eight megabytes."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable

from promosync.model.promotions import fold


class TextSet:
    """Texts as sorted hashes of 64 bits; case does not count.

    A text that is not in the set is found by mistake once in 2**64 / ``len`` questions. The hash has another key in
    every process, so nobody can cause that.
    """

    def __init__(self, texts: Iterable[str] = ()) -> None:
        hashes = array("q", (hash(fold(text)) for text in texts))
        self._hashes = array("q", sorted(hashes))

    def __contains__(self, text: object) -> bool:
        if not isinstance(text, str):
            return False
        hashed = hash(fold(text))
        at = bisect_left(self._hashes, hashed)
        return at < len(self._hashes) and self._hashes[at] == hashed

    def __len__(self) -> int:
        return len(self._hashes)
