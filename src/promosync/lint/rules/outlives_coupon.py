"""A code that goes on after its coupon looks usable and is not."""

from __future__ import annotations

from collections.abc import Iterator

from promosync.config.dates import format_instant
from promosync.lint.facts import Facts
from promosync.model.problems import Problem, dotted


def check(facts: Facts) -> Iterator[Problem]:
    """Where a coupon is over, its codes are switched off, over, or gone. A later date of a code is an error."""
    for coupon in facts.configuration.coupons:
        ends = coupon.spec.redeem_by
        if ends is None or not facts.is_over(ends):
            continue
        for way in facts.ways.get(coupon.id, ()):
            if way.spec.active and not facts.is_over(way.spec.expires_at):
                yield Problem(
                    (*way.path, "coupon"),
                    f"{dotted(coupon.path)} is over since {format_instant(ends)}, so this cannot be used any more",
                    'remove it, set `"active": false`, or give the coupon a later `redeem_by`',
                )
