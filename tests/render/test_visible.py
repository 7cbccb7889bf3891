"""Text from people is shown as text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promosync.render.visible import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 夏 🎉 [red]", "plain é 夏 🎉 [red]"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x1b[31m\x00\x9b\x7f", "\\u001b[31m\\u0000\\u009b\\u007f"),
        ("\u202e\u2066\u200b\u2028\ufeff", "\\u202e\\u2066\\u200b\\u2028\\ufeff"),
        ("\u3164\u2800", "\\u3164\\u2800"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_what_does_not_print_is_written_out(text: str, shown: str) -> None:
    """Control characters, changes of direction, blanks, halves and tags have a visible name."""
    assert visible(text) == shown


@given(st.text(st.characters(codec=None), max_size=40))
def test_the_result_is_one_harmless_line(text: str) -> None:
    """A terminal only prints the text; printable text is unchanged."""
    shown = visible(text)
    assert shown.isprintable()
    assert not {unicodedata.category(sign) for sign in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert visible(shown) == shown
