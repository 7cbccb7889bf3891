"""A pattern with too few codes, or with codes that are easy to guess, is an error that says what to do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promosync.codes.alphabet import space_of
from promosync.codes.capacity import check_capacity, duration_text, rate_text
from promosync.model.configuration import BatchEntry, Generate, Import
from promosync.model.promotions import PromotionCode


def batch(source: Generate | Import, **fields: Any) -> BatchEntry:
    """Return a batch of one coupon that differs only in where its codes come from."""
    return BatchEntry("b", PromotionCode("", "spring"), source, ("code_batches", 2), **fields)


def test_a_full_space_is_allowed_and_one_more_is_not() -> None:
    entry = batch(Generate(count=1024, pattern="X#####", charset="ABCD"), allow_guessable=True)
    assert check_capacity(entry, 1024, 0) == []
    [problem] = check_capacity(entry, 1025, 0)
    assert problem.path == ("code_batches", 2, "generate", "pattern")
    assert "1,025" in problem.message
    assert "1,024" in problem.message
    assert "6 would hold" in problem.hint


def test_taken_codes_shrink_a_space() -> None:
    entry = batch(Generate(count=100, length=2, charset="numeric"), allow_guessable=True)
    assert check_capacity(entry, 90, 10) == []
    [problem] = check_capacity(entry, 91, 10)
    assert problem.path[-1] == "length"
    assert "10 of them taken" in problem.message


def test_case_is_no_capacity() -> None:
    """52 letters in two cases are 26: 26 codes of one letter, not 52."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    entry = batch(Generate(count=27, length=1, charset=letters), allow_guessable=True)
    assert [problem.rule for problem in check_capacity(entry, 27, 0)] == ["codes-capacity"]


def test_ten_thousand_possible_codes_for_each_issued_one_are_enough() -> None:
    entry = batch(Generate(count=100, length=6, charset="numeric"))
    assert check_capacity(entry, 100, 0) == []
    [problem] = check_capacity(entry, 101, 0)
    assert problem.rule == "codes-guessable"
    assert "1 guess in 9,900 hits" in problem.message
    assert "a length of 7 (now 6)" in problem.hint
    assert "allow_guessable" in problem.hint


def test_nothing_helps_an_alphabet_of_one() -> None:
    [problem] = check_capacity(batch(Generate(count=2, length=3, charset="aA")), 2, 0)
    assert "more characters" in problem.hint


def test_a_long_fixed_part_leaves_no_room() -> None:
    entry = batch(Generate(count=20, pattern="X" * 498 + "#", charset="numeric"))
    [problem] = check_capacity(entry, 20, 0)
    assert "2 #" in problem.hint, "two drawn characters fit in 500, the safe length does not"


def test_imports_have_no_limit() -> None:
    assert check_capacity(batch(Import("codes.csv")), 10**9, 0) == []


@given(st.integers(1, 10**7), st.sampled_from(["numeric", "unambiguous", "ABCD"]), st.integers(1, 12))
@settings(max_examples=80)
def test_the_length_that_is_named_is_the_shortest_that_passes(needed: int, charset: str, length: int) -> None:
    entry = batch(Generate(count=needed, length=length, charset=charset))
    problems = check_capacity(entry, needed, 0)
    if not problems:
        assert space_of(entry).capacity >= needed * 10_000
        return
    named = int(problems[0].hint.split("length of ")[1].split()[0])
    assert named > length
    assert check_capacity(batch(Generate(count=needed, length=named, charset=charset)), needed, 0) == []
    assert check_capacity(batch(Generate(count=needed, length=named - 1, charset=charset)), needed, 0)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (720, "12 min"),
        (3599, "1 h"),
        (20_000, "5 h 33 min"),
        (86_399, "1 d"),
        (183_600, "2 d 3 h"),
    ],
)
def test_durations_read_as_people_say_them(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_a_rate_says_how_long() -> None:
    assert rate_text(500_000, 25) == "500,000 codes: 5 h 33 min at 25 a second"
    assert rate_text(1, 0.5) == "1 code: 2 s at 0.5 a second"
