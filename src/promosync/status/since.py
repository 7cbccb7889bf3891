"""Snapshots: the redemptions of everything at one time, small and without unique codes, for later comparison.

A snapshot has the redemptions of each line by config id. It also has how often each used code of a batch was
redeemed, by its slot or a salted hash of its text (:class:`promosync.status.tally.SlotKeys`).
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
    """The used slots of a batch, and how often each was used: 16 bytes for each, found by key."""

    def __init__(self, slots: Iterable[tuple[int, int]] = ()) -> None:
        packed = sorted(key << 64 | used for key, used in slots)
        self.keys = array("Q", (both >> 64 for both in packed))
        self.used = array("Q", (both & 0xFFFF_FFFF_FFFF_FFFF for both in packed))

    def get(self, key: int) -> int:
        """Return how often a slot was used."""
        at = bisect_left(self.keys, key)
        return self.used[at] if at < len(self.keys) and self.keys[at] == key else 0

    def __len__(self) -> int:
        return len(self.keys)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UsedSlots) and (self.keys, self.used) == (other.keys, other.used)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``lines`` has the redemptions by kind and id of a line, ``slots`` the used codes by batch."""

    account: Account
    owner: str
    lines: Mapping[tuple[LineKind, str], int] = field(default_factory=dict)
    slots: Mapping[str, UsedSlots] = field(default_factory=dict)

    def used(self, line: Line) -> int | None:
        """Return how often a line had been used: 0 if it did not exist yet, None if it was not counted.

        A value of a metadata key was counted if any value of that key was, or if there was no code at all.
        """
        known = self.lines.get((line.kind, line.id), 0)
        groups = [name for kind, name in self.lines if kind is LineKind.GROUP] if line.kind is LineKind.GROUP else []
        return None if groups and not any(name.startswith(f"{line.label}=") for name in groups) else known


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of the alarm: ``uses`` of one code, and ``share`` of a batch in percent."""

    uses: int | None = None
    share: float | None = None


def snapshot(account: Account, owner: str, lines: Iterable[Line], tallies: Mapping[str, BatchTally]) -> Snapshot:
    """Return a snapshot of a report; ``lines`` are all of its lines, with the groups."""
    used = {(line.kind, line.id): line.used for line in lines}
    slots = {
        batch: UsedSlots((slot.key, slot.used) for slot in tally.slots if slot.used)
        for batch, tally in tallies.items()
    }
    return Snapshot(account, owner, used, slots)


def mismatch(before: Snapshot, account: Account, owner: str) -> Problem | None:
    """Return why a snapshot is of another account, mode or owner, if it is."""
    return of_another("snapshot", before.account, before.owner, account, owner)


def of_another(what: str, was: Account, was_owner: str, account: Account, owner: str) -> Problem | None:
    """Return why a kept file is of another account, mode or owner, if it is; ``what`` is its name in messages."""
    if (was.mode, was_owner) == (account.mode, owner) and (
        was.id is None or account.id is None or was.id == account.id
    ):
        return None
    there = f"{was.id or 'an unknown account'}, {was.mode} mode, owner {was_owner}"
    here = f"{account.id or 'an unknown account'}, {account.mode} mode, owner {owner}"
    return Problem(
        (),
        f"the {what} is of {there}; this is {here}",
        f"keep one {what} for each account, mode and owner",
        rule=what,
    )


def compare(before: Snapshot, lines: Iterable[Line], tallies: Mapping[str, BatchTally], limits: Limits) -> Since:
    """Return the redemptions since a snapshot, by kind and the most used first, and the alarms for them."""
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
    """Return how often each line had been used at the time of each snapshot, the oldest first, and now."""
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
    """Yield one alarm for all codes of a batch that were used too often; it names the worst by slot and Stripe id."""
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
