"""A discount with neither a limit nor an end runs until somebody remembers it."""

from __future__ import annotations

from collections.abc import Iterator

from promosync.lint.facts import Facts
from promosync.model.problems import Problem


def check(facts: Facts) -> Iterator[Problem]:
    """Every way to a coupon has a limit or a date, its own or the coupon's; so has a coupon without a way."""
    for coupon in facts.configuration.coupons:
        if coupon.spec.max_redemptions is not None or coupon.spec.redeem_by is not None:
            continue
        if coupon.id not in facts.ways:
            hint = "add `max_redemptions` or `redeem_by`"
            yield Problem((*coupon.path, "id"), "the coupon has neither a limit nor an end", hint)
        for way in facts.usable_ways(coupon):
            if way.spec.max_redemptions is None and way.spec.expires_at is None:
                hint = "add `max_redemptions` or `expires_at`, here or on the coupon"
                yield Problem((*way.path, "id"), "neither the code nor its coupon has a limit or an end", hint)
