"""A snapshot is read only if it is a file that is not too large; otherwise an error comes at once."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from promosync.model.problems import ProblemsFound
from promosync.status.snapshot_file import parse
from tests.cli.conftest import Cli, cli, folder

__all__ = ["cli", "folder"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pipe", "it is no regular file"),
        ("/dev/zero", "it is no regular file"),
        ("/dev/full", "it is no regular file"),
        (".", "it is no regular file"),
        ("empty", "it is a folder without a snapshot"),
        ("outer", "it is a folder in a folder"),
        ("sparse", "it is larger than 256 MiB"),
        ("binary", "it is not text"),
        ("nope", "No such file"),
        ("loop", "Too many levels"),
    ],
)
def test_what_is_no_snapshot_is_told_at_once(cli: Cli, name: str, words: str) -> None:
    """Nothing is waited for, and no gigabytes are read."""
    os.mkfifo("pipe")
    Path("empty").mkdir()
    Path("outer/inner").mkdir(parents=True)
    Path("loop").symlink_to("loop")
    Path("binary").write_bytes(b"\xff\xfe")
    with Path("sparse").open("wb") as file:
        file.truncate(10 * 1024**3)
    begun = time.monotonic()
    result = cli("status", "--sandbox", "--since", name)
    assert time.monotonic() - begun < 5
    assert result.code == 1
    assert words in result.err
    assert "unexpected" not in result.err


@pytest.mark.parametrize("taken", [1 << 61, 253_402_300_800, -1, 1.5, "now"])
def test_a_date_that_is_none_is_told(cli: Cli, taken: object) -> None:
    assert cli("status", "--sandbox", "--save", "last.json").code == 0
    document = json.loads(Path("last.json").read_text(encoding="utf-8"))
    with pytest.raises(ProblemsFound, match="is not a snapshot"):
        parse(json.dumps({**document, "taken_at": taken}), "last.json")
