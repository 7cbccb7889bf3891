"""Several files as one configuration: their lists are joined, and each problem is reported for its own file."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from promosync.config.loading import Draft, load
from promosync.config.sound_json import Json
from promosync.config.source import Refused, Source
from promosync.config.strict_json import Box, Parsed, parse
from promosync.model.configuration import BatchEntry, Configuration, Generate
from promosync.model.problems import Path, Problem

LISTS = ("coupons", "promotion_codes", "code_batches", "products")
SETTINGS = "promosync"

_PLACES = re.compile(rf"\b({'|'.join(LISTS)})\[([0-9]+)\]")
"""Entries that a message names, with their index among the entries of all files."""


@dataclass(frozen=True, slots=True)
class Given:
    """One file: its name for messages, its bytes, and its folder, relative to the one that all files share."""

    name: str
    raw: bytes
    below: str = ""


@dataclass(frozen=True, slots=True)
class _Part:
    """One file among several.

    ``start`` is where its text begins in the text of all files. ``ranges`` has the indexes of its entries among those
    of all files, by section.
    """

    source: Source
    start: int
    ranges: Mapping[str, range]

    def has(self, path: Path) -> bool:
        """Whether the place of a path is in this file."""
        section, index = str(path[0]), path[1] if len(path) > 1 else None
        if section in self.ranges and isinstance(index, int):
            return index in self.ranges[section]
        return isinstance(self.source.place, Box) and section in self.source.place.keys

    def local(self, path: Path) -> Path:
        """Return a path as it is within the file."""
        return self._moved(path, -1)

    def counted(self, path: Path) -> Path:
        """Return a path within the file as it is among all."""
        return self._moved(path, 1)

    def _moved(self, path: Path, sign: int) -> Path:
        if len(path) > 1 and path[0] in LISTS and isinstance(path[1], int):
            return (path[0], path[1] + sign * self.ranges[str(path[0])].start, *path[2:])
        return path


@dataclass(frozen=True)
class Several(Source):
    """Files that are one configuration. Paths have indexes among the entries of all files; a place is in one file."""

    parts: tuple[_Part, ...] = field(default=())

    def offset(self, path: Path, on_key: bool = False) -> int:
        part = self._part(path)
        return part.start + part.source.offset(part.local(path), on_key)

    def place_of(self, problem: Problem) -> tuple[int, int]:
        own, local = self.own(problem)
        return own.place_of(local)

    def order_of(self, problem: Problem) -> tuple[int, ...]:
        own, local = self.own(problem)
        return next(at for at, part in enumerate(self.parts) if part.source is own), *own.place_of(local)

    def own(self, problem: Problem) -> tuple[Source, Problem]:
        for part in self.parts:
            if problem.file == part.source.name:
                return part.source, problem
        part = self._part(problem.path)
        local = replace(
            problem,
            path=part.local(problem.path),
            message=self._with_own_indexes(problem.message, part),
            hint=self._with_own_indexes(problem.hint, part),
        )
        return part.source, local

    @property
    def files(self) -> tuple[Source, ...]:
        return tuple(part.source for part in self.parts)

    def _part(self, path: Path) -> _Part:
        return next((part for part in self.parts if path and part.has(path)), self.parts[0])

    def _with_own_indexes(self, text: str, here: _Part) -> str:
        """Return a message in which each entry has the index in its own file."""

        def one(found: re.Match[str]) -> str:
            path = (found[1], int(found[2]))
            part = self._part(path)
            where = "" if part is here else f"{part.source.name} "
            return f"{where}{found[1]}[{part.local(path)[1]}]"

        return _PLACES.sub(one, text)


def draft_several(files: Sequence[Given], now: int | None = None) -> Draft:
    """Read several files as one configuration; raises Refused if one of them cannot be joined with the others.

    Ids and codes are unique over all files, an entry may name one of another file, and the settings are in one file.
    """
    parsed = {file.name: parse(file.raw, file.name) for file in files}
    parts = tuple(_parts(parsed))
    source = Several(", ".join(parsed), "\n".join(part.source.text for part in parts), parts=parts)
    faults = [fault for file in files for fault in _broken(file, parsed[file.name], now)]
    if faults:
        raise Refused(faults, source)
    for part in parts:
        for fault in parsed[part.source.name].faults:
            faults.append(
                replace(fault, path=part.counted(fault.path), file=None if fault.path else part.source.name)
            )
    value, repeated = _merged(parsed)
    below = {file.name: file.below for file in files}
    return Draft(
        value, source, (*faults, *repeated), lambda configuration: _with_folders(configuration, source, below)
    )


def refuse(refused: Sequence[Refused]) -> Refused:
    """Return one Refused for several, each of which is about one file."""
    none = dict.fromkeys(LISTS, range(0))
    parts = tuple(_Part(one.source, 0, none) for one in refused)
    problems = [replace(problem, file=one.source.name) for one in refused for problem in one.problems]
    return Refused(problems, Several(", ".join(one.source.name for one in refused), parts=parts))


def _merged(parsed: Mapping[str, Parsed]) -> tuple[Json, list[Problem]]:
    """Return all files as one tree, and a problem for each repetition of the settings."""
    lists: dict[str, list[Json]] = {}
    others: dict[str, Json] = {}
    problems: list[Problem] = []
    holder = ""
    for name, content in ((name, read.value) for name, read in parsed.items()):
        for section, value in content.items() if isinstance(content, dict) else ():
            if section in LISTS and isinstance(value, list):
                lists.setdefault(section, []).extend(value)
            elif section == SETTINGS and section in others:
                message, hint = (
                    f"the settings of this configuration stand in {holder} already",
                    "keep them in one file",
                )
                problems.append(Problem((SETTINGS,), message, hint, "duplicate-settings", on_key=True, file=name))
            else:
                holder = name if section == SETTINGS else holder
                others.setdefault(section, value)
    return {**others, **lists}, problems


def _parts(parsed: Mapping[str, Parsed]) -> Iterator[_Part]:
    start, ranges = 0, dict.fromkeys(LISTS, range(0))
    for name, read in parsed.items():
        value = read.value if read.whole and isinstance(read.value, dict) else {}
        for section, others in ranges.items():
            items = value.get(section)
            ranges[section] = range(others.stop, others.stop + (len(items) if isinstance(items, list) else 0))
        yield _Part(Source(name, read.text), start, dict(ranges))
        start += len(read.text) + 1


def _broken(file: Given, parsed: Parsed, now: int | None) -> Iterator[Problem]:
    """Yield the problems of a file that cannot be joined with others."""
    value = parsed.value
    lists = [value.get(section, []) for section in LISTS] if isinstance(value, dict) else [None]
    if parsed.whole and all(isinstance(entries, list) for entries in lists):
        return
    try:
        load(file.raw, file.name, now)
    except Refused as refused:
        yield from (replace(problem, file=file.name) for problem in refused.problems)


def _with_folders(configuration: Configuration, source: Several, below: Mapping[str, str]) -> Configuration:
    """Make the file names of batches relative to the folder that all files of the configuration share."""

    def moved(entry: BatchEntry) -> BatchEntry:
        own, _ = source.own(Problem(entry.path, ""))
        folder, given = below[own.name], entry.source
        if isinstance(given, Generate):
            emails = None if given.emails is None else posixpath.join(folder, given.emails)
            return replace(entry, source=replace(given, emails=emails))
        return replace(entry, source=replace(given, file=posixpath.join(folder, given.file)))

    return replace(configuration, batches=tuple(map(moved, configuration.batches)))
