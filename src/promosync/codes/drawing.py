"""Draw codes that nobody can foresee and that never repeat, in constant memory and linear time.

**No repeats by construction.** Codes are not drawn and compared: the whole space is put in a secret order and
read from its start. So the last code of a full space costs what the first one did, and nothing has to be
remembered. The secret order is one of two, by size:

* Up to 2**20 codes: a Fisher-Yates shuffle of the space itself. Every order is equally likely.
* Above: a Feistel network over Z_a x Z_b (a * b just over the size; what falls outside walks on), as FE1 in
  Bellare, Ristenpart, Rogaway, Stegers, "Format-Preserving Encryption" (https://eprint.iacr.org/2009/251),
  with the 10 rounds of FF1 in NIST SP 800-38G. Each round function is a table of independent random numbers.

The network covers the first drawn positions up to 2**28 codes or a little more; **further positions are drawn
independently** for each code. Codes still never repeat, because their first part never does. Whoever has seen
k codes can rule out their k first parts, of 268 million at least: after a million seen codes a guess is better
by less than a hundredth. That is all there is to learn from the way the two parts are put together.

**Not to be foreseen.** All numbers come from SHAKE-256 keyed with 32 bytes of the operating system's
randomness, each reduced from one with at least 44 bits more than it needs (a bias below 2**-44). A network
with random tables is the model in which Luby and Rackoff ("How to construct pseudorandom permutations from
pseudorandom functions", 1988) work. With enough rounds it is proven indistinguishable from a random order to
whoever sees nearly as many codes *with their numbers* as a table has entries, here tens of thousands (Hoang,
Rogaway, "On Generalized Feistel Networks", CRYPTO 2010). Beyond, there is no proof but a wide margin: the
known attack that rebuilds the tables takes a**(5 * a) steps at ten rounds (Durak, Vaudenay, "Breaking the FF3
Format-Preserving Encryption Standard over Small Domains", CRYPTO 2017), and a is over 1,000 here. Attacks on
Feistel networks become practical on small domains, for which NIST asks for a million at least in revision 1:
there the shuffle is used. Nor does a customer know the number of a code, only the code.
"""

from __future__ import annotations

import secrets
from array import array
from collections.abc import Callable, Iterator
from hashlib import shake_256
from itertools import count
from math import isqrt
from typing import Final

from promosync.codes.alphabet import Space, leading
from promosync.model.promotions import fold

SHUFFLED: Final = 2**20
PERMUTED: Final = 2**28
_ROUND_PAIRS = 5
_BLOCK = 512  # numbers hashed at once


def draw(space: Space, key: bytes | None = None, taken: Callable[[str], bool] | None = None) -> Iterator[str]:
    """Yield codes of a space in an unforeseeable order, each at most once.

    ``key`` fixes the order and must then be secret and fresh; without one it is drawn from the operating
    system. ``taken`` is asked with each code in lower case, and codes for which it says true are passed over:
    hand in ``__contains__`` of a set of lower-case codes. The iterator ends when the space does (a space of
    more than ``PERMUTED`` codes: after that many at least).
    """
    secret = secrets.token_bytes(32) if key is None else key
    permuted = leading(space, PERMUTED)
    order = (_shuffled if permuted <= SHUFFLED else _network)(permuted, secret)
    if permuted < space.capacity:
        order = _spread(order, permuted, space.capacity // permuted, secret)
    codes = map(space.code_at, order)
    return codes if taken is None else (code for code in codes if not taken(fold(code)))


def _shuffled(size: int, key: bytes) -> Iterator[int]:
    """Yield 0 … size - 1 in random order, shuffling only as far as it is read."""
    order = array("L", range(size))
    for position, number in zip(range(size), _numbers(key, b"shuffle", 8), strict=False):
        other = position + number % (size - position)
        order[position], order[other] = order[other], order[position]
        yield order[position]


def _network(size: int, key: bytes) -> Iterator[int]:
    """Yield 0 … size - 1 in the order of a Feistel network."""
    rows = isqrt(size - 1) + 1
    columns = -(-size // rows)
    rounds = [
        (_table(key, b"row%d" % turn, columns, rows), _table(key, b"column%d" % turn, rows, columns))
        for turn in range(_ROUND_PAIRS)
    ]
    for start in range(size):
        value = start
        while True:
            row, column = divmod(value, columns)
            for to_row, to_column in rounds:
                row = (row + to_row[column]) % rows
                column = (column + to_column[row]) % columns
            value = row * columns + column
            if value < size:  # else cycle walking: rows * columns is at most 2 * sqrt(size) too many
                break
        yield value


def _spread(order: Iterator[int], size: int, times: int, key: bytes) -> Iterator[int]:
    """Give each number of an order below ``size`` a random multiple: a number below ``size * times``."""
    width = (times.bit_length() + 7) // 8 + 8
    for low, high in zip(order, _numbers(key, b"spread", width), strict=False):
        yield low + size * (high % times)


def _table(key: bytes, use: bytes, size: int, bound: int) -> array[int]:
    """Return ``size`` independent numbers below ``bound``, which is below 2**20."""
    return array("I", [number % bound for number in array("Q", _stream(key, use, 8 * size))])


def _numbers(key: bytes, use: bytes, width: int) -> Iterator[int]:
    """Yield independent numbers of ``width`` bytes for ever."""
    for block in count():
        data = _stream(key, b"%s %d" % (use, block), width * _BLOCK)
        for start in range(0, len(data), width):
            yield int.from_bytes(data[start : start + width], "little")


def _stream(key: bytes, use: bytes, size: int) -> bytes:
    # The length in front parts key from use, so that no two pairs of them hash the same.
    return shake_256(len(key).to_bytes(8, "big") + key + use).digest(size)
