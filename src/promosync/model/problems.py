"""Problems are values: all of them are collected, then shown at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Path = tuple[str | int, ...]
"""A place in the configuration, such as ``("coupons", 1, "percent_off")``; ``()`` is the whole file."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: where it is, what is wrong, and what to do.

    ``path`` is a place in the configuration, from which line and column are found. ``on_key`` points at the key
    itself rather than at its value. ``rule`` is a stable id for tools. ``at`` is line and column, both from 1, of a
    fault in the JSON itself. ``file`` is the name of the file if there are several and the path alone does not
    identify it; then the path is that within the file.
    """

    path: Path
    message: str
    hint: str = ""
    rule: str = "error"
    on_key: bool = False
    at: tuple[int, int] | None = None
    file: str | None = None


class ProblemsFound(Exception):
    """A step failed; ``problems`` has all reasons, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problem.message for problem in self.problems))


def dotted(path: Path) -> str:
    """Return a path as text: ``coupons[1].percent_off``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text
