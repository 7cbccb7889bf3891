"""Reading what a command line names as the configuration: a file, several, or the files of a folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from promosync.config import Draft, Loaded, Refused, Source, display_name, draft, read_file
from promosync.config.files import STDIN
from promosync.model.configuration import Configuration
from promosync.model.life import farthest
from promosync.model.problems import Problem, ProblemsFound
from promosync.plan.batch_rows import Rows
from promosync.workflows.batch_files import read_batch_files, with_file_faults

_SAVED_PLAN = re.compile(rb'\s*\{\s*"promosync_plan"')


@dataclass(frozen=True, slots=True)
class Unchecked:
    """A configuration that could be read. ``folder`` is the one its files share; None for standard input."""

    draft: Draft
    folder: Path | None

    def check(self, now: int | None = None) -> tuple[Loaded, dict[str, Rows]]:
        """Return the configuration and what the files of its batches say; raises Refused with all problems.

        ``now`` is as for :func:`promosync.config.load`.
        """
        try:
            loaded = self.draft.check(now)
        except Refused as refused:
            raise with_file_faults(refused, self.folder, now) from None
        try:
            return loaded, read_batch_files(loaded.configuration, self.folder, now)
        except ProblemsFound as found:
            raise Refused(found.problems, loaded.source) from None


def same_at(configuration: Configuration, one: int, other: int) -> bool:
    """Whether a configuration that is valid at one time (seconds UTC) gives the same at another."""
    limits = (one, other), (farthest(one), farthest(other))
    return not any(min(pair) < date <= max(pair) for _, date in configuration.dates() for pair in limits)


def read_configuration(names: Sequence[str], now: int | None = None) -> Unchecked:
    """Read the files that a command line names; ``now`` is as for :func:`promosync.config.load`.

    A folder stands for its ``.json`` files in the order of their names, but for hidden ones, schemas
    (``….schema.json``) and saved plans. Several files are one configuration. Raises Refused for what cannot be read.
    """
    files = [file for name in names for file in _files_of(name)]
    _check(files)
    folder = None if files == [STDIN] else _shared(files)
    if folder is None or len(files) == 1:
        return Unchecked(draft(read_file(files[0]), display_name(files[0])), folder)
    from promosync.config.several import Given, draft_several, refuse

    given, refused = [], []
    for file in files:
        try:
            given.append(Given(file, read_file(file), below_of(file, folder)))
        except Refused as one:
            refused.append(one)
    if refused:
        raise refuse(refused)
    return Unchecked(draft_several(given, now), folder)


def read_again(files: Mapping[str, tuple[str, str]]) -> Configuration:
    """Return a configuration that was read before, from the text of each file and what :func:`below_of` returned.

    Raises Refused for errors that do not depend on the time: a date may have passed since then.
    """
    if len(files) == 1:
        [(name, (text, _))] = files.items()
        return draft(text.encode(), name).check().configuration
    from promosync.config.several import Given, draft_several

    given = [Given(name, text.encode(), below) for name, (text, below) in files.items()]
    return draft_several(given).check().configuration


def below_of(file: str, folder: Path) -> str:
    """Return the folder of one of several files below the one that all of them share."""
    below = Path(file).absolute().parent.relative_to(folder.absolute())
    return "" if below == Path() else below.as_posix()


def _files_of(name: str) -> Iterator[str]:
    """Yield the files that a name on the command line stands for."""
    folder = Path(name)
    if name == STDIN or not folder.is_dir():
        yield name
        return
    found = [path for path in sorted(folder.glob("*.json")) if _is_meant(path)]
    if not found:
        fault = Problem((), "there is no configuration in this folder", "name the file", rule="unreadable-file")
        raise Refused([fault], Source(name))
    for path in found:
        if path.is_fifo():  # which a command line may name: it is read until its writer ends
            raise Refused([Problem((), "this is a pipe", "remove it", rule="unreadable-file")], Source(str(path)))
        yield str(path)


def _is_meant(path: Path) -> bool:
    if path.name.startswith(".") or path.name.endswith(".schema.json"):
        return False
    if path.is_file():
        with suppress(OSError), path.open("rb") as file:
            return not _SAVED_PLAN.match(file.read(1000))
    return True  # reading it reports the reason


def _check(files: Sequence[str]) -> None:
    if len(files) > 1 and STDIN in files:
        fault = Problem((), "standard input cannot be one of several files", rule="usage")
        raise Refused([fault], Source(display_name(STDIN)))
    for at, file in enumerate(files):
        if any(Path(file).absolute() == Path(other).absolute() for other in files[:at]):
            raise Refused([Problem((), "this file is named twice", "name it once", rule="usage")], Source(file))


def _shared(files: Sequence[str]) -> Path:
    """Return the folder that all files are in or below."""
    if len(files) == 1:
        return Path(files[0]).parent
    return Path(os.path.commonpath([Path(file).absolute().parent for file in files]))
