"""Makes the report of `results` from the file, the account's coupons, and the orders of a book."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TypeVar

from promosync.model.configuration import Configuration
from promosync.model.live import Account
from promosync.results.attribution import Attribution
from promosync.results.book import Book, Given, Kept, Known
from promosync.results.orders import Source
from promosync.results.periods import Every, Period, fit_for_a_chart, periods, zone_of
from promosync.results.report import Asked, Counts, Figures, Line, Report, Sums
from promosync.status.report import LineKind
from promosync.status.tally import limited

E = TypeVar("E")

Key = tuple[LineKind | None, str]
"""The kind and id of a line; the id of a group is ``key=value``."""

_TOTAL: Key = (None, "total")

_REMEMBERED = 4096
"""How many different discounts are remembered: about as many as there are coupons, batches and values."""


@dataclass(slots=True)
class _Sum:
    """Sums of some orders, while they are added up."""

    orders: int = 0
    renewals: int = 0
    guests: int = 0
    before: int = 0
    discount: int = 0
    after: int = 0
    refunded: int = 0
    customers: set[int] = field(default_factory=set)
    new: set[int] = field(default_factory=set)

    def add(self, order: Kept, before: int, discount: int, new: bool) -> None:
        self.orders += 1
        self.renewals += order.renewal
        self.before += before
        self.discount += discount
        self.after += order.after
        self.refunded += order.refunded
        if not order.customer:
            self.guests += 1
            return
        self.customers.add(order.customer)
        if new:
            self.new.add(order.customer)

    def merge(self, other: _Sum) -> None:
        self.orders += other.orders
        self.renewals += other.renewals
        self.guests += other.guests
        self.before += other.before
        self.discount += other.discount
        self.after += other.after
        self.refunded += other.refunded
        self.customers |= other.customers
        self.new |= other.new

    def counts(self) -> Counts:
        return Counts(self.orders, self.renewals, len(self.customers), len(self.new), self.guests)

    def figures(self) -> Figures:
        return Figures(
            self.orders, self.renewals, len(self.customers), len(self.new), self.guests,
            self.before, self.discount, self.after, self.refunded,
        )  # fmt: skip


@dataclass(slots=True)
class _Touched:
    """Sums of one line by period and currency; ``last`` is the time and the coupon of its last paid order."""

    periods: dict[int, dict[str, _Sum]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(_Sum)))
    last: tuple[int, str] = (0, "")


def _sums(parts: Iterable[Mapping[str, _Sum]]) -> Sums:
    """Return the sums of all periods together."""
    by_currency: dict[str, list[_Sum]] = defaultdict(list)
    for part in parts:
        for currency, found in part.items():
            by_currency[currency].append(found)
    money = {currency: _together(found) for currency, found in by_currency.items()}
    most_first = sorted(money.items(), key=lambda pair: (-pair[1].orders, pair[0]))
    figures = {currency: found.figures() for currency, found in most_first}
    return Sums(_together(list(money.values())).counts(), figures)


def _together(sums: Sequence[_Sum]) -> _Sum:
    """Return several sums as one; a single one is not copied, because it may have many customers."""
    if len(sums) == 1:
        return sums[0]
    every = _Sum()
    for found in sums:
        every.merge(found)
    return every


_Part = tuple[_Touched, str, tuple[int, ...]]
"""A line that counts an order, the coupon of that order, and the indexes of the line's own discounts."""


def make_report(
    configuration: Configuration,
    account: Account,
    attribution: Attribution,
    book: Book,
    asked: Asked,
    read_from: int | None = None,
    missing: Iterable[Source] = (),
) -> Report:
    """Return the report of the orders in a book that were paid in the requested span.

    ``read_from`` is the time from which on the book has all orders, ``missing`` are the lists that are not in it.
    """
    return _Making(configuration, account, attribution, book, asked).report(read_from, tuple(missing))


class _Making:
    def __init__(
        self, configuration: Configuration, account: Account, attribution: Attribution, book: Book, asked: Asked
    ) -> None:
        self._configuration, self._account, self._asked = configuration, account, asked
        self._attribution, self._book = attribution, book
        self._meant = attribution.meant(book)
        self._seen: dict[str, set[str]] = {key: set() for key in asked.by}
        self._touched: dict[Key, _Touched] = defaultdict(_Touched)
        self._parts = lru_cache(_REMEMBERED)(self._parts_of)

    def report(self, read_from: int | None, missing: tuple[Source, ...]) -> Report:
        every, calendar = self._calendar()
        self._count([period.since for period in calendar])
        lines = {key: self._line(key, found, bool(calendar)) for key, found in self._touched.items()}
        return Report(
            self._account,
            self._configuration.settings.owner,
            self._asked,
            lines.get(_TOTAL) or Line(None, "total", Sums()),
            tuple(self._coupons(lines)),
            tuple(self._codes(lines)),
            tuple(self._batches(lines)),
            tuple(self._groups(lines)),
            every,
            calendar,
            missing,
            read_from,
        )

    def _shown(self) -> Iterator[tuple[Kept, tuple[_Part, ...]]]:
        """Yield the orders in the requested span that a line counts, with all lines that count each."""
        for order in self._book:
            if self._asked.span.holds(order.paid):
                discounts = tuple([(given.coupon, self._known(given)) for given in order.discounts])
                if parts := self._parts(discounts):
                    yield order, parts

    def _known(self, given: Given) -> Known:
        return self._meant.get(given.code) or (self._book.codes[given.code] if given.code else Known())

    def _parts_of(self, discounts: tuple[tuple[str, Known], ...]) -> tuple[_Part, ...]:
        lines: dict[Key, list[int]] = defaultdict(list)
        coupons: dict[Key, str] = {}
        for at, (stripe_id, known) in enumerate(discounts):
            coupon = self._attribution.coupon(stripe_id, known)
            for key in self._keys(coupon, known):
                lines[key].append(at)
                coupons[key] = coupon or ""
        return tuple((self._touched[key], coupons[key], tuple(own)) for key, own in lines.items())

    def _keys(self, coupon: str | None, known: Known) -> Iterator[Key]:
        """Yield the lines that count a discount."""
        if coupon is None and known.kind is None:
            return  # of another owner
        yield _TOTAL
        if coupon is not None:
            yield LineKind.COUPON, coupon
        if known.kind is not None:
            yield known.kind, known.id
        for key, value in zip(self._attribution.keys, self._attribution.values(coupon, known), strict=True):
            if key in self._seen:
                yield LineKind.GROUP, f"{key}={limited(self._seen[key], value)}"

    def _calendar(self) -> tuple[Every | None, tuple[Period, ...]]:
        """Return the periods from the first order, or the start of the requested span, to the last."""
        asked, span = self._asked, self._asked.span
        if asked.every is None and not asked.drawn:
            return None, ()
        paid = array("q", (order.paid for order, _ in self._shown()))
        since = span.since if span.since is not None else min(paid, default=self._account.now)
        last = self._account.now if span.until is None else min(span.until - 1, self._account.now)
        last = max(last, *paid, since)
        every = asked.every or fit_for_a_chart(since, last)
        return every, tuple(periods(since, last, every, zone_of(asked.zone)))

    def _count(self, starts: Sequence[int]) -> None:
        """Count every order in its lines, in the periods that begin at ``starts``."""
        for order, parts in self._shown():
            amounts = [given.amount for given in order.discounts]
            before, period = order.after + sum(amounts), bisect_right(starts, order.paid) - 1
            new = not order.renewal and self._book.first(order.customer) == order.paid
            for touched, coupon, own in parts:
                off = sum([amounts[at] for at in own])
                touched.periods[period][order.currency].add(order, before, off, new)
                touched.last = max(touched.last, (order.paid, coupon))

    def _line(self, key: Key, touched: _Touched, periodic: bool) -> Line:
        kind, name = key
        label = name.partition("=")[0] if kind is LineKind.GROUP else ""
        coupon = touched.last[1] or None if kind in (LineKind.CODE, LineKind.BATCH) else None
        by_period = {number: _sums([part]) for number, part in sorted(touched.periods.items())} if periodic else {}
        return Line(kind, name, _sums(touched.periods.values()), label, coupon, periods=by_period)

    def _coupons(self, lines: Mapping[Key, Line]) -> Iterator[Line]:
        attribution = self._attribution
        for line, entry in self._lines_of(LineKind.COUPON, attribution.coupons, lines, attribution.strays):
            live = attribution.current(line.id)
            yield replace(
                line, label=(live.spec.name if live else None) or (entry.spec.name if entry else None) or ""
            )

    def _codes(self, lines: Mapping[Key, Line]) -> Iterator[Line]:
        for line, entry in self._lines_of(LineKind.CODE, self._attribution.codes, lines):
            yield replace(line, label=entry.spec.code, coupon=entry.spec.coupon) if entry else line

    def _batches(self, lines: Mapping[Key, Line]) -> Iterator[Line]:
        for line, entry in self._lines_of(LineKind.BATCH, self._attribution.batches, lines):
            yield replace(line, coupon=entry.spec.coupon) if entry else line

    def _groups(self, lines: Mapping[Key, Line]) -> Iterator[Line]:
        for key in self._asked.by:
            found = [line for (kind, _), line in lines.items() if kind is LineKind.GROUP and line.label == key]
            yield from sorted(found, key=lambda line: (-line.sums.counts.orders, line.id))

    def _lines_of(
        self, kind: LineKind, entries: Mapping[str, E], lines: Mapping[Key, Line], strays: Iterable[str] = ()
    ) -> Iterator[tuple[Line, E | None]]:
        """Yield the lines of a kind: those of the file in its order, with their entries, then all others by id."""
        others = {name for found, name in self._touched if found is kind} | set(strays)
        for name in dict.fromkeys((*entries, *sorted(others))):
            entry = entries.get(name)
            yield replace(lines.get((kind, name), Line(kind, name, Sums())), in_file=entry is not None), entry
