"""Reading several pages of a long list at once, which one cursor does not allow.

Stripe lists the newest first and does not say how long a list is. But it filters by time, so a list is read as
stretches of time, each with its own cursor:

    newest ─────────────────────────────────────────────────────────────────────────────► oldest
    │ read, read, read ▸ cursor   to read │ read ▸ cursor      to read │ read ▸ cursor     ?
    └────────────── stretch 1 ────────────┴───────── stretch 2 ────────┴─── stretch 3, no end known

A free reader takes about half of the rest of the longest stretch. If the end of that stretch is not known, it starts
further back in time. Two stretches have no second in common, so no row is read twice. Objects that others create in
the meantime are newer than all stretches. If an API does not filter by time, only the first cursor goes on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, Protocol, TypeVar

Row = Mapping[str, Any]
Page = tuple[Sequence[Row], bool]
"""The rows of a page, newest first, and whether there are more after it."""

Span = tuple[int | None, int | None]
"""From one second to another (UTC), both included; None is no bound."""

ALONE = 10
"""How many pages are read one after the other first: so a short list takes one request for each page."""

MANY = 2_000
"""A list that is expected to have more rows is read in parallel from its second page on."""

_WORTH_SPLITTING = 6
"""A stretch is split while it seems to have more pages left than this."""

_LEAP = 4
"""The longest step back in time: this many times the time that all pages read so far cover, going by the last one."""

_SPARE = 12
_SPARE_SHARE = 50
"""How many pages may be less than full: ``_SPARE``, and one more for each ``_SPARE_SHARE`` full pages."""


A = TypeVar("A")


class Chooser(Protocol[A]):
    """Decides which page to request next. The pages that it asked for are given back to it, in any order."""

    @property
    def done(self) -> bool: ...

    def take(self) -> A | None: ...

    def give(self, ask: A, rows: Sequence[tuple[str, int]], more: bool) -> int: ...


@dataclass(frozen=True, slots=True)
class Ask:
    """A page to request: the newest rows created from ``since`` to ``until`` (seconds UTC), after row ``after``."""

    stretch: Stretch
    since: int | None
    until: int | None
    after: str | None

    def filters(self) -> dict[str, Any]:
        """Return the parameters of the request. Source: https://docs.stripe.com/api/pagination"""
        created = {"gte": self.since, "lte": self.until}
        created = {name: moment for name, moment in created.items() if moment is not None}
        found = {"created": created or None, "starting_after": self.after}
        return {name: value for name, value in found.items() if value is not None}


@dataclass(slots=True, eq=False)
class Stretch:
    """A part of the list, and how far it has been read: down to the row ``after``, created at ``at``.

    ``since`` is None if its end is not known. ``pace`` is how many seconds its last page covers.
    """

    until: int | None = None
    since: int | None = None
    after: str | None = None
    at: int | None = None
    pace: int = 1
    busy: bool = False

    def left(self) -> float:
        """Return about how many pages are left, going by the last one; infinite if the end is not known."""
        if self.at is None:
            return 0
        return float("inf") if self.since is None else (self.at - self.since) / self.pace


@dataclass(slots=True)
class Windows:
    """Decides which page to request next, without clock or network: the pages are given back to it.

    ``spans`` are the parts of the list to read, the newest first: at least one, and no second is in two of them.
    """

    page: int = 100
    alone: int = ALONE
    spans: Sequence[Span] = ((None, None),)
    _first: Stretch = field(init=False)
    _open: list[Stretch] = field(init=False)
    _filtered: bool = True
    _full: int = 0
    _short: int = 0

    def __post_init__(self) -> None:
        self._open = [Stretch(until, since) for since, until in self.spans]
        self._first = self._open[0]

    @property
    def done(self) -> bool:
        return not self._open

    @property
    def waits(self) -> bool:
        """Whether a request is under way for every part of the list that is left."""
        return all(one.busy for one in self._open)

    @property
    def left(self) -> float | None:
        """About how many pages are left, going by the last page of each stretch; None while that is not known."""
        stretches = list(self._open)  # a copy: another thread may call this
        left = sum(max(1.0, one.left()) for one in stretches)
        return left if left < float("inf") and self._full + self._short else None

    def gaps(self) -> list[Span]:
        """Return what has not been read, the newest first; some rows of a gap's last second may have been read."""
        return [(one.since, one.until if one.at is None else one.at) for one in self._open]

    def take(self) -> Ask | None:
        """Return the next page to request; None if nothing can be requested before an answer arrives."""
        stretch = next((one for one in self._open if not one.busy), None) or self._split()
        if stretch is None:
            return None
        stretch.busy = True
        return Ask(stretch, stretch.since, stretch.until, stretch.after)

    def give(self, ask: Ask, rows: Sequence[tuple[str, int]], more: bool) -> int:
        """Take a page that has arrived, as the id and creation time of each row; return how many rows to keep.

        The rows after those are in a stretch that was split off while the request was under way.
        """
        stretch = ask.stretch
        stretch.busy = False
        if ask.until is not None and rows and rows[0][1] > ask.until:
            self._filtered = False
        if not self._filtered and stretch is not self._first:
            # Without the filter this was the newest page of the list: the first stretch reads its rows.
            self._first.since, self._open = None, [self._first]
            return 0
        kept = [row for row in rows if stretch.since is None or row[1] >= stretch.since]
        self._full += len(kept) == self.page
        self._short += len(kept) < self.page
        if kept:
            stretch.after, stretch.at = kept[-1]
            stretch.pace = kept[0][1] - stretch.at + 1
        widened = ask.since is not None and stretch.since is None
        if (not more or len(kept) < len(rows) or not rows) and not widened:
            self._open.remove(stretch)
        return len(kept)

    def _split(self) -> Stretch | None:
        """Split the longest stretch and return the older part, if that saves enough."""
        if not self._filtered or self._full < self.alone:
            return None
        # Every stretch ends with a page that is not full.
        if self._short + len(self._open) >= _SPARE + self._full // _SPARE_SHARE:
            return None
        longest = max(self._open, key=Stretch.left, default=None)
        if longest is None or longest.at is None or longest.left() <= _WORTH_SPLITTING:
            return None
        ahead = _LEAP * self._full * longest.pace
        if longest.since is not None:
            ahead = min(ahead, (longest.at - longest.since) // 2)
        cut = longest.at - 1 - ahead
        if not (longest.since or 0) <= cut < longest.at:
            return None
        older = Stretch(until=cut, since=longest.since)
        longest.since = cut + 1
        self._open.insert(self._open.index(longest) + 1, older)
        return older


def windows_for(expected: int) -> Windows:
    """Return the windows for a list that has about ``expected`` rows."""
    return Windows(alone=1 if expected > MANY else ALONE)


def read(
    fetch: Callable[[Ask], Page],
    readers: int,
    expected: int = 0,
    windows: Windows | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Row]:
    """Yield every row of a list once, with up to ``readers`` requests at a time; raises what ``fetch`` raises.

    ``expected`` is about how many rows there are. ``windows`` has the parts of the list to read instead of all of it,
    and knows afterwards how far they were read. Once ``stopped()`` is true no more pages are requested.

    Rows of one second come in Stripe's order, seconds in any order: sort by ``created``, descending, to restore it.
    """
    for _, rows in pages(fetch, readers, windows or windows_for(expected), stopped):
        yield from rows


def pages(
    fetch: Callable[[A], Page], readers: int, chooser: Chooser[A], stopped: Callable[[], bool] = lambda: False
) -> Iterator[tuple[A, Sequence[Row]]]:
    """Yield the pages that a chooser asks for, with the rows to keep of each; for the rest see :func:`read`."""
    answers: SimpleQueue[tuple[A, Page | BaseException]] = SimpleQueue()

    def work(ask: A) -> None:
        try:
            answers.put((ask, fetch(ask)))
        except BaseException as error:
            answers.put((ask, error))

    busy = 0
    while not chooser.done:
        asks: list[A] = []
        while not stopped() and busy < readers and (ask := chooser.take()) is not None:
            asks.append(ask)
            busy += 1
        if not busy:
            return
        if asks and busy == 1:
            work(asks[0])  # one request needs no thread
        else:
            for ask in asks:
                # A daemon: the program can end before it has finished.
                threading.Thread(target=work, args=(ask,), name="page reader", daemon=True).start()
        ask, answer = answers.get()
        busy -= 1
        if isinstance(answer, BaseException):
            raise answer
        rows, more = answer
        kept = chooser.give(ask, [(row["id"], row["created"]) for row in rows], more)
        yield ask, rows[:kept]
