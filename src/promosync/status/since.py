"""Snapshots: how often everything was used at one moment, small and without a unique code, to compare with later.

Of single codes and batches it holds redemptions by config id. Of unique codes it holds which were used and how often,
each named by its slot or by a salted hash of its text (:class:`promosync.status.tally.SlotKeys`).
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from promosync.model.live import Account
from promosync.model.newest import Held
from promosync.model.problems import Problem
from promosync.status.report import Alarm, Change, Course, Line, LineKind, OverTime, Since
from promosync.status.tally import BatchTally, slot_name

_EXAMPLES = 5


class UsedSlots:
    """The slots of a batch that were used, and how often: 16 bytes each, looked up by key."""

    def __init__(self, slots: Iterable[tuple[int, int]] = ()) -> None:
        packed = sorted(key << 64 | used for key, used in slots)
        self.keys = array("Q", (both >> 64 for both in packed))
        self.used = array("Q", (both & 0xFFFF_FFFF_FFFF_FFFF for both in packed))

    def get(self, key: int) -> int:
        """Return how often a slot was used."""
        at = bisect_left(self.keys, key)
        return self.used[at] if at < len(self.keys) and self.keys[at] == key else 0

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self.keys, self.used, strict=True)

    def __len__(self) -> int:
        return len(self.keys)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UsedSlots) and (self.keys, self.used) == (other.keys, other.used)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``lines`` maps the kind and id of a line to its redemptions, ``slots`` a batch to its used codes."""

    account: Account
    owner: str
    lines: Mapping[tuple[LineKind, str], int] = field(default_factory=dict)
    slots: Mapping[str, UsedSlots] = field(default_factory=dict)

    def used(self, line: Line) -> int | None:
        """Return how often a line had been used: 0 of what was not there yet, None of what was not counted.

        A value of a metadata key was counted if any value of that key was, or if there was no code at all.
        """
        known = self.lines.get((line.kind, line.id), 0)
        groups = [name for kind, name in self.lines if kind is LineKind.GROUP] if line.kind is LineKind.GROUP else []
        return None if groups and not any(name.startswith(f"{line.label}=") for name in groups) else known


@dataclass(frozen=True, slots=True)
class Limits:
    """When to raise the alarm: a code used more often than ``uses``, more than ``share`` percent of a batch."""

    uses: int | None = None
    share: float | None = None


def snapshot(account: Account, owner: str, lines: Iterable[Line], tallies: Mapping[str, BatchTally]) -> Snapshot:
    """Return what there is to remember of now; ``lines`` are all of the report, groups included."""
    used = {(line.kind, line.id): line.used for line in lines}
    slots = {
        batch: UsedSlots((slot.key, slot.used) for slot in tally.slots if slot.used)
        for batch, tally in tallies.items()
    }
    return Snapshot(account, owner, used, slots)


def mismatch(before: Snapshot, account: Account, owner: str) -> Problem | None:
    """Return why a snapshot is not one to compare with, if so."""
    return of_another("snapshot", before.account, before.owner, account, owner)


def of_another(what: str, was: Account, was_owner: str, account: Account, owner: str) -> Problem | None:
    """Return why a file that was kept for an account and an owner is not for these, if so; ``what`` it is called."""
    if (was.mode, was_owner) == (account.mode, owner) and (
        was.id is None or account.id is None or was.id == account.id
    ):
        return None
    there = f"{was.id or 'an unknown account'}, {was.mode} mode, owner {was_owner}"
    here = f"{account.id or 'an unknown account'}, {account.mode} mode, owner {owner}"
    return Problem((), f"the {what} is of {there}; this is {here}", f"keep one {what} each", rule=what)


def compare(before: Snapshot, lines: Iterable[Line], tallies: Mapping[str, BatchTally], limits: Limits) -> Since:
    """Return what was used since a snapshot, by kind and the most used first, and the alarms that it sets off."""
    changes: list[Change] = []
    alarms: list[Alarm] = []
    for line in lines:
        if before.used(line) is None:
            continue
        known = before.lines.get((line.kind, line.id))
        since = line.used - (known or 0)
        percent = _percent(line, since) if line.kind is LineKind.BATCH else None
        if since:
            changes.append(Change(line.kind, line.id, line.label, known, line.used, percent))
        if percent is not None and limits.share is not None and percent > limits.share:
            text = f'{percent:.1f} % of batch "{line.id}" was used (alarm above {limits.share:g} %)'
            alarms.append(Alarm("share", line.kind, line.id, text, line.used))
        if line.kind is LineKind.CODE and limits.uses is not None and since > limits.uses:
            text = f'code "{line.id}" was used {_times(since)} (alarm above {limits.uses:,})'
            alarms.append(Alarm("uses", line.kind, line.id, text, since))
    if limits.uses is not None:
        for batch, tally in tallies.items():
            alarms += _slot_alarm(batch, tally, before.slots.get(batch) or UsedSlots(), limits.uses)
    order = list(LineKind)
    changes.sort(key=lambda change: (order.index(change.kind), -change.since, change.id))
    return Since(before.account.now, tuple(changes), tuple(alarms))


def over_time(before: Sequence[Snapshot], now: int, lines: Iterable[Line]) -> OverTime:
    """Return how often each line had been used at the time of each snapshot, the oldest first, and is now."""
    return OverTime(
        (*(one.account.now for one in before), now),
        tuple(
            Course(line.kind, line.id, line.label, (*(one.used(line) for one in before), line.used)) for line in lines
        ),
    )


def _percent(line: Line, since: int) -> float | None:
    if line.limit:
        return 100 * since / line.limit
    return 100 * since / line.issued if line.issued else None


def _slot_alarm(batch: str, tally: BatchTally, before: UsedSlots, uses: int) -> Iterator[Alarm]:
    """One alarm for all codes of a batch that were used too often, with the worst of them named by slot and id."""
    worst: list[tuple[int, Held]] = []
    count = most = 0
    for slot in tally.slots:
        since = slot.used - before.get(slot.key)
        if since > uses:
            count, most = count + 1, max(most, since)
            worst.append((since, slot))
            if len(worst) > 100 * _EXAMPLES:
                worst = _top(worst)
    if count:
        named = ", ".join(_slot_words(since, slot, tally) for since, slot in _top(worst))
        others = f" and {count - _EXAMPLES:,} more" if count > _EXAMPLES else ""
        text = f"batch {batch}: {count:,} {'code was' if count == 1 else 'codes were'} used more than {_times(uses)}"
        yield Alarm("uses", LineKind.BATCH, batch, f"{text}: {named}{others}", most)


def _top(worst: list[tuple[int, Held]]) -> list[tuple[int, Held]]:
    return sorted(worst, key=lambda pair: (-pair[0], pair[1].key))[:_EXAMPLES]


def _slot_words(since: int, slot: Held, tally: BatchTally) -> str:
    example = tally.examples.get(slot.key)
    return f"{slot_name(slot.key)}{f' ({example})' if example else ''} {_times(since)}"


def _times(count: int) -> str:
    return f"{count:,} time{'s' * (count != 1)}"
