"""Between Stripe's JSON and promosync's words: one function for each direction and kind, tested as round trips.

Rows are read in both shapes: a code names its coupon in ``promotion.coupon`` since 2025-09-30.clover, and embeds it
in ``coupon`` before. Source: https://docs.stripe.com/changelog/clover/2025-09-30/polymorphic-coupon
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from sys import intern
from typing import Any

from promosync.model import seal
from promosync.model.live import LiveCode, LiveCoupon
from promosync.model.ownership import PREFIX, Tags, split_metadata
from promosync.model.promotions import Coupon, PromotionCode
from promosync.stripe_api.shapes import CODE, COUPON, checked

Row = Mapping[str, Any]
Params = dict[str, Any]

_NO_OPTIONS: Mapping[str, int] = {}
"""One for the many codes that have none: there may be a million of them."""

_DURATIONS = ("once", "repeating", "forever")

# What an object can hold that is compared, or that Stripe gives and counts itself. Whatever else is set would be lost
# with the object.
_COUPON = frozenset(
    """
    id object amount_off applies_to created currency currency_options deleted duration duration_in_months livemode
    max_redemptions metadata name percent_off redeem_by times_redeemed valid
    """.split()  # noqa: SIM905 (a list literal would take a line for each)
)
_CODE = frozenset(
    """
    id object active code coupon created customer customer_account expires_at livemode max_redemptions metadata
    promotion restrictions times_redeemed
    """.split()  # noqa: SIM905
)
_INSIDE = {
    "applies_to": frozenset({"products"}),
    "promotion": frozenset({"coupon", "type"}),
    "restrictions": frozenset(
        {"currency_options", "first_time_transaction", "minimum_amount", "minimum_amount_currency"}
    ),
}


def coupon_from(row: Row) -> LiveCoupon:
    """Return a coupon from Stripe's JSON, with ``applies_to`` and ``currency_options`` expanded.

    Raises StripeFault for what is no coupon.
    """
    row = checked(row, COUPON)
    tags, metadata = split_metadata(row.get("metadata") or {})
    percent, amount = row.get("percent_off"), row.get("amount_off")
    # Stripe shows both also where they mean nothing.
    currency = None if amount is None else row.get("currency")
    months = row.get("duration_in_months") if row["duration"] == "repeating" else None
    options = row.get("currency_options") or {}
    spec = Coupon(
        # Through text: a float of 12.3 is not the decimal 12.3.
        percent_off=None if percent is None else Decimal(str(percent)),
        amount_off=amount,
        currency=currency,
        # Stripe repeats the main currency among the options of some objects.
        currency_options={key: value["amount_off"] for key, value in options.items() if key != currency},
        duration=row["duration"],
        duration_in_months=months,
        max_redemptions=row.get("max_redemptions"),
        redeem_by=row.get("redeem_by"),
        applies_to=frozenset((row.get("applies_to") or {}).get("products") or ()),
        name=row.get("name"),
        metadata=metadata,
    )
    unknown = _unknown(row, _COUPON, "applies_to")
    if row["duration"] not in _DURATIONS:
        unknown = tuple(sorted((*unknown, "duration")))
    times, valid = row.get("times_redeemed") or 0, bool(row.get("valid", True))
    return LiveCoupon(row["id"], spec, tags, row["created"], times, valid, unknown, _seal(row.get("metadata") or {}))


def code_from(row: Row) -> LiveCode:
    """Return a promotion code from Stripe's JSON, with ``restrictions.currency_options`` expanded.

    Raises StripeFault for what is no promotion code.
    """
    row = checked(row, CODE)
    tags, metadata = split_metadata(row.get("metadata") or {})
    restrictions = row.get("restrictions") or {}
    currency = restrictions.get("minimum_amount_currency")
    options = restrictions.get("currency_options") or {}
    spec = PromotionCode(
        code=row["code"],
        coupon=intern(id_of((row.get("promotion") or row).get("coupon")) or ""),
        active=row["active"],
        max_redemptions=row.get("max_redemptions"),
        expires_at=row.get("expires_at"),
        first_time_transaction=bool(restrictions.get("first_time_transaction")),
        minimum_amount=restrictions.get("minimum_amount"),
        minimum_amount_currency=currency,
        currency_options={key: value["minimum_amount"] for key, value in options.items() if key != currency}
        if options
        else _NO_OPTIONS,
        customer=id_of(row.get("customer")),
        customer_account=row.get("customer_account"),
        metadata=metadata,
    )
    unknown = _unknown(row, _CODE, "promotion", "restrictions")
    return LiveCode(row["id"], spec, tags, row["created"], row.get("times_redeemed") or 0, unknown)


def coupon_params(stripe_id: str, spec: Coupon, tags: Tags, sealed: str = "") -> Params:
    """Return the parameters that create a coupon, with the text of a seal.

    Source: https://docs.stripe.com/api/coupons/create
    """
    return _given(
        id=stripe_id,
        percent_off=None if spec.percent_off is None else f"{spec.percent_off.normalize():f}",
        amount_off=spec.amount_off,
        currency=spec.currency,
        currency_options={key: {"amount_off": value} for key, value in sorted(spec.currency_options.items())},
        duration=spec.duration,
        duration_in_months=spec.duration_in_months,
        max_redemptions=spec.max_redemptions,
        redeem_by=spec.redeem_by,
        applies_to={"products": sorted(spec.applies_to)} if spec.applies_to else None,
        name=spec.name,
        metadata={**spec.metadata, **tags.to_metadata(), **(seal_params(sealed) if sealed else {})},
    )


def code_params(spec: PromotionCode, tags: Tags) -> Params:
    """Return the parameters that create a code. Source: https://docs.stripe.com/api/promotion_codes/create"""
    restrictions = _given(
        first_time_transaction=True if spec.first_time_transaction else None,
        minimum_amount=spec.minimum_amount,
        minimum_amount_currency=spec.minimum_amount_currency,
        currency_options={key: {"minimum_amount": value} for key, value in sorted(spec.currency_options.items())},
    )
    return _given(
        promotion={"type": "coupon", "coupon": spec.coupon},
        code=spec.code,
        active=None if spec.active else False,
        customer=spec.customer,
        customer_account=spec.customer_account,
        expires_at=spec.expires_at,
        max_redemptions=spec.max_redemptions,
        restrictions=restrictions,
        metadata={**spec.metadata, **tags.to_metadata()},
    )


def private_texts(*codes: tuple[PromotionCode, Tags]) -> frozenset[str]:
    """Return what no message may repeat of a promotion code, given as it is and as it is to be.

    That is all that could tell a unique code or its holder. What is no unique code stands in the file: nothing.
    """
    if all(tags.slot is None for _, tags in codes):
        return frozenset()
    return frozenset(
        text
        for spec, tags in codes
        for text in (spec.code, spec.customer, tags.email, *spec.metadata.values())
        if text
    )


def coupon_changes(before: LiveCoupon, after: Coupon, tags: Tags) -> Params:
    """Return the parameters that bring a coupon's changeable fields to ``after``; only what differs."""
    return _given(
        # Stripe reads the empty text as "not set".
        name=(after.name or "") if after.name != before.spec.name else None,
        metadata=_merge(before.spec.metadata, before.tags, after.metadata, tags),
        currency_options={
            key: {"amount_off": value}
            for key, value in sorted(after.currency_options.items())
            if before.spec.currency_options.get(key) != value
        },
    )


def code_changes(before: LiveCode, after: PromotionCode, tags: Tags) -> Params:
    """Return the parameters that bring a code's changeable fields to ``after``; only what differs."""
    options = {
        key: {"minimum_amount": value}
        for key, value in sorted(after.currency_options.items())
        if before.spec.currency_options.get(key) != value
    }
    return _given(
        active=after.active if after.active != before.spec.active else None,
        metadata=_merge(before.spec.metadata, before.tags, after.metadata, tags),
        restrictions={"currency_options": options} if options else None,
    )


def seal_params(text: str) -> dict[str, str]:
    """Return the metadata that puts a seal on a coupon, whatever is on it now: an empty value removes its key."""
    return {PREFIX + key: value for key, value in seal.values(text).items()}


def _seal(metadata: Mapping[str, str]) -> str:
    return "".join(metadata.get(PREFIX + key, "") for key in seal.KEYS)


def _merge(before: Mapping[str, str], old_tags: Tags, after: Mapping[str, str], tags: Tags) -> dict[str, str]:
    """Return the keys to send: Stripe merges metadata key by key, and an empty text removes one."""
    old, new = {**before, **old_tags.to_metadata()}, {**after, **tags.to_metadata()}
    changed = {key: value for key, value in new.items() if old.get(key) != value}
    return {**changed, **{key: "" for key in old if key not in new}}


def _unknown(row: Row, known: frozenset[str], *groups: str) -> tuple[str, ...]:
    """Return the names of the fields of an object that are set and not known, those in its groups dotted."""
    found = [name for name in row if name not in known and _is_set(row[name])]
    for group in groups:
        inside, expected = row.get(group) or {}, _INSIDE[group]
        found += [f"{group}.{name}" for name in inside if name not in expected and _is_set(inside[name])]
    return tuple(sorted(found)) if found else ()


def _is_set(value: Any) -> bool:
    """Whether a field says anything: it is not null, empty or false, and neither is all that is in it."""
    if isinstance(value, Mapping):
        return any(map(_is_set, value.values()))
    return value not in (None, "", []) and value is not False


def _given(**params: Any) -> Params:
    return {key: value for key, value in params.items() if value is not None and value != {}}


def id_of(thing: Any) -> str | None:
    """Return the id of what is an id, or an expanded object, or nothing."""
    found = thing["id"] if isinstance(thing, Mapping) else thing
    return None if found is None else str(found)
