"""Findings as annotations of a GitHub workflow: commands on stdout that the runner reads.

Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from promosync.render.findings import Finding, Level
from promosync.render.visible import visible

MOST = 10
"""GitHub shows so many annotations of each kind for a step, and drops the others without a word."""

_COMMAND = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}


def commands(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield a workflow command for each finding; where there are too many, the last of its kind counts the rest."""
    findings = list(findings)
    for level, command in _COMMAND.items():
        of_kind = [one for one in findings if one.level is level]
        shown = of_kind if len(of_kind) <= MOST else of_kind[: MOST - 1]
        for one in shown:
            yield _line(command, one)
        if rest := len(of_kind) - len(shown):
            yield f"::{command} title=promosync::and {rest:,} more like these: see the log of this step"


def _line(command: str, one: Finding) -> str:
    properties = {"title": f"promosync {one.problem.rule}"}
    if one.file is not None:
        properties["file"] = str(one.file)
    if one.line is not None:
        properties |= {"line": str(one.line), "col": str(one.column)}
    said = ",".join(f"{name}={_property(visible(value))}" for name, value in properties.items())
    return f"::{command} {said}::{_data(chr(10).join(visible(part) for part in one.message.split(chr(10))))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
