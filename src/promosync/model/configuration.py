"""The checked configuration, as the rest of promosync uses it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from promosync.model.ownership import Mode
from promosync.model.problems import Path
from promosync.model.promotions import Coupon, PromotionCode

PerMode = Mapping[Mode, str]
"""A Stripe id for each mode that has one."""


@dataclass(frozen=True, slots=True)
class CouponEntry:
    """One entry of ``coupons``; ``spec.applies_to`` holds config product ids."""

    id: str
    spec: Coupon
    path: Path
    stripe_id: PerMode = field(default_factory=dict)
    protect: bool = False


@dataclass(frozen=True, slots=True)
class CodeEntry:
    """One entry of ``promotion_codes``; ``spec.coupon`` is a config id.

    If ``customer_email`` is given, the customer is looked up later and ``spec.customer`` is None.
    """

    id: str
    spec: PromotionCode
    path: Path
    customer_email: str | None = None
    stripe_id: PerMode = field(default_factory=dict)
    protect: bool = False


@dataclass(frozen=True, slots=True)
class Generate:
    """How the codes of a batch are drawn: ``pattern``, or ``length`` with ``prefix`` and ``suffix``.

    Exactly one of ``count`` and ``emails`` (a path relative to the configuration's folder) is given.
    """

    count: int | None = None
    emails: str | None = None
    pattern: str | None = None
    length: int | None = None
    prefix: str = ""
    suffix: str = ""
    charset: str = "alphanumeric"
    missing_customer: str = "error"


@dataclass(frozen=True, slots=True)
class Import:
    """Where the codes of a batch come from: a file, by its path relative to the configuration's folder."""

    file: str = ""
    missing_customer: str = "error"


@dataclass(frozen=True, slots=True)
class BatchEntry:
    """One entry of ``code_batches``: many codes that share all fields except their text and customer.

    ``spec.code`` is empty and ``spec.coupon`` is a config id. ``spec.max_redemptions`` is 1 by default.
    """

    id: str
    spec: PromotionCode
    source: Generate | Import
    path: Path
    allow_guessable: bool = False
    protect: bool = False

    @property
    def file(self) -> str | None:
        """The file of its codes or addresses, relative to the configuration's folder."""
        return self.source.emails if isinstance(self.source, Generate) else self.source.file


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings, section ``promosync`` of the file.

    ``ignore_metadata`` has shell-style patterns of metadata keys to leave alone; ``lint`` has the reason for each
    rule that is switched off, by its id. ``max_exposure`` is the most that the coupons may give away, in minor units
    by lower-case currency.
    """

    owner: str = "default"
    account: PerMode = field(default_factory=dict)
    max_removal_percent: int = 30
    ignore_metadata: tuple[str, ...] = ()
    lint: Mapping[str, str] = field(default_factory=dict)
    max_exposure: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Configuration:
    """The whole content of a checked file. ``products`` has the Stripe ids of each config product id."""

    coupons: tuple[CouponEntry, ...] = ()
    codes: tuple[CodeEntry, ...] = ()
    batches: tuple[BatchEntry, ...] = ()
    products: Mapping[str, PerMode] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)

    @property
    def ways(self) -> tuple[CodeEntry | BatchEntry, ...]:
        """Everything that leads to a coupon: the codes, then the batches."""
        return (*self.codes, *self.batches)

    def dates(self) -> Iterator[tuple[Path, int]]:
        """Yield every end date, in seconds UTC, with its place."""
        for coupon in self.coupons:
            if coupon.spec.redeem_by is not None:
                yield (*coupon.path, "redeem_by"), coupon.spec.redeem_by
        for way in self.ways:
            if way.spec.expires_at is not None:
                yield (*way.path, "expires_at"), way.spec.expires_at

    @property
    def files(self) -> tuple[str, ...]:
        """The files of batches, each once, relative to the configuration's folder."""
        return tuple(sorted({entry.file for entry in self.batches if entry.file}))
