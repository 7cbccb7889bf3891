"""Errors and warnings for people and for programs: where, what is wrong, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rich.text import Text

from promosync.config import Source, render_place
from promosync.model.problems import Problem, dotted
from promosync.render.layout import paragraph
from promosync.render.markdown import WIDTH, block, marker
from promosync.render.values import number
from promosync.render.visible import visible


def problems_text(
    problems: Iterable[Problem], source: Source | None, width: int, word: str = "error"
) -> Iterator[Text]:
    """Yield ``error: promosync.json:12:7 coupons[1].percent_off: what is wrong``, and the hint below it.

    Place and message are one line whatever the width, so that editors and grep find them. Without a source the
    place is left out.
    """
    for given in problems:
        own, problem = source.own(given) if source is not None else (None, given)
        line = Text(f"{word}: ", "bold red" if word == "error" else "bold cyan")
        if own is not None:
            line.append(f"{render_place(problem, own)}: ", "bold")
        line.append(visible(problem.message), "not bold")
        yield line
        if problem.hint:
            yield from paragraph(visible(problem.hint), width, first="  hint: ", indent="        ")


def warnings_text(problems: Iterable[Problem], source: Source, word: str = "warning") -> Iterator[Text]:
    """Yield ``promosync.json:12:7 coupons[1].duration: warning[deep-forever]: what is wrong; what to do``.

    Each is one line whatever the width; `promosync explain` explains the lint rule in brackets.
    """
    style = "bold red" if word == "error" else "bold yellow"
    for given in problems:
        own, problem = source.own(given)
        yield Text.assemble(
            (f"{render_place(problem, own)}: ", "bold"),
            (f"{word}[{problem.rule}]: ", style),
            visible("; ".join(part for part in (problem.message, problem.hint) if part)),
        )


def problems_markdown(located: Iterable[tuple[Problem, Source | None]], name: str) -> str:
    """Return a comment with every error that fits; ``name`` is the configuration's, or empty."""
    located = list(located)
    lines = (line.plain for problem, source in located for line in problems_text([problem], source, WIDTH))
    return f"{marker(name)}\n### promosync: {number(len(located), 'error')}\n\n{block(lines)}\n"


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
