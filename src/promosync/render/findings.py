"""Errors and warnings of a check with their place in a repository, as annotations on GitHub and as SARIF.

Sources: https://docs.github.com/actions/reference/workflow-commands-for-github-actions and SARIF 2.1.0,
https://docs.oasis-open.org/sarif/sarif/v2.1.0/
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from promosync import __version__
from promosync.config import Source
from promosync.model.problems import Problem
from promosync.render.visible import visible

Json = dict[str, Any]

MOST = 10
"""GitHub shows this many annotations of each kind for a step, and drops the others without a message."""


class Level(StrEnum):
    """How serious a finding is."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem. ``file`` is relative to the repository where it is in one, None without a file.

    ``line`` and ``column`` count from 1 and are None where the file could not be read.
    """

    level: Level
    problem: Problem
    file: PurePosixPath | None = None
    line: int | None = None
    column: int | None = None

    @property
    def message(self) -> str:
        """What is wrong, and what to do."""
        hint = self.problem.hint
        return f"{self.problem.message}\n{hint[:1].upper()}{hint[1:]}" if hint else self.problem.message


def finding(level: Level, problem: Problem, source: Source | None, file: PurePosixPath | None) -> Finding:
    """Return a problem as a finding; ``file`` is the source's."""
    if source is None or file is None:
        return Finding(level, problem)
    place = source.place_of(problem) if source.text or problem.at else (None, None)
    return Finding(level, problem, file, *place)


def commands(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield a workflow command for each finding; where there are too many, the last of its kind counts the rest."""
    findings = list(findings)
    for level in Level:
        command = "notice" if level is Level.NOTE else level.value
        of_kind = [one for one in findings if one.level is level]
        shown = of_kind if len(of_kind) <= MOST else of_kind[: MOST - 1]
        for one in shown:
            yield _command(command, one)
        if rest := len(of_kind) - len(shown):
            yield f"::{command} title=promosync::and {rest:,} more like these: see the log of this step"


def sarif(findings: Iterable[Finding], describe: Callable[[str], str | None]) -> Json:
    """Return a log of one run; ``describe`` returns what a rule is about, None where nothing is known."""
    findings = list(findings)
    rules = sorted({one.problem.rule for one in findings})
    about = [_rule(rule, describe(rule)) for rule in rules]
    run = {
        "tool": {"driver": {"name": "promosync", "semanticVersion": __version__, "rules": about}},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": all(one.level is not Level.ERROR for one in findings)}],
        "results": [_result(one, rules.index(one.problem.rule)) for one in findings],
    }
    return {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}


def _command(command: str, one: Finding) -> str:
    properties = {"title": f"promosync {one.problem.rule}"}
    if one.file is not None:
        properties["file"] = str(one.file)
    if one.line is not None:
        properties |= {"line": str(one.line), "col": str(one.column)}
    said = ",".join(f"{name}={_property(visible(value))}" for name, value in properties.items())
    return f"::{command} {said}::{_data(chr(10).join(map(visible, one.message.split(chr(10)))))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _rule(rule: str, said: str | None) -> Json:
    return {"id": rule} | ({"shortDescription": {"text": said}} if said else {})


def _result(one: Finding, rule: int) -> Json:
    result: Json = {
        "ruleId": one.problem.rule,
        "ruleIndex": rule,
        "level": one.level.value,
        "message": {"text": _plain(one.message)},
    }
    if one.file is not None:
        place: Json = {"artifactLocation": {"uri": quote(str(one.file), errors="surrogateescape")}}
        if one.line is not None:
            place["region"] = {"startLine": one.line, "startColumn": one.column}
        result["locations"] = [{"physicalLocation": place}]
    return result


def _plain(text: str) -> str:
    """Return text in which brackets are no link and braces no placeholder: SARIF 2.1.0, 3.11.5 and 3.11.6."""
    return text.replace("](", "] (").replace("{", "{{").replace("}", "}}")
