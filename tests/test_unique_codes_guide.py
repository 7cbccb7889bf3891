"""The guide to unique codes is true: each of its commands prints what it shows, but for the codes that are drawn."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import process_env

GUIDE = Path(__file__).resolve().parents[1] / "docs" / "unique-codes.md"
DRAWN = re.compile(r"BACK-[A-Z0-9]{4}-[A-Z0-9]{4}")
_CONSOLE = re.compile(r"(?<=```console\n).*?(?=```)", re.DOTALL)


def played(text: str, folder: Path) -> str:
    """Return the guide with its console blocks as they are printed now, run in order in one folder."""
    for kind, name in (("csv", "winback.csv"), ("json", "promosync.json")):
        block = re.search(rf"```{kind}\n(.*?)```", text, re.DOTALL)
        assert block is not None
        (folder / name).write_text(block[1], encoding="utf-8")
    return _CONSOLE.sub(lambda block: _printed(block[0], folder), text)


def _printed(block: str, folder: Path) -> str:
    shown = []
    for command in (line[2:] for line in block.splitlines() if line.startswith("$ ")):
        env = process_env(PATH=f"{Path(sys.executable).parent}:{process_env()['PATH']}", PYTHONUTF8="1", COLUMNS="80")
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=folder,
            env=env,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=True,
        )
        shown.append(f"$ {command}\n" + re.sub(r"in \d+\.\d s", "in 0.0 s", done.stdout))
    return "".join(shown)


def test_the_guide_shows_what_is_printed(tmp_path: Path) -> None:
    """`python -m tests.test_unique_codes_guide` writes it anew."""
    text = GUIDE.read_text(encoding="utf-8")
    now = played(text, tmp_path)
    assert DRAWN.sub("BACK", now) == DRAWN.sub("BACK", text)
    assert len(set(DRAWN.findall(now))) == 4, "one code for each address, and the same one each time"


@pytest.mark.parametrize("name", ["status", "metadata", "email"])
def test_every_column_is_explained(name: str) -> None:
    from promosync.codes.listing import COLUMNS, CodeStatus

    text = GUIDE.read_text(encoding="utf-8")
    wanted = {"status": [one.value for one in CodeStatus], "metadata": ["metadata.…"], "email": list(COLUMNS)}[name]
    assert [word for word in wanted if f"`{word}`" not in text] == []


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as made:
        GUIDE.write_text(played(GUIDE.read_text(encoding="utf-8"), Path(made)), encoding="utf-8")
