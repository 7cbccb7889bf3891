"""Every link in the pages has a target."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, anchors, links

PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_heading(page: Path) -> None:
    """Or to a file that is there, inside this repository."""
    text = page.read_text(encoding="utf-8")
    for path, anchor in links(text):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), path
        assert target.is_relative_to(ROOT), path
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), f"{path}#{anchor}"


def test_every_page_can_be_found() -> None:
    """The index links each page below it, and the README links the index."""
    index = DOCS / "README.md"
    linked = {(DOCS / path).resolve() for path, _ in links(index.read_text(encoding="utf-8")) if path}
    assert [str(page) for page in DOCS.rglob("*.md") if page != index and page not in linked] == []
    assert "docs/README.md" in [path for path, _ in links((ROOT / "README.md").read_text(encoding="utf-8"))]


def test_anchors_are_made_as_github_makes_them() -> None:
    text = "# Two `codes`, one text\n```sh\n# no heading\n```\n## What it's for: `plan` & co.\n"
    assert anchors(text) == {"two-codes-one-text", "what-its-for-plan--co"}
