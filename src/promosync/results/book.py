"""Orders in about eighty bytes each, so that a hundred thousand of them fit into a few megabytes.

A book names no person. Customers and promotion codes are hashes of their Stripe ids, and the text of a code is a
hash, too, all with a salt of each book.
"""

from __future__ import annotations

import copy
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice
from struct import Struct
from typing import NamedTuple

from promosync.model.live import LiveCode
from promosync.model.newest import Newest
from promosync.model.promotions import fold
from promosync.results.orders import Order, Source
from promosync.status.report import LineKind
from promosync.status.tally import Numbered

_LATEST = (1 << 63) - 1
_SOURCES = tuple(Source)

_ORDER = Struct("<BqqHqqQ?I")
"""An order in the order of :class:`Kept`: source and currency as numbers, and how many discounts it has."""
_DISCOUNT = Struct("<qIQ")
"""A discount in the order of :class:`Given`, its coupon as a number."""

Stretch = tuple[int | None, int | None]
"""From one second to another (UTC), both included, of the times at which orders were made; None is no bound."""


@dataclass(frozen=True, slots=True)
class Known:
    """The kind and id of the entry of a promotion code, None if it is not managed by this owner, and its metadata.

    ``values`` has only the keys to count by.
    """

    kind: LineKind | None = None
    id: str = ""
    values: tuple[tuple[str, str], ...] = ()


class Given(NamedTuple):
    """One discount of an order in a book: ``coupon`` is a Stripe id, ``code`` a hash or 0."""

    amount: int
    coupon: str
    code: int


class Kept(NamedTuple):
    """One order in a book; ``customer`` is a hash, 0 for a guest. The rest is as in :class:`Order`."""

    source: Source
    created: int
    paid: int
    currency: str
    after: int
    refunded: int
    customer: int
    renewal: bool
    discounts: tuple[Given, ...]


@dataclass(slots=True)
class Codes:
    """What is known of each code by its hash, and the hash of its text; the highest generation counts.

    A unique code of this owner has 0 as its text: its entry never changes.
    """

    _known: Numbered[Known] = field(default_factory=Numbered)
    _newest: Newest = field(default_factory=Newest)
    _texts: Newest = field(default_factory=Newest)

    def note(self, code: int, known: Known, text: int, generation: int) -> None:
        self._newest.put(code, generation, 0, self._known.number(known))
        if text:
            self._texts.put(code, 0, 0, text)

    def __getitem__(self, code: int) -> Known:
        number = self._newest.cell(code)
        return Known() if number is None else self._known.things[number]

    def __iter__(self) -> Iterator[tuple[int, Known, int]]:
        return ((held.key, self._known.things[held.cell], self._texts.cell(held.key) or 0) for held in self._newest)

    def by_text(self) -> Iterator[tuple[int, Known]]:
        """Yield the text hash of each code that has one, and what is known of the code."""
        return ((held.cell, self[held.key]) for held in self._texts)


class Book:
    """The orders of an account that had a discount, in the order they were added.

    ``codes`` has the promotion codes of these orders. ``first`` is the time of a customer's first paid order, of all
    orders that were ever added, also without a discount.
    """

    def __init__(self, salt: bytes | None = None) -> None:
        self.salt = secrets.token_bytes(16) if salt is None else salt
        self.codes = Codes()
        self._customers = Newest()
        self._currencies, self._coupons = Numbered[str](), Numbered[str]()
        self._orders, self._discounts = bytearray(), bytearray()

    def hash(self, stripe_id: str) -> int:
        """Return the hash of an id in this book: never 0."""
        return int.from_bytes(blake2b(stripe_id.encode(), digest_size=8, key=self.salt).digest()) or 1

    def text_hash(self, text: str) -> int:
        """Return the hash of the text of a code in any case: 32 bits, never 0.

        Two texts may have the same hash: it only selects the codes to read from Stripe again.
        """
        return int.from_bytes(blake2b(fold(text).encode(), digest_size=4, key=self.salt).digest()) or 1

    def add(self, order: Order, recognise: Callable[[LiveCode], Known]) -> None:
        """Add an order that was read; ``recognise`` returns the entry of a code."""
        customer = 0 if order.customer is None else self.hash(order.customer)
        if customer:
            # The customer of a renewal had an earlier order, even if it was not read.
            self.note_customer(customer, order.paid - order.renewal)
        given = []
        for discount in order.discounts:
            code = 0 if discount.code_id is None else self.hash(discount.code_id)
            if discount.code is not None:
                self.note_code(discount.code, recognise(discount.code))
            given.append(Given(discount.amount, discount.coupon or "", code))
        if given:
            kept = (order.source, order.created, order.paid, order.currency, order.after, order.refunded)
            self.keep(Kept(*kept, customer, order.renewal, tuple(given)))

    def note_code(self, code: LiveCode, known: Known) -> None:
        """Note the entry of a code today."""
        text = 0 if known.kind is LineKind.BATCH else self.text_hash(code.spec.code)
        self.codes.note(self.hash(code.stripe_id), known, text, 1)

    def keep(self, order: Kept) -> None:
        """Add an order with the hashes of this book."""
        for amount, coupon, code in order.discounts:
            self._discounts += _DISCOUNT.pack(amount, self._coupons.number(coupon), code)
        self._orders += _ORDER.pack(
            _SOURCES.index(order.source),
            order.created,
            order.paid,
            self._currencies.number(order.currency),
            order.after,
            order.refunded,
            order.customer,
            order.renewal,
            len(order.discounts),
        )

    def note_customer(self, customer: int, first: int) -> None:
        """Note an order of a customer at ``first``, seconds UTC; the earliest counts."""
        self._customers.put(customer, _LATEST - first, 0, max(0, first))

    def first(self, customer: int) -> int | None:
        """Return when the first order of a customer was paid, None for one without any."""
        return self._customers.cell(customer)

    def customers(self) -> Iterator[tuple[int, int]]:
        """Yield each customer, and when the first order was paid."""
        return ((held.key, held.cell) for held in self._customers)

    def without(self, stretches: Mapping[Source, Sequence[Stretch]]) -> Book:
        """Return this book without the orders that were made in ``stretches``, but with all customers and codes."""
        rest = copy.copy(self)
        rest._orders, rest._discounts = bytearray(), bytearray()
        for order in self:
            if not any(within(order.created, one) for one in stretches[order.source]):
                rest.keep(order)
        return rest

    def __iter__(self) -> Iterator[Kept]:
        orders, discounts = _ORDER.iter_unpack(self._orders), _DISCOUNT.iter_unpack(self._discounts)
        coupons, currencies = self._coupons.things, self._currencies.things
        for source, created, paid, currency, after, refunded, customer, renewal, count in orders:
            given = tuple([Given(amount, coupons[at], code) for amount, at, code in islice(discounts, count)])
            money = currencies[currency], after, refunded
            yield Kept(_SOURCES[source], created, paid, *money, customer, renewal, given)


def within(moment: int, stretch: Stretch) -> bool:
    """Whether a second is in a stretch."""
    since, until = stretch
    return (since is None or since <= moment) and (until is None or moment <= until)
