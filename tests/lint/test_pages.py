"""Every id has an explanation, and the examples on the pages are correct."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from promosync.apply.gateway import Fault
from promosync.lint import explain, titles
from promosync.lint.linting import UNUSED
from promosync.lint.registry import RULES
from tests.lint.linted import linted

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "rules"
ID = re.compile(r"[a-z]+(-[a-z]+)*")


def ids_in_the_source() -> Iterator[str]:
    """Every constant that the source hands to a Problem as its rule, by name or by place."""
    takes_a_rule = {"Problem": 3, "_fault": 0, "_repeated": 1, "_bad": 2}
    for path in sorted((ROOT / "src" / "promosync").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            values: list[ast.expr | None] = []
            if isinstance(node, ast.Call):
                values += [keyword.value for keyword in node.keywords if keyword.arg == "rule"]
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                values += node.args[takes_a_rule.get(name, len(node.args)) :][:1]
            elif isinstance(node, ast.FunctionDef):
                defaults = [None] * (len(node.args.args) - len(node.args.defaults)) + [*node.args.defaults]
                values += [
                    default for arg, default in zip(node.args.args, defaults, strict=True) if arg.arg == "rule"
                ]
            for value in values:
                if isinstance(value, ast.Constant) and isinstance(value.value, str) and ID.fullmatch(value.value):
                    yield value.value


def errors() -> set[str]:
    return set(ids_in_the_source()) | {f"stripe-{fault.value.replace(' ', '-')}" for fault in Fault}


def test_every_lint_rule_has_a_page_and_every_page_a_rule() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} == {*RULES, UNUSED, "errors"}


def test_every_id_in_the_source_is_explained() -> None:
    found = errors()
    assert {"bad-date", "json-syntax", "conflict", "api-key", "codes-guessable", "stripe-text-taken"} <= found
    assert {rule for rule in found if explain(rule) is None} == set()


def test_every_explained_error_is_in_the_source() -> None:
    assert set(titles()) - {*RULES, UNUSED, "redeem"} <= errors()


@pytest.mark.parametrize("rule", titles())
def test_a_page_says_what_it_is_about(rule: str) -> None:
    page = explain(rule)
    assert page is not None
    assert page.startswith(f"# {rule}: {titles()[rule]}\n\n")
    assert 10 < len(titles()[rule]) < 80
    assert "what to do" in " ".join(page.lower().split())
    assert not re.search(r"^#{1,2} [^T].*\n+#", page, re.MULTILINE), "a heading without text"


@pytest.mark.parametrize("rule", [*RULES, UNUSED])
def test_the_first_example_of_a_page_is_told_and_the_last_is_not(rule: str) -> None:
    page = explain(rule) or ""
    first, last = re.findall(r"```json\n(.*?)\n```", page, re.DOTALL)
    assert rule in {warning.rule for warning in linted(first)[1]}
    assert rule not in {warning.rule for warning in linted(last)[1]}
    assert page.endswith(f'say why: `"promosync": {{"lint": {{"{rule}": "the reason"}}}}`.\n')


@pytest.mark.parametrize("rule", RULES)
def test_the_last_example_of_a_page_has_no_other_warning_that_matters(rule: str) -> None:
    """Except `over` on the page about a coupon that has ended."""
    last = re.findall(r"```json\n(.*?)\n```", explain(rule) or "", re.DOTALL)[-1]
    allowed = {"over"} if rule == "outlives-coupon" else set()
    assert {warning.rule for warning in linted(last)[1]} <= allowed


def test_an_id_that_nobody_uses_is_not_explained() -> None:
    assert explain("nonsense") is None
    assert explain("errors") is None
    assert explain("") is None
    assert explain("redeem-customer") == explain("redeem")


def test_the_examples_are_json() -> None:
    for page in PAGES.glob("*.md"):
        for example in re.findall(r"```json\n(.*?)\n```", page.read_text(encoding="utf-8"), re.DOTALL):
            json.loads(example)
