"""Faults are values: found in many rooms, shown at one edge, all of them at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Path = tuple[str | int, ...]
"""A place in the configuration, such as ``("coupons", 1, "percent_off")``; ``()`` is the whole file."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: where it is, what is wrong, and the way out.

    ``path`` is a place in the configuration; the edge turns it into line and column. ``on_key`` points at the
    key itself rather than at its value. ``rule`` is a stable id that tools can match on. ``at`` is the line
    and column, both from 1, of what has no path because the text could not be read that far. ``file`` is the name of
    the file where a configuration has several and the path alone does not tell; the path is of that file then.
    """

    path: Path
    message: str
    hint: str = ""
    rule: str = "error"
    on_key: bool = False
    at: tuple[int, int] | None = None
    file: str | None = None


class ProblemsFound(Exception):
    """A step could not be done; ``problems`` has every reason, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problem.message for problem in self.problems))


def dotted(path: Path) -> str:
    """Return a path as people write it: ``coupons[1].percent_off``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text
