"""A runner for the composite action: evaluates conditions, runs steps with bash, and reads what they write."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
SECONDS = 120


def read_yaml(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


@dataclass
class Job:
    """The result of a run of the action: the steps that ran, and their outputs."""

    code: int = 0
    ran: list[str] = field(default_factory=list)
    log: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""


def use_action(
    workspace: Path,
    temp: Path,
    inputs: Mapping[str, str],
    env: Mapping[str, str],
    event: Any,
    place: Path = ROOT,
) -> Job:
    """Use the action in a workspace, as a step of a job would; ``event`` is what triggered the workflow.

    ``place`` is where the action was fetched to.
    """
    action = read_yaml(place / "action.yml")
    unknown = set(inputs) - set(action["inputs"])
    assert not unknown, f"the action has no input {unknown}"
    github = {"token": "ghs_job", "event": event}
    known: dict[str, Any] = {"github": github, "steps": {}}
    defaults = {name: expanded(str(one.get("default", "")), known) for name, one in action["inputs"].items()}
    known["inputs"] = {**defaults, **inputs}
    temp.mkdir(exist_ok=True)
    job, summary = Job(), temp / "summary.md"
    summary.touch()
    for number, step in enumerate(action["runs"]["steps"]):
        if not evaluate(step.get("if", "true"), known):
            continue
        assert step["shell"] == "bash"
        job.ran.append(step["name"])
        script, output = temp / f"{number}.sh", temp / f"{number}.output"
        script.write_text(step["run"], encoding="utf-8")
        output.touch()
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
            cwd=workspace,
            env={
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
                "HOME": str(temp),
                "GITHUB_ACTIONS": "true",
                "GITHUB_ACTION_PATH": str(place),
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(summary),
                "GITHUB_WORKSPACE": str(workspace),
                "RUNNER_TEMP": str(temp),
                **env,
                **{name: expanded(value, known) for name, value in step.get("env", {}).items()},
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        job.log += done.stdout
        pairs = [line.partition("=") for line in output.read_text(encoding="utf-8").splitlines()]
        known["steps"][step.get("id", f"__{number}")] = {"outputs": {name: value for name, _, value in pairs}}
        if done.returncode:  # no step has a condition for a failure, so none runs after one
            job.code = done.returncode
            break
    job.outputs = {name: expanded(one["value"], known) for name, one in action["outputs"].items()}
    job.summary = summary.read_text(encoding="utf-8")
    return job


def expanded(text: str, known: Mapping[str, Any]) -> str:
    """Put the values of ``${{ }}`` in."""
    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: as_text(evaluate(found[1], known)), str(text))


def evaluate(expression: str, known: Mapping[str, Any]) -> Any:
    """Evaluate an expression made of contexts, texts, ``== != && || !`` and brackets; what is not there is empty."""

    def one(found: re.Match[str]) -> str:
        sign = found[0]
        if sign.startswith("'"):
            return repr(sign[1:-1].replace("''", "'"))
        if sign in operators:
            return operators[sign]
        return repr({"true": True, "false": False}.get(sign, look_up(sign, known)))

    operators = {"==": "==", "!=": "!=", "&&": " and ", "||": " or ", "!": " not ", "(": "(", ")": ")"}
    token = r"'(?:[^']|'')*'|==|!=|&&|\|\||[!()]|[A-Za-z_][\w.-]*"
    assert re.fullmatch(rf"(?:\s*(?:{token}))*\s*", expression), expression
    return eval(re.sub(token, one, expression).strip(), {"__builtins__": {}})


def look_up(name: str, known: Mapping[str, Any]) -> str:
    value: Any = known
    for part in name.split("."):
        value = value.get(part, "") if isinstance(value, Mapping) else ""
    return as_text(value)


def as_text(value: Any) -> str:
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
