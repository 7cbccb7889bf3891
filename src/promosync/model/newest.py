"""Keeps the newest of many items with the same key, in about 35 bytes a key: for a million codes or customers.

It is an open-addressed hash table in flat arrays. A dictionary of numbers takes three times as much memory, and the
full records of :mod:`promosync.model.issued` five to nine times: too much for a report that only counts.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Final, NamedTuple

_FREE: Final = 0xFFFF_FFFF
_MOST: Final = 1 << 62
"""The highest count that is stored: metadata edited by hand may have any number."""
_SPREAD: Final = 0x9E37_79B9_7F4A_7C15
"""Fibonacci hashing: consecutive keys are spread over the table."""


class Held(NamedTuple):
    """``used`` is the highest use of any item with the key; ``cell`` is that of the newest item."""

    key: int
    used: int
    cell: int


class Newest:
    """Keys are below 2**64, ranks too, cells below 2**32."""

    def __init__(self) -> None:
        self._bits = 4
        self._places = array("I", [_FREE]) * (1 << self._bits)
        self._keys, self._ranks, self._used = array("Q"), array("Q"), array("Q")
        self._cells = array("I")

    def put(self, key: int, rank: int, used: int, cell: int) -> None:
        """Add an item. The newest of a key is the one with the highest rank; of equal ranks, the first."""
        place = self._place(key)
        at = self._places[place]
        if at == _FREE:
            self._places[place] = len(self._keys)
            self._keys.append(key)
            self._ranks.append(rank)
            self._used.append(min(used, _MOST))
            self._cells.append(cell)
            if 3 * len(self._keys) > 2 * len(self._places):
                self._grow()
            return
        self._used[at] = max(self._used[at], min(used, _MOST))
        if rank > self._ranks[at]:
            self._ranks[at], self._cells[at] = rank, cell

    def cell(self, key: int) -> int | None:
        """Return the cell of the newest item of a key, None if there is none."""
        at = self._places[self._place(key)]
        return None if at == _FREE else self._cells[at]

    def __iter__(self) -> Iterator[Held]:
        return map(Held, self._keys, self._used, self._cells)

    def __len__(self) -> int:
        return len(self._keys)

    def _place(self, key: int) -> int:
        mask = (1 << self._bits) - 1
        place = (key * _SPREAD & 0xFFFF_FFFF_FFFF_FFFF) >> (64 - self._bits)
        while (at := self._places[place]) != _FREE and self._keys[at] != key:
            place = (place + 1) & mask
        return place

    def _grow(self) -> None:
        self._bits += 1
        self._places = array("I", [_FREE]) * (1 << self._bits)
        for at, key in enumerate(self._keys):
            self._places[self._place(key)] = at
