"""A problem is shown with its place, its fault and what to do."""

from __future__ import annotations

import pytest

from promosync.config import Refused, Source, load
from promosync.model.problems import Problem
from promosync.render.problems import problems_json, problems_text
from tests.render.plans import EVIL

TEXT = b"""{
  "coupons": [
    {"id": "a", "percent_off": 120, "duration": "once"}
  ]
}
"""


def refused() -> Refused:
    with pytest.raises(Refused) as caught:
        load(TEXT, "promosync.json")
    return caught.value


def test_a_problem_of_the_file_has_line_and_column() -> None:
    """The first line can be clicked on, the second says what to do."""
    found = refused()
    first, *rest = [line.plain for line in problems_text(found.problems, found.source, 80)]
    assert first.startswith("error: promosync.json:3:32 coupons[0].percent_off: ")
    assert all(line.startswith(("  hint: ", "        ")) for line in rest)


def test_the_same_in_json() -> None:
    """Every part is a field of its own."""
    found = refused()
    [error] = problems_json(found.problems, found.source)
    assert (error["file"], error["line"], error["column"]) == ("promosync.json", 3, 32)
    assert error["path"] == "coupons[0].percent_off"
    assert error["rule"] == "bad-value"


def test_what_has_no_place_names_none() -> None:
    """A missing key is no fault of a file."""
    problem = Problem((), "STRIPE_API_KEY is not set", "set it", rule="api-key")
    assert [line.plain for line in problems_text([problem], None, 80)] == [
        "error: STRIPE_API_KEY is not set",
        "  hint: set it",
    ]
    [error] = problems_json([problem], None)
    assert (error["file"], error["line"], error["column"], error["path"]) == (None, None, None, None)


def test_a_file_that_is_not_there_is_named() -> None:
    """It has a name, but no lines."""
    source = Source("nowhere.json")
    problem = Problem((), "there is no such file", rule="unreadable-file")
    assert [line.plain for line in problems_text([problem], source, 80)] == [
        "error: nowhere.json: there is no such file"
    ]
    [error] = problems_json([problem], source)
    assert (error["file"], error["line"]) == ("nowhere.json", None)


def test_hostile_words_are_harmless() -> None:
    """Messages quote what is in the file, names of files come from the shell."""
    for line in problems_text([Problem((), EVIL, EVIL)], Source(EVIL), 80):
        assert line.plain.isprintable()
