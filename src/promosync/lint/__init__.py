"""Warnings about a valid configuration: each rule has a function and a page."""

from promosync.lint.facts import Facts
from promosync.lint.linting import lint
from promosync.lint.pages import explain, titles

__all__ = ["Facts", "explain", "lint", "titles"]
