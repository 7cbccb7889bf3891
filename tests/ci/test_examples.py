"""The examples for CI, the action and the hook are what their systems take, and name only what promosync has."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from promosync.cli.app import app
from tests.ci.runner import ROOT, read_yaml

WORKFLOWS = sorted((ROOT / "examples" / "ci" / "github").glob("*.yml"))
GITLAB = ROOT / "examples" / "ci" / "gitlab" / ".gitlab-ci.yml"


def check(schema: str, *files: Path, more: tuple[str, ...] = ()) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *more, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_workflows_are_workflows() -> None:
    check("vendor.github-workflows", *WORKFLOWS)


def test_the_action_is_an_action() -> None:
    check("vendor.github-actions", ROOT / "action.yml")


def test_the_pipeline_is_a_pipeline() -> None:
    check("vendor.gitlab-ci", GITLAB, more=("--data-transform", "gitlab-ci"))


def test_the_checker_does_check(tmp_path: Path) -> None:
    """A schema that takes everything would prove nothing."""
    broken = tmp_path / "broken.yml"
    broken.write_text("on: push\njobs:\n  a:\n    runs_on: ubuntu-latest\n", encoding="utf-8")
    with pytest.raises(AssertionError):
        check("vendor.github-workflows", broken)


def steps() -> Iterator[dict[str, Any]]:
    for path in WORKFLOWS:
        for job in read_yaml(path)["jobs"].values():
            yield from job["steps"]


def test_uses_of_the_action_fit_the_action() -> None:
    inputs = set(read_yaml(ROOT / "action.yml")["inputs"])
    uses = [step for step in steps() if "promosync@" in step.get("uses", "")]
    assert len(uses) == 3
    for step in uses:
        assert set(step["with"]) <= inputs


def commands() -> Iterator[list[str]]:
    scripts = [step["run"] for step in steps() if "run" in step]
    pipeline = read_yaml(GITLAB)
    scripts += [line for job in pipeline.values() if isinstance(job, dict) for line in job.get("script", ())]
    hook = read_yaml(ROOT / ".pre-commit-hooks.yaml")[0]
    for script in [*scripts, " ".join([hook["entry"], *hook["args"]])]:
        for line in script.splitlines():
            if line.startswith("promosync "):
                yield shlex.split(line)[1:]


@pytest.mark.parametrize("command", list(commands()), ids=" ".join)
def test_every_command_in_them_is_one(command: list[str]) -> None:
    """With options that it has."""
    known: Any = get_command(app)
    words = list(command)
    while hasattr(known, "commands"):
        known = known.commands[words.pop(0)]
    parsed = known.make_context("promosync", words)
    assert parsed.params["files"] == ["promosync.json"]


def test_an_apply_has_no_other_beside_it() -> None:
    workflow = read_yaml(ROOT / "examples" / "ci" / "github" / "apply.yml")
    assert workflow["concurrency"] == {"group": "stripe-apply", "cancel-in-progress": False}
    pipeline = read_yaml(GITLAB)
    assert pipeline["apply"]["resource_group"]
    assert pipeline["apply"]["interruptible"] is False


def test_a_plan_never_has_the_key_that_writes() -> None:
    """The other key is for one job, which runs nothing of a pull request."""
    for path in (*WORKFLOWS, GITLAB):
        text = path.read_text(encoding="utf-8")
        jobs = read_yaml(path).get("jobs", read_yaml(path))
        holders = [name for name, job in jobs.items() if re.search("WRITE_KEY", str(job))]
        assert holders in ([], ["apply"])
        assert "pull_request_target" not in text


def test_the_hook_is_a_hook() -> None:
    """The fields that pre-commit asks for; which files make it run is a pattern that means the default name."""
    [hook] = read_yaml(ROOT / ".pre-commit-hooks.yaml")
    assert {"id", "name", "entry", "language"} <= set(hook)
    assert hook["language"] == "python"
    for name in ("promosync.json", "shop/promosync.json", "promosync.live.json", "codes/printed.csv"):
        assert re.search(hook["files"], name)
    assert not re.search(hook["files"], "package.json")
