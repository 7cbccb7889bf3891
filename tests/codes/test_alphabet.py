"""What a pattern can make is counted exactly, and every code has one number."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promosync.codes.alphabet import CHARSETS, CODE_CHARACTERS, MAX_CODE_LENGTH, Space, alphabet_of, space_of
from promosync.config import Refused, load
from promosync.model.configuration import BatchEntry, Generate, Import
from promosync.model.promotions import PromotionCode, fold

alphabets = st.text(sorted(CODE_CHARACTERS), min_size=1).map(alphabet_of)
templates = st.text(sorted(CODE_CHARACTERS | {"#"}), min_size=1, max_size=20)


def batch(source: Generate | Import, **fields: Any) -> BatchEntry:
    """Return a batch of one coupon that differs only in where its codes come from."""
    return BatchEntry("b", PromotionCode("", "spring"), source, ("code_batches", 0), **fields)


def small(space: Space) -> bool:
    return space.capacity <= 3000


def test_letters_count_once_in_every_named_charset() -> None:
    """Stripe ignores case, so A-Z0-9 has 36 characters and not 62."""
    sizes = {name: len({fold(character) for character in text}) for name, text in CHARSETS.items()}
    assert sizes == {name: len(text) for name, text in CHARSETS.items()}
    assert (sizes["alphanumeric"], sizes["alphabetic"], sizes["numeric"]) == (36, 26, 10)


@pytest.mark.parametrize("pair", ["0O", "0Q", "OQ", "1I", "1L", "IL", "2Z", "5S", "8B", "UV", "6G", "OD", "QD"])
def test_unambiguous_never_has_both_of_a_pair_that_looks_alike(pair: str) -> None:
    assert not set(pair) <= set(CHARSETS["unambiguous"])


@pytest.mark.parametrize(
    ("charset", "expected"), [("abcABC", "abc"), ("AaBb11", "AB1"), ("-_x", "-_x"), ("numeric", "0123456789")]
)
def test_own_characters_lose_repeats_and_case(charset: str, expected: str) -> None:
    assert alphabet_of(charset) == expected


@given(templates, alphabets)
def test_every_number_is_a_code_of_the_shape_and_back(template: str, alphabet: str) -> None:
    space = Space(template, alphabet)
    for index in {0, space.capacity // 3, space.capacity // 2, space.capacity - 1}:
        code = space.code_at(index)
        assert len(code) == len(template)
        assert all(c in alphabet if t == "#" else c == t for t, c in zip(template, code, strict=True)), (
            "fixed where it is fixed, drawn where it is drawn"
        )
        assert space.index_of(code) == space.index_of(code.swapcase()) == index


@given(templates, st.text(sorted(CODE_CHARACTERS), min_size=1, max_size=5).map(alphabet_of))
@settings(max_examples=60)
def test_capacity_is_what_enumeration_finds(template: str, alphabet: str) -> None:
    space = Space(template, alphabet)
    if not small(space):
        return
    numbered = {space.code_at(index) for index in range(space.capacity)}
    enumerated = {"".join(code) for code in product(*(alphabet if t == "#" else t for t in template))}
    assert numbered == enumerated
    assert len({fold(code) for code in numbered}) == space.capacity


@given(templates, alphabets, st.text(max_size=20))
def test_a_text_of_another_shape_has_no_number(template: str, alphabet: str, text: str) -> None:
    space = Space(template, alphabet)
    index = space.index_of(text)
    assert index is None or fold(space.code_at(index)) == fold(text)


def test_look_alikes_of_unicode_are_not_in_the_space() -> None:
    """The Kelvin sign lower-cases to k, the dotted capital I to two characters."""
    assert Space("##", "KI").index_of("K\u212a") is None
    assert Space("##", "KI").index_of("\u0130") is None


@pytest.mark.parametrize("index", [-1, 100])
def test_there_is_no_code_beyond_the_capacity(index: int) -> None:
    with pytest.raises(IndexError):
        Space("##", "0123456789").code_at(index)


def test_prefix_length_and_suffix_are_a_pattern() -> None:
    space = space_of(batch(Generate(count=1, length=3, prefix="A-", suffix="-Z", charset="unambiguous")))
    assert space == Space("A-###-Z", CHARSETS["unambiguous"])


PATTERNS = st.text("A#-ä ", max_size=4) | st.integers(498, 502).map(lambda size: "#" * size)
LENGTHS = st.integers(0, 2) | st.integers(495, 502)
AFFIXES = st.text("a_", max_size=3) | st.text("a#!", max_size=2)
SETS = st.sampled_from(sorted(CHARSETS)) | st.text("aAb-", max_size=3) | st.sampled_from(["", "A#", "Aé", "A "])


@given(
    st.fixed_dictionaries({"count": st.just(1), "pattern": PATTERNS}, optional={"charset": SETS})
    | st.fixed_dictionaries(
        {"count": st.just(1), "length": LENGTHS}, optional={"prefix": AFFIXES, "suffix": AFFIXES, "charset": SETS}
    )
)
@settings(max_examples=400, deadline=None)
def test_stripe_takes_what_an_accepted_configuration_draws(generate: dict[str, Any]) -> None:
    """Nothing looks at a pattern again once the configuration was checked."""
    coupon = {"id": "a", "percent_off": 5, "duration": "once"}
    batches = [{"id": "b", "coupon": "a", "generate": generate}]
    try:
        loaded = load(json.dumps({"coupons": [coupon], "code_batches": batches}).encode(), "promosync.json")
    except Refused:
        return
    space = space_of(loaded.configuration.batches[0])
    assert len(space.template) <= MAX_CODE_LENGTH
    assert space.drawn
    assert len({fold(character) for character in space.alphabet}) == len(space.alphabet) > 1
    assert CODE_CHARACTERS.issuperset(space.code_at(space.capacity - 1))


def test_an_import_has_no_space() -> None:
    with pytest.raises(TypeError):
        space_of(batch(Import("codes.csv")))
