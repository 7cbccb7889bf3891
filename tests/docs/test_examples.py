"""Every configuration in the pages is valid, and every rule that they name exists."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from promosync.config import load
from promosync.lint import titles
from tests.docs.pages import DOCS, ROOT, blocks

PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
CONFIGURATIONS = [
    pytest.param(block.body, id=f"{page.name} {number}")
    for page in PAGES
    for number, block in enumerate(blocks(page.read_text(encoding="utf-8")))
    if block.language == "json" and "coupons" in json.loads(block.body)
]


@pytest.mark.parametrize("text", CONFIGURATIONS)
def test_every_configuration_shown_is_valid(text: str) -> None:
    assert load(text.encode(), "promosync.json").configuration.coupons


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_rule_named_is_there(page: Path) -> None:
    """Each rule id that a page names exists."""
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"(?:\brules?|\btold as|\bstops with|\ba) \[?`([a-z]+(?:-[a-z]+)*)`", text)
    assert {name for name in named if "-" in name or name in ("moved", "conflict")} <= set(titles())
