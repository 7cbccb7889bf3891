"""A discount that ends at seven in the morning was probably meant for midnight somewhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promosync.lint.facts import Facts
from promosync.model.problems import Problem

_CLOCK = re.compile(r"[Tt]([0-9]{2}):([0-9]{2})")
DAYTIME = range(9, 22)
"""The hours at which something is ended on purpose. Midnight in Berlin (22:00 or 23:00 in UTC), New York (04:00 or
05:00) and San Francisco (07:00 or 08:00) is not among them."""


def check(facts: Facts) -> Iterator[Problem]:
    """A date to come ends a day (00:00 or 23:59) or falls into daytime, in the zone that it is written in."""
    for path, ends in facts.dates():
        found = _CLOCK.search(facts.written(path))
        if facts.is_over(ends) or not found:
            continue
        hour, minute = int(found[1]), int(found[2])
        ends_a_day = (hour, minute) in ((0, 0), (23, 59))
        if not ends_a_day and hour not in DAYTIME:
            yield Problem(
                path,
                f"ends at {found[1]}:{found[2]} in the zone it is written in, in the middle of a night",
                "write it as midnight with the offset that was meant, for example 2027-06-01T00:00:00-07:00",
            )
