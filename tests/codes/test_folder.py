"""A configuration reads only what lies in its own folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from promosync.codes.folder import resolve_inside
from promosync.model.problems import ProblemsFound


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration's folder with one file, and a file outside that folder."""
    (tmp_path / "outside.csv").write_text("SECRET\n")
    (tmp_path / "config-two").mkdir()
    (tmp_path / "config-two" / "codes.csv").write_text("OTHER\n")
    inside = tmp_path / "config"
    (inside / "sub").mkdir(parents=True)
    (inside / "codes.csv").write_text("ABC\n")
    return inside


def refused(folder: Path, relative: str) -> str:
    with pytest.raises(ProblemsFound) as found:
        resolve_inside(folder, relative, ("at",))
    [problem] = found.value.problems
    assert problem.path == ("at",)
    return problem.message


@pytest.mark.parametrize("relative", ["codes.csv", "./codes.csv", "sub/../codes.csv", "../config/codes.csv"])
def test_a_file_inside_is_found_by_any_way(folder: Path, relative: str) -> None:
    assert resolve_inside(folder, relative) == folder.resolve() / "codes.csv"


@pytest.mark.parametrize("relative", ["../outside.csv", "/etc/hosts", "sub/../../outside.csv", "../gone.csv", ".."])
def test_outside_is_refused_and_not_looked_at(folder: Path, relative: str) -> None:
    assert "outside" in refused(folder, relative).removeprefix(repr(relative))


def test_a_folder_whose_name_begins_alike_is_outside(folder: Path) -> None:
    assert "leads outside" in refused(folder, "../config-two/codes.csv")


def test_links_count_by_where_they_lead(folder: Path) -> None:
    (folder / "out.csv").symlink_to(folder.parent / "outside.csv")
    (folder / "up").symlink_to("..")
    (folder / "in.csv").symlink_to("codes.csv")
    (folder / "loop").symlink_to("loop")
    assert "leads outside" in refused(folder, "out.csv")
    assert "leads outside" in refused(folder, "up/outside.csv")
    assert resolve_inside(folder, "in.csv") == folder.resolve() / "codes.csv"
    assert "no path that can be followed" in refused(folder, "loop")


@pytest.mark.parametrize("name", ["x" * 300, "é" * 130, "a/" * 3000 + "x"], ids=["long", "long as bytes", "deep"])
def test_a_name_that_is_too_long_is_refused(folder: Path, name: str) -> None:
    assert refused(folder, name).endswith(("cannot be read.", "no path that can be followed."))


def test_what_is_no_readable_file_is_told_apart(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(folder / "pipe")
    assert "does not exist" in refused(folder, "gone.csv")
    assert "is a folder" in refused(folder, "sub")
    assert "is a folder" in refused(folder, "")
    assert "no path" in refused(folder, "a\0b")
    assert "not a regular file" in refused(folder, "pipe")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may read everything
    assert "cannot be read" in refused(folder, "codes.csv")
