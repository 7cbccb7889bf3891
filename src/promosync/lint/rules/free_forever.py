"""The whole price taken off for ever is a free account, which nobody ends by himself."""

from __future__ import annotations

from collections.abc import Iterator

from promosync.lint.facts import Facts
from promosync.model.problems import Problem


def check(facts: Facts) -> Iterator[Problem]:
    """No coupon takes off 100 % for ever."""
    for coupon in facts.current_coupons():
        if coupon.spec.duration == "forever" and coupon.spec.percent_off == 100:
            yield Problem(
                (*coupon.path, "duration"),
                "100 % off for ever: whoever has the coupon never pays again",
                'write `"duration": "repeating"` with `duration_in_months`, or sell a free plan instead',
            )
