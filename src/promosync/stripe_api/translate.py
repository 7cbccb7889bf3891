"""From Stripe's JSON to promosync's types and back: one function for each kind and direction, with round-trip tests.

Both versions of a row are read: since 2025-09-30.clover a code has its coupon in ``promotion.coupon``, before that in
``coupon``. Source: https://docs.stripe.com/changelog/clover/2025-09-30/polymorphic-coupon
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
"""Shared by all codes without options: there may be a million of them."""

_DURATIONS = ("once", "repeating", "forever")


def coupon_from(row: Row) -> LiveCoupon:
    """Return a coupon from Stripe's JSON, with ``applies_to`` and ``currency_options`` expanded.

    Raises StripeFault for anything else.
    """
    row = checked(row, COUPON)
    tags, metadata = split_metadata(row.get("metadata") or {})
    percent, amount = row.get("percent_off"), row.get("amount_off")
    # Stripe shows both of these also when they have no meaning.
    currency = None if amount is None else row.get("currency")
    months = row.get("duration_in_months") if row["duration"] == "repeating" else None
    options = row.get("currency_options") or {}
    spec = Coupon(
        # From text: the float 12.3 is not exactly the decimal 12.3.
        percent_off=None if percent is None else Decimal(str(percent)),
        amount_off=amount,
        currency=currency,
        # Some objects have the main currency among the options, too.
        currency_options={key: value["amount_off"] for key, value in options.items() if key != currency},
        duration=row["duration"],
        duration_in_months=months,
        max_redemptions=row.get("max_redemptions"),
        redeem_by=row.get("redeem_by"),
        applies_to=frozenset((row.get("applies_to") or {}).get("products") or ()),
        name=row.get("name"),
        metadata=metadata,
    )
    unknown = [*COUPON.unknown(row), *(["duration"] if row["duration"] not in _DURATIONS else [])]
    times, valid = row.get("times_redeemed") or 0, bool(row.get("valid", True))
    sealed = "".join((row.get("metadata") or {}).get(PREFIX + key, "") for key in seal.KEYS)
    return LiveCoupon(row["id"], spec, tags, row["created"], times, valid, tuple(sorted(unknown)), sealed)


def code_from(row: Row) -> LiveCode:
    """Return a promotion code from Stripe's JSON, with ``restrictions.currency_options`` expanded.

    Raises StripeFault for anything else.
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
    unknown = tuple(sorted(CODE.unknown(row)))
    return LiveCode(row["id"], spec, tags, row["created"], row.get("times_redeemed") or 0, unknown)


def coupon_params(stripe_id: str, spec: Coupon, tags: Tags, sealed: str = "") -> Params:
    """Return the parameters that create a coupon; ``sealed`` is the text of its seal.

    Source: https://docs.stripe.com/api/coupons/create
    """
    return _given(
        id=stripe_id,
        percent_off=None if spec.percent_off is None else f"{spec.percent_off.normalize():f}",
        amount_off=spec.amount_off,
        currency=spec.currency,
        currency_options=_options("amount_off", spec.currency_options),
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
        currency_options=_options("minimum_amount", spec.currency_options),
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
    """Return the texts of a promotion code that no message may show; ``codes`` is the code before and after a change.

    These are all texts that could reveal a unique code or its holder. Other codes are in the file: none for them.
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
    """Return the parameters that change a coupon to ``after``, without fields that are equal."""
    return _given(
        # For Stripe an empty text means "not set".
        name=(after.name or "") if after.name != before.spec.name else None,
        metadata=_merge(before.spec.metadata, before.tags, after.metadata, tags),
        currency_options=_options("amount_off", after.currency_options, before.spec.currency_options),
    )


def code_changes(before: LiveCode, after: PromotionCode, tags: Tags) -> Params:
    """Return the parameters that change a code to ``after``, without fields that are equal."""
    options = _options("minimum_amount", after.currency_options, before.spec.currency_options)
    return _given(
        active=after.active if after.active != before.spec.active else None,
        metadata=_merge(before.spec.metadata, before.tags, after.metadata, tags),
        restrictions={"currency_options": options} if options else None,
    )


def seal_params(text: str) -> dict[str, str]:
    """Return the metadata that replaces the seal of a coupon: an empty value removes its key."""
    return {PREFIX + key: value for key, value in seal.values(text).items()}


def _merge(before: Mapping[str, str], old_tags: Tags, after: Mapping[str, str], tags: Tags) -> dict[str, str]:
    """Return the keys to send: Stripe merges metadata by key, and an empty text removes a key."""
    old, new = {**before, **old_tags.to_metadata()}, {**after, **tags.to_metadata()}
    changed = {key: value for key, value in new.items() if old.get(key) != value}
    return {**changed, **{key: "" for key in old if key not in new}}


def _options(field: str, after: Mapping[str, int], before: Mapping[str, int] = _NO_OPTIONS) -> Params:
    """Return the amounts in other currencies as parameters; only those that differ from ``before``."""
    return {key: {field: value} for key, value in sorted(after.items()) if before.get(key) != value}


def _given(**params: Any) -> Params:
    return {key: value for key, value in params.items() if value is not None and value != {}}


def id_of(thing: Any) -> str | None:
    """Return the id of an id or an expanded object, None for None."""
    found = thing["id"] if isinstance(thing, Mapping) else thing
    return None if found is None else str(found)
