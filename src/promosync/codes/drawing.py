"""Draws codes that nobody can predict and that never repeat, in linear time.

The codes of a space are shuffled (Fisher, Yates, Durstenfeld) only as far as they are read: every order is equally
likely, and the last code of a full space takes as long as the first. Only exchanged places are stored, so memory
grows with the number of codes that are drawn, not with the space.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

from promosync.codes.alphabet import Space
from promosync.model.promotions import fold


def draw(
    space: Space,
    taken: Callable[[str], bool] | None = None,
    below: Callable[[int], int] = secrets.randbelow,
) -> Iterator[str]:
    """Yield codes of a space in random order, each at most once; the iterator ends when the space does.

    ``taken`` gets each code in lower case; codes for which it returns true are skipped. ``below`` returns a random
    number from 0 to below its argument; the default is that of the operating system.
    """
    codes = map(space.code_at, _shuffled(space.capacity, below))
    return codes if taken is None else (code for code in codes if not taken(fold(code)))


def _shuffled(size: int, below: Callable[[int], int]) -> Iterator[int]:
    """Yield 0 … size - 1 in random order."""
    moved: dict[int, int] = {}  # the number at a later place, if it was exchanged
    place = 0
    while place < size:  # a range does not go beyond 2**63
        other = place + below(size - place)
        number = moved.pop(place, place)
        if other != place:
            number, moved[other] = moved.get(other, other), number
        yield number
        place += 1
