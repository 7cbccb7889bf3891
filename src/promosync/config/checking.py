"""Checks a file with the JSON Schema. The result does not use the types of the library.

Three keywords are stricter here than in the library: ``pattern`` refuses a line break at the end,
``multipleOf`` is exact for decimals, ``uniqueItems`` takes linear time and points at the item.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator

from promosync.config.sentences import Breach, sentences
from promosync.config.sound_json import Json
from promosync.config.words import Guesses, closest, shown
from promosync.model.problems import Path, Problem


def check(tree: Json, schema: str) -> tuple[list[Problem], list[Path]]:
    """Check a tree with the schema.

    Returns the problems, and the places that no later check can use: a wrong type, an unknown key.
    """
    problems: dict[Problem, None] = {}
    broken: list[Path] = []
    for breach in _breaches(tree, schema):
        found = list(sentences(breach))
        problems.update(dict.fromkeys(found))
        broken += [problem.path for problem in found if problem.rule in ("wrong-type", "unknown-key")]
    return list(problems), broken


def misspelt_sections(tree: Json, schema: str) -> list[Problem]:
    """Find top-level keys that are probably misspelt sections of promosync; all others are left alone."""
    known = _parsed(schema)["properties"]
    return [
        Problem(
            (key,),
            f"{shown(key)} is not a section that promosync reads",
            f"did you mean {shown(meant)}?",
            rule="unknown-key",
            on_key=True,
        )
        for key in (tree if isinstance(tree, dict) else ())
        if key not in known and (meant := closest(key, known, cutoff=0.8))
    ]


def _parsed(schema: str) -> Any:
    return json.loads(schema, parse_float=Decimal)  # exact, like the numbers of the file


def _inlined(node: Any, definitions: Mapping[str, Any]) -> Any:
    """Replace each reference by its definition: the look-ups of the library take half of its time."""
    if isinstance(node, list):
        return [_inlined(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {key: _inlined(value, definitions) for key, value in node.items() if key != "$ref"}
    if "$ref" not in node:
        return plain
    return {**_inlined(definitions[node["$ref"].removeprefix("#/$defs/")], definitions), **plain}


def _breaches(tree: Any, schema: str) -> Iterator[Breach]:
    stricter = {"pattern": _pattern, "multipleOf": _multiple_of, "uniqueItems": _unique_items}
    validator: Any = validators.extend(Draft202012Validator, stricter)  # type: ignore[no-untyped-call]
    plain = _parsed(schema)
    definitions = plain.pop("$defs")
    guesses = Guesses()
    for error in _flat(validator(_inlined(plain, definitions)).iter_errors(tree)):
        yield Breach(
            keyword=str(error.validator),
            wanted=error.validator_value,
            found=error.instance,
            schema=error.schema if isinstance(error.schema, dict) else {},
            path=tuple(error.absolute_path),
            guesses=guesses,
            of_key="propertyNames" in error.absolute_schema_path,
        )


def _flat(errors: Iterable[ValidationError]) -> Iterator[ValidationError]:
    """Replace an ``anyOf`` by the errors of its last alternative: the only one that is not null."""
    for error in errors:
        if error.validator == "anyOf" and error.context:
            last = max(int(child.schema_path[0]) for child in error.context)
            yield from _flat(child for child in error.context if child.schema_path[0] == last)
        else:
            yield error


def _pattern(validator: Validator, pattern: str, instance: Any, _: Any) -> Iterator[ValidationError]:
    # Python's $ also matches before a final line break, ECMA's does not.
    if validator.is_type(instance, "string") and not re.search(re.sub(r"\$$", r"\\Z", pattern), instance):
        yield ValidationError("pattern")


def _multiple_of(validator: Validator, step: Any, instance: Any, _: Any) -> Iterator[ValidationError]:
    if validator.is_type(instance, "number") and (Fraction(instance) / Fraction(step)).denominator != 1:
        yield ValidationError("multipleOf")


def _unique_items(validator: Validator, wanted: bool, instance: Any, _: Any) -> Iterator[ValidationError]:
    if not wanted or not validator.is_type(instance, "array"):
        return
    seen: set[str] = set()
    for index, item in enumerate(instance):
        if isinstance(item, str) and item in seen:
            yield ValidationError("uniqueItems", path=[index], instance=item)
        elif isinstance(item, str):
            seen.add(item)
