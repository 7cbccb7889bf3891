"""What the pages show is what is printed: their commands are run again, in order, in an empty folder."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

import pytest

from promosync.codes.listing import COLUMNS
from promosync.model.life import State
from tests.docs.pages import DOCS, PROMOSYNC, ROOT, blocks, played

GUIDE = DOCS / "unique-codes.md"
PAGES = sorted(
    page
    for page in (ROOT / "README.md", *DOCS.glob("*.md"))
    if any(block.language == "console" for block in blocks(page.read_text(encoding="utf-8")))
)

_DRAWN = re.compile(r"BACK-[A-Z0-9]{4}-[A-Z0-9]{4}")  # the unique codes that the pages draw


def test_there_is_something_to_play() -> None:
    assert {"README.md", "quick-start.md", "recreate.md", "runbooks.md", "unique-codes.md"} <= {p.name for p in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_shows_what_is_printed(page: Path, tmp_path: Path, forked: Path) -> None:
    """`python -m tests.docs.test_played` writes them anew. The first page that people see starts the real program."""
    text = page.read_text(encoding="utf-8")
    now = played(text, tmp_path, PROMOSYNC if page.name == "README.md" else forked)
    assert _DRAWN.sub("BACK", now) == _DRAWN.sub("BACK", text)
    if page == GUIDE:
        assert len(set(_DRAWN.findall(now))) == 4, "one code for each address, and the same one each time"


@pytest.mark.parametrize("words", [[status.value for status in State], ["metadata.…"], COLUMNS], ids=len)
def test_the_guide_explains_every_column(words: list[str]) -> None:
    text = GUIDE.read_text(encoding="utf-8")
    assert [word for word in words if f"`{word}`" not in text] == []


if __name__ == "__main__":
    for each in [Path(name) for name in sys.argv[1:]] or PAGES:
        with tempfile.TemporaryDirectory() as made:
            each.write_text(played(each.read_text(encoding="utf-8"), Path(made), PROMOSYNC), encoding="utf-8")
