"""`promosync explain`: what a lint rule or an error means, with an example and what to do."""

from __future__ import annotations

from typing import Annotated

from rich.text import Text

from promosync.cli.help_pages import columns
from promosync.cli.options import argument
from promosync.cli.run import Run
from promosync.model.problems import Problem, ProblemsFound


def explain(
    run: Run,
    rule: Annotated[str | None, argument("RULE", "Its id; without one, all are listed.")] = None,
) -> None:
    """Tell what a lint rule or an error means. Without RULE, all are listed."""
    from promosync.lint import pages

    titles = pages.titles()
    if rule is None:
        run.show(map(Text, columns(titles.items(), run.room, margin="")))
        return
    page = pages.explain(rule.strip().lower())
    if page is None:
        from promosync.config.words import did_you_mean, shown

        hint = did_you_mean(rule, titles) or "promosync explain lists them all"
        raise ProblemsFound([Problem((), f"there is no rule and no error {shown(rule)}", hint, rule="unknown-rule")])
    run.answer(page.rstrip("\n"))
