"""What is known of each code a batch has issued, small enough to hold a million of them at once."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, overload

from promosync.model.ownership import Retired


@dataclass(slots=True)
class IssuedCode:
    """One promotion code of a batch in Stripe, as far as deciding about it goes.

    ``slot`` is None on an imported code. ``used`` counts redemptions, those of its predecessors included.
    ``retired`` is promosync's reason for having switched it off. ``current``: every create-only field is what
    the file wants, the customer left aside. ``ended``: it stopped by itself and Stripe will not switch it on
    again (used up, expired, coupon gone). ``moves``: its coupon is being replaced, so that it moves along or
    dies with it. ``email`` is the salted hash of its address. ``created`` is seconds UTC.
    """

    stripe_id: str
    code: str
    slot: int | None = None
    active: bool = True
    used: int = 0
    retired: Retired | None = None
    current: bool = True
    ended: bool = False
    moves: bool = False
    email: str | None = None
    customer: str | None = None
    created: int = 0


_REASONS: Final = (None, *Retired)


class IssuedCodes(Sequence[IssuedCode]):
    """A list of :class:`IssuedCode` that takes 100 bytes an entry instead of 340: each is made when read."""

    def __init__(self, records: Iterable[IssuedCode] = ()) -> None:
        self._texts = bytearray()  # Stripe id, code, email, customer of each, as UTF-8
        self._ends = array("Q")
        self._slots = array("q")  # -1: none
        self._used = array("q")
        self._created = array("q")
        self._flags = bytearray()
        for record in records:
            self.append(record)

    def append(self, record: IssuedCode) -> None:
        """Add a record at the end; slots and counts are below 2**63."""
        for text in (record.stripe_id, record.code, record.email or "", record.customer or ""):
            self._texts += text.encode()
            self._ends.append(len(self._texts))
        self._slots.append(-1 if record.slot is None else record.slot)
        self._used.append(record.used)
        self._created.append(record.created)
        flags = record.active | record.current << 1 | record.ended << 2 | record.moves << 3
        self._flags.append(flags | _REASONS.index(record.retired) << 4)

    def __len__(self) -> int:
        return len(self._flags)

    @overload
    def __getitem__(self, index: int) -> IssuedCode: ...
    @overload
    def __getitem__(self, index: slice) -> IssuedCodes: ...
    def __getitem__(self, index: int | slice) -> IssuedCode | IssuedCodes:
        if isinstance(index, slice):
            return IssuedCodes(self[at] for at in range(*index.indices(len(self))))
        at = range(len(self))[index]
        stripe_id, code, email, customer = self._four(at)
        flags, slot = self._flags[at], self._slots[at]
        return IssuedCode(
            stripe_id=stripe_id,
            code=code,
            slot=None if slot < 0 else slot,
            active=bool(flags & 1),
            used=self._used[at],
            retired=_REASONS[flags >> 4],
            current=bool(flags & 2),
            ended=bool(flags & 4),
            moves=bool(flags & 8),
            email=email or None,
            customer=customer or None,
            created=self._created[at],
        )

    def _four(self, at: int) -> Iterator[str]:
        start = self._ends[4 * at - 1] if at else 0
        for end in self._ends[4 * at : 4 * at + 4]:
            yield self._texts[start:end].decode()
            start = end
