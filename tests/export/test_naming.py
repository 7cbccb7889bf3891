"""Config ids made of anything are valid, each there once, and never the name of something recreated."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promosync.export.naming import Names, is_own_name, slug

anything = st.one_of(st.text(max_size=80), st.text("aé_r-2 /", max_size=70))


@settings(max_examples=200, deadline=None)
@given(st.lists(anything, max_size=12), st.lists(anything, max_size=4))
def test_names_are_valid_and_each_there_once(wanted: list[str], reserved: list[str]) -> None:
    names = Names(reserved)
    given_out = [names.take(text, "coupon") for text in wanted]
    assert len(set(given_out)) == len(wanted)
    assert not set(given_out) & set(reserved)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name) for name in given_out)
    assert not [name for name in given_out if re.fullmatch(r".+_r[0-9]+", name)]


@pytest.mark.parametrize(
    ("stripe_id", "name"),
    [
        ("spring_20", "spring_20"),
        ("-", "-"),
        ("25 OFF", "25-OFF"),
        ("été/2027", "ete-2027"),
        ("spring_r2", "spring-r2"),
        ("_r2", "_r2"),
        ("x" * 90, "x" * 64),
        ("优惠", ""),
    ],
)
def test_a_name_is_as_near_as_can_be(stripe_id: str, name: str) -> None:
    assert slug(stripe_id) == name
    assert is_own_name(stripe_id) is (stripe_id == name)


def test_many_of_one_text_are_numbered_in_their_order() -> None:
    names = Names(["a-3"])
    assert [names.take(text, "x") for text in ("a", "a", "a", "", "", "x" * 64, "x" * 65)] == [
        *("a", "a-2", "a-4", "x", "x-2", "x" * 64, "x" * 62 + "-2")
    ]
