"""The result of an export: entries, the files of unique codes, and what is left out with the reason."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from promosync.codes.files import address_fault
from promosync.model.configuration import CodeEntry, Configuration, CouponEntry, PerMode
from promosync.model.issued import IssuedCodes
from promosync.model.live import LiveCode, LiveCoupon
from promosync.model.ownership import Mode
from promosync.model.promotions import Coupon, PromotionCode
from promosync.plan.batch_rows import Rows
from promosync.plan.plan import Kind

ENDED = "ended: used up, expired, or its coupon has ended (add it with --include-ended)"
COUPON_DELETED = "its coupon was deleted"
COUPON_LEFT_OUT = "its coupon is left out"
UNKNOWN = "it has fields that no file can hold: "

S = TypeVar("S", Coupon, PromotionCode)

_NAMED = 20
"""How many ids are kept of the objects that are left out for one reason."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Objects that are left out for one reason; ``ids`` has the first of their Stripe ids."""

    kind: Kind
    reason: str
    count: int
    ids: tuple[str, ...]


@dataclass(slots=True)
class Remainder:
    """Collects what is left out, with only some ids for each reason."""

    _found: dict[tuple[Kind, str], tuple[int, tuple[str, ...]]] = field(default_factory=dict)

    def add(self, kind: Kind, reason: str, stripe_id: str) -> None:
        count, ids = self._found.get((kind, reason), (0, ()))
        self._found[kind, reason] = count + 1, ids if len(ids) == _NAMED else (*ids, stripe_id)

    def all(self) -> tuple[LeftOut, ...]:
        """Return every reason with its objects, in the order in which the reasons came up."""
        return tuple(LeftOut(*key, *found) for key, found in self._found.items())


@dataclass(frozen=True, slots=True)
class CodeFile:
    """The file of an import: its codes are ``records`` at the indexes ``members``, in this order.

    ``addresses`` has the address of each customer if the codes are bound to customers.
    """

    name: str
    records: IssuedCodes
    members: Sequence[int]
    addresses: Mapping[str, str] | None = None

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Yield the rows of the file, its header first."""
        yield ("code",) if self.addresses is None else ("code", "email")
        for index in self.members:
            record = self.records[index]
            yield (record.code,) if self.addresses is None else (record.code, self.addresses[record.customer or ""])

    def read(self) -> Rows:
        """Return the content of the file as reading it would."""
        records = [self.records[index] for index in self.members]
        addresses = self.addresses
        emails = None if addresses is None else [addresses[record.customer or ""] for record in records]
        return Rows([record.code for record in records], emails)


@dataclass(slots=True)
class Proposal:
    """An export before its plan is checked: entries from the oldest object to the newest, ``files`` by batch id."""

    configuration: Configuration
    files: dict[str, CodeFile]
    left_out: Remainder


@dataclass(frozen=True, slots=True)
class Wishes:
    """What to export: with ``ended`` also what Stripe has ended.

    ``files_from`` is how many unique codes of one kind get their own file; None if no file can be written.
    """

    ended: bool = False
    files_from: int | None = None


@dataclass(frozen=True, slots=True)
class Export:
    """A configuration whose plan only adopts, with the files of its batches by batch id.

    ``left_out`` has the objects without an entry, with the reason. ``owners`` counts the objects of other owners.
    ``withdraws`` counts what a plan would remove because its owner's file has no entry for it.
    """

    configuration: Configuration
    files: Mapping[str, CodeFile]
    left_out: tuple[LeftOut, ...]
    owners: Mapping[str, int]
    withdraws: int = 0

    @property
    def codes(self) -> int:
        """How many codes are exported, with those in files."""
        return len(self.configuration.codes) + sum(len(file.members) for file in self.files.values())


def coupon_entry(coupon: LiveCoupon, config_id: str, mode: Mode) -> CouponEntry:
    """Return the entry for a live coupon; products have their Stripe ids as config ids."""
    spec = with_limit(coupon.spec, coupon.tags.carried)
    return CouponEntry(config_id, spec, (), {mode: coupon.stripe_id}, coupon.tags.protect)


def code_entry(code: LiveCode, config_id: str, coupon: CouponEntry, mode: Mode) -> CodeEntry:
    """Return the entry for a live code with the entry of its coupon."""
    spec = in_the_files_words(with_limit(code.spec, code.tags.carried), coupon, active=code.spec.active)
    return CodeEntry(config_id, spec, (), None, {mode: code.stripe_id}, code.tags.protect)


def with_limit(spec: S, carried: int) -> S:
    """Return the fields with the limit as the file counts it, with predecessors."""
    return spec if spec.max_redemptions is None else replace(spec, max_redemptions=spec.max_redemptions + carried)


def in_the_files_words(spec: PromotionCode, coupon: CouponEntry, *, active: bool) -> PromotionCode:
    """Return the fields of a live code as in a file: without an end that is the same as its coupon's."""
    end = None if spec.expires_at == coupon.spec.redeem_by else spec.expires_at
    return replace(spec, coupon=coupon.id, expires_at=end, active=active)


def products_of(coupons: Sequence[CouponEntry], mode: Mode) -> dict[str, PerMode]:
    """Return the products of coupons, each under its Stripe id."""
    return {product: {mode: product} for product in sorted({p for entry in coupons for p in entry.spec.applies_to})}


def oldest_first(codes: IssuedCodes) -> list[int]:
    """Return the indexes of codes, oldest first; within each second they were read newest first."""
    created = array("q", (code.created for code in codes))
    return sorted(range(len(created) - 1, -1, -1), key=created.__getitem__)


def unknown_fields(thing: LiveCoupon | LiveCode) -> str:
    """Return why no file can describe an object, empty if one can."""
    return UNKNOWN + ", ".join(thing.unknown) if thing.unknown else ""


def has_address(customer: str | None, addresses: Mapping[str, str]) -> bool:
    """Whether a file can name a customer by an address."""
    return customer is not None and customer in addresses and not address_fault(addresses[customer])
