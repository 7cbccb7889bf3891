"""What the pages show is what is printed: their commands are run again, in order, in an empty folder."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, blocks, played

ELSEWHERE = {"unique-codes.md"}  # its codes are drawn: tests/test_unique_codes_guide.py
PAGES = sorted(
    page
    for page in DOCS.glob("*.md")
    if page.name not in ELSEWHERE
    and any(block.language == "console" for block in blocks(page.read_text(encoding="utf-8")))
)


def test_there_is_something_to_play() -> None:
    assert {"quick-start.md", "recreate.md", "runbooks.md", "environments.md"} <= {page.name for page in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_shows_what_is_printed(page: Path, tmp_path: Path) -> None:
    """`python -m tests.docs.test_played` writes them anew."""
    text = page.read_text(encoding="utf-8")
    assert played(text, tmp_path) == text


if __name__ == "__main__":
    for each in [Path(name) for name in sys.argv[1:]] or PAGES:
        with tempfile.TemporaryDirectory() as made:
            each.write_text(played(each.read_text(encoding="utf-8"), Path(made)), encoding="utf-8")
