"""A large discount that never ends costs more than any other, and a customer who has it keeps it."""

from __future__ import annotations

from collections.abc import Iterator

from promosync.lint.facts import Facts
from promosync.model.problems import Problem

MOST = 30
"""The percentage above which a discount should end: what is usual for partners stays below it."""


def check(facts: Facts) -> Iterator[Problem]:
    """A coupon of duration forever gives 30 % at most; all of the price is another rule's."""
    for coupon in facts.current_coupons():
        percent = coupon.spec.percent_off
        if coupon.spec.duration == "forever" and percent is not None and MOST < percent < 100:
            yield Problem(
                (*coupon.path, "duration"),
                f"{percent.normalize():f} % off for as long as the subscription lives",
                'write `"duration": "repeating"` with `duration_in_months`, or give less',
            )
