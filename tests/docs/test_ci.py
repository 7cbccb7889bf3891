"""The page on CI describes the action and the examples correctly."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.docs.pages import DOCS, ROOT, blocks

PAGE = (DOCS / "ci.md").read_text(encoding="utf-8")
ACTION: Any = YAML(typ="safe").load(ROOT / "action.yml")


def test_every_input_is_explained() -> None:
    """And no other."""
    table = PAGE[PAGE.index("| input |") : PAGE.index("Outputs are")]
    cells = " ".join(re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE))
    assert set(re.findall(r"`([a-z-]+)`", cells)) == set(ACTION["inputs"])
    outputs = PAGE[PAGE.index("Outputs are") :].split("\n\n")[0]
    assert [name for name in ACTION["outputs"] if f"`{name}`" not in outputs] == []


@pytest.mark.parametrize("job", ["plan", "apply", "drift"])
def test_the_jobs_are_there(job: str) -> None:
    """Under the names that the page gives them, with the two keys."""
    gitlab = YAML(typ="safe").load(ROOT / "examples" / "ci" / "gitlab" / ".gitlab-ci.yml")
    assert job in gitlab
    github = (ROOT / "examples" / "ci" / "github" / f"{job}.yml").read_text(encoding="utf-8")
    secret = "STRIPE_WRITE_KEY" if job == "apply" else "STRIPE_READ_KEY"
    assert secret in github
    assert secret in PAGE


def test_the_steps_shown_are_yaml_that_the_action_takes() -> None:
    [step, drift, hooks] = [YAML(typ="safe").load(block.body) for block in blocks(PAGE) if block.language == "yaml"]
    assert set(step[0]["with"]) <= set(ACTION["inputs"])
    example = YAML(typ="safe").load(ROOT / "examples" / "ci" / "github" / "drift.yml")
    assert drift == example["jobs"]["drift"]["steps"][-1:]
    offered = YAML(typ="safe").load(ROOT / ".pre-commit-hooks.yaml")
    assert {hook["id"] for hook in hooks["repos"][0]["hooks"]} <= {hook["id"] for hook in offered}
