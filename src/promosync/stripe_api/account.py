"""A Stripe account as the rest of promosync sees it: reads of whole lists, and the gateway that changes objects."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import TypeVar

from promosync.apply.gateway import Fault, StripeFault
from promosync.model.account import Live, Unread
from promosync.model.live import Account, LiveCode, LiveCoupon
from promosync.model.ownership import Mode, Tags
from promosync.model.promotions import Coupon, PromotionCode
from promosync.plan.desired import Needs
from promosync.results.orders import Source
from promosync.stripe_api import choosing, paging, translate
from promosync.stripe_api.client import Client
from promosync.stripe_api.orders import OrderReading
from promosync.stripe_api.reader import CODE_FIELDS, COUPON_FIELDS, PAGE, Reader, path_of
from promosync.stripe_api.reading import Reading
from promosync.stripe_api.shapes import OBJECT, checked, listed
from promosync.stripe_api.translate import Params, Row

T = TypeVar("T")


class StripeAccount(Reader):
    """Implements :class:`promosync.apply.gateway.Gateway`, and reads whole accounts for the planner."""

    def __init__(self, client: Client, mode: Mode) -> None:
        super().__init__(client)
        self._ahead: tuple[str, Future[Reading]] | None = None
        self.account = Account(self.account_id(), mode, self.now)

    @property
    def now(self) -> int:
        """Stripe's clock, seconds UTC; this machine's where no answer had a date."""
        date = self._client.transport.server_date
        return int(time.time()) if date is None else date

    @property
    def requests(self) -> int:
        """How many requests have gone out, those sent again included."""
        return self._client.transport.counts.total()

    @property
    def pace(self) -> float | None:
        """The share of the set rate at which requests go out, below 1 while Stripe asks for less; None: no limit."""
        return self._client.transport.pacer.pace

    @contextmanager
    def by(self, deadline: float | None) -> Iterator[None]:
        """Raise OutOfTime, in the block, for requests after ``deadline`` (on the monotonic clock)."""
        self._client.transport.until = deadline
        try:
            yield
        finally:
            self._client.transport.until = None

    def read(self, needs: Needs) -> Live:
        """Return everything that a plan may need. Products and customers are read only where the file names some."""
        return self.begin(needs, everything=True).live(replace(self.account, now=self.now))

    def begin(self, needs: Needs, *, everything: bool = False) -> Reading:
        """Read the coupons, products and customers that a plan needs, and the first pages of codes.

        A small account is read in full; with ``everything`` every account is.
        """
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[0] == needs.owner:
            reading = ahead[1].result()
        else:
            reading = Reading(self, needs.owner, needs.codes, choosing.FEW)
        reading.read(Unread(everything=everything))
        reading.products = self.existing_products(needs.products)
        reading.customers = self.existing_customers(needs.customers) | self.holders_of(needs.emails)
        return reading

    def read_ahead(self, owner: str, codes: int) -> None:
        """Start to read what :meth:`begin` will need, while the caller does something else.

        The thread is a daemon: the program can end before it has finished.
        """
        ahead: Future[Reading] = Future()

        def work() -> None:
            try:
                begun = Reading(self, owner, codes, max(choosing.FEW, 2 * codes // PAGE))
                begun.read()
                ahead.set_result(begun)
            except BaseException as error:
                ahead.set_exception(error)

        self._ahead = owner, ahead
        threading.Thread(target=work, name="account reader", daemon=True).start()

    def orders(self, source: Source, spans: Sequence[paging.Span], stopped: Callable[[], bool]) -> OrderReading:
        """Return the reading of the paid orders of a list that were made in ``spans``: iterate over it."""
        return OrderReading(self._client, source, spans, stopped, self.now)

    def create_customer(self, email: str, key: str) -> str:
        """Create a customer with an address, once for each key; return its id."""

        def made_already() -> str | None:
            return next(iter(self.holders_of([email])[email]), None)

        return self._create(
            "/v1/customers", {"email": email}, (), lambda row: str(checked(row, OBJECT)["id"]), made_already, key
        )

    def read_coupon(self, stripe_id: str) -> LiveCoupon | None:
        row = self.find("coupons", stripe_id, COUPON_FIELDS)
        return None if row is None else translate.coupon_from(row)

    def create_coupon(self, stripe_id: str, spec: Coupon, tags: Tags, seal: str = "") -> LiveCoupon:
        params = translate.coupon_params(stripe_id, spec, tags, seal)

        def made_already() -> LiveCoupon | None:
            there = self.read_coupon(stripe_id)
            return there if there is not None and (there.spec, there.tags) == (spec, tags) else None

        return self._create("/v1/coupons", params, COUPON_FIELDS, translate.coupon_from, made_already)

    def update_coupon(self, before: LiveCoupon, after: Coupon, tags: Tags) -> LiveCoupon:
        params = translate.coupon_changes(before, after, tags)
        row = self._client.call("post", path_of("coupons", before.stripe_id), expand=list(COUPON_FIELDS), **params)
        return translate.coupon_from(row)

    def seal_coupon(self, stripe_id: str, text: str) -> None:
        self._client.call("post", path_of("coupons", stripe_id), metadata=translate.seal_params(text))

    def delete_coupon(self, stripe_id: str) -> None:
        try:
            self._client.call("delete", path_of("coupons", stripe_id))
        except StripeFault as fault:
            if fault.fault is not Fault.NOT_FOUND:
                raise

    def active_codes_on(self, coupon_id: str) -> tuple[LiveCode, ...]:
        try:
            page = self._client.call("get", "/v1/promotion_codes", coupon=coupon_id, active=True, limit=PAGE)
        except StripeFault as fault:
            # Stripe lists no codes of a deleted coupon. Which error it gives is not documented.
            if fault.fault in (Fault.REFUSED, Fault.NOT_FOUND) and self.read_coupon(coupon_id) is None:
                return ()
            raise
        return tuple(code for code in map(translate.code_from, listed(page, OBJECT)) if code.spec.active)

    def read_code(self, stripe_id: str) -> LiveCode | None:
        row = self.find("promotion_codes", stripe_id, CODE_FIELDS)
        return None if row is None else translate.code_from(row)

    def create_code(self, spec: PromotionCode, tags: Tags, key: str | None = None) -> LiveCode:
        params, begun = translate.code_params(spec, tags), self.now

        def made_already() -> LiveCode | None:
            for there in self.codes_of(spec.code):
                filled_in = spec.expires_at is None  # then Stripe uses the coupon's redeem_by
                found = replace(there.spec, expires_at=None) if filled_in else there.spec
                # Many inactive codes can have the same text: an old one is not the one just made.
                if (found, there.tags) == (spec, tags) and (spec.active or there.created >= begun):
                    return there
            return None

        private = translate.private_texts((spec, tags))
        return self._create(
            "/v1/promotion_codes", params, CODE_FIELDS, translate.code_from, made_already, key, private
        )

    def update_code(self, before: LiveCode, after: PromotionCode, tags: Tags) -> LiveCode:
        params = translate.code_changes(before, after, tags)
        path = path_of("promotion_codes", before.stripe_id)
        private = translate.private_texts((before.spec, before.tags), (after, tags))
        return translate.code_from(self._client.call("post", path, *private, expand=list(CODE_FIELDS), **params))

    def _create(
        self,
        path: str,
        params: Params,
        fields: Iterable[str],
        read: Callable[[Row], T],
        made_already: Callable[[], T | None],
        made_for: str | None = None,
        private: Iterable[str] = (),
    ) -> T:
        """Create one object exactly once, with as many tries as needed.

        The same idempotency key makes a repeated request harmless. After a server error the object may exist, and
        Stripe may have stored the error under the key. So the object is looked up first. If it is not there, the
        request is sent again: with a new key once Stripe replays the stored error.
        ``made_for`` is a key that every run uses for the same object.
        Source: https://docs.stripe.com/api/idempotent_requests
        """
        keys = (f"{made_for or uuid.uuid4()}:{number}" for number in count(1))
        key = next(keys)

        def attempt() -> T:
            nonlocal key
            try:
                sent = {"idempotency_key": key, "expand": list(fields), **params}
                return read(self._client.once("post", path, *private, **sent))
            except StripeFault as fault:
                if fault.stored:
                    key = next(keys)
                if fault.fault in (Fault.BROKEN, Fault.ID_TAKEN, Fault.TEXT_TAKEN):
                    there = made_already()
                    if there is not None:
                        return there
                raise

        return self._client.persist(attempt)
