"""Makes the configuration from the tree of a file. The schema has checked the types of the tree.

The tree may be the valid part of a faulty file: a faulty key is missing and gets its default, a faulty list item is
None. Only the configuration of a file without problems is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

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

Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Document:
    """A file without its faulty parts: its tree, as it is written, and its configuration."""

    tree: Tree
    configuration: Configuration


def read_document(tree: Any) -> tuple[Document, list[Problem]]:
    """Return the document of a tree, and the problems of its dates and currencies; a faulty one is None."""
    reader = _Reader()
    configuration = Configuration(
        coupons=tuple(reader.coupon(entry, path) for path, entry in entries(tree, "coupons")),
        codes=tuple(reader.code(entry, path) for path, entry in entries(tree, "promotion_codes")),
        batches=tuple(reader.batch(entry, path) for path, entry in entries(tree, "code_batches")),
        products={entry.get("id", ""): _per_mode(entry, "stripe_id") for _, entry in entries(tree, "products")},
        settings=_settings(tree.get("promosync", {})),
    )
    return Document(tree, configuration), reader.problems


def entries(tree: Tree, section: str) -> Iterator[tuple[Path, Tree]]:
    """Yield the path and the tree of each valid entry of a list."""
    return (((section, index), entry) for index, entry in enumerate(tree.get(section, ())) if entry is not None)


def unknown_currency(code: str) -> tuple[str, str]:
    """Return message and hint for a currency that Stripe does not take."""
    hint = did_you_mean(code, CURRENCIES) if len(code) != 3 and len(code) < 9 and code.isalpha() else ""
    return f"{shown(code)} is no currency that Stripe takes", hint or 'for example "usd" or "eur"'


class _Reader:
    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def coupon(self, entry: Tree, path: Path) -> CouponEntry:
        spec = Coupon(
            **_given(entry, "amount_off", "duration", "duration_in_months", "max_redemptions", "name", "metadata"),
            percent_off=Decimal(entry["percent_off"]) if "percent_off" in entry else None,
            currency=self._currency(entry, path, "currency"),
            currency_options=_options(entry, "amount_off"),
            redeem_by=self._instant(entry, path, "redeem_by"),
            applies_to=frozenset(product for product in entry.get("applies_to", ()) if product),
        )
        ids = _per_mode(entry, "stripe_id")
        return CouponEntry(entry.get("id", ""), spec, path, ids, entry.get("protect", False))

    def code(self, entry: Tree, path: Path) -> CodeEntry:
        email, ids = entry.get("customer_email"), _per_mode(entry, "stripe_id")
        return CodeEntry(entry.get("id", ""), self._spec(entry, path), path, email, ids, entry.get("protect", False))

    def batch(self, entry: Tree, path: Path) -> BatchEntry:
        spec = self._spec({"max_redemptions": 1} | entry, path)
        source = Generate(**entry["generate"]) if "generate" in entry else Import(**entry.get("import", {}))
        return BatchEntry(entry.get("id", ""), spec, source, path, **_given(entry, "allow_guessable", "protect"))

    def _spec(self, entry: Tree, path: Path) -> PromotionCode:
        plain = ("active", "max_redemptions", "first_time_transaction", "minimum_amount", "metadata")
        return PromotionCode(
            code=entry.get("code", ""),
            coupon=entry.get("coupon", ""),
            **_given(entry, *plain, "customer", "customer_account"),
            expires_at=self._instant(entry, path, "expires_at"),
            minimum_amount_currency=self._currency(entry, path, "minimum_amount_currency"),
            currency_options=_options(entry, "minimum_amount"),
        )

    def _instant(self, entry: Tree, path: Path, key: str) -> int | None:
        """Return a date in seconds UTC."""
        if key not in entry:
            return None
        try:
            return parse_instant(entry[key])
        except BadDate as error:
            message = f"{shown(entry[key])} {error.message}"
            self.problems.append(Problem((*path, key), message, error.hint, rule="bad-date"))
            return None

    def _currency(self, entry: Tree, path: Path, key: str) -> str | None:
        if key not in entry:
            return None
        currency: str = entry[key].lower()
        if currency not in CURRENCIES:
            self.problems.append(Problem((*path, key), *unknown_currency(entry[key]), rule="unknown-currency"))
            return None
        return currency


def _settings(section: Tree) -> Settings:
    return Settings(
        **_given(section, "owner", "max_removal_percent", "lint"),
        account=_per_mode(section, "account"),
        ignore_metadata=tuple(pattern for pattern in section.get("ignore_metadata", ()) if pattern),
        max_exposure={currency.lower(): amount for currency, amount in section.get("max_exposure", {}).items()},
    )


def _given(entry: Tree, *keys: str) -> Tree:
    """Return those of the fields that the entry has; the others keep the default of their dataclass."""
    return {key: entry[key] for key in keys if key in entry}


def _per_mode(entry: Tree, key: str) -> PerMode:
    """Return the Stripe id for each mode; a single id is for both."""
    ids = entry.get(key)
    if isinstance(ids, str):
        return dict.fromkeys(Mode, ids)
    return {mode: ids[mode] for mode in Mode if ids and mode in ids}


def _options(entry: Tree, amount: str) -> dict[str, int]:
    """Return the amounts of further currencies, by lower-case currency."""
    options = entry.get("currency_options", {})
    return {currency.lower(): option.get(amount, 0) for currency, option in options.items()}
