"""What lint rules work on, with what several rules need."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from promosync.config import Source
from promosync.model.configuration import CodeEntry, Configuration, CouponEntry
from promosync.model.life import is_over
from promosync.model.problems import Path
from promosync.plan.exposure import Way, ways_to


@dataclass(frozen=True)
class Facts:
    """A checked file, its text, and the time in seconds UTC.

    ``sizes`` is how many codes each batch has, by its id.
    """

    configuration: Configuration
    source: Source
    now: int
    sizes: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def coupons(self) -> Mapping[str, CouponEntry]:
        """The coupons by their config id."""
        return {entry.id: entry for entry in self.configuration.coupons}

    @cached_property
    def ways(self) -> Mapping[str, list[Way]]:
        """The codes and batches of each coupon that has any, usable or not."""
        return ways_to(self.configuration)

    def current_coupons(self) -> Iterator[CouponEntry]:
        """Yield the coupons that have not ended."""
        return (entry for entry in self.configuration.coupons if not self.is_over(entry.spec.redeem_by))

    def usable_ways(self, coupon: CouponEntry) -> list[Way]:
        """Return the codes and batches with which customers can use a coupon now."""
        return [way for way in self.ways.get(coupon.id, ()) if self.is_usable(way)]

    def public_codes(self) -> Iterator[CodeEntry]:
        """Yield the codes that everybody can use now, so none for one customer."""
        for entry in self.configuration.codes:
            if entry.spec.holder is None and entry.customer_email is None and self.is_usable(entry):
                yield entry

    def is_usable(self, way: Way) -> bool:
        """Whether customers can use a code, or those of a batch, now."""
        coupon = self.coupons[way.spec.coupon]
        return way.spec.active and not self.is_over(way.spec.expires_at) and not self.is_over(coupon.spec.redeem_by)

    def is_over(self, ends: int | None) -> bool:
        """Whether a date has passed."""
        return is_over(ends, self.now)

    def written(self, path: Path) -> str:
        """Return the string at a place as it is written in the file; there must be one."""
        text, _ = json.JSONDecoder().raw_decode(self.source.text, self.source.offset(path))
        return str(text)
