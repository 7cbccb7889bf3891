"""Restricts the files that a configuration names to its own folder: a pull request must not read other files."""

from __future__ import annotations

import os
from pathlib import Path as FilePath

from promosync.model.problems import Path, Problem, ProblemsFound


def resolve_inside(folder: FilePath, relative: str, at: Path = ()) -> FilePath:
    """Return the real path of a file below a folder.

    Raises ProblemsFound with the path ``at`` if the file is outside the folder in any way (absolute, ``..``, symbolic
    link), and if it is missing, a folder, not a regular file, or not readable. The message does not say whether
    something exists outside.
    """
    try:
        root = folder.resolve()
        target = (root / relative).resolve()
    except (OSError, RuntimeError, ValueError):  # a loop of links, a NUL, a name too long
        raise _refusal(at, relative, "is no path that can be followed") from None
    if not target.is_relative_to(root):
        raise _refusal(at, relative, "leads outside the configuration's folder", "Put the file below it.")
    try:
        if target.is_symlink():  # a loop, of which Python 3.13 makes no error
            raise _refusal(at, relative, "is no path that can be followed")
        if not target.exists():
            raise _refusal(at, relative, "does not exist", f"It is looked for at {target}.")
        if target.is_dir():
            raise _refusal(at, relative, "is a folder, not a file")
        if not target.is_file():
            raise _refusal(at, relative, "is not a regular file")
    except OSError:
        raise _refusal(at, relative, "cannot be read") from None
    if not os.access(target, os.R_OK):
        raise _refusal(at, relative, "cannot be read", "Check its permissions.")
    return target


def _refusal(at: Path, relative: str, fault: str, hint: str = "") -> ProblemsFound:
    return ProblemsFound([Problem(at, f"{relative!r} {fault}.", hint, "codes-file")])
