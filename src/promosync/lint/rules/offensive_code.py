"""A code is printed under the company's name: it should hold no word that the company would not print."""

from __future__ import annotations

from collections.abc import Iterator

from promosync.codes.words import is_offensive
from promosync.lint.facts import Facts
from promosync.model.configuration import Generate
from promosync.model.problems import Path, Problem


def check(facts: Facts) -> Iterator[Problem]:
    """No code, and no fixed part of a batch's codes, holds an offensive word. The word is not repeated here."""
    for path, text in _texts(facts):
        if is_offensive(text):
            hint = "choose another, or switch the rule off if it is a name or an innocent word"
            yield Problem(path, f"this {path[-1]} holds what reads as an offensive word", hint)


def _texts(facts: Facts) -> Iterator[tuple[Path, str]]:
    for entry in facts.configuration.codes:
        if facts.is_usable(entry):
            yield (*entry.path, "code"), entry.spec.code
    for batch in facts.configuration.batches:
        if isinstance(batch.source, Generate) and facts.is_usable(batch):
            at = (*batch.path, "generate")
            yield (*at, "pattern"), (batch.source.pattern or "").replace("#", "-")
            yield (*at, "prefix"), batch.source.prefix
            yield (*at, "suffix"), batch.source.suffix
