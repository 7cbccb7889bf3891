"""The findings of the lint rules, one line each: an editor jumps to it, and its rule can be looked up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.text import Text

from promosync.config import Source, render_place
from promosync.model.problems import Problem
from promosync.render.visible import visible


def warnings_text(problems: Iterable[Problem], source: Source, word: str = "warning") -> Iterator[Text]:
    """Yield ``promosync.json:12:7 coupons[1].duration: warning[deep-forever]: what is wrong; what to do``.

    A line is not cut, whatever the width.
    """
    style = "bold red" if word == "error" else "bold yellow"
    for told in problems:
        own, problem = source.own(told)
        yield Text.assemble(
            (f"{render_place(problem, own)}: ", "bold"),
            (f"{word}[{problem.rule}]: ", style),
            visible("; ".join(part for part in (problem.message, problem.hint) if part)),
        )
