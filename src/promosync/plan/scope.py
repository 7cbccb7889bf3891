"""What every decision of one plan shares: the owner, the time, and what must be left alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TypeVar

from promosync.model.ownership import Tags
from promosync.model.promotions import Coupon, PromotionCode
from promosync.plan.matching import generations
from promosync.plan.plan import FieldChange

S = TypeVar("S", Coupon, PromotionCode)


@dataclass(frozen=True, slots=True)
class Scope:
    """The owner, Stripe's clock (seconds UTC), metadata keys to leave alone, and coupon ids already taken.

    ``held`` has the coupons that must stay because of codes which this plan may not touch: the reason, by Stripe id.
    """

    owner: str
    now: int
    ignore_metadata: tuple[str, ...]
    taken: frozenset[str]
    held: Mapping[str, str] = field(default_factory=dict)

    def tags(self, config_id: str, protect: bool, carried: int = 0, late: int = 0) -> Tags:
        """Return the keys of an object of ours that is in use."""
        return Tags(owner=self.owner, id=config_id, carried=carried, late=late, protect=protect)

    def ignored(self, metadata: Mapping[str, str]) -> dict[str, str]:
        """Return the keys that ``ignore_metadata`` leaves to others."""
        return left_to_others(metadata, self.ignore_metadata)

    def visible(self, spec: S) -> S:
        """Return a coupon or code without the metadata that is left to others."""
        ignored = self.ignored(spec.metadata) if self.ignore_metadata else {}
        if not ignored:
            return spec
        return replace(spec, metadata={key: value for key, value in spec.metadata.items() if key not in ignored})

    def successor(self, wanted: S, current: Coupon | PromotionCode) -> S:
        """Return what is wanted, with the metadata that others keep on the object it replaces."""
        return replace(wanted, metadata={**wanted.metadata, **self.ignored(current.metadata)})

    def fresh_id(self, config_id: str, beside: bool) -> str:
        """Return a Stripe id for a new coupon: the config id, or ``_rN`` beside an older one."""
        if not beside and config_id not in self.taken:
            return config_id
        return f"{config_id}_r{_newest(self.taken).get(config_id, 1) + 1}"


def left_to_others(metadata: Mapping[str, str], patterns: Iterable[str]) -> dict[str, str]:
    """Return the keys that shell-style patterns leave to others, with their values."""
    return {key: value for key, value in metadata.items() if any(fnmatchcase(key, pattern) for pattern in patterns)}


@lru_cache(maxsize=1)
def _newest(taken: frozenset[str]) -> dict[str, int]:
    """Return the highest N of the coupons ``<config id>_rN``, by config id."""
    newest: dict[str, int] = {}
    for stripe_id in taken:
        for config_id, number in generations(stripe_id):
            newest[config_id] = max(number, newest.get(config_id, 1))
    return newest


def tag_changes(before: Tags, after: Tags) -> Iterable[FieldChange]:
    """Return the changes in promosync's own keys that a plan shows."""
    if before.protect != after.protect:
        yield FieldChange("protect", before.protect, after.protect)
    if before.id is not None and before.id != after.id:
        yield FieldChange("id", before.id, after.id)
