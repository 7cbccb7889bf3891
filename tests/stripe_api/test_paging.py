"""Reading several pages of a list at once: every row once, with few requests more than pages."""

from __future__ import annotations

import bisect
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promosync.apply.gateway import Fault, StripeFault
from promosync.stripe_api.paging import ALONE, Ask, Page, Span, Windows, read

NOW = 1_800_000_000
DAY = 86400


@dataclass
class Listing:
    """Stripe's list: newest first, the later made before the earlier made of one second."""

    rows: list[tuple[int, int]] = field(default_factory=list)  # (-created, -number): sorts as Stripe lists
    place: dict[str, tuple[int, int]] = field(default_factory=dict)
    page: int = 100
    requests: int = 0
    ignores: frozenset[str] = frozenset()

    def add(self, created: int) -> None:
        row = (-created, -len(self.place))
        self.place[f"row_{len(self.place)}"] = row
        bisect.insort(self.rows, row)

    def ask(self, ask: Ask) -> Page:
        self.requests += 1
        given = ask.filters()
        created = {name: at for name, at in given.pop("created", {}).items() if name not in self.ignores}
        after = given.pop("starting_after", None)
        assert not given
        start = 0 if "lte" not in created else bisect.bisect_left(self.rows, (-created["lte"], -(10**9)))
        if after is not None:
            start = max(start, bisect.bisect_right(self.rows, self.place[after]))
        end = len(self.rows) if "gte" not in created else bisect.bisect_right(self.rows, (-created["gte"], 1))
        rows = [{"id": f"row_{-n}", "created": -c} for c, n in self.rows[start : min(end, start + self.page)]]
        return rows, end > start + self.page


def listing(moments: list[int], page: int = 100) -> Listing:
    rows = [(-moment, -number) for number, moment in enumerate(sorted(moments))]
    return Listing(sorted(rows), {f"row_{-number}": (created, number) for created, number in rows}, page)


def walk(
    there: Listing,
    readers: int,
    choose: Callable[[int], int],
    meanwhile: Callable[[], None] = lambda: None,
    alone: int = ALONE,
) -> list[str]:
    """Read with a number of readers; `choose` says which page comes next. No clock, no threads."""
    windows, read = Windows(there.page, alone), list[str]()
    under_way: list[tuple[Ask, Page]] = []
    while not windows.done:
        while len(under_way) < readers and (ask := windows.take()) is not None:
            under_way.append((ask, there.ask(ask)))
            meanwhile()
        ask, (rows, more) = under_way.pop(choose(len(under_way)))
        kept = windows.give(ask, [(row["id"], row["created"]) for row in rows], more)
        read += [row["id"] for row in rows[:kept]]
    assert not under_way or there.ignores
    return read


clusters = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 100, DAY, 30 * DAY, 900 * DAY]) | st.integers(0, 2000 * DAY),  # how long ago
        st.sampled_from([1, 2, 10, 3600, DAY, 400 * DAY]),  # over how long
        st.sampled_from([1, 2, 30, 150]),  # how many
    ),
    max_size=8,
)


@given(
    clusters,
    st.integers(1, 9),
    st.randoms(use_true_random=False),
    st.sampled_from([2, 3, 5]),
    st.integers(0, 50),
    st.sampled_from([1, ALONE]),
)
@settings(max_examples=150, deadline=None)
def test_every_row_once(
    clusters: list[tuple[int, int, int]], readers: int, rng: random.Random, page: int, newcomers: int, alone: int
) -> None:
    """Whatever the ages, in whatever order the pages come back, and while others create; in Stripe's order."""
    there = listing(
        [NOW - ago - rng.randrange(span) for ago, span, count in clusters for _ in range(count)], page=page
    )
    before = [f"row_{-n}" for _, n in there.rows]
    left = [newcomers]

    def meanwhile() -> None:
        if left[0] and rng.random() < 0.5:
            left[0] -= 1
            there.add(NOW + rng.randrange(2))

    found = walk(there, readers, rng.randrange, meanwhile, alone)
    assert len(found) == len(set(found))
    old = set(before)
    in_order = sorted((row for row in found if row in old), key=lambda row: there.place[row][0])
    assert in_order == before
    pages = max(1, -(-len(found) // page))
    assert there.requests <= pages + 13 + pages // 50 + newcomers


spans = st.lists(st.integers(0, 2000 * DAY), min_size=2, max_size=8, unique=True).map(
    lambda bounds: [(a, b) for a, b in zip(sorted(bounds)[::2], sorted(bounds)[1::2], strict=False)][::-1]
)


@given(clusters, spans, st.integers(1, 9), st.randoms(use_true_random=False), st.integers(0, 30), st.booleans())
@settings(max_examples=150, deadline=None)
def test_parts_of_a_list_are_read_and_what_is_left_of_them_is_known(
    clusters: list[tuple[int, int, int]],
    spans: list[tuple[int, int]],
    readers: int,
    rng: random.Random,
    stop_after: int,
    open_ended: bool,
) -> None:
    """Every row of the parts once and no other; what was not read when it stopped is read from the gaps."""
    there = listing([NOW - ago - rng.randrange(span) for ago, span, count in clusters for _ in range(count)], page=3)
    wanted: list[Span] = [(NOW - b, NOW - a) for a, b in reversed(spans)]
    if open_ended:
        wanted[0] = (wanted[0][0], None)
    windows = Windows(page=3, alone=1, spans=wanted)
    asked = 0

    def stopped() -> bool:
        nonlocal asked
        asked += 1
        return asked > stop_after

    first = [row["created"] for row in read(there.ask, readers, windows=windows, stopped=stopped)]
    gaps = windows.gaps()
    assert windows.done is not bool(gaps)
    kept = [created for created in first if not any(inside(created, gap) for gap in gaps)]
    rest = [row["created"] for row in read(there.ask, readers, windows=Windows(page=3, spans=gaps))] if gaps else []
    every = [-created for created, _ in there.rows]
    assert sorted(kept + rest) == sorted(one for one in every if any(inside(one, part) for part in wanted))


def inside(moment: int, span: Span) -> bool:
    return (span[0] is None or span[0] <= moment) and (span[1] is None or moment <= span[1])


def test_how_much_is_left_is_known_once_a_page_is_there() -> None:
    """Of a part whose end is known: about as many pages as there are."""
    there = listing(spread("over a year", 20_000))
    windows = Windows(alone=1, spans=[(NOW - 400 * DAY, None)])
    assert windows.left is None
    rows = read(there.ask, 1, windows=windows)
    next(rows)
    assert windows.left is not None
    assert 190 <= windows.left <= 1200  # the list ends before the part does
    for _ in rows:
        pass
    assert windows.left == 0


def spread(kind: str, count: int) -> list[int]:
    rng = random.Random(kind)
    makers: dict[str, Callable[[int], int]] = {
        "over a year": lambda n: n * 315,
        "at random": lambda n: rng.randrange(30 * DAY),
        "in one second": lambda n: 0,
        "long ago in an hour": lambda n: 1000 * DAY + rng.randrange(3600) if n > count // 50 else rng.randrange(DAY),
        "in twenty bursts": lambda n: n % 20 * 30 * DAY + rng.randrange(200),
        "ever fewer": lambda n: int(rng.expovariate(1 / (20 * DAY))),
        "wildly": lambda n: int(rng.lognormvariate(14, 2)),
    }
    return [NOW - makers[kind](n) for n in range(count)]


KINDS = ["over a year", "at random", "long ago in an hour", "in twenty bursts", "ever fewer", "wildly"]


@pytest.mark.parametrize("alone", [1, ALONE])
@pytest.mark.parametrize("kind", [*KINDS, "in one second"])
def test_a_hundred_thousand_rows_cost_at_most_four_in_a_hundred_more(kind: str, alone: int) -> None:
    """1,000 pages in at most 1,040 requests, however the rows lie in time."""
    there, rng = listing(spread(kind, 100_000)), random.Random(1)
    assert len(set(walk(there, 8, rng.randrange, alone=alone))) == 100_000
    assert there.requests <= 1040


@pytest.mark.parametrize("alone", [1, ALONE])
@pytest.mark.parametrize("kind", KINDS)
def test_readers_are_kept_busy(kind: str, alone: int) -> None:
    """With eight readers at most two fifths of the rounds that one reader would take."""
    there = listing(spread(kind, 40_000))
    windows, rounds = Windows(alone=alone), 0
    while not windows.done:
        round_: list[tuple[Ask, Page]] = []
        while len(round_) < 8 and (ask := windows.take()) is not None:
            round_.append((ask, there.ask(ask)))
        for ask, (rows, more) in round_:
            windows.give(ask, [(row["id"], row["created"]) for row in rows], more)
        rounds += 1
    assert rounds <= 400 * 0.4


@pytest.mark.parametrize("ignores", [{"gte"}, {"lte"}, {"gte", "lte"}])
@pytest.mark.parametrize("kind", [*KINDS, "in one second"])
@pytest.mark.parametrize("seed", range(3))
def test_an_api_that_does_not_filter_by_time_is_read_all_the_same(kind: str, ignores: set[str], seed: int) -> None:
    """Every row once, with few pages more than the list has: reading continues by the cursor only."""
    there, rng = listing(spread(kind, 20_000)), random.Random(seed)
    there.ignores = frozenset(ignores)
    found = walk(there, 8, rng.randrange)
    assert len(found) == len(set(found)) == 20_000
    assert there.requests <= 220


def test_the_last_page_of_a_part_is_not_the_end_of_a_list_that_is_not_filtered() -> None:
    """It was asked for up to a moment; that the API goes by one bound alone turned out while it was on its way."""
    there = listing([NOW - ago for ago in (0, 1, 2, 3, 4, 5, 20, 21, 22)], page=2)
    there.ignores = frozenset({"lte"})
    found = walk(there, 2, lambda _: 0, alone=1)
    assert found == [f"row_{-n}" for _, n in there.rows]


@pytest.mark.parametrize("rows", [0, 1, 99, 100, 101, 500, 999, 1000])
def test_a_short_list_costs_its_pages(rows: int) -> None:
    """Up to ten pages not one request more, and no two at a time."""
    there = listing(spread("over a year", rows))
    assert len(walk(there, 8, lambda n: 0 if n == 1 else pytest.fail("two at a time"))) == rows
    assert there.requests == max(1, -(-rows // 100))
    assert ALONE == 10


@pytest.mark.parametrize("rows", [0, 1, 99, 100, 101, 250, 999])
def test_a_list_that_is_shorter_than_expected_costs_a_dozen_requests_more_at_most(rows: int) -> None:
    there = listing(spread("over a year", rows))
    found = list(read(there.ask, 8, expected=100_000))
    assert len({row["id"] for row in found}) == len(found) == rows
    assert there.requests <= max(1, -(-rows // 100)) + 12


@pytest.mark.parametrize("readers", [2, 6])
def test_pages_are_fetched_side_by_side(readers: int) -> None:
    """The driver keeps as many requests under way as it may, and no more."""
    there = listing(spread("over a year", 20_000))
    lock, under_way, most = threading.Lock(), 0, 0

    def fetch(ask: Ask) -> Page:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
            page = there.ask(ask)
        time.sleep(0.005)
        with lock:
            under_way -= 1
        return page

    begun = time.monotonic()
    found = list(read(fetch, readers))
    assert len({row["id"] for row in found}) == len(found) == 20_000
    assert min(3, readers) <= most <= readers
    assert time.monotonic() - begun < 200 * 0.005 + 1


def _threads() -> int:
    return sum(thread.name == "page reader" and thread.is_alive() for thread in threading.enumerate())


@pytest.mark.parametrize("at", [0, 5, 40])
def test_a_fault_ends_the_reading(at: int) -> None:
    """It comes out as it is, and no thread stays behind."""
    there = listing(spread("over a year", 20_000))

    def fetch(ask: Ask) -> Page:
        if there.requests >= at:
            raise StripeFault(Fault.DENIED, "no")
        return there.ask(ask)

    with pytest.raises(StripeFault, match="no"):
        list(read(fetch, 6))
    _settled()


def test_who_stops_listening_stops_the_reading() -> None:
    """A generator that is closed lets its threads go."""
    there = listing(spread("over a year", 20_000))

    def fetch(ask: Ask) -> Page:
        time.sleep(0.001)
        return there.ask(ask)

    rows = read(fetch, 6)
    first: list[Any] = [next(rows) for _ in range(3000)]
    assert len(first) == 3000
    rows.close()  # type: ignore[attr-defined]
    _settled()
    assert there.requests < 60


def _settled() -> None:
    end = time.monotonic() + 2
    while _threads() and time.monotonic() < end:
        time.sleep(0.01)
    assert _threads() == 0
