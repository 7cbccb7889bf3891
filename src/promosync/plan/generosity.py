"""Warnings where a change gives more away than what is live: the plan shows them before it costs money."""

from __future__ import annotations

from promosync.model.promotions import Coupon, PromotionCode
from promosync.plan.fields import iso

_LENGTH = {"once": 0, "repeating": 1, "forever": 2}


def more_generous(before: Coupon | PromotionCode, after: Coupon | PromotionCode) -> tuple[str, ...]:
    """Return a sentence for each way in which ``after`` is larger, longer or less limited than ``before``.

    Limits are compared as given: bring both to the same count of redemptions first.
    """
    if isinstance(before, Coupon) and isinstance(after, Coupon):
        found = _coupon(before, after)
    elif isinstance(before, PromotionCode) and isinstance(after, PromotionCode):
        found = _code(before, after)
    else:
        found = []
    return tuple(found)


def _coupon(before: Coupon, after: Coupon) -> list[str]:
    said = []
    if before.percent_off is not None and after.percent_off is not None and after.percent_off > before.percent_off:
        said.append(f"a larger discount: {before.percent_off.normalize():f} % to {after.percent_off.normalize():f} %")
    if (before.percent_off is None) != (after.percent_off is None):
        said.append("a discount of another kind: check which is larger")
    elif before.currency == after.currency and _more(before.amount_off, after.amount_off):
        said.append(
            f"a larger discount: {before.amount_off:,} to {after.amount_off:,} (minor units of {after.currency})"
        )
    elif before.currency != after.currency:
        said.append(f"a discount in another currency: {before.currency} to {after.currency}")
    for currency, amount in sorted(after.currency_options.items()):
        if amount > before.currency_options.get(currency, amount):
            said.append(f"a larger discount in {currency}: {before.currency_options[currency]:,} to {amount:,}")
    if (_LENGTH.get(after.duration, 0), after.duration_in_months or 0) > (
        _LENGTH.get(before.duration, 0),
        before.duration_in_months or 0,
    ):
        said.append(f"a longer discount: {_duration(before)} to {_duration(after)}")
    said += _limits(before.max_redemptions, after.max_redemptions, before.redeem_by, after.redeem_by)
    if before.applies_to and not after.applies_to:
        said.append("for every product now")
    elif before.applies_to and after.applies_to - before.applies_to:
        said.append(f"for more products: {', '.join(sorted(after.applies_to - before.applies_to))}")
    return said


def _code(before: PromotionCode, after: PromotionCode) -> list[str]:
    said = _limits(before.max_redemptions, after.max_redemptions, before.expires_at, after.expires_at)
    if before.first_time_transaction and not after.first_time_transaction:
        said.append("no longer for first-time customers only")
    if before.minimum_amount is not None and after.minimum_amount is None:
        said.append("no minimum amount any more")
    elif (
        before.minimum_amount is not None
        and before.minimum_amount_currency == after.minimum_amount_currency
        and _more(after.minimum_amount, before.minimum_amount)
    ):
        said.append(f"a lower minimum amount: {before.minimum_amount:,} to {after.minimum_amount:,}")
    for currency, amount in sorted(after.currency_options.items()):
        if amount < before.currency_options.get(currency, amount):
            said.append(f"a lower minimum in {currency}: {before.currency_options[currency]:,} to {amount:,}")
    if before.holder is not None and after.holder is None:
        said.append("for every customer now")
    return said


def _limits(limit: int | None, new_limit: int | None, date: int | None, new_date: int | None) -> list[str]:
    said = []
    if limit is not None and new_limit is None:
        said.append(f"no limit any more (was {limit:,} redemptions)")
    elif _more(limit, new_limit):
        said.append(f"a higher limit: {limit:,} to {new_limit:,} redemptions")
    if date is not None and new_date is None:
        said.append(f"no end any more (was {iso(date)})")
    elif date is not None and new_date is not None and new_date > date:
        said.append(f"a later end: {iso(date)} to {iso(new_date)}")
    return said


def _more(before: int | None, after: int | None) -> bool:
    return before is not None and after is not None and after > before


def _duration(coupon: Coupon) -> str:
    if coupon.duration == "repeating":
        return f"{coupon.duration_in_months} months"
    return coupon.duration
