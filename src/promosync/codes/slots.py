"""Decide what becomes of each code of a batch, so that a batch is declared and not run.

Codes that stand in for one another share a *seat*: those of one slot where the batch counts, of one text where
it imports, of one address where it has a list. Of the codes on a seat the newest active one is current, else
the newest; redemptions of any of them use the seat. This is its state, and what is decided about it:

==========  ==================================  ======  ============================  =========================
state       the current code                    counts  wanted                        not wanted
==========  ==================================  ======  ============================  =========================
used        redeemed at least once, or nobody   always  leave (1)                     leave (1)
            knows how often
by hand     off without a reason, or ``hand``   always  leave (2)                     leave (2)
ended       off by itself, nothing changed      always  leave                         leave
working     active, unused                      first   keep; changed: recreate       withdraw
swapped     off for ``swap``, unused            first   restore; changed: recreate    withdraw (its tag only)
stranded    off without a reason, unused, its   first   recreate                      leave
            coupon gone
dormant     off for ``off``, or ended and       second  restore; changed or ended:    leave
            changed since; unused                       recreate
withdrawn   off for ``withdrawn``, unused       third   restore; changed or ended:    leave
                                                        recreate
lost        withdrawn, its text now another's   never   a new code instead            leave
==========  ==================================  ======  ============================  =========================

(1) A used code is never changed and never brought back, with two exceptions that only codes for several uses
can meet. One whose coupon is being replaced, or was deleted under it, moves to the new coupon with the uses it has
left, as it would die with the old one. One that promosync itself switched off to swap it or because the file said
``active: false``, and that has not ended, is restored: a customer may hold it, and it was to come back.

(2) And marked ``hand``, unless it is. Once a coupon is gone, all its codes are off without a reason, and those that
were off before can not be told from those that customers hold: what was not marked by then is stranded. A mark wins
over that, and nothing of promosync's takes it away but the code's being on again.

A batch that counts fills its seats in the order of the third column until ``count`` is reached, then with new
codes; of one rank the lowest slots come first, so that shrinking withdraws the highest. Those that always
count are issued, whatever is wanted. Withdrawn codes come before new ones because customers may hold them:
growing again gives back texts that were handed out, and Stripe keeps one object instead of two.

New codes take the lowest free slots. A slot whose create was lost is free in the next plan and gets the same
idempotency key again, so the lost create and its repetition can not both come true.

The batch as a whole is *on* (the table above), *off* (the file says ``active: false``: seats are chosen the
same way, but what is active is switched off and nothing is brought back or recreated), *over* (its date has
passed: what is active is switched off, nothing else) or *removed* (everything active is withdrawn, used or
not: nothing works that is not in the file).
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count, groupby
from typing import Final, NamedTuple

from promosync.model.issued import IssuedCode
from promosync.model.ownership import Retired
from promosync.model.promotions import fold


class Standing(StrEnum):
    """What the file says of a batch as a whole."""

    ON = "on"
    OFF = "off"
    OVER = "over"
    REMOVED = "removed"


class State(StrEnum):
    """The state of a seat; see the table of this module."""

    WORKING = "working"
    SWAPPED = "swapped"
    STRANDED = "without a coupon"
    DORMANT = "dormant"
    WITHDRAWN = "withdrawn"
    LOST = "lost"
    USED = "used"
    BY_HAND = "by hand"
    ENDED = "ended"


RANKS: Final = {State.WORKING: 0, State.SWAPPED: 0, State.STRANDED: 0, State.DORMANT: 1, State.WITHDRAWN: 2}
"""The states that a batch which counts may choose from, in its order of preference."""

FIXED: Final = frozenset({State.USED, State.BY_HAND, State.ENDED})
"""The states that count as issued whatever is wanted."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the file wants of a batch: exactly one of a count, texts to import, and hashes of addresses.

    ``emails`` are salted hashes, one a row, without repeats; beside ``codes`` they are those of its rows.
    """

    count: int | None = None
    codes: Sequence[str] | None = None
    emails: Sequence[str] | None = None
    standing: Standing = Standing.ON


class Addition(NamedTuple):
    """A new code: its slot (None when imported), and its row of the file (None when the batch counts)."""

    slot: int | None
    row: int | None


class Replacement(NamedTuple):
    """A code to recreate with its own text and slot: ``at`` is its index among the records.

    ``row`` is the row of the file whose customer it gets; with None it is for whom it was, or for everybody
    when the batch counts.
    """

    at: int
    row: int | None


@dataclass(slots=True)
class SlotPlan:
    """What to do, as indexes into the records it was made from; kept flat for a million codes.

    ``withdraw`` and ``switch_off`` are codes to switch off (``retired`` withdrawn, off), ``mark`` those that were
    off by hand and are to be marked so, ``restore`` those to switch on again. ``issued`` counts the seats that are
    issued once the plan is carried out, by the state they were in; ``additions`` come on top.
    """

    withdraw: array[int] = field(default_factory=lambda: array("L"))
    switch_off: array[int] = field(default_factory=lambda: array("L"))
    mark: array[int] = field(default_factory=lambda: array("L"))
    restore: array[int] = field(default_factory=lambda: array("L"))
    issued: Counter[State] = field(default_factory=Counter)
    _recreated: array[int] = field(default_factory=lambda: array("L"))
    _recreated_rows: array[int] = field(default_factory=lambda: array("q"))
    _new_slots: array[int] = field(default_factory=lambda: array("q"))
    _new_rows: array[int] = field(default_factory=lambda: array("q"))

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        switches = self.withdraw or self.switch_off or self.mark or self.restore
        return not (switches or self._recreated or self._new_slots)

    @property
    def added(self) -> int:
        """How many codes are new."""
        return len(self._new_slots)

    @property
    def recreated(self) -> int:
        """How many codes are recreated."""
        return len(self._recreated)

    def additions(self) -> Iterator[Addition]:
        """Yield the new codes: by slot, or in the order of the file."""
        for slot, row in zip(self._new_slots, self._new_rows, strict=True):
            yield Addition(None if slot < 0 else slot, None if row < 0 else row)

    def replacements(self) -> Iterator[Replacement]:
        """Yield the codes to recreate."""
        for index, row in zip(self._recreated, self._recreated_rows, strict=True):
            yield Replacement(index, None if row < 0 else row)

    def _recreate(self, index: int, row: int) -> None:
        self._recreated.append(index)
        self._recreated_rows.append(row)

    def _add(self, slot: int, row: int) -> None:
        self._new_slots.append(slot)
        self._new_rows.append(row)


def decide(wanted: Wanted, records: Sequence[IssuedCode], taken: Callable[[str], bool] | None = None) -> SlotPlan:
    """Return what makes the codes of a batch what the file wants.

    ``records`` are all codes of the batch in Stripe, in any order, those retired long ago included. ``taken``
    is asked with a withdrawn code in lower case whether its text is active in the account, be it in this batch;
    an import does not ask, as it has no other text to offer. Carried out and decided again, a plan is empty.
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
    if wanted.count is not None:
        _decide_count(wanted.count, _Batch(records, wanted.standing, taken, plan))
    elif wanted.codes is not None:
        _decide_import(wanted.codes, wanted.emails, _Batch(records, wanted.standing, None, plan))
    else:
        _decide_emails(wanted.emails or (), _Batch(records, wanted.standing, taken, plan))
    return plan


def current(records: Sequence[IssuedCode]) -> Iterator[tuple[int, int]]:
    """Yield for each code, however often it was recreated, where its current record is and how often it was used.

    By slot, then those without one by text.
    """
    for indexes in _seats_by_slot(records):
        there = [(index, records[index]) for index in indexes]
        yield _newest(there)[0], max(record.used for _, record in there)


def _newest(there: Iterable[tuple[int, IssuedCode]]) -> tuple[int, IssuedCode]:
    def rank(pair: tuple[int, IssuedCode]) -> tuple[bool, int, bool, bool, bool]:
        record = pair[1]
        # What is off for a swap, or on a coupon that is gone, has a successor, maybe of the same second.
        swapped, by_hand = record.retired is Retired.SWAP, record.retired in (None, Retired.HAND)
        return record.active, record.created, not record.gone, not swapped, not by_hand

    return max(there, key=rank)


class _Seat(NamedTuple):
    at: int
    record: IssuedCode  # the current one
    used: int


@dataclass(frozen=True, slots=True)
class _Batch:
    records: Sequence[IssuedCode]
    standing: Standing
    taken: Callable[[str], bool] | None
    plan: SlotPlan

    def seat(self, indexes: Sequence[int]) -> _Seat:
        """Return the seat of these records, and see to active ones that are not current."""
        if len(indexes) == 1:
            record = self.records[indexes[0]]
            return _Seat(indexes[0], record, record.used)
        there = [(index, self.records[index]) for index in indexes]
        index, record = _newest(there)
        for leftover, other in there:
            if leftover == index:
                continue
            if record.active and _supersedes(record, other):
                self.plan.withdraw.append(leftover)
            elif _to_mark(other):
                self.plan.mark.append(leftover)
            elif other.active:
                if not other.used:
                    self.plan.withdraw.append(leftover)
                elif self.standing is Standing.OFF:
                    self.plan.switch_off.append(leftover)
        return _Seat(index, record, max(other.used for _, other in there))

    def state(self, seat: _Seat, changed: bool) -> State:
        record = seat.record
        if seat.used or record.uncounted:
            return State.USED
        if record.active:
            return State.WORKING
        if record.retired is Retired.WITHDRAWN:
            return State.LOST if self.taken and self.taken(fold(record.code)) else State.WITHDRAWN
        if record.retired is Retired.HAND:
            return State.BY_HAND
        if record.ended and not changed:
            return State.ENDED
        if record.retired is Retired.SWAP:
            return State.SWAPPED
        if record.ended or record.retired is Retired.OFF:
            return State.DORMANT
        return State.STRANDED if record.gone else State.BY_HAND

    def keep(self, seat: _Seat, state: State, changed: bool, row: int = -1) -> None:
        """Decide about a seat that is wanted, and may be had, in the state it is in."""
        self.plan.issued[state] += 1
        if self.standing is Standing.OFF:
            if seat.record.active:
                self.plan.switch_off.append(seat.at)
        elif changed or (seat.record.ended and not seat.record.active):
            self.plan._recreate(seat.at, row)
        elif not seat.record.active:
            self.plan.restore.append(seat.at)

    def drop(self, seat: _Seat, state: State) -> None:
        """Decide about a seat that is not wanted and may go."""
        if state in (State.WORKING, State.SWAPPED):
            self.plan.withdraw.append(seat.at)

    def leave(self, seat: _Seat, state: State) -> None:
        """Decide about a seat whose code is issued for good."""
        record = seat.record
        self.plan.issued[state] += 1
        if _to_mark(record):
            self.plan.mark.append(seat.at)
        elif self.standing is Standing.OFF:
            if record.active:
                self.plan.switch_off.append(seat.at)
        elif state is State.USED:
            stranded = record.gone and record.retired is None
            interrupted = not record.ended and (stranded or record.retired in (Retired.SWAP, Retired.OFF))
            if (record.moves or record.gone) and (record.active or interrupted):
                self.plan._recreate(seat.at, -1)
            elif not record.active and interrupted:
                self.plan.restore.append(seat.at)


def _decide_count(wanted: int, batch: _Batch) -> None:
    ranks: list[array[int]] = [array("L"), array("L"), array("L")]
    fixed = 0
    for indexes in _seats_by_slot(batch.records):
        seat = batch.seat(indexes)
        state = batch.state(seat, _changed(seat.record, None))
        if state in FIXED:
            fixed += 1
            batch.leave(seat, state)
        elif state in RANKS:
            ranks[RANKS[state]].append(seat.at)
    open_seats = max(wanted - fixed, 0)
    for seats in ranks:
        for place, index in enumerate(seats):
            record = batch.records[index]
            seat = _Seat(index, record, 0)
            changed = _changed(record, None)
            state = batch.state(seat, changed)
            if place < open_seats:
                batch.keep(seat, state, changed)
            else:
                batch.drop(seat, state)
        open_seats = max(open_seats - len(seats), 0)
    for _, slot in zip(range(open_seats), _free_slots(batch.records), strict=False):
        batch.plan._add(slot, -1)


def _decide_emails(wanted: Sequence[str], batch: _Batch) -> None:
    rows = {email: row for row, email in enumerate(wanted)}
    free = _free_slots(batch.records)
    for row, seat in _seats_by_row(rows, batch, lambda record: record.email):
        email = None if row is None else wanted[row]
        if not _decide_row(row, seat, email, batch):
            batch.plan._add(next(free), -1 if row is None else row)


def _decide_import(wanted: Sequence[str], emails: Sequence[str] | None, batch: _Batch) -> None:
    rows = {fold(code): row for row, code in enumerate(wanted)}
    for row, seat in _seats_by_row(rows, batch, lambda record: fold(record.code)):
        email = None if row is None or emails is None else emails[row]
        if not _decide_row(row, seat, email, batch):
            batch.plan._add(-1, -1 if row is None else row)


def _decide_row(row: int | None, seat: _Seat | None, email: str | None, batch: _Batch) -> bool:
    """Decide about one row, or a seat that has none; return False when the row needs a new code."""
    if seat is None:
        return False
    changed = row is not None and _changed(seat.record, email)
    state = batch.state(seat, changed)
    if state in FIXED:
        batch.leave(seat, state)
    elif row is None:
        batch.drop(seat, state)
    elif state is State.LOST:
        return False
    else:
        batch.keep(seat, state, changed, row)
    return True


def _supersedes(record: IssuedCode, newer: IssuedCode) -> bool:
    """Whether somebody has gone back from a newer code to this one: else that would count once this one is off."""
    off = not newer.active and not newer.used and newer.retired is not Retired.WITHDRAWN
    return off and newer.created > record.created


def _to_mark(record: IssuedCode) -> bool:
    """Whether a code is off by hand, not by its end or by promosync, and nothing says so yet."""
    return not record.active and record.retired is None and not record.ended and not record.gone


def _changed(record: IssuedCode, email: str | None) -> bool:
    return not record.current or record.email != email


def _seats_by_slot(records: Sequence[IssuedCode]) -> Iterator[Sequence[int]]:
    """Yield the records of each slot, lowest first; those without one are grouped by text and come last."""
    slots = array("q", (-1 if record.slot is None else record.slot for record in records))
    order = sorted((index for index in range(len(slots)) if slots[index] >= 0), key=slots.__getitem__)
    for _, indexes in groupby(order, key=slots.__getitem__):
        yield list(indexes)
    unplaced: dict[str, list[int]] = {}
    for index, slot in enumerate(slots):
        if slot < 0:
            unplaced.setdefault(fold(records[index].code), []).append(index)
    yield from unplaced.values()


def _seats_by_row(
    rows: dict[str, int], batch: _Batch, key: Callable[[IssuedCode], str | None]
) -> Iterator[tuple[int | None, _Seat | None]]:
    """Yield each row in order with its seat or None, then the seats without a row, with None."""
    single = array("q", [-1]) * len(rows)
    several: dict[int, list[int]] = {}
    strays: dict[str, list[int]] = {}
    for index, record in enumerate(batch.records):
        name = key(record)
        row = None if name is None else rows.get(name)
        if row is None:
            # Without a name (an address), successors still share a text; no name begins like this one.
            strays.setdefault(name or f" {fold(record.code)}", []).append(index)
        elif single[row] < 0:
            single[row] = index
        else:
            several.setdefault(row, [single[row]]).append(index)
    for row, index in enumerate(single):
        yield row, None if index < 0 else batch.seat(several.get(row, (index,)))
    for indexes in strays.values():
        yield None, batch.seat(indexes)


def _free_slots(records: Iterable[IssuedCode]) -> Iterator[int]:
    """Yield the slots that no record has, lowest first, without end."""
    lowest = 0
    for slot in array("q", sorted(record.slot for record in records if record.slot is not None)):
        yield from range(lowest, slot)
        lowest = max(lowest, slot + 1)
    yield from count(lowest)
