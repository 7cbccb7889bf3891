"""What a Stripe account holds, as a plan looks at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from promosync.model.issued import IssuedCodes
from promosync.model.live import Account, LiveCode, LiveCoupon


@dataclass(frozen=True, slots=True)
class Known:
    """Which codes of an account were asked for, where not all of them were.

    ``coupons`` are the Stripe ids of coupons of which all codes are known, ``texts`` (folded) and ``ids`` (of Stripe)
    those of codes. ``unique`` are unique codes of the owner that were found by a text, on other coupons.
    """

    coupons: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    unique: tuple[LiveCode, ...] = ()


@dataclass(frozen=True, slots=True)
class Unread:
    """What a decision needs of the codes of an account and nobody has read yet.

    ``texts`` and ``ids`` (of Stripe) are those of codes, ``coupons`` has the Stripe ids of coupons, with how many
    codes are on each at least. ``everything``: only the list of all codes tells.
    """

    texts: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    coupons: Mapping[str, int] = field(default_factory=dict)
    everything: bool = False

    def __bool__(self) -> bool:
        return bool(self.texts or self.ids or self.coupons or self.everything)

    def with_more(self, other: Unread) -> Unread:
        """Return what either of two needs."""
        return Unread(
            self.texts | other.texts,
            self.ids | other.ids,
            {**self.coupons, **other.coupons},
            self.everything or other.everything,
        )


@dataclass(frozen=True, slots=True)
class Live:
    """An account's coupons and codes, newest first as Stripe lists them.

    ``batches`` holds the unique codes of this owner by batch id; ``codes`` has all others. ``known`` is None where
    these are all codes of the account, else it says which ones.

    ``products`` holds the Stripe ids of those products that were looked for and exist, ``customers`` the
    Stripe customer ids found for each address or id that was looked for, in the spelling of the file.
    """

    account: Account
    coupons: tuple[LiveCoupon, ...] = ()
    codes: tuple[LiveCode, ...] = ()
    products: frozenset[str] = frozenset()
    customers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    batches: Mapping[str, IssuedCodes] = field(default_factory=dict)
    known: Known | None = None
