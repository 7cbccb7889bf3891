"""The page about the file has exactly the content of the schema."""

from __future__ import annotations

import json
from typing import Any

from promosync.config import schema_text
from tests.docs.the_file import PAGE, page

SCHEMA: Any = json.loads(schema_text())


def test_the_page_is_what_the_schema_gives() -> None:
    """`python -m tests.docs.the_file` writes it again."""
    assert PAGE.read_text(encoding="utf-8") == page(SCHEMA)


def test_every_key_of_the_schema_is_on_it() -> None:
    """Also one that is added to the schema later, in a part that this page does not know of."""
    text = page(SCHEMA)
    parts = [SCHEMA, *SCHEMA["$defs"].values()]
    assert [name for part in parts for name in part.get("properties", {}) if f"`{name}`" not in text] == []


def test_every_part_of_the_schema_is_on_it() -> None:
    """With the schema's description."""
    text = page(SCHEMA)
    for name in ("coupon", "promotion_code", "code_batch", "generate", "import", "product", "settings"):
        for key, value in SCHEMA["$defs"][name]["properties"].items():
            assert value.get("description", "") in text, f"{name}.{key}"
