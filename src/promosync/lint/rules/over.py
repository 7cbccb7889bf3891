"""What has ended by its date is valid, and only in the way."""

from __future__ import annotations

from collections.abc import Iterator

from promosync.config.dates import format_instant
from promosync.lint.facts import Facts
from promosync.model.problems import Problem


def check(facts: Facts) -> Iterator[Problem]:
    """No date of the file has passed."""
    for path, ends in facts.dates():
        if facts.is_over(ends):
            message = f"over since {format_instant(ends)}: it is not created, or retired"
            yield Problem(path, message, "remove the entry when nobody asks for it any more")
