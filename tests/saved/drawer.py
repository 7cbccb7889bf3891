"""Saves a plan as text and applies it later; in between the test may change the account."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from promosync.apply.outcome import Report, Status
from promosync.config import Source
from promosync.model.problems import ProblemsFound
from promosync.plan import saved as format_
from promosync.plan.batch_rows import Rows
from promosync.plan.planner import Policy
from promosync.workflows.saved import Inputs, check_files, import_digests, make_to_save, take_up
from tests.journeys.world import World, configured

Json = dict[str, Any]


def inputs(world: World, content: Json, rows: Mapping[str, Rows] | None = None, folder: Path | None = None) -> Inputs:
    """A configuration as if it had been read from a file."""
    source, configuration = Source("promosync.json", json.dumps(content)), configured(content, world.now)
    return Inputs(configuration, rows or {}, (source,), import_digests(configuration, folder), folder)


def save(
    world: World,
    content: Json,
    rows: Mapping[str, Rows] | None = None,
    folder: Path | None = None,
    **policy: Any,
) -> str:
    """Plan, and return the file."""
    return format_.dump(make_to_save(inputs(world, content, rows, folder), world.stripe, Policy(**policy)))


def apply(
    world: World, text: str, again: Json | None = None, rows: Mapping[str, Rows] | None = None, **carry: Any
) -> Report:
    """Apply a saved plan; ``again`` is the configuration, if it is given again."""
    saved = format_.load(text, "plan.json")
    given = None if again is None else inputs(world, again, rows)
    if given is not None:
        check_files(saved, given)
    return world.carry_out(take_up(saved, world.stripe, given), **carry)


def refusal(world: World, text: str, again: Json | None = None, rows: Mapping[str, Rows] | None = None) -> list[str]:
    """Return why a saved plan is refused; it must be refused, and nothing is written."""
    before = world.writes
    try:
        apply(world, text, again, rows)
    except ProblemsFound as found:
        assert world.writes == before
        return [problem.message for problem in found.problems]
    raise AssertionError("the plan was applied")


def all_done(report: Report) -> bool:
    """Whether nothing failed and nothing was skipped."""
    return all(outcome.status is Status.DONE for outcome in report.outcomes)
