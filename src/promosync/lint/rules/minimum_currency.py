"""A minimum in a currency in which the coupon takes nothing off never lets anybody have it."""

from __future__ import annotations

from collections.abc import Iterator

from promosync.config.words import listing
from promosync.lint.facts import Facts
from promosync.model.configuration import CouponEntry
from promosync.model.problems import Problem, dotted
from promosync.plan.exposure import Way


def check(facts: Facts) -> Iterator[Problem]:
    """The minimum of a code is in currencies that its coupon has; a percentage has all of them."""
    for coupon in facts.current_coupons():
        has = {*coupon.spec.currency_options, *([coupon.spec.currency] if coupon.spec.currency else [])}
        for way in facts.usable_ways(coupon) if has else ():
            yield from _of_way(way, coupon, has)


def _of_way(way: Way, coupon: CouponEntry, has: set[str]) -> Iterator[Problem]:
    main = way.spec.minimum_amount_currency
    places = [(main, (*way.path, "minimum_amount_currency"))] if main else []
    places += [(each, (*way.path, "currency_options", each)) for each in way.spec.currency_options]
    for currency, path in places:
        if currency not in has:
            amounts = listing(sorted(has))
            yield Problem(
                path,
                f"the minimum is in {currency}, but {dotted(coupon.path)} takes amounts off in {amounts} only",
                f"choose one of the coupon's currencies, or add {currency} to its `currency_options`",
            )
