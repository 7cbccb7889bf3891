"""The fields that differ between two objects, named as in the file, and those that Stripe cannot change in place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from promosync.model.promotions import Coupon, PromotionCode
from promosync.plan.plan import FieldChange

# Source: the update parameters of https://docs.stripe.com/api/coupons/update and …/promotion_codes/update
_CHANGEABLE = {
    Coupon: {"name", "metadata", "currency_options"},
    PromotionCode: {"active", "metadata", "currency_options"},
}
_DATES = {"redeem_by", "expires_at"}


def changed_fields(before: Coupon | PromotionCode, after: Coupon | PromotionCode) -> tuple[FieldChange, ...]:
    """Return what differs between two values of one type, in the order of their fields, map entries by key.

    The values are compared as they are: bring limits, dates and spelling to one form first.
    """
    if before == after:
        return ()
    from deepdiff import DeepDiff  # slow to import, and most pairs are equal

    order = [field.name for field in fields(before) if getattr(before, field.name) != getattr(after, field.name)]
    old, new = _plain(before, order), _plain(after, order)
    # Without the threshold, maps that share few keys are reported as a whole, and a removed key is not seen.
    tree = DeepDiff(old, new, view="tree", ignore_numeric_type_changes=True, threshold_to_diff_deeper=0)
    places = {tuple(level.path(output_format="list"))[:2] for levels in tree.values() for level in levels}
    changes = []
    for place in sorted(places, key=lambda place: (order.index(place[0]), place[1:])):
        name, key = place[0], (place[1] if isinstance(old[place[0]], dict) and len(place) > 1 else None)
        was, will = (old[name], new[name]) if key is None else (old[name].get(key), new[name].get(key))
        removed_currency = name == "currency_options" and will is None  # an update only merges
        forces = name not in _CHANGEABLE[type(before)] or removed_currency
        change = FieldChange(name if key is None else f"{name}.{key}", was, will, forces)
        if change not in changes:  # a list that differs in several places is one field
            changes.append(change)
    return tuple(changes)


def iso(seconds: int) -> str:
    """Return seconds since 1970 as ISO 8601 text in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _plain(spec: Coupon | PromotionCode, names: Iterable[str]) -> dict[str, Any]:
    return {name: plain_value(name, getattr(spec, name)) for name in names}


def plain_value(name: str, value: Any) -> Any:
    """Return a field's value: a date as ISO 8601 text, a set as a sorted list, a decimal in its shortest form."""
    if isinstance(value, frozenset):
        return sorted(value) or None
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Decimal):
        return Decimal(f"{value.normalize():f}")
    if name == "coupon" and not value:
        return None
    if name in _DATES and value is not None:
        return iso(value)
    return value
