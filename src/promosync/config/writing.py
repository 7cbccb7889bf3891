"""Writes a configuration as the text of a file: the reverse of :mod:`promosync.config.loading`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

from promosync.config.dates import format_instant
from promosync.model.configuration import (
    BatchEntry,
    CodeEntry,
    Configuration,
    CouponEntry,
    Generate,
    Import,
    PerMode,
    Settings,
)
from promosync.model.ownership import Mode
from promosync.model.promotions import PromotionCode

_NOT_ASCII = re.compile(r"[^\n -~]")


def to_json(configuration: Configuration, *, ascii_only: bool = False) -> str:
    """Return a configuration as indented JSON text; entries keep their order, the keys of each have a fixed one.

    Defaults are left out, except the owner. Letters of all languages are written as they are, unless ``ascii_only``;
    characters that do not print (controls, changes of direction, half characters) are always escaped.
    """
    text = json.dumps(_document(configuration), indent=2, ensure_ascii=False) + "\n"
    return _NOT_ASCII.sub(lambda found: _safe(found[0], ascii_only), text)


def _safe(sign: str, ascii_only: bool) -> str:
    return sign if sign.isprintable() and not ascii_only else json.dumps(sign)[1:-1]


def _document(configuration: Configuration) -> dict[str, Any]:
    lists = {
        "products": [_product(id, stripe_id) for id, stripe_id in configuration.products.items()],
        "coupons": [_coupon(entry) for entry in configuration.coupons],
        "promotion_codes": [_code(entry) for entry in configuration.codes],
        "code_batches": [_batch(entry) for entry in configuration.batches],
    }
    always = ("coupons", "promotion_codes")
    sections = {name: entries for name, entries in lists.items() if entries or name in always}
    return {"promosync": _settings(configuration.settings), **sections}


def _settings(settings: Settings) -> dict[str, Any]:
    changed = _changed(settings)
    if settings.account:
        changed["account"] = _per_mode(settings.account)
    return {"owner": settings.owner, **changed}


def _product(id: str, stripe_id: PerMode) -> dict[str, Any]:
    return {"id": id, **_given(stripe_id=_per_mode(stripe_id))}


def _coupon(entry: CouponEntry) -> dict[str, Any]:
    spec = entry.spec
    return _given(
        id=entry.id,
        name=spec.name,
        percent_off=None if spec.percent_off is None else _number(spec.percent_off),
        amount_off=spec.amount_off,
        currency=spec.currency,
        currency_options={key: {"amount_off": value} for key, value in sorted(spec.currency_options.items())},
        duration=spec.duration,
        duration_in_months=spec.duration_in_months,
        max_redemptions=spec.max_redemptions,
        redeem_by=_instant(spec.redeem_by),
        applies_to=sorted(spec.applies_to),
        metadata=_sorted(spec.metadata),
        stripe_id=_per_mode(entry.stripe_id),
        protect=entry.protect or None,
    )


def _code(entry: CodeEntry) -> dict[str, Any]:
    return _given(
        id=entry.id,
        code=entry.spec.code,
        coupon=entry.spec.coupon,
        **_rules(entry.spec, entry.spec.max_redemptions),
        customer=entry.spec.customer,
        customer_account=entry.spec.customer_account,
        customer_email=entry.customer_email,
        metadata=_sorted(entry.spec.metadata),
        stripe_id=_per_mode(entry.stripe_id),
        protect=entry.protect or None,
    )


def _batch(entry: BatchEntry) -> dict[str, Any]:
    kind = "import" if isinstance(entry.source, Import) else "generate"
    limit = entry.spec.max_redemptions  # of a batch, 1 unless it is given
    return _given(
        id=entry.id,
        coupon=entry.spec.coupon,
        **{kind: _changed(entry.source)},
        allow_guessable=entry.allow_guessable or None,
        **_rules(entry.spec, None if limit == 1 else limit),
        metadata=_sorted(entry.spec.metadata),
        protect=entry.protect or None,
    )


def _rules(spec: PromotionCode, limit: int | None) -> dict[str, Any]:
    """Return the fields that codes and batches have in common."""
    return {
        "active": None if spec.active else False,
        "max_redemptions": limit,
        "expires_at": _instant(spec.expires_at),
        "first_time_transaction": spec.first_time_transaction or None,
        "minimum_amount": spec.minimum_amount,
        "minimum_amount_currency": spec.minimum_amount_currency,
        "currency_options": {key: {"minimum_amount": value} for key, value in sorted(spec.currency_options.items())},
    }


def _changed(value: Settings | Generate | Import) -> dict[str, Any]:
    """Return the fields that are not at their default, in their order."""
    defaults = type(value)()
    given = {field.name: getattr(value, field.name) for field in fields(value)}
    return {name: one for name, one in given.items() if one != getattr(defaults, name)}


def _given(**fields: Any) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None and value != {} and value != []}


def _sorted(metadata: Mapping[str, str]) -> dict[str, str]:
    return dict(sorted(metadata.items()))


def _per_mode(ids: PerMode) -> dict[str, str]:
    return {mode.value: ids[mode] for mode in Mode if mode in ids}


def _instant(seconds: int | None) -> str | None:
    return None if seconds is None else format_instant(seconds)


def _number(percent: Decimal) -> int | float:
    """Return a percentage as a JSON number; JSON text of a float is exact to two decimals."""
    return int(percent) if percent == percent.to_integral_value() else float(percent)
