"""Codes are drawn without repeats, without bias and without a pattern, up to the last one of a space."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice, pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promosync.codes.alphabet import CODE_CHARACTERS, Space, alphabet_of
from promosync.codes.drawing import draw
from promosync.model.promotions import fold

alphabets = st.text(sorted(CODE_CHARACTERS), min_size=1).map(alphabet_of)
templates = st.text(["#", "#", "#", "A", "z", "-", "7"], min_size=1, max_size=14)


def fixed(space: Space, seed: int = 0) -> Iterator[str]:
    """Yield the codes that a seed draws, so that a statistic has the same result in every run."""
    return draw(space, below=Random(seed).randrange)


def chi_square(counts: Counter[str], cells: int) -> float:
    expected = counts.total() / cells
    missing = (cells - len(counts)) * expected
    return missing + sum((count - expected) ** 2 / expected for count in counts.values())


@given(templates, alphabets, st.integers(1, 400), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_codes_are_distinct_and_of_the_shape(template: str, alphabet: str, count: int, random: Random) -> None:
    space = Space(template, alphabet)
    codes = list(islice(draw(space, below=random.randrange), count))
    assert len(codes) == min(count, space.capacity)
    assert len({fold(code) for code in codes}) == len(codes)
    assert all(space.index_of(code) is not None for code in codes)


def test_a_full_space_of_1024_is_drawn_to_the_last() -> None:
    space = Space("X#####", "ABCD")
    codes = list(draw(space))
    assert len(codes) == len(set(codes)) == space.capacity == 1024
    assert codes != sorted(codes)


@pytest.mark.parametrize("characters", ["ABC", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456"])
def test_a_space_is_drawn_to_its_last_code(characters: str) -> None:
    """27 codes, and more than a million of 33 characters."""
    space = Space("###" if len(characters) == 3 else "####", characters)
    drawn = bytearray(space.capacity)
    for code in draw(space):
        index = space.index_of(code)
        assert index is not None
        drawn[index] += 1
    assert drawn == b"\1" * space.capacity


@given(st.integers(1, 36), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_it_is_the_shuffle_of_the_whole_space(characters: int, random: Random) -> None:
    """Compared with one that keeps every place, on the same numbers."""
    space = Space("##", alphabet_of("alphanumeric")[:characters])
    steps = [random.randrange(space.capacity - place) for place in range(space.capacity)]
    order = list(range(space.capacity))
    for place, step in enumerate(steps):
        order[place], order[place + step] = order[place + step], order[place]
    numbers = iter(steps)
    assert [space.index_of(code) for code in draw(space, below=lambda _: next(numbers))] == order


@pytest.mark.parametrize("template", ["##", "############", "#" * 500])
def test_two_draws_differ(template: str) -> None:
    """Unless numbers are given, they are the operating system's."""
    space = Space(template, alphabet_of("alphanumeric"))
    assert list(islice(draw(space), 50)) != list(islice(draw(space), 50))


@pytest.mark.parametrize("template", ["####", "#####", "##########"])
def test_every_position_shows_every_character_equally_often(template: str) -> None:
    """35 degrees of freedom, 99.99 % below 77."""
    space = Space(template, alphabet_of("alphanumeric"))
    codes = list(islice(fixed(space), 20_000))
    for position in range(len(template)):
        assert chi_square(Counter(code[position] for code in codes), 36) < 77


@pytest.mark.parametrize("template", ["####", "#####", "##########"])
def test_one_code_says_nothing_of_the_next(template: str) -> None:
    """Neighbouring draws, by their first and last character: 1295 degrees of freedom, 99.99 % below 1490."""
    space = Space(template, alphabet_of("alphanumeric"))
    codes = list(islice(fixed(space), 40_000))
    for position in (0, -1):
        pairs = Counter(one[position] + other[position] for one, other in pairwise(codes))
        assert chi_square(pairs, 36 * 36) < 1490
    differences = Counter(
        (space.index_of(other) - space.index_of(one)) % space.capacity  # type: ignore[operator]
        for one, other in pairwise(codes)
    )
    assert differences.most_common(1)[0][1] <= 12, "an affine step would show the same difference every time"


def test_small_spaces_come_in_every_order_equally_often() -> None:
    """All 24 orders of four codes over 4,800 seeds: 23 degrees of freedom, 99.99 % below 59."""
    space = Space("#", "ABCD")
    orders = Counter("".join(fixed(space, number)) for number in range(4800))
    assert chi_square(orders, 24) < 59


def test_taken_codes_are_passed_over_whatever_their_case() -> None:
    space = Space("a##", "XYZ")
    taken = {"axx", "axy", "azz"}
    codes = list(draw(space, taken.__contains__))
    assert {fold(code) for code in codes} == {fold(space.code_at(i)) for i in range(9)} - taken
    assert list(draw(space, lambda code: True)) == []


def test_a_space_without_drawn_positions_has_one_code() -> None:
    assert list(draw(Space("SPRING", "AB"))) == ["SPRING"]
