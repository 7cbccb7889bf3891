"""Decide what becomes of each code of a batch, so that a batch is declared and not run.

Codes that stand in for one another share a *slot*: those of one number where the batch counts, of one text where
it imports, of one address where it has a list. Which of them is current, :func:`promosync.model.life.rank` says;
redemptions of any of them use the slot. This is the state of the current one, in the words of
:mod:`promosync.model.life`, and what is decided about it:

============  ==================================  ======  ============================  =========================
state         the current code                    counts  wanted                        not wanted
============  ==================================  ======  ============================  =========================
any           redeemed at least once, or nobody   always  leave (1)                     leave (1)
              knows how often
switched off  off without a reason, or ``hand``   always  leave (2)                     leave (2)
expired       off by itself, nothing changed      always  leave                         leave
active        unused                              first   keep; changed: recreate       withdraw
off           for ``swap``, unused                first   restore; changed: recreate    withdraw (its tag only)
orphaned      off without a reason, unused        first   recreate                      leave
off           for ``off``, or ended and changed   second  restore; changed or ended:    leave
              since; unused                               recreate
withdrawn     unused                              third   restore; changed or ended:    leave
                                                          recreate
withdrawn     its text now another's              never   a new code instead            leave
============  ==================================  ======  ============================  =========================

(1) A used code is never changed and never brought back, with two exceptions that only codes for several uses
can meet. One whose coupon is being replaced, or was deleted under it, moves to the new coupon with the uses it has
left, as it would die with the old one. One that promosync itself switched off to swap it or because the file said
``active: false``, and that has not ended, is restored: a customer may hold it, and it was to come back.

(2) And marked ``hand``, unless it is. Once a coupon is gone, all its codes are off without a reason, and those that
were off before cannot be told from those that customers hold: what was not marked by then is orphaned. A mark wins
over that, and nothing of promosync's takes it away but the code's being on again.

A batch that counts fills its slots in the order of the third column until ``count`` is reached, then with new
codes; of one rank the lowest slots come first, so that shrinking withdraws the highest. Those that always
count are issued, whatever is wanted. Withdrawn codes come before new ones because customers may hold them:
growing again gives back texts that were handed out, and Stripe keeps one object instead of two.

New codes take the lowest free slots. A slot whose create was lost is free in the next plan and gets the same
idempotency key again, so the lost create and its repetition cannot both come true.

The batch as a whole is *on* (the table above), *off* (the file says ``active: false``: slots are chosen the
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
"""When a slot is chosen, by its code; see the third column of the table."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the file wants of a batch: exactly one of a count, texts to import, and hashes of addresses.

    ``emails`` are salted hashes, one a row, not repeated; beside ``codes`` those of its rows. ``limit`` is a code's.
    """

    count: int | None = None
    codes: Sequence[str] | None = None
    emails: Sequence[str] | None = None
    standing: Standing = Standing.ON
    limit: int | None = None


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
    off by hand and are to be marked so, ``restore`` those to switch on again. ``issued`` counts the slots that are
    issued once the plan is carried out, by the state they were in; ``additions`` come on top.
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
    """Yield for each code, however often it was recreated, where its current record is and how often it was used.

    By slot, then those without one by text.
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
        """Return the slot of these records, and see to active ones that are not current."""
        if len(indexes) == 1:
            record = self.records[indexes[0]]
            return _Slot(indexes[0], record, record.used)
        there = [(index, self.records[index]) for index in indexes]
        index, record = _newest(there)
        for leftover, other in there:
            if leftover == index:
                continue
            # Somebody has gone back from a newer code to this one: else that would count once this one is off.
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
        """Return when a slot is chosen; one that ended and is ``changed`` has not ended as the file now has it."""
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
        """Decide about a slot that is wanted, and may be had."""
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
        """Decide about a slot that is not wanted and may go."""
        if slot.record.active or slot.record.retired is Retired.SWAP:
            self.plan.withdraw.append(slot.at)

    def leave(self, slot: _Slot) -> None:
        """Decide about a slot whose code is issued for good."""
        record = slot.record
        self.plan.issued[_state(record, record.ended)] += 1
        if _to_mark(record):
            self.plan.mark.append(slot.at)
        elif self.standing is Standing.OFF:
            if record.active:
                self.plan.switch_off.append(slot.at)
        elif slot.used or record.uncounted:
            orphaned = record.gone and record.retired is None
            has_left = self.limit is None or slot.used < self.limit  # else nothing would be made of it
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
    """Decide about every row, by what names it, and about the slots that have none; ``free`` are for new codes."""

    def stray(record: IssuedCode) -> str:  # without a name successors share a text; no name begins like this one
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
    """Whether a code is off by hand, not by its end or by promosync, and nothing says so yet."""
    return not record.active and record.retired is None and not record.ended and not record.gone


def _changed(record: IssuedCode, email: str | None) -> bool:
    return not record.current or record.email != email


def _by_slot(records: Sequence[IssuedCode]) -> Iterator[Sequence[int]]:
    """Yield the records of each slot, lowest first; those without one are grouped by text and come last."""
    far = len(records)  # no slot is so high but one that somebody wrote by hand
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
    """Yield each row with its records, then those that have none, with None, by their names."""
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
    """Yield the slots that no record has, lowest first, without end."""
    lowest = 0
    for slot in array("q", sorted(record.slot for record in records if record.slot is not None)):
        yield from range(lowest, slot)
        lowest = max(lowest, slot + 1)
    yield from count(lowest)
