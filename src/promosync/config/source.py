"""The text of a configuration and the place of everything in it: turns paths into line and column."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from promosync.config.strict_json import Box, Place, Row, places
from promosync.config.words import printable
from promosync.model.configuration import Configuration
from promosync.model.problems import Path, Problem, ProblemsFound, dotted


@dataclass(frozen=True)
class Source:
    """A file as it was read. ``text`` is empty when it could not be read at all."""

    name: str
    text: str = ""

    @cached_property
    def place(self) -> Place:
        """The place of everything in the text; computed only when it is needed."""
        return places(self.text)

    def locate(self, path: Path, on_key: bool = False) -> tuple[int, int]:
        """Return line and column, both from 1, of a value or of its key; if it is missing, of what would hold it.

        The column counts characters.
        """
        offset = self.offset(path, on_key)
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def offset(self, path: Path, on_key: bool = False) -> int:
        """Return the same place as an offset into the text."""
        key_at, place = 0, self.place
        for part in path:
            if isinstance(place, Box) and isinstance(part, str) and part in place.keys:
                key_at, place = place.keys[part]
            elif isinstance(place, Row) and isinstance(part, int) and 0 <= part < len(place.items):
                place = place.items[part]
                key_at = _start(place)
            else:
                return _start(place)
        return key_at if on_key and path else _start(place)

    def place_of(self, problem: Problem) -> tuple[int, int]:
        """Return the line and column of a problem."""
        return problem.at or self.locate(problem.path, problem.on_key)

    def order_of(self, problem: Problem) -> tuple[int, ...]:
        """Return the sort key of a problem, for the order of the text."""
        return self.place_of(problem)

    def own(self, problem: Problem) -> tuple[Source, Problem]:
        """Return the file of a problem, and the problem with the paths of that file."""
        return self, problem

    @property
    def files(self) -> tuple[Source, ...]:
        """The files of the configuration."""
        return (self,)

    def line(self, number: int) -> str:
        """Return a line of the text, without its end, for an excerpt; empty when there is none."""
        if not 1 <= number <= len(self._starts):
            return ""
        end = self.text.find("\n", self._starts[number - 1])
        return self.text[self._starts[number - 1] : end if end >= 0 else None].removesuffix("\r")

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        while (end := self.text.find("\n", starts[-1])) >= 0:
            starts.append(end + 1)
        return starts


class Refused(ProblemsFound):
    """A file that cannot be used; ``source`` locates its problems, which are in the order of the file.

    ``rest`` is the configuration of its valid parts, for checks that find more faults; None if it was not read.
    """

    def __init__(self, problems: Iterable[Problem], source: Source, rest: Configuration | None = None) -> None:
        super().__init__(sorted(problems, key=source.order_of))
        self.source = source
        self.rest = rest


def render_place(problem: Problem, source: Source) -> str:
    """Return ``promosync.json:12:7 coupons[1].percent_off``; only the name for a file that was not read."""
    source, problem = source.own(problem)
    if not source.text and problem.at is None:
        return printable(source.name)
    line, column = source.place_of(problem)
    return printable(f"{source.name}:{line}:{column} {dotted(problem.path)}".rstrip())


def render_line(problem: Problem, source: Source) -> str:
    """Return the whole problem on one line: place, what is wrong, what to do."""
    source, problem = source.own(problem)
    return f"{render_place(problem, source)}: {printable(problem.message)}" + (
        f"; {printable(problem.hint)}" if problem.hint else ""
    )


def _start(place: Place) -> int:
    return place if isinstance(place, int) else place.start
