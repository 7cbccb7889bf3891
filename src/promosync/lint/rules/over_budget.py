"""The file says what it may cost at most, and may cost more."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from promosync.config.words import listing
from promosync.lint.facts import Facts
from promosync.model.currency import decimals
from promosync.model.problems import Problem, dotted
from promosync.plan.exposure import exposures, total

NAMED = 5


def check(facts: Facts) -> Iterator[Problem]:
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
            message = f"what {listing(named)} can give away has no limit; {_money(allowed, currency)} are allowed"
            hint = "add `max_redemptions` to the coupon or to each of its codes, and let the discount end"
        elif worst > allowed:
            message = f"up to {_money(worst, currency)} can be given away; {_money(allowed, currency)} are allowed"
            largest = max(found, key=lambda each: each.amounts.get(currency) or 0)
            share = _money(largest.amounts[currency] or 0, currency)
            hint = f"lower a limit or an amount: {dotted(largest.path)} alone can give {share}"
        else:
            continue
        yield Problem(("promosync", "max_exposure", currency), message, hint)


def _money(amount: int, currency: str) -> str:
    digits = decimals(currency)
    return f"{Decimal(amount).scaleb(-digits):,.{digits}f} {currency.upper()}"
