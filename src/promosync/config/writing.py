"""From a configuration to the text of a file: what :mod:`promosync.config.loading` reads, the other way round."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from promosync.config.dates import format_instant
from promosync.model.configuration import BatchEntry, CodeEntry, Configuration, CouponEntry, Generate, Import, PerMode
from promosync.model.configuration import Settings as FileSettings
from promosync.model.ownership import Mode
from promosync.model.promotions import PromotionCode

_DEFAULT_LIMIT = 1
"""A batch's ``max_redemptions`` unless it is given."""

_NOT_ASCII = re.compile(r"[^\n -~]")


def to_json(configuration: Configuration, *, ascii_only: bool = False) -> str:
    """Return a configuration as JSON text: indented, entries as they are ordered, the keys of each in one order.

    What is at its default is left out, but for the owner. Letters of all languages are written as they are, unless
    ``ascii_only``; what does not print (controls, changes of direction, half characters) is always escaped.
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


def _settings(settings: FileSettings) -> dict[str, Any]:
    defaults = FileSettings()
    return {
        "owner": settings.owner,
        **_given(
            account=_per_mode(settings.account),
            max_removal_percent=_unless(defaults.max_removal_percent, settings.max_removal_percent),
            ignore_metadata=list(settings.ignore_metadata),
            lint=dict(settings.lint),
            max_exposure=dict(settings.max_exposure),
        ),
    }


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
    source = {"import": _import(entry.source)} if isinstance(entry.source, Import) else {}
    drawn = {"generate": _generate(entry.source)} if isinstance(entry.source, Generate) else {}
    return _given(
        id=entry.id,
        coupon=entry.spec.coupon,
        **drawn,
        **source,
        allow_guessable=entry.allow_guessable or None,
        **_rules(entry.spec, _unless(_DEFAULT_LIMIT, entry.spec.max_redemptions)),
        metadata=_sorted(entry.spec.metadata),
        protect=entry.protect or None,
    )


def _rules(spec: PromotionCode, limit: int | None) -> dict[str, Any]:
    """Return what codes and batches have in common."""
    return {
        "active": None if spec.active else False,
        "max_redemptions": limit,
        "expires_at": _instant(spec.expires_at),
        "first_time_transaction": spec.first_time_transaction or None,
        "minimum_amount": spec.minimum_amount,
        "minimum_amount_currency": spec.minimum_amount_currency,
        "currency_options": {key: {"minimum_amount": value} for key, value in sorted(spec.currency_options.items())},
    }


def _generate(source: Generate) -> dict[str, Any]:
    defaults = Generate()
    return _given(
        count=source.count,
        emails=source.emails,
        pattern=source.pattern,
        length=source.length,
        prefix=source.prefix or None,
        suffix=source.suffix or None,
        charset=_unless(defaults.charset, source.charset),
        missing_customer=_unless(defaults.missing_customer, source.missing_customer),
    )


def _import(source: Import) -> dict[str, Any]:
    return _given(file=source.file, missing_customer=_unless("error", source.missing_customer))


def _given(**fields: Any) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None and value != {} and value != []}


def _unless(default: Any, value: Any) -> Any:
    return None if value == default else value


def _sorted(metadata: Mapping[str, str]) -> dict[str, str]:
    return dict(sorted(metadata.items()))


def _per_mode(ids: PerMode) -> dict[str, str]:
    return {mode.value: ids[mode] for mode in Mode if mode in ids}


def _instant(seconds: int | None) -> str | None:
    return None if seconds is None else format_instant(seconds)


def _number(percent: Decimal) -> int | float:
    """Return a percentage as JSON writes it; through text, a float of two decimals is exact."""
    return int(percent) if percent == percent.to_integral_value() else float(percent)
