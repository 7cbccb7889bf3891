"""The job of the recipes is a workflow, and applies the two files at the two times that it names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.ci.test_examples import check
from tests.docs.pages import DOCS, ROOT, blocks

PAGE = (DOCS / "recipes.md").read_text(encoding="utf-8")
[JOB] = [block.body for block in blocks(PAGE) if block.language == "yaml"]


def test_the_job_of_a_sale_is_a_workflow(tmp_path: Path) -> None:
    (tmp_path / "sale.yml").write_text(JOB, encoding="utf-8")
    check("vendor.github-workflows", tmp_path / "sale.yml")


def test_the_job_of_a_sale_does_what_the_page_plays() -> None:
    """The end of the sale is one of its times; it waits for other applies, and the action takes its inputs."""
    job: Any = YAML(typ="safe").load(JOB)
    begin, end = [one["cron"] for one in job["on"]["schedule"]]
    checkout, step = job["jobs"]["sale"]["steps"]
    chosen = re.fullmatch(
        r"\$\{\{ github\.event\.schedule == '(.*)' && '(.*)' \|\| '(.*)' \}\}", step["with"]["file"]
    )
    assert chosen
    assert chosen.groups() == (end, "sale-off.json", "sale-on.json")
    assert begin != end
    action: Any = YAML(typ="safe").load(ROOT / "action.yml")
    assert set(step["with"]) <= set(action["inputs"])
    apply: Any = YAML(typ="safe").load(ROOT / "examples" / "ci" / "github" / "apply.yml")
    assert job["concurrency"] == apply["concurrency"]
    assert checkout == apply["jobs"]["plan"]["steps"][0]
    assert job["permissions"] == {"contents": "read"}
