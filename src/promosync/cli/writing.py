"""Writes the files of a command: completely or not at all, for their owner alone, and not over a file that it reads.

A regular file is written under a temporary name that nobody can guess, and replaces the old one when it is complete.
What is not a regular file (a pipe, ``/dev/null``, ``/dev/stdout``) is written to directly. A symbolic link is
refused, because it may lead anywhere.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from promosync.model.problems import Problem, ProblemsFound

_DEVICES = Path("/dev")


def check_target(path: Path, read: Iterable[Path], overwrite: bool = True) -> None:
    """Raise ProblemsFound if a file must not be written; ``read`` are the files that the command reads."""
    if path.is_dir():
        raise _refused(f"{path} cannot be written: it is a folder", "name a file in it")
    if path.is_symlink() and not _is_device(path):
        raise _refused(f"{path} is a symbolic link", "name the file that it leads to")
    if any(_is_same(path, other) for other in read):
        raise _refused(f"{path} is a file that this command reads: it is not written over", "name another file")
    if path.exists() and not overwrite:
        raise _refused(f"{path} is there already", "name another file, or add --overwrite")


def check_writable(path: Path, rule: str) -> None:
    """Raise ProblemsFound if a file cannot be written there, before long work that would be lost."""
    folder = path.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise ProblemsFound([Problem((), f"{path} cannot be written", f"check {folder}", rule=rule)])


@contextmanager
def writing(path: Path, read: Iterable[Path] = (), make_folder: bool = True) -> Iterator[IO[str]]:
    """Open a file to be written, see above; ``read`` as in :func:`check_target`. Nobody but its owner may read it."""
    check_target(path, read)
    try:
        if _is_device(path) or (path.exists() and not path.is_file()):
            # Not created and not truncated: /dev/stdout may be a file that has content.
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND), "w", encoding="utf-8", newline="") as handle:
                yield handle
            return
        if make_folder:
            path.parent.mkdir(parents=True, exist_ok=True)
        with _beside(path) as handle:
            yield handle
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror or error}"
        raise _refused(message, "check the folder, and the room on its disk") from error


def write_new(path: Path, text: str) -> None:
    """Write a new file that all can read; raise FileExistsError if there is one, even as a link."""
    with path.open("x", encoding="utf-8", newline="\n") as handle:
        try:
            handle.write(text)
            handle.flush()
        except OSError:
            path.unlink()
            with suppress(OSError):  # what is left in the buffer has no room either
                handle.close()
            raise


def append(path: Path, text: str, read: Iterable[Path]) -> None:
    """Add text to the end of a file that others write to as well; raises OSError, or ProblemsFound as above."""
    check_target(path, read)
    with path.open("a", encoding="utf-8", errors="backslashreplace") as handle:
        handle.write(text)


@contextmanager
def _beside(path: Path) -> Iterator[IO[str]]:
    """Open a temporary file that replaces ``path`` when it is complete."""
    with NamedTemporaryFile(
        "w",
        encoding="utf-8",
        errors="backslashreplace",
        newline="",
        dir=path.parent,
        prefix=f".{path.name[:50]}.",
        delete=False,
    ) as handle:
        try:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        except BaseException:
            Path(handle.name).unlink()
            with suppress(OSError):  # what is left in the buffer has no room either
                handle.close()
            raise
    Path(handle.name).replace(path)


def _is_device(path: Path) -> bool:
    """Whether it is ``/dev/stdout`` or the like: a link that the system made."""
    return path.is_symlink() and Path(os.path.abspath(path)).is_relative_to(_DEVICES)  # noqa: PTH100 (not followed)


def _is_same(one: Path, other: Path) -> bool:
    """Whether two paths are one file: by inode, which includes hard links, or by their resolved paths."""
    tests: tuple[Callable[[], bool], ...] = (lambda: one.samefile(other), lambda: one.resolve() == other.resolve())
    for test in tests:
        with suppress(OSError, RuntimeError, ValueError):  # not there, a loop of links, no path at all
            if test():
                return True
    return False


def _refused(message: str, hint: str) -> ProblemsFound:
    return ProblemsFound([Problem((), message, hint, rule="export")])
