"""What failed, and what was done, as Markdown for a comment or the summary of a job."""

from __future__ import annotations

from collections.abc import Iterable

from promosync.apply.outcome import Report
from promosync.config import Source
from promosync.model.problems import Problem
from promosync.render.markdown import COMMENT_LIMIT, fenced, longest_run, marker, size
from promosync.render.outcomes import report_text
from promosync.render.problems import problems_text

WIDTH = 100
_ROOM = COMMENT_LIMIT - 1_000


def problems_markdown(located: Iterable[tuple[Problem, Source | None]], name: str) -> str:
    """Return every problem that fits; ``name`` is the configuration's, or empty."""
    located = list(located)
    count = f"{len(located):,} error{'s' * (len(located) != 1)}"
    lines = (line.plain for problem, source in located for line in problems_text([problem], source, WIDTH))
    return f"{marker(name)}\n### promosync: {count}\n\n{_cut(lines)}\n"


def report_markdown(report: Report, name: str) -> str:
    """Return the result of an apply."""
    word = "failed in part" if report.failed else "stopped" if report.stopped else "applied"
    lines = (line.plain for line in report_text(report, WIDTH))
    return f"{marker(name)}\n### promosync: {word}\n\n{_cut(lines)}\n"


def _cut(lines: Iterable[str]) -> str:
    """Return lines in a block; those at the end are counted when they do not fit."""
    shown, rest = [], 0
    room = _ROOM
    for line in lines:
        room -= size(line) + 1 + 2 * longest_run(line)
        if room < 0:
            rest += 1
        else:
            shown.append(line)
    more = f"\n\n… and {rest:,} more lines: see the log of the job." if rest else ""
    return fenced(shown) + more
