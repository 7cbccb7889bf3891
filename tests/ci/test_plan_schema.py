"""`plan --format json` is described by its schema, every field of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from promosync.model.problems import Problem
from promosync.render import FORMAT_VERSION
from promosync.render.plan_json import plan_json
from promosync.render.problems import problems_json
from tests.render.plans import PACE, PLANS

SCHEMA: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "schema" / "plan.schema.json").read_text(encoding="utf-8")
)


def closed(schema: Any) -> Any:
    """The schema without additional fields; programs that read a plan must accept additional fields."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    return inner if "properties" not in schema else {"additionalProperties": False, **inner}


STRICT = Draft202012Validator(closed(SCHEMA))


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$defs"]["format_version"]["const"] == FORMAT_VERSION


@pytest.mark.parametrize("name", sorted(PLANS))
def test_every_field_of_a_plan_is_described(name: str) -> None:
    """This fails if a new field of a plan is not in the schema."""
    STRICT.validate(json.loads(json.dumps(plan_json(PLANS[name](), PACE))))


def test_errors_are_described() -> None:
    problems = [Problem(("coupons", 0), "no", "yes"), Problem((), "never")]
    STRICT.validate({"format_version": FORMAT_VERSION, "errors": problems_json(problems, None)})


@pytest.mark.parametrize("key", sorted(SCHEMA["$defs"]["plan"]["required"]))
def test_nothing_is_left_out(key: str) -> None:
    document = plan_json(PLANS["recreates"](), PACE)
    del document[key]
    assert not STRICT.is_valid(json.loads(json.dumps(document)))


def test_programs_may_meet_more_than_they_know() -> None:
    """A field is added without a new format version."""
    document = json.loads(json.dumps(plan_json(PLANS["recreates"](), PACE)))
    document["actions"][0]["new_in_this_version"] = 1
    Draft202012Validator(SCHEMA).validate(document)
