"""Rules about what is given away: how much, how often and for how long."""

from __future__ import annotations

from collections.abc import Iterator

from promosync.config.words import listing
from promosync.lint.facts import Facts
from promosync.model.currency import money
from promosync.model.problems import Problem, dotted
from promosync.plan.exposure import exposures, total

MOST_FOREVER = 30
"""The percentage above which a discount should end: discounts for partners are usually not higher."""

NAMED = 5
"""How many coupons without a limit are named at most."""


def no_limit(facts: Facts) -> Iterator[Problem]:
    """Each code has a limit or an end date, its own or the coupon's; so has a coupon without a code."""
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


def deep_forever(facts: Facts) -> Iterator[Problem]:
    """A coupon of duration forever gives 30 % at most; 100 % is the subject of another rule."""
    for coupon in facts.current_coupons():
        percent = coupon.spec.percent_off
        if coupon.spec.duration == "forever" and percent is not None and MOST_FOREVER < percent < 100:
            yield Problem(
                (*coupon.path, "duration"),
                f"{percent.normalize():f} % off for as long as the subscription lives",
                'write `"duration": "repeating"` with `duration_in_months`, or give less',
            )


def free_forever(facts: Facts) -> Iterator[Problem]:
    """No coupon takes off 100 % for ever: that is a free account."""
    for coupon in facts.current_coupons():
        if coupon.spec.duration == "forever" and coupon.spec.percent_off == 100:
            yield Problem(
                (*coupon.path, "duration"),
                "100 % off for ever: whoever has the coupon never pays again",
                'write `"duration": "repeating"` with `duration_in_months`, or sell a free plan instead',
            )


def over_budget(facts: Facts) -> Iterator[Problem]:
    """In each currency of `promosync.max_exposure`, limits times amounts come to no more than it allows."""
    budget = facts.configuration.settings.max_exposure
    if not budget:
        return
    found = exposures(facts.configuration, facts.sizes, facts.now)
    sums = total(found)
    for currency, allowed in budget.items():
        worst = sums.get(currency, 0)
        if worst is None:
            endless = [dotted(each.path) for each in found if each.amounts.get(currency, 0) is None]
            named = endless if len(endless) <= NAMED else [*endless[:NAMED], f"{len(endless) - NAMED} more"]
            message = f"what {listing(named)} can give away has no limit; {money(allowed, currency)} are allowed"
            hint = "add `max_redemptions` to the coupon or to each of its codes, and let the discount end"
        elif worst > allowed:
            message = f"up to {money(worst, currency)} can be given away; {money(allowed, currency)} are allowed"
            largest = max(found, key=lambda each: each.amounts.get(currency) or 0)
            share = money(largest.amounts[currency] or 0, currency)
            hint = f"lower a limit or an amount: {dotted(largest.path)} alone can give {share}"
        else:
            continue
        yield Problem(("promosync", "max_exposure", currency), message, hint)
