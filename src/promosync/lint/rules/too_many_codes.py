"""More unique codes than their coupon has uses: the last to come hold a code that does not work."""

from __future__ import annotations

from collections.abc import Iterator

from promosync.lint.facts import Facts
from promosync.model.configuration import BatchEntry
from promosync.model.problems import Problem


def check(facts: Facts) -> Iterator[Problem]:
    """The codes of a coupon's batches, times their limit, are within the coupon's own limit."""
    for coupon in facts.current_coupons():
        limit = coupon.spec.max_redemptions
        batches = [way for way in facts.usable_ways(coupon) if isinstance(way, BatchEntry)]
        uses = sum(facts.sizes.get(batch.id, 0) * (batch.spec.max_redemptions or 1) for batch in batches)
        if limit is not None and uses > limit:
            yield Problem(
                (*coupon.path, "max_redemptions"),
                f"its batches hand out {uses:,} uses, but the coupon ends after {limit:,}",
                f"raise it to {uses:,} at least, leave it out, or make fewer codes",
            )
