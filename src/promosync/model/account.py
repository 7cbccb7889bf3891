"""What a Stripe account holds, as a plan looks at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from promosync.model.issued import IssuedCodes
from promosync.model.live import Account, LiveCode, LiveCoupon


@dataclass(frozen=True, slots=True)
class Live:
    """An account's coupons and codes, newest first as Stripe lists them.

    ``batches`` holds the unique codes of this owner by batch id; ``codes`` has all others.

    ``products`` holds the Stripe ids of those products that were looked for and exist, ``customers`` the
    Stripe customer ids found for each address or id that was looked for, in the spelling of the file.
    """

    account: Account
    coupons: tuple[LiveCoupon, ...] = ()
    codes: tuple[LiveCode, ...] = ()
    products: frozenset[str] = frozenset()
    customers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    batches: Mapping[str, IssuedCodes] = field(default_factory=dict)
