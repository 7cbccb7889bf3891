"""Counts the codes of an account while they are read, so that half a million of them are never in memory at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Generic, TypeVar

from promosync.codes.emails import batch_salt
from promosync.model.life import State, end_of, is_gone, rank, state
from promosync.model.live import LiveCode, LiveCoupon
from promosync.model.newest import Newest
from promosync.model.ownership import slot_number
from promosync.model.promotions import fold

MANY_VALUES = 1000
"""How many values of one metadata key are counted separately; all others together, to limit the memory."""
MANY_EXAMPLES = 1000
"""How many Stripe ids of one batch are kept for an alarm, which names only a few."""
OTHER_VALUES = "(other values)"
NO_VALUE = "(none)"

_TEXT = 1 << 63

Values = tuple[str, ...]
"""The value of each metadata key to count by."""


T = TypeVar("T")


class Numbered(Generic[T]):
    """Different things, each with a number: its place in ``things``."""

    def __init__(self) -> None:
        self.things: list[T] = []
        self._numbers: dict[T, int] = {}

    def number(self, thing: T) -> int:
        """Return the number of a thing; of a new one the next."""
        found = self._numbers.get(thing)
        if found is None:
            found = self._numbers[thing] = len(self.things)
            self.things.append(thing)
        return found


def limited(seen: set[str], value: str) -> str:
    """Return a value of a metadata key, or OTHER_VALUES for a new one where ``seen`` has MANY_VALUES."""
    if value not in seen and len(seen) >= MANY_VALUES:
        return OTHER_VALUES
    seen.add(value)
    return value


@dataclass(frozen=True, slots=True)
class Cell:
    """What unique codes that are counted together have in common; ``limit`` is that of one code with predecessors."""

    state: State
    coupon: str
    limit: int | None
    ends: int | None
    values: Values
    drift: tuple[str, ...]


Bound = Callable[[str], int | None]
"""The limit of a coupon for all its codes together; None without a limit."""


@dataclass(slots=True)
class Count:
    """How many codes there are, and how often they were redeemed.

    Their own limits are summed by coupon, because the codes of one coupon share its limit: ``limits`` by the config
    id of the coupon, ``lefts`` (what is left to active codes) by its Stripe id. None is without a limit.
    """

    states: Counter[State] = field(default_factory=Counter)
    used_codes: int = 0
    used: int = 0
    limits: dict[str, int | None] = field(default_factory=dict)
    lefts: dict[str, int | None] = field(default_factory=dict)

    def add(self, other: Count) -> None:
        """Add another count to this one."""
        self.states.update(other.states)
        self.used_codes += other.used_codes
        self.used += other.used
        for mine, others in ((self.limits, other.limits), (self.lefts, other.lefts)):
            for coupon, allowed in others.items():
                known = mine.get(coupon, 0)
                mine[coupon] = None if known is None or allowed is None else known + allowed

    def limit(self, of_coupon: Bound = lambda _: None) -> int | None:
        """Return how often all codes together can be redeemed; ``of_coupon`` is the limit that codes share."""
        return _allowed(self.limits, of_coupon)

    def left(self, of_coupon: Bound) -> int | None:
        """Return how often the active codes can still be redeemed; ``of_coupon`` as in :meth:`limit`."""
        return _allowed(self.lefts, of_coupon)


def _allowed(own: Mapping[str, int | None], of_coupon: Bound) -> int | None:
    total = 0
    for coupon, allowed in own.items():
        bounds = [bound for bound in (allowed, of_coupon(coupon)) if bound is not None]
        if not bounds:
            return None
        total += min(bounds)
    return total


def count_of(
    state: State, codes: int, used_codes: int, used: int, limit: int | None, home: str, coupon: str
) -> Count:
    """Return the count of codes that are in one state and on one coupon.

    ``limit`` is that of all codes together. ``home`` is the config id of their coupon, ``coupon`` its Stripe id. The
    limit of withdrawn codes is how often they were used.
    """
    lefts = {coupon: None if limit is None else max(0, limit - used)} if state is State.ACTIVE else {}
    limits = {home: used if state is State.WITHDRAWN else limit}
    return Count(Counter({state: codes}), used_codes, used, limits, lefts)


class SlotKeys:
    """Gives each slot of a batch a key that is the same in every run and shows no code, for snapshots."""

    def __init__(self, owner: str, batch: str) -> None:
        self._salt = batch_salt(owner, batch)

    def __call__(self, code: LiveCode) -> int:
        """Return the slot of a code, or a salted hash of its text if it has no slot."""
        slot = slot_number(code.tags.slot)
        if slot is not None:
            return slot
        digest = blake2b(fold(code.spec.code).encode(), digest_size=8, key=self._salt).digest()
        return int.from_bytes(digest) | _TEXT


def slot_name(key: int) -> str:
    """Return the name of a slot in messages, which must not show its code: ``slot 17``, or a hash."""
    return f"hash {key & ~_TEXT:016x}" if key & _TEXT else f"slot {key}"


@dataclass(slots=True)
class BatchTally:
    """The slots of one batch, each with the number of its cell. ``examples`` are Stripe ids for alarms, by slot."""

    keys: SlotKeys
    slots: Newest = field(default_factory=Newest)
    cells: Numbered[Cell] = field(default_factory=Numbered)
    examples: dict[int, str] = field(default_factory=dict)

    def counted(self) -> Iterator[tuple[Cell, int, int, int]]:
        """Yield each cell with its codes, those used at least once, and their redemptions."""
        cells = self.cells.things
        codes, used_codes, used = [0] * len(cells), [0] * len(cells), [0] * len(cells)
        for slot in self.slots:
            codes[slot.cell] += 1
            used_codes[slot.cell] += slot.used > 0
            used[slot.cell] += slot.used
        return ((cell, codes[at], used_codes[at], used[at]) for at, cell in enumerate(cells) if codes[at])


class Tally:
    """Takes every code of an account. It keeps counts of unique codes, and nothing of codes of other owners.

    ``drift`` returns what differs from the file on an active, unused code of a batch. ``wanted`` returns whether an
    entry of the file may mean a code that is not managed. ``suspect`` returns whether a slot was used too often for
    the alarm; the Stripe ids of the first such slots are kept.
    """

    def __init__(
        self,
        owner: str,
        now: int,
        coupons: Sequence[LiveCoupon],
        keys: Values,
        *,
        drift: Callable[[str, LiveCode], tuple[str, ...]],
        wanted: Callable[[LiveCode], bool],
        suspect: Callable[[str, int, int], bool],
    ) -> None:
        self.singles: list[LiveCode] = []
        self.batches: dict[str, BatchTally] = {}
        self._owner, self._now, self._keys = owner, now, keys
        self._coupons = {coupon.stripe_id: coupon for coupon in coupons}
        self._drift, self._wanted, self._suspect = drift, wanted, suspect
        self._seen: dict[str, set[str]] = {key: set() for key in keys}

    def add(self, code: LiveCode) -> None:
        """Add one code, in any order but those of one second newest first."""
        tags = code.tags
        if tags.owner == self._owner and tags.slot is not None and tags.id is not None:
            self._add_unique(tags.id, code)
        elif tags.owner == self._owner or self._wanted(code):
            self.singles.append(code)

    def values(self, code: LiveCode, default: Mapping[str, str]) -> Values:
        """Return for each key the value of the code, else of its coupon, or of ``default`` if that is deleted."""
        coupon = self._coupons.get(code.spec.coupon)
        places = (code.spec.metadata, coupon.spec.metadata if coupon else default)
        return tuple(
            limited(self._seen[key], next((place[key] for place in places if key in place), NO_VALUE))
            for key in self._keys
        )

    def _add_unique(self, batch_id: str, code: LiveCode) -> None:
        batch = self.batches.get(batch_id)
        if batch is None:
            batch = self.batches[batch_id] = BatchTally(SlotKeys(self._owner, batch_id))
        spec, coupon = code.spec, self._coupons.get(code.spec.coupon)
        code_state = state(code, coupon, self._now)
        cell = Cell(
            code_state,
            spec.coupon,
            None if spec.max_redemptions is None else spec.max_redemptions + code.tags.carried,
            end_of(code, coupon),
            self.values(code, {}),
            self._drift(batch_id, code) if code_state is State.ACTIVE and not code.used else (),
        )
        key = batch.keys(code)
        order = rank(spec.active, code.created, code.tags.retired, is_gone(code, coupon))
        batch.slots.put(key, order, code.used, batch.cells.number(cell))
        if len(batch.examples) < MANY_EXAMPLES and self._suspect(batch_id, key, code.used):
            batch.examples[key] = code.stripe_id
