"""The content of a Stripe account, as far as a plan needs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from promosync.model.issued import IssuedCodes
from promosync.model.live import Account, LiveCode, LiveCoupon


@dataclass(frozen=True, slots=True)
class Known:
    """Which codes of an account were read, if not all of them were.

    ``coupons`` are the Stripe ids of coupons whose codes were all read, ``texts`` (folded) and ``ids`` (of Stripe)
    are those of single codes. ``unique`` are unique codes of the owner on other coupons, found by their text.
    """

    coupons: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    unique: tuple[LiveCode, ...] = ()


@dataclass(frozen=True, slots=True)
class Unread:
    """The codes of an account that a decision needs and that were not read yet.

    ``texts`` and ``ids`` (of Stripe) are those of codes, ``coupons`` has the Stripe ids of coupons, with the minimum
    number of codes on each. ``everything``: the list of all codes is needed.
    """

    texts: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    coupons: Mapping[str, int] = field(default_factory=dict)
    everything: bool = False

    def __bool__(self) -> bool:
        return bool(self.texts or self.ids or self.coupons or self.everything)

    def with_more(self, other: Unread) -> Unread:
        """Return what one or both of them need."""
        return Unread(
            self.texts | other.texts,
            self.ids | other.ids,
            {**self.coupons, **other.coupons},
            self.everything or other.everything,
        )


@dataclass(frozen=True, slots=True)
class Live:
    """An account's coupons and codes, newest first as Stripe lists them.

    ``batches`` has the unique codes of this owner by batch id; ``codes`` has all others. ``known`` is None if these
    are all codes of the account, else it says which ones they are.

    ``products`` has the Stripe ids of products that were looked up and exist, ``customers`` the Stripe customer ids
    for each address or id that was looked up, in the spelling of the file.
    """

    account: Account
    coupons: tuple[LiveCoupon, ...] = ()
    codes: tuple[LiveCode, ...] = ()
    products: frozenset[str] = frozenset()
    customers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    batches: Mapping[str, IssuedCodes] = field(default_factory=dict)
    known: Known | None = None
