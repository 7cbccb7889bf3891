"""Findings as SARIF 2.1.0, which code scanning takes: https://docs.oasis-open.org/sarif/sarif/v2.1.0/"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from promosync import __version__
from promosync.render.findings import Finding, Level

Json = dict[str, Any]


def sarif(findings: Iterable[Finding], describe: Callable[[str], str | None]) -> Json:
    """Return a log of one run; ``describe`` gives what a rule is about, where there is something."""
    findings = list(findings)
    rules = sorted({one.problem.rule for one in findings})
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "promosync",
                        "semanticVersion": __version__,
                        "rules": [_rule(rule, describe(rule)) for rule in rules],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "invocations": [{"executionSuccessful": all(one.level is not Level.ERROR for one in findings)}],
                "results": [_result(one, rules.index(one.problem.rule)) for one in findings],
            }
        ],
    }


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
    """Keep brackets from being read as a link, and braces as a placeholder: SARIF 2.1.0, 3.11.5 and 3.11.6."""
    return text.replace("](", "] (").replace("{", "{{").replace("}", "}}")
