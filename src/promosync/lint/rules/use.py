"""Rules about codes and coupons that cannot be used as expected, about dates, and about the source of a code."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promosync.config.dates import format_instant
from promosync.config.words import listing
from promosync.lint.facts import Facts
from promosync.model.configuration import BatchEntry, CouponEntry
from promosync.model.problems import Problem, dotted
from promosync.plan.exposure import Way

_CLOCK = re.compile(r"[Tt]([0-9]{2}):([0-9]{2})")

DAYTIME = range(9, 22)
"""The hours that are probably meant as an end. Midnight in Berlin (22:00 or 23:00 in UTC), New York (04:00 or
05:00) and San Francisco (07:00 or 08:00) is not among them."""

SOURCE_KEYS = ("source", "campaign")
"""The endings of metadata keys that say where a code is handed out."""


def no_code(facts: Facts) -> Iterator[Problem]:
    """A promotion code or a batch leads to every coupon; it may be switched off at the moment."""
    for coupon in facts.current_coupons():
        if coupon.id not in facts.ways:
            message = "no promotion code and no batch leads to this coupon, so no customer can enter it"
            yield Problem((*coupon.path, "id"), message, "add a promotion code for it, or remove it")


def minimum_currency(facts: Facts) -> Iterator[Problem]:
    """The minimum of a code is in currencies that its coupon has; a percentage has all of them."""
    for coupon in facts.current_coupons():
        has = {*coupon.spec.currency_options, *([coupon.spec.currency] if coupon.spec.currency else [])}
        for way in facts.usable_ways(coupon) if has else ():
            yield from _other_currencies(way, coupon, has)


def _other_currencies(way: Way, coupon: CouponEntry, has: set[str]) -> Iterator[Problem]:
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


def too_many_codes(facts: Facts) -> Iterator[Problem]:
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


def over(facts: Facts) -> Iterator[Problem]:
    """No date of the file has passed."""
    for path, ends in facts.configuration.dates():
        if facts.is_over(ends):
            message = f"over since {format_instant(ends)}: it is not created, or retired"
            yield Problem(path, message, "remove the entry when nobody asks for it any more")


def outlives_coupon(facts: Facts) -> Iterator[Problem]:
    """If a coupon has ended, so have its codes, or they are switched off. A later date of a code is an error."""
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


def odd_end(facts: Facts) -> Iterator[Problem]:
    """A future date is at the end of a day (00:00 or 23:59) or in the daytime, in the zone in which it is written.

    At another hour, midnight in another zone was probably meant.
    """
    for path, ends in facts.configuration.dates():
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


def no_source(facts: Facts) -> Iterator[Problem]:
    """Each of several codes of a coupon has a metadata key such as `source`, `campaign` or `utm_source`."""
    for coupon in facts.current_coupons():
        ways = facts.usable_ways(coupon)
        for way in ways if len(ways) > 1 else ():
            if not any(key.lower().endswith(SOURCE_KEYS) for key in way.spec.metadata):
                yield Problem(
                    (*way.path, "metadata"),
                    "one of several codes of its coupon, and nothing says where it is handed out",
                    'add metadata, for example `{"source": "newsletter"}`',
                )
