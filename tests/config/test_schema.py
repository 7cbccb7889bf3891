"""The shipped schema is sound, helps in an editor, and says the same as the code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from promosync.config import schema_text
from promosync.config.document import read_document
from promosync.config.sentences import _SHAPES, _VALUES
from promosync.model.configuration import Configuration

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads(schema_text())
EXAMPLES = sorted((ROOT / "examples").glob("*.json"))


def objects(node: Any, where: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema in the schema, with its pointer."""
    if isinstance(node, dict):
        yield where, node
        for key, value in node.items():
            if key not in ("examples", "default", "enum", "const", "required", "dependentRequired"):
                yield from objects(value, f"{where}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from objects(value, f"{where}/{index}")


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return node
    return {**resolved(SCHEMA["$defs"][node["$ref"].removeprefix("#/$defs/")]), **node}


def properties() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{where}/properties/{key}", resolved(child))
        for where, node in objects(SCHEMA)
        if not where.endswith("/properties") and "/then" not in where and "/if" not in where
        for key, child in node.get("properties", {}).items()
    ]


def test_it_is_a_schema_of_draft_2020_12() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema_text() == (ROOT / "schema" / "stripe-config.schema.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(("where", "node"), properties(), ids=lambda value: value if isinstance(value, str) else "")
def test_each_property_has_a_title_and_a_description(where: str, node: dict[str, Any]) -> None:
    assert node.get("title"), where
    assert len(node.get("description", "")) > 15, where


def test_its_own_examples_and_defaults_are_valid() -> None:
    checked = 0
    for where, node in objects(SCHEMA):
        whole = resolved(node)
        for example in [*node.get("examples", ()), *([node["default"]] if "default" in node else ())]:
            errors = list(Draft202012Validator({**whole, "$defs": SCHEMA["$defs"]}).iter_errors(example))
            assert not errors, (where, errors)
            checked += 1
    assert checked > 40


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_it_accepts_the_examples(path: Path) -> None:
    Draft202012Validator(SCHEMA).validate(json.loads(path.read_text(encoding="utf-8")))


def configured(definition: str, fields: dict[str, Any]) -> Configuration:
    """What a file says that has one object of this definition, with these fields."""
    section = {"coupon": "coupons", "promotion_code": "promotion_codes", "product": "products"}.get(definition)
    if definition in ("generate", "import"):
        section, fields = "code_batches", {definition: fields}
    tree = {"promosync": fields} if definition == "settings" else {section or "code_batches": [fields]}
    return read_document(tree)[0].configuration


@pytest.mark.parametrize(
    ("definition", "key"),
    [
        (definition, key)
        for definition in ("coupon", "promotion_code", "code_batch", "generate", "import", "product", "settings")
        for key in SCHEMA["$defs"][definition]["properties"]
    ],
)
def test_each_key_is_read_and_left_out_means_its_default(definition: str, key: str) -> None:
    node = resolved(SCHEMA["$defs"][definition]["properties"][key])
    without = configured(definition, {})
    assert configured(definition, {key: another_value(node)}) != without
    if "default" in node:
        assert configured(definition, {key: node["default"]}) == without


def another_value(node: dict[str, Any]) -> Any:
    """A value of a key that is not its default."""
    if node.get("type") == "boolean":
        return not node["default"]
    if node.get("type") == "integer":
        return 7
    return node["enum"][-1] if "enum" in node else node.get("examples", ["an_id"])[0]


def test_every_keyword_that_can_fail_has_a_sentence() -> None:
    quiet = {
        "$schema", "$defs", "$ref", "title", "description", "examples", "default", "format", "properties", "items",
        "propertyNames", "allOf", "anyOf", "if", "then", "dependentSchemas", "patternErrorMessage", "errorMessage",
    }  # fmt: skip
    used = {
        keyword
        for where, node in objects(SCHEMA)
        if not where.endswith(("/properties", "/$defs", "/dependentSchemas"))
        for keyword in node
    }
    assert used - quiet - set(_SHAPES) - set(_VALUES) <= {"const"}, "const stands in an if, which never fails"


def test_every_object_that_is_ours_refuses_unknown_keys() -> None:
    open_ones = {"", "/$defs/product"}
    for where, node in objects(SCHEMA):
        if node.get("type") == "object" and where.removeprefix("#") not in open_ones:
            assert "additionalProperties" in node, where
