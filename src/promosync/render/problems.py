"""Problems for people and for programs: the place, the fault, the way out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rich.text import Text

from promosync.config import Source, render_place
from promosync.model.problems import Problem, dotted
from promosync.render.layout import paragraph
from promosync.render.visible import visible


def problems_text(
    problems: Iterable[Problem], source: Source | None, width: int, word: str = "error"
) -> Iterator[Text]:
    """Yield ``error: promosync.json:12:7 coupons[1].percent_off: what is wrong``, and the hint below it.

    Place and message are one line whatever the width, so that editors and grep find them. Without a source the
    place is left out.
    """
    for told in problems:
        own, problem = source.own(told) if source is not None else (None, told)
        line = Text(f"{word}: ", "bold red" if word == "error" else "bold cyan")
        if own is not None:
            line.append(f"{render_place(problem, own)}: ", "bold")
        line.append(visible(problem.message), "not bold")
        yield line
        if problem.hint:
            yield from paragraph(visible(problem.hint), width, first="  hint: ", indent="        ")


def problems_json(problems: Iterable[Problem], source: Source | None) -> list[dict[str, Any]]:
    """Return each problem as JSON-like values; line and column count from 1, None where there is no place."""
    return [_problem(problem, source) for problem in problems]


def _problem(problem: Problem, source: Source | None) -> dict[str, Any]:
    if source is not None:
        source, problem = source.own(problem)
    line, column = source.place_of(problem) if source and (source.text or problem.at) else (None, None)
    return {
        "file": source.name if source else None,
        "line": line,
        "column": column,
        "path": dotted(problem.path) or None,
        "rule": problem.rule,
        "message": problem.message,
        "hint": problem.hint or None,
    }
