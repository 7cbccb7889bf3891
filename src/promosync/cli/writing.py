"""Files that a command writes: whole or not at all, and for nobody else to read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from promosync.model.problems import Problem, ProblemsFound


def check_free(path: Path, overwrite: bool) -> None:
    """Raise ProblemsFound where a file is not to be replaced, or cannot be."""
    if path.is_dir():
        raise ProblemsFound([Problem((), f"{path} is a folder", "name a file in it", rule="export")])
    if path.exists() and not overwrite:
        hint = "name another file, or add --overwrite"
        raise ProblemsFound([Problem((), f"{path} is there already", hint, rule="export")])


def check_writable(path: Path, rule: str) -> None:
    """Raise ProblemsFound where no file can be put, before long work that would be lost then."""
    folder = path.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise ProblemsFound([Problem((), f"{path} can not be written", f"check {folder}", rule=rule)])


@contextmanager
def kept_text(name: str, rule: str, hint: str) -> Iterator[IO[str]]:
    """Open a file that an earlier run wrote; raise ProblemsFound where it is not there, or is not text."""
    try:
        if Path(name).exists() and not Path(name).is_file():
            raise ProblemsFound([Problem((), f"{name} can not be read: it is no file", hint, rule=rule)])
        with Path(name).open(encoding="utf-8") as handle:
            yield handle
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is not text"
        raise ProblemsFound([Problem((), f"{name} can not be read: {reason}", hint, rule=rule)]) from error


@contextmanager
def writing(path: Path) -> Iterator[IO[str]]:
    """Open a new file that takes its place when all of it is written; nobody but its owner may read it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(
            "w", encoding="utf-8", newline="", dir=path.parent, prefix=f".{path.name[:100]}.", delete=False
        ) as handle:
            try:
                yield handle
                handle.flush()
                os.fsync(handle.fileno())
            except BaseException:
                Path(handle.name).unlink()
                raise
        Path(handle.name).replace(path)
    except OSError as error:
        message = f"{path} can not be written: {error.strerror or error}"
        raise ProblemsFound([Problem((), message, "check the folder", rule="export")]) from error
