"""Codes are drawn without repeats, without bias and without a pattern, up to the last one of a space."""

from __future__ import annotations

from collections import Counter
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promosync.codes.alphabet import CODE_CHARACTERS, Space, alphabet_of
from promosync.codes.drawing import SHUFFLED, _network, draw
from promosync.model.promotions import fold

KEY = bytes(range(32))
alphabets = st.text(sorted(CODE_CHARACTERS), min_size=1).map(alphabet_of)
templates = st.text(["#", "#", "#", "A", "z", "-", "7"], min_size=1, max_size=14)


def chi_square(counts: Counter[str], cells: int) -> float:
    expected = counts.total() / cells
    missing = (cells - len(counts)) * expected
    return missing + sum((count - expected) ** 2 / expected for count in counts.values())


@given(templates, alphabets, st.integers(1, 400), st.binary(min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_codes_are_distinct_and_of_the_shape(template: str, alphabet: str, count: int, key: bytes) -> None:
    space = Space(template, alphabet)
    codes = list(islice(draw(space, key), count))
    assert len(codes) == min(count, space.capacity)
    assert len({fold(code) for code in codes}) == len(codes)
    assert all(space.index_of(code) is not None for code in codes)


def test_a_full_space_of_1024_is_drawn_to_the_last() -> None:
    space = Space("X#####", "ABCD")
    codes = list(draw(space))
    assert len(codes) == len(set(codes)) == space.capacity == 1024
    assert codes != sorted(codes)


@given(st.integers(1, 3000), st.binary(min_size=1, max_size=8))
@settings(max_examples=40, deadline=None)
def test_the_network_is_a_permutation_of_every_size(size: int, key: bytes) -> None:
    assert sorted(_network(size, key)) == list(range(size))


def test_a_space_just_too_large_to_shuffle_is_drawn_in_full() -> None:
    """33 ** 4 codes: the network, with cycle walking, read to its end."""
    space = Space("####", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456")
    assert SHUFFLED < space.capacity < 1_200_000
    assert len({space.index_of(code) for code in draw(space, KEY)}) == space.capacity


@pytest.mark.parametrize("template", ["##", "#####", "######", "############"])
def test_the_key_alone_fixes_the_order(template: str) -> None:
    space = Space(template, alphabet_of("alphanumeric"))
    first = list(islice(draw(space, KEY), 50))
    assert first == list(islice(draw(space, KEY), 50))
    assert first != list(islice(draw(space, KEY + b"."), 50))
    assert first != list(islice(draw(space), 50)) != list(islice(draw(space), 50))


@pytest.mark.parametrize("template", ["####", "#####", "##########"])
def test_every_position_shows_every_character_equally_often(template: str) -> None:
    """A shuffled, a permuted and a partly independent space; 35 degrees of freedom, 99.99 % below 77."""
    space = Space(template, alphabet_of("alphanumeric"))
    codes = list(islice(draw(space, KEY), 20_000))
    for position in range(len(template)):
        assert chi_square(Counter(code[position] for code in codes), 36) < 77


@pytest.mark.parametrize("template", ["####", "#####", "##########"])
def test_one_code_says_nothing_of_the_next(template: str) -> None:
    """Neighbouring draws, by their first and last character: 1295 degrees of freedom, 99.99 % below 1490."""
    space = Space(template, alphabet_of("alphanumeric"))
    codes = list(islice(draw(space, KEY), 40_000))
    for position in (0, -1):
        pairs = Counter(one[position] + other[position] for one, other in pairwise(codes))
        assert chi_square(pairs, 36 * 36) < 1490
    differences = Counter(
        (space.index_of(other) - space.index_of(one)) % space.capacity  # type: ignore[operator]
        for one, other in pairwise(codes)
    )
    assert differences.most_common(1)[0][1] <= 12, "an affine step would show the same difference every time"


def test_small_spaces_come_in_every_order_equally_often() -> None:
    """All 24 orders of four codes over 4,800 keys: 23 degrees of freedom, 99.99 % below 59."""
    space = Space("#", "ABCD")
    orders = Counter("".join(draw(space, number.to_bytes(4, "big"))) for number in range(4800))
    assert chi_square(orders, 24) < 59


def test_taken_codes_are_passed_over_whatever_their_case() -> None:
    space = Space("a##", "XYZ")
    taken = {"axx", "axy", "azz"}
    codes = list(draw(space, KEY, taken.__contains__))
    assert {fold(code) for code in codes} == {fold(space.code_at(i)) for i in range(9)} - taken
    assert list(draw(space, KEY, lambda code: True)) == []


def test_a_space_without_drawn_positions_has_one_code() -> None:
    assert list(draw(Space("SPRING", "AB"), KEY)) == ["SPRING"]
