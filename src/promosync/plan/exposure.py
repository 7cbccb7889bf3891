"""The worst case in money: what the amounts of a configuration give away if every limit is used up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from promosync.model.configuration import BatchEntry, CodeEntry, Configuration, CouponEntry, Generate
from promosync.model.life import is_over
from promosync.model.problems import Path

if TYPE_CHECKING:
    from promosync.plan.batch_rows import Rows

Way = CodeEntry | BatchEntry
"""What customers enter to use a coupon."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """What one coupon gives away at most.

    ``uses`` is how often it can be redeemed, ``amounts`` the sum in the minor units of each currency, if every
    customer pays in that one. None is unlimited.
    """

    coupon: str
    path: Path
    uses: int | None
    amounts: Mapping[str, int | None]


def exposures(configuration: Configuration, sizes: Mapping[str, int], now: int) -> tuple[Exposure, ...]:
    """Return the worst case of each coupon with an amount that has not ended by ``now`` (seconds UTC).

    ``sizes``: how many codes each batch has, see :func:`batch_sizes`. A repeating discount is counted once a
    month, as for a subscription billed monthly. Percentages are left out: they depend on the order.
    """
    ways = ways_to(configuration)
    return tuple(
        _exposure(entry, uses_of(entry, ways.get(entry.id, ()), sizes, now))
        for entry in configuration.coupons
        if entry.spec.amount_off is not None and not is_over(entry.spec.redeem_by, now)
    )


def total(found: Iterable[Exposure]) -> dict[str, int | None]:
    """Add exposures up by currency; an unlimited one makes the sum unlimited."""
    sums: dict[str, int | None] = {}
    for exposure in found:
        for currency, amount in exposure.amounts.items():
            before = sums.get(currency, 0)
            sums[currency] = None if before is None or amount is None else before + amount
    return sums


def uses_of(coupon: CouponEntry, ways: Iterable[Way], sizes: Mapping[str, int], now: int) -> int | None:
    """Return how often a coupon can be redeemed: by its own limit, or by those of all its ways if that is less.

    A coupon without any way can still be given by hand, so its own limit alone counts.
    """
    own = coupon.spec.max_redemptions
    given = list(ways)
    if not given:
        return own
    through = [
        _uses_through(way, sizes) for way in given if way.spec.active and not is_over(way.spec.expires_at, now)
    ]
    known = [uses for uses in through if uses is not None]
    if len(known) < len(through):
        return own
    return sum(known) if own is None else min(own, sum(known))


def ways_to(configuration: Configuration) -> dict[str, list[Way]]:
    """Return the codes and batches of each coupon that has any, by its config id, codes first."""
    ways: dict[str, list[Way]] = {}
    for way in configuration.ways:
        ways.setdefault(way.spec.coupon, []).append(way)
    return ways


def batch_sizes(configuration: Configuration, rows: Mapping[str, Rows]) -> dict[str, int]:
    """Return how many codes each batch has, by its id; ``rows`` holds what the files of the batches say."""
    return {entry.id: needed_codes(entry, rows.get(entry.id)) for entry in configuration.batches}


def needed_codes(entry: BatchEntry, rows: Rows | None) -> int:
    """Return how many codes a batch is to have; ``rows`` is what its own file says."""
    if isinstance(entry.source, Generate) and entry.source.count is not None:
        return entry.source.count
    return len((rows.codes or rows.emails or ()) if rows else ())


def _uses_through(way: Way, sizes: Mapping[str, int]) -> int | None:
    limit = way.spec.max_redemptions
    return limit * sizes.get(way.id, 0) if isinstance(way, BatchEntry) and limit is not None else limit


def _exposure(entry: CouponEntry, uses: int | None) -> Exposure:
    spec = entry.spec
    times = {"once": 1, "repeating": spec.duration_in_months}.get(spec.duration)
    amounts = dict(spec.currency_options)
    if spec.currency is not None and spec.amount_off is not None:
        amounts[spec.currency] = spec.amount_off
    bounded = uses is not None and (times is not None or uses == 0)
    most = (uses or 0) * (times or 0)
    worst = {currency: most * amount if bounded else None for currency, amount in sorted(amounts.items())}
    return Exposure(entry.id, entry.path, uses, worst)
