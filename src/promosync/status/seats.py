"""One seat for each unique code of a batch, in about 40 bytes: a code and its successors are counted once.

Codes that stand in for one another share a seat: those of one slot, or of one text where a batch was imported. Of
the codes on a seat the newest active one is current, else the newest; its redemptions are the most that any of them
knows of, as each carries on its predecessors'. The table is an open-addressed hash table in flat arrays, so that
half a million codes fit where a dictionary of objects would take twenty times as much.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from hashlib import blake2b
from typing import Final, NamedTuple

from promosync.codes.emails import batch_salt
from promosync.model.live import LiveCode
from promosync.model.ownership import Retired, slot_number
from promosync.model.promotions import fold

_FREE: Final = 0xFFFF_FFFF
_TEXT: Final = 1 << 63
_MOST: Final = 1 << 62
"""A count that somebody wrote into the metadata by hand may be any number."""
_SPREAD: Final = 0x9E37_79B9_7F4A_7C15
"""Fibonacci hashing: consecutive slots are spread over the table."""


class Seat(NamedTuple):
    """``cell`` is whatever number the current code was put in with."""

    key: int
    used: int
    cell: int


class Seats:
    """The seats of one batch by key; keys are below 2**64, cells below 2**32."""

    def __init__(self) -> None:
        self._bits = 4
        self._places = array("I", [_FREE]) * (1 << self._bits)
        self._keys = array("Q")
        self._ranks = array("Q")
        self._used = array("Q")
        self._cells = array("I")

    def put(self, key: int, rank: int, used: int, cell: int) -> None:
        """Take in a code; of those with one key the highest rank decides, and of equal ones the first."""
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
        """Return the cell of a seat, None where nobody sits."""
        at = self._places[self._place(key)]
        return None if at == _FREE else self._cells[at]

    def __iter__(self) -> Iterator[Seat]:
        return map(Seat, self._keys, self._used, self._cells)

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


class SeatKeys:
    """Names the seats of one batch the same way in every run, without telling a code: for snapshots."""

    def __init__(self, owner: str, batch: str) -> None:
        self._salt = batch_salt(owner, batch)

    def __call__(self, code: LiveCode) -> int:
        """Return the slot of a code, or a salted hash of its text where it has none."""
        slot = slot_number(code.tags.slot)
        if slot is not None:
            return slot
        digest = blake2b(fold(code.spec.code).encode(), digest_size=8, key=self._salt).digest()
        return int.from_bytes(digest) | _TEXT


def seat_name(key: int) -> str:
    """Return what a seat is called where its code must not be: ``slot 17``, or a hash."""
    return f"hash {key & ~_TEXT:016x}" if key & _TEXT else f"slot {key}"


def rank(code: LiveCode) -> int:
    """Return a number that is highest for the current one of the codes on a seat.

    A code off for a swap has a successor, which may have been made in the same second.
    """
    return code.spec.active << 62 | max(code.created, 0) << 1 | (code.tags.retired is not Retired.SWAP)
