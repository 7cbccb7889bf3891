"""Decides about each code of a batch, so that the codes become what the file says, however often this is repeated.

A code and its successors share a *slot*: a number if the batch counts, a text if it imports, an address if it has a
list. :func:`promosync.model.life.rank` says which of them is the current one; redemptions of all of them are added to
the slot. The table has the state of the current code, as in :mod:`promosync.model.life`, and what is decided about
it:

============  ==================================  ======  ============================  =========================
state         the current code                    counts  wanted                        not wanted
============  ==================================  ======  ============================  =========================
any           redeemed at least once, or it is    always  leave (1)                     leave (1)
              unknown how often
switched off  off without a reason, or ``hand``   always  leave (2)                     leave (2)
expired       off by itself, nothing changed      always  leave                         leave
active        unused                              first   keep; changed: recreate       withdraw
off           for ``swap``, unused                first   restore; changed: recreate    withdraw (its tag only)
orphaned      off without a reason, unused        first   recreate                      leave
off           for ``off``, or ended and changed   second  restore; changed or ended:    leave
              since; unused                               recreate
withdrawn     unused                              third   restore; changed or ended:    leave
                                                          recreate
withdrawn     another code has its text now       never   a new code instead            leave
============  ==================================  ======  ============================  =========================

(1) A used code is never changed and never switched on again, with two exceptions, which are possible only for codes
with several uses. If its coupon is replaced or was deleted, it moves to the new coupon with the uses it has left:
otherwise it would end with the old one. If promosync itself switched it off, for a swap or because the file said
``active: false``, and it has not ended, it is restored: a customer may have it, and it was switched off for a time.

(2) It is marked ``hand`` if it is not yet. When a coupon is deleted, Stripe switches off all its codes without a
reason. Codes that were off before look the same then: without a mark they are orphaned, too. A code with a mark stays
off; promosync removes the mark only when the code is on again.

A batch that counts fills its slots in the order of the third column until ``count`` is reached, then with new codes.
In each group the lowest slots come first, so that a smaller count withdraws the highest. Codes that always count are
issued, whatever the count. Withdrawn codes come before new ones because customers may have them: a larger count
switches on texts that were handed out, and Stripe has one object instead of two.

New codes get the lowest free slots. If the answer to a create is lost, its slot is free in the next plan and gets the
same idempotency key again, so the code cannot be created twice.

The batch as a whole is *on* (the table above), *off* (the file says ``active: false``: slots are chosen in the same
way, but active codes are switched off and nothing is restored or recreated), *over* (its date has passed: active
codes are switched off, nothing else) or *removed* (all active codes are withdrawn, used or not: a code that is not in
the file does not work).
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain, count, islice, repeat
from typing import NamedTuple

from promosync.model import life
from promosync.model.issued import IssuedCode
from promosync.model.life import State
from promosync.model.ownership import Retired
from promosync.model.promotions import fold


class Standing(StrEnum):
    """What the file says of a batch as a whole."""

    ON = "on"
    OFF = "off"
    OVER = "over"
    REMOVED = "removed"


_FIRST, _SECOND, _THIRD, _ALWAYS, _NEVER = range(5)
"""When a slot is chosen: the third column of the table."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the file says about a batch: a count, texts to import, or hashes of addresses.

    ``emails`` are salted hashes, one for each row, each only once; with ``codes``, they are those of its rows.
    ``limit`` is how often each code can be used.
    """

    count: int | None = None
    codes: Sequence[str] | None = None
    emails: Sequence[str] | None = None
    standing: Standing = Standing.ON
    limit: int | None = None


class Addition(NamedTuple):
    """A new code: its slot (None if imported), and its row of the file (None if the batch counts)."""

    slot: int | None
    row: int | None


class Replacement(NamedTuple):
    """A code to recreate with its own text and slot: ``at`` is its index among the records.

    ``row`` is the row of the file whose customer it gets. If it is None, the customer stays the same; if the batch
    counts, the code is for everybody.
    """

    at: int
    row: int | None


@dataclass(slots=True)
class SlotPlan:
    """What to do, as indexes into the records; flat arrays, because there may be a million codes.

    ``withdraw`` and ``switch_off`` are codes to switch off (with ``retired`` withdrawn or off), ``mark`` are codes
    switched off by hand that get that mark, ``restore`` are codes to switch on again. ``issued`` counts the slots
    that are issued when the plan is done, by their present state, without the ``additions``.
    """

    withdraw: array[int] = field(default_factory=lambda: array("L"))
    switch_off: array[int] = field(default_factory=lambda: array("L"))
    mark: array[int] = field(default_factory=lambda: array("L"))
    restore: array[int] = field(default_factory=lambda: array("L"))
    issued: Counter[State] = field(default_factory=Counter)
    _recreated: array[int] = field(default_factory=lambda: array("q"))  # index, row, index, row, …; -1 is no row
    _new: array[int] = field(default_factory=lambda: array("q"))  # slot, row, slot, row, …

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        switched = self.withdraw or self.switch_off or self.mark or self.restore
        return not (switched or self._recreated or self._new)

    @property
    def added(self) -> int:
        """How many codes are new."""
        return len(self._new) // 2

    @property
    def recreated(self) -> int:
        """How many codes are recreated."""
        return len(self._recreated) // 2

    def additions(self) -> Iterator[Addition]:
        """Yield the new codes: by slot, or in the order of the file."""
        numbers = iter(self._new)
        for slot, row in zip(numbers, numbers, strict=True):
            yield Addition(None if slot < 0 else slot, None if row < 0 else row)

    def replacements(self) -> Iterator[Replacement]:
        """Yield the codes to recreate."""
        numbers = iter(self._recreated)
        for index, row in zip(numbers, numbers, strict=True):
            yield Replacement(index, None if row < 0 else row)


def decide(wanted: Wanted, records: Sequence[IssuedCode], taken: Callable[[str], bool] | None = None) -> SlotPlan:
    """Return what to do so that the codes of a batch become what the file says.

    ``records`` are all codes of the batch in Stripe, in any order, with those switched off long ago. ``taken`` gets a
    withdrawn code in lower case and returns whether its text is active in the account, in this batch or elsewhere; it
    is not used for an import, which has no other text. Decided again after it was carried out, a plan is empty.
    """
    plan = SlotPlan()
    if wanted.standing in (Standing.OVER, Standing.REMOVED):
        off = plan.switch_off if wanted.standing is Standing.OVER else plan.withdraw
        for index, record in enumerate(records):
            if record.active:
                off.append(index)
            elif _to_mark(record):
                plan.mark.append(index)
        return plan
    batch = _Batch(records, wanted.standing, None if wanted.codes is not None else taken, plan, wanted.limit)
    if wanted.count is not None:
        _decide_count(wanted.count, batch)
    elif wanted.codes is not None:
        texts = {fold(code): row for row, code in enumerate(wanted.codes)}
        _decide_rows(texts, wanted.emails, batch, lambda record: fold(record.code), repeat(-1))
    else:
        emails = wanted.emails or ()
        hashes = {email: row for row, email in enumerate(emails)}
        _decide_rows(hashes, emails, batch, lambda record: record.email, _free_slots(records))
    return plan


def current(records: Sequence[IssuedCode]) -> Iterator[tuple[int, int]]:
    """Yield for each slot the index of its current record, and how often its codes were used.

    The order is by slot; then those without a slot, by text.
    """
    for indexes in _by_slot(records):
        there = [(index, records[index]) for index in indexes]
        yield _newest(there)[0], max(record.used for _, record in there)


def _newest(there: Iterable[tuple[int, IssuedCode]]) -> tuple[int, IssuedCode]:
    return max(there, key=lambda pair: life.rank(pair[1].active, pair[1].created, pair[1].retired, pair[1].gone))


class _Slot(NamedTuple):
    at: int
    record: IssuedCode  # the current one
    used: int


@dataclass(frozen=True, slots=True)
class _Batch:
    records: Sequence[IssuedCode]
    standing: Standing
    taken: Callable[[str], bool] | None
    plan: SlotPlan
    limit: int | None

    def slot(self, indexes: Sequence[int]) -> _Slot:
        """Return the slot of these records, and decide about those that are not current."""
        if len(indexes) == 1:
            record = self.records[indexes[0]]
            return _Slot(indexes[0], record, record.used)
        there = [(index, self.records[index]) for index in indexes]
        index, record = _newest(there)
        for leftover, other in there:
            if leftover == index:
                continue
            # Somebody switched an older code on again: the newer one must not become current when that one is off.
            gone_back = record.active and other.created > record.created
            if gone_back and not other.used and other.retired is not Retired.WITHDRAWN:
                self.plan.withdraw.append(leftover)
            elif _to_mark(other):
                self.plan.mark.append(leftover)
            elif other.active:
                if not other.used:
                    self.plan.withdraw.append(leftover)
                elif self.standing is Standing.OFF:
                    self.plan.switch_off.append(leftover)
        return _Slot(index, record, max(other.used for _, other in there))

    def turn(self, slot: _Slot, changed: bool) -> int:
        """Return when a slot is chosen; if it is ``changed``, its end is not the one that the file has now."""
        record = slot.record
        if slot.used or record.uncounted:
            return _ALWAYS
        if record.active:
            return _FIRST
        state = _state(record, ended=record.ended and not changed)
        if state is State.WITHDRAWN:
            return _NEVER if self.taken and self.taken(fold(record.code)) else _THIRD
        if state is State.OFF:
            return _FIRST if record.retired is Retired.SWAP else _SECOND
        if record.ended and changed and record.retired is None:
            return _SECOND
        return _FIRST if state is State.ORPHANED else _ALWAYS

    def keep(self, slot: _Slot, changed: bool, row: int = -1) -> None:
        """Decide about a slot that is wanted."""
        record = slot.record
        self.plan.issued[_state(record, record.ended)] += 1
        if self.standing is Standing.OFF:
            if record.active:
                self.plan.switch_off.append(slot.at)
        elif changed or (record.ended and not record.active):
            self.plan._recreated.extend((slot.at, row))
        elif not record.active:
            self.plan.restore.append(slot.at)

    def drop(self, slot: _Slot) -> None:
        """Decide about a slot that is not wanted."""
        if slot.record.active or slot.record.retired is Retired.SWAP:
            self.plan.withdraw.append(slot.at)

    def leave(self, slot: _Slot) -> None:
        """Decide about a slot that always counts."""
        record = slot.record
        self.plan.issued[_state(record, record.ended)] += 1
        if _to_mark(record):
            self.plan.mark.append(slot.at)
        elif self.standing is Standing.OFF:
            if record.active:
                self.plan.switch_off.append(slot.at)
        elif slot.used or record.uncounted:
            orphaned = record.gone and record.retired is None
            has_left = self.limit is None or slot.used < self.limit  # else there is nothing to recreate
            off = orphaned or record.retired in (Retired.SWAP, Retired.OFF)
            interrupted = off and has_left and not record.ended
            if (record.moves or record.gone) and (record.active or interrupted):
                self.plan._recreated.extend((slot.at, -1))
            elif not record.active and interrupted:
                self.plan.restore.append(slot.at)


def _decide_count(wanted: int, batch: _Batch) -> None:
    ranked = [array("L"), array("L"), array("L")]
    to_fill = wanted
    for indexes in _by_slot(batch.records):
        slot = batch.slot(indexes)
        turn = batch.turn(slot, _changed(slot.record, None))
        if turn == _ALWAYS:
            to_fill -= 1
            batch.leave(slot)
        elif turn != _NEVER:
            ranked[turn].append(slot.at)
    for place, at in enumerate(chain(*ranked)):
        record = batch.records[at]
        if place < to_fill:
            batch.keep(_Slot(at, record, 0), _changed(record, None))
        else:
            batch.drop(_Slot(at, record, 0))
    to_fill -= sum(map(len, ranked))
    for number in islice(_free_slots(batch.records), max(to_fill, 0)):
        batch.plan._new.extend((number, -1))


def _decide_rows(
    rows: dict[str, int],
    emails: Sequence[str] | None,
    batch: _Batch,
    name_of: Callable[[IssuedCode], str | None],
    free: Iterator[int],
) -> None:
    """Decide about every row and about the slots without a row; ``free`` has the slots for new codes.

    ``rows`` has each row by its name, a text or an address; ``name_of`` returns the name of a record.
    """

    def stray(record: IssuedCode) -> str:  # without a name, by text; no name begins with a blank
        return name_of(record) or f" {fold(record.code)}"

    for row, indexes in _grouped(batch.records, len(rows), lambda record: rows.get(name_of(record) or ""), stray):
        slot = batch.slot(indexes) if indexes else None
        email = None if row is None or emails is None else emails[row]
        changed = slot is not None and row is not None and _changed(slot.record, email)
        turn = _NEVER if slot is None else batch.turn(slot, changed)
        if slot is not None and turn == _ALWAYS:
            batch.leave(slot)
        elif slot is not None and row is None:
            batch.drop(slot)
        elif slot is None or turn == _NEVER:
            batch.plan._new.extend((next(free), -1 if row is None else row))
        else:
            batch.keep(slot, changed, -1 if row is None else row)


def _state(record: IssuedCode, ended: bool) -> State:
    own = None if not ended else State.REDEEMED if record.used_up else State.EXPIRED
    return life.state_of(record.active, record.retired, own, State.ORPHANED if record.gone else None)


def _to_mark(record: IssuedCode) -> bool:
    """Whether a code was switched off by hand and has no mark yet."""
    return not record.active and record.retired is None and not record.ended and not record.gone


def _changed(record: IssuedCode, email: str | None) -> bool:
    return not record.current or record.email != email


def _by_slot(records: Sequence[IssuedCode]) -> Iterator[Sequence[int]]:
    """Yield the records of each slot, lowest first; those without one are grouped by text and come last."""
    far = len(records)  # a higher slot was written by hand
    groups = _grouped(
        records,
        far,
        lambda record: record.slot if record.slot is not None and record.slot < far else None,
        lambda record: f"~{fold(record.code)}" if record.slot is None else f"{record.slot:019}",
    )
    return (indexes for _, indexes in groups if indexes)


def _grouped(
    records: Sequence[IssuedCode],
    rows: int,
    row_of: Callable[[IssuedCode], int | None],
    name_of: Callable[[IssuedCode], str],
) -> Iterator[tuple[int | None, Sequence[int]]]:
    """Yield each row with the indexes of its records; then, with None, those of records without a row, by name."""
    single = array("q", [-1]) * rows
    several: dict[int, list[int]] = {}
    strays: dict[str, list[int]] = {}
    for index, record in enumerate(records):
        row = row_of(record)
        if row is None:
            strays.setdefault(name_of(record), []).append(index)
        elif single[row] < 0:
            single[row] = index
        else:
            several.setdefault(row, [single[row]]).append(index)
    for row, index in enumerate(single):
        yield row, () if index < 0 else several.get(row, (index,))
    for name in sorted(strays):
        yield None, strays[name]


def _free_slots(records: Iterable[IssuedCode]) -> Iterator[int]:
    """Yield the slots that no record has, lowest first; there is no last one."""
    lowest = 0
    for slot in array("q", sorted(record.slot for record in records if record.slot is not None)):
        yield from range(lowest, slot)
        lowest = max(lowest, slot + 1)
    yield from count(lowest)
