"""Writes docs/the-file.md from the JSON Schema, so that the page cannot say what the schema does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from promosync.config import schema_text
from tests.docs.pages import DOCS

PAGE = DOCS / "the-file.md"

_INTRO = """# The file

Every key that `promosync.json` can have. This page is generated from the JSON Schema of the file, which
`promosync schema` prints. With `"$schema"`, an editor shows the same texts while you type.

`promosync validate` reports every error at once, with line and column. An unknown key inside an entry is an error. If
you leave a key out, it has Stripe's default: no limit, no date, no metadata, active. So removing a line is a change.
`validate`, `plan` and `apply` accept several files, or a folder of them, as one configuration.
"""
_PARTS = (
    ("coupon", "coupons"),
    ("promotion_code", "promotion_codes"),
    ("code_batch", "code_batches"),
    ("generate", "generate"),
    ("import", "import"),
    ("product", "products"),
    ("settings", "promosync"),
)
_TITLES = {"generate": "Generate", "import": "Import", "settings": "Settings"}
_WORDS = {"string": "text", "integer": "whole number", "boolean": "true or false", "array": "list", "null": "null"}

Json = dict[str, Any]


def page(schema: Json) -> str:
    """Return the page of a schema."""
    parts = [_INTRO, _table("## The sections", schema["properties"], schema)]
    for name, key in _PARTS:
        part = schema["$defs"][name]
        title = f"## {part.get('title') or _TITLES[name]}: `{key}`"
        text = [_table(title, part["properties"], schema, part.get("required", ()))]
        if said := list(_together(part)):
            text.append("\n".join(f"- {line}" for line in said) + "\n")
        text.append(_example(part))
        parts.append("\n".join(one for one in text if one))
    return "\n".join(parts)


def _table(title: str, properties: Json, schema: Json, required: Any = ()) -> str:
    rows = [
        f"| `{name}` | {_kind(one, schema)} | {_said(name, one, schema, required)} |"
        for name, one in properties.items()
    ]
    return "\n".join([title, "", "| key | value | |", "|---|---|---|", *rows, ""])


def _kind(value: Json, schema: Json) -> str:
    value = _whole(value, schema)
    if "enum" in value:
        return ", ".join(f"`{one}`" for one in value["enum"])
    if "anyOf" in value:
        return " or ".join(_kind(one, schema) for one in value["anyOf"])
    if value.get("format") == "date-time":
        return "date and time"
    kinds = value.get("type", ())
    kinds = [kinds] if isinstance(kinds, str) else kinds
    return " or ".join(_object(value) if kind == "object" else _WORDS.get(kind, kind) for kind in kinds)


def _object(value: Json) -> str:
    keys = ", ".join(f"`{key}`" for key in value.get("properties", ()))
    return f"object of {keys}" if keys else "object"


def _said(name: str, value: Json, schema: Json, required: Any) -> str:
    value = _whole(value, schema)
    said = ["Required."] if name in required else []
    said += [value["description"]] if value.get("description") else []
    if "default" in value:
        said.append(f"Default: `{json.dumps(value['default'])}`.")
    if value.get("examples") and value.get("type") not in ("array", "boolean") and "enum" not in value:
        said.append("Such as " + ", ".join(f"`{json.dumps(one)}`" for one in value["examples"]) + ".")
    return " ".join(said).replace("|", "\\|")


def _together(part: Json) -> Iterator[str]:
    """Yield what a part says about keys that go, or do not go, together."""
    for choice in [part, *part.get("allOf", ())]:
        if "oneOf" in choice:
            yield "exactly one of " + " and ".join(f"`{one['required'][0]}`" for one in choice["oneOf"])
    needs = part.get("dependentRequired", {})
    for key, (other,) in needs.items():
        if needs.get(other) != [key]:
            yield f"`{key}` only with `{other}`"
        elif key < other:
            yield f"both of `{key}` and `{other}`, or none"
    pairs = [pair for other in part.get("dependentSchemas", {}).values() for pair in other["not"]["anyOf"]]
    if pairs:
        *names, last = dict.fromkeys(f"`{name}`" for pair in pairs for name in pair["required"])
        yield f"at most one of {', '.join(names)} and {last}"
    if "required" in part.get("not", {}):
        yield "not both of " + " and ".join(f"`{one}`" for one in part["not"]["required"])


def _example(part: Json) -> str:
    shown = (json.dumps(one, ensure_ascii=False) for one in part.get("examples", ()))
    return "\n".join(f"```json\n{one}\n```\n" for one in shown)


def _whole(value: Json, schema: Json) -> Json:
    """Return a value's schema with what it refers to; its own words win."""
    if "$ref" not in value:
        return value
    name = value["$ref"].removeprefix("#/$defs/")
    return {**_whole(schema["$defs"][name], schema), **{key: one for key, one in value.items() if key != "$ref"}}


if __name__ == "__main__":
    PAGE.write_text(page(json.loads(schema_text())), encoding="utf-8")
