"""The file as it is written, typed; and the way from there to the configuration the rest of promosync knows.

A document may be the sound part of a faulty file: what could not be read is at its default, and a list item
that could not be read is None. Only a document without problems is turned into a configuration.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from promosync.config.dates import BadDate, parse_instant
from promosync.config.words import did_you_mean, shown
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
from promosync.model.currency import CURRENCIES
from promosync.model.ownership import Mode
from promosync.model.problems import Path, Problem
from promosync.model.promotions import Coupon, PromotionCode


def _fault(rule: str, message: str, hint: str) -> PydanticCustomError:
    # The texts go in as values: braces in them are not a template.
    return PydanticCustomError(rule, "{message}", {"message": message, "hint": hint})


def _instant(text: str) -> int:
    try:
        return parse_instant(text)
    except BadDate as error:
        raise _fault("bad-date", f"{shown(text)} {error.message}", error.hint) from None


def _known_currency(code: str) -> str:
    if code.lower() not in CURRENCIES:
        raise _fault("unknown-currency", *unknown_currency(code))
    return code.lower()


def unknown_currency(code: str) -> tuple[str, str]:
    """Return message and hint for a currency that Stripe does not take."""
    hint = did_you_mean(code, CURRENCIES) if len(code) != 3 and len(code) < 9 and code.isalpha() else ""
    return f"{shown(code)} is no currency that Stripe takes", hint or 'for example "usd" or "eur"'


Instant = Annotated[int, BeforeValidator(_instant)]
Currency = Annotated[str, AfterValidator(_known_currency)]
Modes = str | dict[str, str] | None


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class CouponOption(_Part):
    amount_off: int = 0


class CodeOption(_Part):
    minimum_amount: int = 0


class CouponDocument(_Part):
    id: str = ""
    name: str | None = None
    percent_off: Decimal | None = None
    amount_off: int | None = None
    currency: Currency | None = None
    currency_options: dict[str, CouponOption] = {}
    duration: str = "once"
    duration_in_months: int | None = None
    max_redemptions: int | None = None
    redeem_by: Instant | None = None
    applies_to: tuple[str | None, ...] = ()
    metadata: dict[str, str] = {}
    stripe_id: Modes = None
    protect: bool = False


class _CodeFields(_Part):
    """What a promotion code and a batch have in common."""

    id: str = ""
    coupon: str = ""
    active: bool = True
    max_redemptions: int | None = None
    expires_at: Instant | None = None
    first_time_transaction: bool = False
    minimum_amount: int | None = None
    minimum_amount_currency: Currency | None = None
    currency_options: dict[str, CodeOption] = {}
    metadata: dict[str, str] = {}
    protect: bool = False


class CodeDocument(_CodeFields):
    code: str = ""
    customer: str | None = None
    customer_account: str | None = None
    customer_email: str | None = None
    stripe_id: Modes = None


class BatchDocument(_CodeFields):
    generate: Generate | None = None
    import_: Import | None = Field(default=None, alias="import")
    allow_guessable: bool = False


class ProductDocument(_Part):
    id: str = ""
    stripe_id: Modes = None


class SettingsDocument(_Part):
    owner: str = "default"
    account: Modes = None
    max_removal_percent: int = 30
    ignore_metadata: tuple[str | None, ...] = ()
    lint: dict[str, str] = {}
    max_exposure: dict[str, int] = {}


class Document(_Part):
    coupons: tuple[CouponDocument | None, ...] = ()
    promotion_codes: tuple[CodeDocument | None, ...] = ()
    code_batches: tuple[BatchDocument | None, ...] = ()
    products: tuple[ProductDocument | None, ...] = ()
    promosync: SettingsDocument = SettingsDocument()


def read_document(tree: Any) -> tuple[Document | None, list[Problem]]:
    """Type a tree whose shapes are known to be right; returns the document, or what keeps it from being one."""
    try:
        return Document.model_validate(tree), []
    except ValidationError as failure:
        errors = failure.errors(include_url=False, include_input=False)
    return None, [_problem(error["loc"], error["type"], error.get("ctx", {})) for error in errors]


def _problem(path: Path, rule: str, context: dict[str, Any]) -> Problem:
    return Problem(path, context["message"], context["hint"], rule=rule)


def to_configuration(document: Document) -> Configuration:
    """Translate a document without problems."""
    return Configuration(
        coupons=tuple(_coupon(c, ("coupons", i)) for i, c in enumerate(document.coupons) if c),
        codes=tuple(_code(c, ("promotion_codes", i)) for i, c in enumerate(document.promotion_codes) if c),
        batches=tuple(_batch(b, ("code_batches", i)) for i, b in enumerate(document.code_batches) if b),
        products={product.id: per_mode(product.stripe_id) for product in document.products if product},
        settings=_settings(document.promosync),
    )


def per_mode(ids: Modes) -> PerMode:
    """Return the id for each mode; a single one is for both."""
    if isinstance(ids, str):
        return dict.fromkeys(Mode, ids)
    return {mode: ids[mode] for mode in Mode if ids and mode in ids}


def _coupon(coupon: CouponDocument, path: Path) -> CouponEntry:
    spec = Coupon(
        percent_off=coupon.percent_off,
        amount_off=coupon.amount_off,
        currency=coupon.currency,
        currency_options={key.lower(): option.amount_off for key, option in coupon.currency_options.items()},
        duration=coupon.duration,
        duration_in_months=coupon.duration_in_months,
        max_redemptions=coupon.max_redemptions,
        redeem_by=coupon.redeem_by,
        applies_to=frozenset(product for product in coupon.applies_to if product),
        name=coupon.name,
        metadata=coupon.metadata,
    )
    return CouponEntry(coupon.id, spec, path, per_mode(coupon.stripe_id), coupon.protect)


def _spec(fields: _CodeFields, code: str = "", **own: Any) -> PromotionCode:
    return PromotionCode(
        code=code,
        coupon=fields.coupon,
        active=fields.active,
        expires_at=fields.expires_at,
        first_time_transaction=fields.first_time_transaction,
        minimum_amount=fields.minimum_amount,
        minimum_amount_currency=fields.minimum_amount_currency,
        currency_options={key.lower(): option.minimum_amount for key, option in fields.currency_options.items()},
        metadata=fields.metadata,
        **own,
    )


def _code(code: CodeDocument, path: Path) -> CodeEntry:
    spec = _spec(
        code,
        code.code,
        max_redemptions=code.max_redemptions,
        customer=code.customer,
        customer_account=code.customer_account,
    )
    return CodeEntry(code.id, spec, path, code.customer_email, per_mode(code.stripe_id), code.protect)


def _batch(batch: BatchDocument, path: Path) -> BatchEntry:
    spec = _spec(batch, max_redemptions=batch.max_redemptions or 1)
    source = batch.generate or batch.import_ or Import()
    return BatchEntry(batch.id, spec, source, path, batch.allow_guessable, batch.protect)


def _settings(settings: SettingsDocument) -> Settings:
    return Settings(
        owner=settings.owner,
        account=per_mode(settings.account),
        max_removal_percent=settings.max_removal_percent,
        ignore_metadata=tuple(pattern for pattern in settings.ignore_metadata if pattern),
        lint=settings.lint,
        max_exposure={currency.lower(): amount for currency, amount in settings.max_exposure.items()},
    )
