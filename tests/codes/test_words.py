"""Offensive words are drawn last, and no possible code is lost."""

from __future__ import annotations

import codecs
import time
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promosync.codes.alphabet import Space
from promosync.codes.drawing import draw
from promosync.codes.words import SET_ASIDE, decent, is_offensive

ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def word(turned: str) -> str:
    """A word of the list, which stores them turned by 13 letters."""
    return codecs.decode(turned, "rot13").upper()


@pytest.mark.parametrize("text", ["FUVG", "x9Shpx7", "F-OVGPU-1"])
def test_a_word_is_found_in_any_case_and_place(text: str) -> None:
    assert is_offensive(codecs.decode(text, "rot13"))


@pytest.mark.parametrize("text", ["5H1T", "FUCK3R", "B17CH", "P0RN", "V4G1N4"])
def test_digits_are_read_as_letters(text: str) -> None:
    assert is_offensive(text)


@pytest.mark.parametrize(
    "text", ["", "WELCOME50", "CLASSIC", "GLASS-20", "TITLE", "ESSEX", "COCKTAIL", "PUSH-IT", "SWANKY", "2024"]
)
def test_innocent_words_stay(text: str) -> None:
    assert not is_offensive(text)


def test_bad_draws_come_last_and_across_dashes() -> None:
    bad = [word("NFF") + "12345", "12" + word("NF") + "-" + word("F") + "42", "45512345"]
    good = ["ABCDEFGH", "12-34-56", "HGFEDCBA"]
    assert list(decent([bad[0], good[0], bad[1], good[1], bad[2], good[2]])) == [*good, *bad]


def test_a_full_space_loses_nothing() -> None:
    space = Space("###", "ASUFCK")
    drawn = list(decent(draw(space)))
    assert len(set(drawn)) == len(drawn) == space.capacity == 216
    assert drawn[-1] == word("NFF")


def test_a_word_in_the_pattern_is_no_reason_to_draw_for_ever() -> None:
    space = Space(word("SHPX") + "-########", ALPHANUMERIC)
    begun = time.process_time()
    codes = list(islice(decent(draw(space)), 100))
    assert len(set(codes)) == 100
    assert time.process_time() - begun < 10


def test_no_more_than_a_few_thousand_are_kept_back() -> None:
    texts = [f"{word('NFF')}{number:06}" for number in range(SET_ASIDE + 5)]
    drawn = list(decent(texts))
    assert sorted(drawn) == texts
    assert drawn[:5] == texts[SET_ASIDE:]


@settings(max_examples=50)
@given(st.lists(st.text("ASTIFUCK015-", max_size=8)))
def test_the_same_texts_come_out(texts: list[str]) -> None:
    assert sorted(decent(texts)) == sorted(texts)


def test_drawn_codes_are_decent() -> None:
    space = Space("####", "ASTIHFUCK15")
    few = list(islice(decent(draw(space)), 2000))
    assert len(few) == 2000
    assert not any(is_offensive(code) for code in few)
    assert any(is_offensive(code) for code in draw(space))
