"""The strict reader accepts what the standard library accepts, except texts that are not JSON; it never raises."""

from __future__ import annotations

import json
import math
import string
import time
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promosync.config.sound_json import Json, NotSound, read_sound
from promosync.config.source import Source
from promosync.config.strict_json import _parse_carefully, parse
from promosync.model.problems import Path

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
TREES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4))
NEAR_JSON = st.text(st.sampled_from("{}[]:,\"\\/*#'+-.0123456789eEtrufalsnNIiy _\n\r\t é\0"), max_size=40)


def alike(ours: Json, theirs: Any) -> bool:
    """Equal, where a decimal of ours may be a float of theirs; true is not 1."""
    if isinstance(ours, Decimal):
        return isinstance(theirs, float) and math.isclose(ours, theirs, rel_tol=1e-15, abs_tol=5e-324)
    if isinstance(ours, list):
        return isinstance(theirs, list) and len(ours) == len(theirs) and all(map(alike, ours, theirs))
    if isinstance(ours, dict):
        return list(ours) == list(theirs) and all(alike(ours[key], theirs[key]) for key in ours)
    return type(ours) is type(theirs) and ours == theirs


@settings(max_examples=150, deadline=None)
@given(TREES, st.sampled_from([None, 0, 3]), st.booleans())
def test_reads_valid_json_as_the_standard_library_does(tree: Any, indent: int | None, ascii: bool) -> None:
    text = json.dumps(tree, indent=indent, ensure_ascii=ascii)
    parsed = parse(text.encode())
    assert parsed.faults == ()
    assert parsed.whole
    assert alike(parsed.value, json.loads(text))


@settings(max_examples=400, deadline=None)
@given(st.one_of(NEAR_JSON, st.text(max_size=30)))
def test_refuses_what_the_standard_library_refuses(text: str) -> None:
    parsed = parse(text.encode("utf-8", "surrogatepass"))
    try:
        expected = json.loads(text)
    except ValueError:
        assert parsed.faults
    else:
        assert parsed.faults or alike(parsed.value, expected)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused_with_a_place(raw: bytes) -> None:
    parsed = parse(raw)
    assert parsed.whole or parsed.faults
    lines = parsed.text.split("\n")
    for fault in parsed.faults:
        assert fault.at is not None
        line, column = fault.at
        assert 1 <= line <= len(lines)
        assert 1 <= column <= len(lines[line - 1]) + 1


@settings(max_examples=500, deadline=None)
@given(st.one_of(NEAR_JSON, TREES.map(json.dumps), TREES.map(partial(json.dumps, ensure_ascii=False))))
def test_the_quick_reader_agrees_with_the_careful_one_or_leaves_it_to_it(text: str) -> None:
    try:
        quick = read_sound(text)
    except NotSound:
        return
    careful = _parse_carefully(text)
    assert careful.faults == ()
    assert repr(quick) == repr(careful.value)  # the very digits and types


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 1}', "[NaN]", "[-Infinity]", '["\\u0000"]', '["\\ud83d"]', "[" * 65 + "]" * 65, '["\ud83d"]',
        "1" * 401, f"0.{'1' * 400}", "[1e5]", "[1,]", "[1] 2", "// one\n[]", "[" * 100_000,
    ],
)  # fmt: skip
def test_the_quick_reader_leaves_what_may_have_a_fault(text: str) -> None:
    with pytest.raises(NotSound):
        read_sound(text)


def places(value: Json, path: Path = ()) -> list[tuple[Path, Json]]:
    found: list[tuple[Path, Json]] = [(path, value)]
    if isinstance(value, dict):
        for key, item in value.items():
            found += places(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found += places(item, (*path, index))
    return found


@settings(max_examples=100, deadline=None)
@given(TREES, st.sampled_from([None, 2]))
def test_each_value_and_key_is_located_where_it_stands(tree: Any, indent: int | None) -> None:
    parsed = parse(json.dumps(tree, indent=indent, ensure_ascii=False).encode())
    source = Source("file", parsed.text)
    decoder = json.JSONDecoder()
    lines = parsed.text.split("\n")
    offsets = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines))]
    for path, value in places(parsed.value):
        line, column = source.locate(path)
        found, _ = decoder.raw_decode(parsed.text, offsets[line - 1] + column - 1)
        assert alike(value, found)
        if path and isinstance(path[-1], str):
            line, column = source.locate(path, on_key=True)
            assert decoder.raw_decode(parsed.text, offsets[line - 1] + column - 1)[0] == path[-1]


def test_what_is_not_there_is_located_at_what_would_hold_it() -> None:
    parsed = parse(b'{"coupons": [\n  {"id": "a"},\n  {"id": "b"}]}')
    source = Source("file", parsed.text)
    assert source.locate(("coupons", 1, "name")) == (3, 3)
    assert source.locate(("coupons", 1, "name", "x"), on_key=True) == (3, 3)
    assert source.locate(("coupons", 7)) == (1, 13)
    assert source.locate(("nowhere",)) == (1, 1)
    assert source.locate(("coupons", 1), on_key=True) == (3, 3)
    assert source.line(2) == '  {"id": "a"},'
    assert (source.line(0), source.line(4)) == ("", "")


def test_windows_lines_and_tabs() -> None:
    parsed = parse(b'{\r\n\t"a": 1,\r\n\t"a": 2\r\n}\r\n')
    assert [fault.at for fault in parsed.faults] == [(3, 2)]
    assert Source("file", parsed.text).line(3) == '\t"a": 2'


def test_numbers_keep_their_digits() -> None:
    parsed = parse(b"[0.1, 12.50, 1e2, -0, 123456789012345678901234567890, 1E-7]")
    assert parsed.value == [
        Decimal("0.1"),
        Decimal("12.50"),
        Decimal(100),
        0,
        123456789012345678901234567890,
        Decimal("1E-7"),
    ]
    assert isinstance(parsed.value, list)
    assert [type(number) for number in parsed.value] == [Decimal, Decimal, Decimal, int, int, Decimal]


def test_depth_is_bounded_at_sixty_four() -> None:
    assert parse(b"[" * 64 + b"]" * 64).faults == ()
    assert parse(b"[" * 65 + b"]" * 65).faults


def test_time_grows_with_the_size_and_not_faster() -> None:
    for hostile in (b"[" + b"/* " * 500_000, b'["' + b"\\u00e9" * 300_000, b'"' + b"a" * 2_000_000, b"'" * 500_000):
        started = time.process_time()
        parse(hostile)
        assert time.process_time() - started < 5


def test_few_faults_of_many_are_told() -> None:
    assert len(parse(b"[" + b"NaN," * 10_000 + b"]").faults) == 25


def test_every_printable_character_may_stand_where_a_value_must() -> None:
    for character in string.printable + "“é\u202e":
        for text in (character, f"[{character}", f'{{"a"{character}', f'{{"a": 1{character}', f"{{{character}"):
            parsed = parse(text.encode())
            assert parsed.faults or alike(parsed.value, json.loads(text))
