"""Reading the list of all codes, or only the needed codes: never much more requests than the cheaper way."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from promosync.stripe_api import paging
from promosync.stripe_api.choosing import FEW, Ask, Choosing, Source

from .test_paging import NOW, Listing, listing

PAGE = 5
SPARE = 12
ORDERS = 4
"""The order of the answers alone changes the cost of a list by up to nine requests: the highest of so many counts."""


@dataclass
class Account:
    """Codes of others in one list, and things that are needed, each a list of its own; all are in the list of all."""

    everything: Listing
    needed: list[Listing]
    told: list[int]  # how many pages of each are known of beforehand
    requests: int = 0
    found: list[set[str]] = field(default_factory=list)

    def sources(self) -> list[Source]:
        return [
            Source({"number": str(number)}, pages=told, windows=paging.Windows(PAGE))
            for number, told in enumerate(self.told)
        ]

    def ask(self, ask: Ask) -> paging.Page:
        self.requests += 1
        name = ask.source.filters.get("number")
        return (self.everything if name is None else self.needed[int(name)]).ask(ask.page)


def account(draw: random.Random, others: int, needed: list[int], told: list[float]) -> Account:
    """Draw an account: a number of codes of others, and needed lists of which a part is known."""
    moments = [[NOW - draw.randrange(90 * 86400) for _ in range(count)] for count in needed]
    every = [NOW - draw.randrange(90 * 86400) for _ in range(others)] + [at for some in moments for at in some]
    pages = [max(1, -(-count // PAGE)) for count in needed]
    known = [max(1, int(share * count)) for share, count in zip(told, pages, strict=True)]
    return Account(listing(every, PAGE), [listing(some, PAGE) for some in moments], known)


def read(there: Account, choosing: Choosing, readers: int, draw: random.Random) -> dict[str, int]:
    """Read to the end, with answers in a drawn order; return the number of rows from each list."""
    under_way: list[tuple[Ask, paging.Page]] = []
    rows: dict[str, int] = {}
    while not choosing.done:
        while len(under_way) < readers and (ask := choosing.take()) is not None:
            under_way.append((ask, there.ask(ask)))
        ask, (page, more) = under_way.pop(draw.randrange(len(under_way)))
        kept = choosing.give(ask, [(row["id"], row["created"]) for row in page], more)
        name = ask.source.filters.get("number", "all")
        rows[name] = rows.get(name, 0) + kept
    return rows


def cost_of_all(there: Account, readers: int, draw: random.Random) -> int:
    """Return the number of requests for the list of all codes."""
    choosing = chooser(0)
    choosing.need((), everything=True)
    before = there.requests
    read(there, choosing, readers, draw)
    return there.requests - before


def cost_of_needed(there: Account, readers: int, draw: random.Random) -> int:
    """Return the number of requests for only the needed codes."""
    total = 0
    for number, source in enumerate(there.sources()):
        source.filters = {}
        alone = Account(there.needed[number], [], [])
        choosing = chooser(0)
        choosing.list = source
        choosing.need((), everything=True)
        read(alone, choosing, readers, draw)
        total += alone.requests
    return total


def chooser(few: int) -> Choosing:
    made = Choosing(few)
    made.list = Source(windows=paging.Windows(PAGE))
    return made


@given(
    st.integers(0, 2_000),
    st.lists(st.tuples(st.integers(0, 400) | st.sampled_from((0, 1)), st.sampled_from((0.0, 0.5, 1.0))), max_size=30),
    st.integers(1, 8),
    st.integers(1, 3),
    st.randoms(use_true_random=False),
)
@settings(max_examples=150, deadline=None)
def test_at_most_twice_the_cheaper_way(
    others: int, needed: list[tuple[int, float]], readers: int, rounds: int, rng: random.Random
) -> None:
    """Whatever is needed, known of or not, at once or bit by bit, and in whatever order answers come."""
    there = account(rng, others, [count for count, _ in needed], [share for _, share in needed])
    by_list = max(cost_of_all(there, readers, rng) for _ in range(ORDERS))
    by_need = cost_of_needed(there, readers, rng)
    choosing, there.requests = chooser(FEW), 0
    sources = there.sources()
    rows: dict[str, int] = {}
    for at in range(rounds):
        choosing.need(sources[at::rounds])
        for name, count in read(there, choosing, readers, rng).items():
            rows[name] = rows.get(name, 0) + count
    assert there.requests <= 2 * min(by_list, by_need) + SPARE
    if choosing.whole:
        assert rows["all"] == len(there.everything.rows)
    else:
        assert [rows.get(str(number), 0) for number in range(len(needed))] == [count for count, _ in needed]


@given(st.integers(0, FEW * PAGE), st.integers(0, 20), st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_a_short_list_is_read_to_its_end(others: int, texts: int, rng: random.Random) -> None:
    """What has few pages is known as a whole, without a request beside them, whatever is needed."""
    there = account(rng, others, [0] * texts, [0.0] * texts)
    choosing = chooser(FEW)
    choosing.need(there.sources())
    assert read(there, choosing, 1, rng) == {"all": others} or others == 0
    assert choosing.whole
    assert there.requests == max(1, -(-others // PAGE))


def test_everything_is_had_by_the_list_alone() -> None:
    """If only the list of all codes is enough, nothing else is requested."""
    rng = random.Random(1)
    there = account(rng, 500, [3, 3], [0.0, 0.0])
    choosing = chooser(FEW)
    choosing.need(there.sources(), everything=True)
    assert set(read(there, choosing, 4, rng)) == {"all"}
    assert choosing.whole
