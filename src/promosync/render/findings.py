"""Errors and warnings of a check, with where each of them stands in a repository."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from promosync.config import Source
from promosync.model.problems import Problem


class Level(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem. ``file`` is relative to the repository where it is in one, None without a file.

    ``line`` and ``column`` count from 1 and are None where the file could not be read.
    """

    level: Level
    problem: Problem
    file: PurePosixPath | None = None
    line: int | None = None
    column: int | None = None

    @property
    def message(self) -> str:
        """What is wrong, and what to do."""
        hint = self.problem.hint
        return f"{self.problem.message}\n{hint[:1].upper()}{hint[1:]}" if hint else self.problem.message


def finding(level: Level, problem: Problem, source: Source | None, file: PurePosixPath | None) -> Finding:
    """Return a problem as a finding; ``file`` is the source's."""
    if source is None or file is None:
        return Finding(level, problem)
    if not source.text and problem.at is None:
        return Finding(level, problem, file)
    return Finding(level, problem, file, *source.place_of(problem))
