"""Lint a text at a fixed time."""

from __future__ import annotations

from promosync.config import Loaded, load
from promosync.lint import Facts, lint
from promosync.model.problems import Problem
from promosync.plan.exposure import batch_sizes

NOW = 1795262400  # 2026-11-21T12:00:00Z


def linted(text: str) -> tuple[Loaded, list[Problem]]:
    """Return a valid file and its warnings."""
    loaded = load(text.encode(), "promosync.json", NOW)
    sizes = batch_sizes(loaded.configuration, {})
    return loaded, lint(Facts(loaded.configuration, loaded.source, NOW, sizes))
