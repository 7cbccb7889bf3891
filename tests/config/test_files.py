"""A file that cannot be read is a problem with a reason, never a traceback."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from promosync.config import Refused, files, read_file, render_line


def told(path: Path | str, stdin: bytes = b"") -> str:
    with pytest.raises(Refused) as caught:
        read_file(path, io.BytesIO(stdin))
    (problem,) = caught.value.problems
    assert problem.rule == "unreadable-file"
    return render_line(problem, caught.value.source)


def test_a_file_and_standard_input(tmp_path: Path) -> None:
    file = tmp_path / "promosync.json"
    file.write_bytes(b'{"coupons": []}\n')
    assert read_file(file) == read_file("-", io.BytesIO(b'{"coupons": []}\n')) == b'{"coupons": []}\n'


def test_a_missing_file(tmp_path: Path) -> None:
    assert told(tmp_path / "x.json").startswith(f"{tmp_path / 'x.json'}: there is no such file; ")
    assert "cannot be read" in told(tmp_path / "x" / ("y" * 5000))


def test_a_folder(tmp_path: Path) -> None:
    assert "this is a folder" in told(tmp_path)
    (tmp_path / "file").write_text("{}")
    assert "cannot be read" in told(tmp_path / "file" / "x.json")


def test_permission_denied_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "open", refuse)
    assert "may not be read" in told(tmp_path / "x.json")


def test_too_large(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    with file.open("wb") as handle:
        handle.truncate(files.MAX_BYTES + 1)
    assert "larger than 64 MiB" in told(file)


def test_empty_and_blank(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_bytes(b" \n")
    assert "the file is empty" in told(file)
    assert told("-", b"").startswith("<stdin>: the file is empty")


def test_a_name_with_a_line_break_or_a_zero_byte() -> None:
    assert told("a\nb").startswith("a\\u000ab: there is no such file")
    assert "cannot be read" in told("a\0b")
