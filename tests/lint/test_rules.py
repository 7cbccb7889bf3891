"""Each rule reports exactly its own cases at the right place, and can be switched off."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from promosync.lint.linting import UNUSED
from promosync.lint.registry import RULES
from promosync.model.problems import ProblemsFound
from tests.lint.linted import linted

MARK = "▶"


@dataclass(frozen=True)
class Case:
    rule: str
    title: str
    text: str
    places: tuple[tuple[int, int], ...]
    fragments: tuple[str, ...]


def read_cases() -> list[Case]:
    _, *blocks = (Path(__file__).parent / "cases.txt").read_text(encoding="utf-8").split("\n== ")
    return [read_case(block) for block in blocks]


def read_case(block: str) -> Case:
    head, _, rest = block.partition("\n")
    rule, _, title = head.partition(": ")
    marked, *fragments = rest.rstrip("\n").split("\n-- ")
    places = []
    for number, line in enumerate(marked.split("\n"), start=1):
        column = 0
        for before in line.split(MARK)[:-1]:
            column += len(before)
            places.append((number, column + 1))
    return Case(rule, title, marked.replace(MARK, ""), tuple(places), tuple(fragments))


CASES = read_cases()
FAILING = [case for case in CASES if case.places]


def named(case: Case) -> str:
    return f"{case.rule}: {case.title}"


@pytest.mark.parametrize("case", CASES, ids=named)
def test_a_rule_tells_its_places_and_no_others(case: Case) -> None:
    loaded, warnings = linted(case.text)
    found = [warning for warning in warnings if warning.rule == case.rule]
    lines = [f"{warning.message}; {warning.hint}" for warning in found]
    places = [loaded.source.locate(warning.path, warning.on_key) for warning in found]
    assert tuple(places) == case.places, "\n".join(lines)
    for line, fragment in zip(lines, case.fragments, strict=True):
        assert fragment in line


@pytest.mark.parametrize("case", FAILING, ids=named)
def test_a_rule_is_switched_off_alone_and_with_a_reason(case: Case) -> None:
    document = json.loads(case.text)
    _, before = linted(json.dumps(document))
    document.setdefault("promosync", {}).setdefault("lint", {})[case.rule] = "agreed with finance"
    _, after = linted(json.dumps(document))
    assert [warning for warning in before if warning.rule != case.rule] == after


@pytest.mark.parametrize("rule", [*RULES, UNUSED])
def test_every_rule_has_cases_that_fail_and_that_pass(rule: str) -> None:
    cases = Counter(bool(case.places) for case in CASES if case.rule == rule)
    assert cases[True]
    assert cases[False]


def test_no_case_is_of_an_unknown_rule() -> None:
    assert {case.rule for case in CASES} == {*RULES, UNUSED}


def test_warnings_are_in_the_order_of_the_file() -> None:
    text = next(case.text for case in CASES if case.title == "all kinds")
    loaded, warnings = linted(text)
    places = [loaded.source.place_of(warning) for warning in warnings]
    assert places == sorted(places)
    assert len({warning.rule for warning in warnings}) > 2


@pytest.mark.parametrize(
    ("rule", "message", "hint"),
    [
        ("no-limits", 'no rule "no-limits"', 'did you mean "no-limit"?'),
        ("qqqq", 'no rule "qqqq"', "promosync explain lists the rules"),
        ("duplicate-id", '"duplicate-id" is an error, which no switch turns off', ""),
    ],
)
def test_a_switch_for_no_rule_is_an_error(rule: str, message: str, hint: str) -> None:
    with pytest.raises(ProblemsFound) as caught:
        linted(json.dumps({"promosync": {"lint": {rule: "because", "over": "because"}}}))
    (problem,) = caught.value.problems
    assert (problem.path, problem.rule) == (("promosync", "lint", rule), "unknown-rule")
    assert problem.message == message
    assert hint in problem.hint


def test_an_empty_file_has_no_warnings() -> None:
    assert linted("{}")[1] == []


def test_places_are_found_in_files_of_any_layout() -> None:
    """A date is read as it is written: with escapes, and after a byte order mark."""
    lines = (
        '\ufeff{"coupons":',
        '[{"id":"a","name":"é","duration":"once","percent_off":5,',
        '"redeem_by":"2028-06-01T07:00:00\\u005a"}]}',
    )
    loaded, warnings = linted("\r\n".join(lines))
    (odd,) = [warning for warning in warnings if warning.rule == "odd-end"]
    assert loaded.source.place_of(odd) == (3, 13)
