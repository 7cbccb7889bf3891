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
OURS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
GITLAB = ROOT / "examples" / "ci" / "gitlab" / ".gitlab-ci.yml"


def check(schema: str, *files: Path, more: tuple[str, ...] = ()) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *more, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_workflows_are_workflows() -> None:
    check("vendor.github-workflows", *WORKFLOWS, *OURS)


def test_the_action_is_an_action() -> None:
    check("vendor.github-actions", ROOT / "action.yml")


def test_the_pipeline_is_a_pipeline() -> None:
    check("vendor.gitlab-ci", GITLAB, more=("--data-transform", "gitlab-ci"))


def test_the_checker_does_check(tmp_path: Path) -> None:
    """The schemas refuse a wrong file; otherwise they would prove nothing."""
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
    assert len(uses) == 5
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
                yield shlex.split(re.split(r" > | \|\| | # ", line)[0])[1:]


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


def test_what_is_stopped_goes_on_without_a_new_approval() -> None:
    """Approval is asked once, before the first job; the last job fails if it is stopped too."""
    jobs = read_yaml(ROOT / "examples" / "ci" / "github" / "apply.yml")["jobs"]
    assert [name for name, job in jobs.items() if job.get("environment") == "stripe-approval"] == ["approve"]
    assert [jobs[name]["needs"] for name in ("approve", "apply", "go-on")] == ["plan", "approve", "apply"]
    assert jobs["go-on"]["if"] == "needs.apply.outputs.stopped == 'true'"
    first, second = (jobs[name]["steps"][-1]["with"] for name in ("apply", "go-on"))
    assert first == {**second, "go-on": True}
    gitlab = read_yaml(GITLAB)["apply"]
    assert gitlab["retry"] == {"max": 2, "exit_codes": [3]}
    assert "--max-minutes" in gitlab["script"][0]


def test_a_plan_never_has_the_key_that_writes() -> None:
    """The other key is for the jobs that apply, which run nothing of a pull request."""
    for path in (*WORKFLOWS, GITLAB):
        text = path.read_text(encoding="utf-8")
        jobs = read_yaml(path).get("jobs", read_yaml(path))
        holders = [name for name, job in jobs.items() if re.search("WRITE_KEY", str(job))]
        assert holders in ([], ["apply"], ["apply", "go-on"])
        assert "pull_request_target" not in text


def test_what_others_made_is_pinned() -> None:
    """Each use of an action is by its commit, with the tag in a comment; an image by its digest or full version."""
    for path in (*WORKFLOWS, *OURS):
        for line in re.findall(r"uses: (.*)", path.read_text(encoding="utf-8")):
            if line not in ("./", "OWNER/promosync@COMMIT"):
                assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), f"{path.name}: {line}"
    images = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(set(images)) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-[\w-]+@sha256:[0-9a-f]{64}", images[0])
    assert re.fullmatch(r"python:3\.\d+\.\d+-[\w-]+", read_yaml(GITLAB)["default"]["image"])


def test_one_action_has_one_commit() -> None:
    """Wherever it is used."""
    uses = {line for path in (*WORKFLOWS, *OURS) for line in re.findall(r"uses: (\S+@\S+)", path.read_text("utf-8"))}
    names = [one.partition("@")[0] for one in uses]
    assert len(names) == len(set(names))


def test_nothing_is_installed_by_a_name() -> None:
    """No example and no page tells people to install a package by a name that anybody could register."""
    pages = [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        *WORKFLOWS,
        GITLAB,
        ROOT / "action.yml",
        ROOT / "Dockerfile",
    ]
    for path in pages:
        text = path.read_text(encoding="utf-8")
        assert not re.findall(r"(?:pip|pipx|uv|uv tool|uv pip) install (?:-\S+ )*promosync|uvx promosync", text), path


def test_our_own_jobs_have_no_more_rights_than_they_use() -> None:
    """A workflow starts with read permissions, has no input in a script, and a time limit for each job."""
    for path in (*OURS, *WORKFLOWS):
        workflow = read_yaml(path)
        assert workflow["permissions"].pop("contents") == "read", path
        assert set(workflow["permissions"]) <= {"pull-requests"}
        for name, job in workflow["jobs"].items():
            assert job["timeout-minutes"], name
            assert not [step["run"] for step in job["steps"] if "${{" in step.get("run", "")], name


def test_the_targets_that_jobs_make_are_there() -> None:
    made = {name for path in OURS for name in re.findall(r"run: make ([\w-]+)", path.read_text(encoding="utf-8"))}
    targets = set(re.findall(r"^([\w-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"check", "browser", "lowest", "release", "dist"} <= made
    assert made <= targets


def test_the_hook_is_a_hook() -> None:
    """The fields that pre-commit asks for; which files make it run is a pattern that means the default name."""
    [hook] = read_yaml(ROOT / ".pre-commit-hooks.yaml")
    assert {"id", "name", "entry", "language"} <= set(hook)
    assert hook["language"] == "python"
    for name in ("promosync.json", "shop/promosync.json", "promosync.live.json", "codes/printed.csv"):
        assert re.search(hook["files"], name)
    assert not re.search(hook["files"], "package.json")
