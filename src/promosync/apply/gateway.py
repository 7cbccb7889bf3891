"""What the applier needs of Stripe, as an interface: the real one is in ``stripe_api``."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Protocol

from promosync.model.live import LiveCode, LiveCoupon
from promosync.model.ownership import Tags
from promosync.model.promotions import Coupon, PromotionCode


class Fault(StrEnum):
    """Why Stripe did not do what it was asked to."""

    NOT_FOUND = "not found"
    ID_TAKEN = "id taken"
    TEXT_TAKEN = "text taken"
    MADE_ELSEWHERE = "made elsewhere"  # another run has used the same idempotency key for it
    REFUSED = "refused"
    DENIED = "denied"  # the key: wrong, expired, or short of a permission
    BUSY = "busy"  # Stripe asked for fewer requests until the time was over
    UNREACHABLE = "unreachable"  # no answer: Stripe may have done it
    BROKEN = "broken"  # a server error, or an unreadable answer: Stripe may have done it


class StripeFault(Exception):
    """A request that failed, after every retry; ``str()`` is one sentence for people, with no secret in it.

    ``stored``: Stripe keeps this failure under the idempotency key. ``permission_missing``: the key may not do it.
    """

    def __init__(self, fault: Fault, message: str, *, stored: bool = False, permission_missing: bool = False) -> None:
        self.fault, self.stored, self.permission_missing = fault, stored, permission_missing
        super().__init__(message)


class OutOfTime(Exception):
    """The time that was given for reading an account is over."""


class Gateway(Protocol):
    """Reads and writes of single objects. Every method raises :class:`StripeFault`, and may be called at once
    from several threads.

    A create is carried out once however often its request is sent. ``read_…`` return None for what is not there.
    """

    def read_coupon(self, stripe_id: str) -> LiveCoupon | None: ...

    @property
    def now(self) -> int:
        """Stripe's clock, seconds UTC."""

    def create_coupon(self, stripe_id: str, spec: Coupon, tags: Tags, seal: str = "") -> LiveCoupon:
        """Create a coupon; ``seal`` is the text of its seal (:mod:`promosync.model.seal`)."""

    def seal_coupon(self, stripe_id: str, text: str) -> None:
        """Write the text of a coupon's seal, in place of the one that is there."""

    def update_coupon(self, before: LiveCoupon, after: Coupon, tags: Tags) -> LiveCoupon:
        """Change name, metadata and currencies from ``before`` to ``after``; only differences are sent."""

    def delete_coupon(self, stripe_id: str) -> None:
        """Delete a coupon; one that is gone already is no fault."""

    def active_codes_on(self, coupon_id: str) -> tuple[LiveCode, ...]:
        """Return the active codes of a coupon, whoever made them (the first hundred are enough to decide).

        Those of a coupon that is gone are none.
        """

    def read_code(self, stripe_id: str) -> LiveCode | None: ...

    def create_code(self, spec: PromotionCode, tags: Tags, key: str | None = None) -> LiveCode:
        """Create a code. ``key`` names what it is made for, so that two runs at once make one code for it.

        Where another run has used the key, the fault is ``MADE_ELSEWHERE``.
        """

    def codes_on(self, coupon_id: str) -> Iterator[LiveCode]:
        """Yield all codes of a coupon, newest first, read as they are asked for."""

    def create_customer(self, email: str, key: str) -> str:
        """Create a customer with an address, once for each key; return the Stripe id."""

    def update_code(self, before: LiveCode, after: PromotionCode, tags: Tags) -> LiveCode:
        """Change active, metadata and currencies from ``before`` to ``after``; only differences are sent."""
