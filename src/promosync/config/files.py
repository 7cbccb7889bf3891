"""Reads the configuration file and the schema of promosync, or says why it cannot."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO

from promosync.config.source import Refused, Source
from promosync.model.problems import Problem

MAX_BYTES = 64 * 1024 * 1024
STDIN = "-"

_SCHEMA = "stripe-config.schema.json"


def read_file(path: Path | str, stdin: BinaryIO | None = None) -> bytes:
    """Return the bytes of a configuration; ``-`` is standard input.

    Raises :class:`Refused` with one problem: missing, not a file, not allowed, too large, or empty.
    """
    name = display_name(path)
    if str(path) == STDIN:
        raw = (stdin or sys.stdin.buffer).read(MAX_BYTES + 1)
    else:
        try:
            if _leads_out(Path(path)):
                raise _unreadable(
                    name, "this is a link that leads out of its folder", "name the file that it leads to"
                )
            with Path(path).open("rb") as file:
                raw = file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            raise _unreadable(name, "there is no such file", "name another one, or run promosync init") from None
        except IsADirectoryError:
            raise _unreadable(name, "this is a folder", "name the file in it") from None
        except PermissionError:
            raise _unreadable(name, "the file may not be read", "change its permissions") from None
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise _unreadable(name, f"the file cannot be read: {reason}", "check the path") from None
    if len(raw) > MAX_BYTES:
        limit = MAX_BYTES // 1024 // 1024
        raise _unreadable(name, f"the file is larger than {limit} MiB", "split it, or import codes from CSV files")
    if not raw.strip():
        raise _unreadable(name, "the file is empty", 'the smallest configuration is {"coupons": []}')
    return raw


def read_bounded(path: Path, most: int) -> bytes:
    """Return the bytes of a regular file; ``most`` is the maximum size in bytes.

    Raises OSError with the reason for anything else. Does not wait for a pipe or a device.
    """

    def opener(name: str, flags: int) -> int:
        return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))

    with open(path, "rb", opener=opener) as file:
        kind = os.fstat(file.fileno())
        if not stat.S_ISREG(kind.st_mode):
            raise OSError(0, "it is no regular file")
        raw = b"" if kind.st_size > most else file.read(most + 1)
        if max(kind.st_size, len(raw)) > most:
            raise OSError(0, f"it is larger than {most // 1024**2} MiB")
    return raw


def display_name(path: Path | str) -> str:
    """Return the name under which problems of a file are shown."""
    return "<stdin>" if str(path) == STDIN else str(path)


def schema_text() -> str:
    """Return the JSON Schema of the file, from the installed package or from the source tree."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "schema", package.parents[1] / "schema"):
        if (folder / _SCHEMA).is_file():
            return (folder / _SCHEMA).read_text(encoding="utf-8")
    raise FileNotFoundError(f"{_SCHEMA} is missing: the installation is incomplete")


def _leads_out(path: Path) -> bool:
    """Whether a link leads out of the working folder or, for a file elsewhere, out of the file's own folder.

    A link may come with a checkout, and an error must not show the file that it leads to. Links below ``/dev``, such
    as ``/dev/stdin``, belong to the system.
    """
    named, here = Path(os.path.abspath(path)), Path.cwd()  # noqa: PTH100 (links are not followed)
    if named.is_relative_to("/dev"):
        return False
    folder = here if named.is_relative_to(here) else Path(os.path.realpath(named.parent))
    return not Path(os.path.realpath(named)).is_relative_to(folder)


def _unreadable(name: str, message: str, hint: str) -> Refused:
    return Refused([Problem((), message, hint, rule="unreadable-file")], Source(name))
