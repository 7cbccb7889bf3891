"""Every error of a file is reported at its place, all in one run. The cases are in broken.txt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from promosync.config import Refused, load, render_line

NOW = 1795262400  # 2026-11-21T12:00:00Z
MARK = "▶"


@dataclass(frozen=True)
class Case:
    title: str
    text: str
    places: tuple[tuple[int, int], ...]
    fragments: tuple[str, ...]


def read_cases() -> list[Case]:
    _, *blocks = (Path(__file__).parent / "broken.txt").read_text(encoding="utf-8").split("\n== ")
    return [read_case(block) for block in blocks]


def read_case(block: str) -> Case:
    title, _, rest = block.partition("\n")
    marked, *fragments = rest.rstrip("\n").split("\n-- ")
    places: list[tuple[int, int]] = []
    line, column = 1, 1
    for character in marked:
        if character == MARK:
            places.append((line, column))
        elif character == "\n":
            line, column = line + 1, 1
        else:
            column += 1
    return Case(title, marked.replace(MARK, ""), tuple(places), tuple(fragments))


CASES = read_cases()


def told(text: bytes) -> tuple[list[tuple[int, int]], list[str]]:
    """Return the places and the lines of the errors of a text that must be refused."""
    with pytest.raises(Refused) as caught:
        load(text, "promosync.json", NOW)
    refused = caught.value
    places = [refused.source.place_of(problem) for problem in refused.problems]
    return places, [render_line(problem, refused.source) for problem in refused.problems]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_each_fault_is_told_at_its_place(case: Case) -> None:
    places, lines = told(case.text.encode())
    assert (tuple(places), len(lines)) == (case.places, len(case.fragments)), "\n".join(lines)
    for line, fragment in zip(lines, case.fragments, strict=True):
        assert fragment in line


def test_there_are_many_kinds_and_each_marks_what_it_expects() -> None:
    assert len({case.title for case in CASES}) == len(CASES) >= 80
    assert all(len(case.places) == len(case.fragments) > 0 for case in CASES)


@pytest.mark.parametrize(
    ("raw", "place", "fragment"),
    [
        ('{"coupons": []}'.encode("utf-16"), (1, 1), "the file is UTF-16"),
        ('{"coupons": []}'.encode("utf-16-be"), (1, 1), "the file is UTF-16"),
        ('{"coupons": []}'.encode("utf-16-le"), (1, 1), "the file is UTF-16"),
        ('{"coupons": []}'.encode("utf-32"), (1, 1), "the file is UTF-32"),
        ('{"coupons": []}'.encode("utf-32-be"), (1, 1), "the file is UTF-32"),
        (b'{"a":\n "caf\xe9"}', (2, 6), "the byte 0xe9 is not UTF-8"),
        (b'{"a": "\xed\xa0\x80"}', (1, 8), "is not UTF-8"),
        (b'\xef\xbb\xbf{"a": nul}', (1, 7), "nul is no JSON value"),
        (b'{"a": "x\x00y"}', (1, 9), "control character U+0000"),
        (b'{"a": 1}\x00', (1, 9), "the character U+0000 follows the end"),
        (b'{"a": \x1b[31m}', (1, 7), "expected a value, found the character U+001B"),
        (b"", (1, 1), "the file is empty"),
        (b"[" * 100_000, (1, 65), "more than 64 levels"),
        (b'{"a":' * 100_000, (1, 321), "more than 64 levels"),
        (b'{"prices": ' + b"9" * 100_000 + b"}", (1, 12), "too long or too large"),
        (b'{"a": -0.' + b"1" * 100_000 + b"}", (1, 7), "too long or too large"),
    ],
)
def test_bytes_that_are_no_text_and_texts_without_measure(raw: bytes, place: tuple[int, int], fragment: str) -> None:
    places, lines = told(raw)
    assert places == [place], "\n".join(lines)
    assert fragment in lines[0]


def test_every_wrong_byte_is_told() -> None:
    places, _ = told(b'{"a": "\xe4",\n "b": "\xf6\xfc"}')
    assert places == [(1, 8), (2, 8)]


def test_a_place_is_written_with_file_line_column_and_path() -> None:
    _, lines = told(b'{"coupons": [\n  {"id": "a", "percent_off": 120, "duration": "once"}]}')
    assert lines == ["promosync.json:2:30 coupons[0].percent_off: is 120, but must be at most 100; for example 20"]


def test_what_a_terminal_would_obey_is_not_printed() -> None:
    _, lines = told(b'{"coupons": [{"\\u001b[31m\\u202e": 1, "id": "\\u009b31m\\n"}]}')
    assert all(line.isprintable() for line in lines)


def test_columns_count_characters() -> None:
    places, _ = told('{"coupons": [{"name": "🎉é", "id": 7}]}'.encode())
    assert (1, 35) in places


@pytest.mark.parametrize("text", ["spring", "!!map {}", "? a\n: b", "&a [1]", '"coupons":\n  []'])
@pytest.mark.parametrize("name", ["shop.yaml", "SHOP.YML"])
def test_a_name_tells_yaml_too(text: str, name: str) -> None:
    """A text that begins with a brace is JSON under any file name: its errors are reported, or it is read."""
    with pytest.raises(Refused) as caught:
        load(text.encode(), name, NOW)
    assert [problem.message for problem in caught.value.problems] == ["this is YAML, and the configuration is JSON"]
    assert "yq -o json" in caught.value.problems[0].hint
    with pytest.raises(Refused) as caught:
        load(b'{"coupons": [],}', name, NOW)
    assert [problem.message for problem in caught.value.problems] == ["a comma before the closing }"]
    assert load(b'{"coupons": []}', name, NOW).configuration.coupons == ()
