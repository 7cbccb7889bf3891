"""Runs the lint rules that the file does not switch off, and checks the switches themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from promosync.config.words import Guesses, shown
from promosync.lint.facts import Facts
from promosync.lint.pages import explain
from promosync.lint.registry import RULES
from promosync.model.problems import Path, Problem, ProblemsFound

SWITCHES: Path = ("promosync", "lint")
UNUSED = "unused-switch"
"""The rule about switches without effect: it runs after all others."""


def lint(facts: Facts) -> list[Problem]:
    """Return the warnings about a file, in its order; ``rule`` of each is the id of a page.

    Raises :class:`~promosync.model.problems.ProblemsFound` if the file switches off something that is no lint rule.
    """
    if unknown := list(_unknown_switches(facts)):
        raise ProblemsFound(unknown)
    switched_off = facts.configuration.settings.lint
    found = [replace(problem, rule=rule) for rule, check in RULES.items() for problem in check(facts)]
    if UNUSED not in switched_off:
        found += _unused_switches(facts, {problem.rule for problem in found})
    return sorted((problem for problem in found if problem.rule not in switched_off), key=facts.source.order_of)


def _unknown_switches(facts: Facts) -> Iterator[Problem]:
    known, guesses = {*RULES, UNUSED}, Guesses()
    for rule in facts.configuration.settings.lint:
        if rule not in known:
            an_error = explain(rule) is not None
            message = (
                f"{shown(rule)} is an error, which no switch turns off" if an_error else f"no rule {shown(rule)}"
            )
            hint = guesses.did_you_mean(rule, known) or "promosync explain lists the rules"
            yield Problem((*SWITCHES, rule), message, hint, "unknown-rule", on_key=True)


def _unused_switches(facts: Facts, found: set[str]) -> Iterator[Problem]:
    for rule in facts.configuration.settings.lint:
        if rule not in found:
            message = f"the rule {shown(rule)} has nothing to tell about this file"
            yield Problem((*SWITCHES, rule), message, "remove the switch", UNUSED, on_key=True)
