"""Makes the report: a pure function of the file, the account's coupons, and the orders of a book."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from promosync.model.configuration import Configuration
from promosync.model.live import Account
from promosync.results.attribution import Attribution
from promosync.results.book import Book, Given, Kept, Known
from promosync.results.orders import Source
from promosync.results.periods import Every, Period, fit_for_a_chart, periods, zone_of
from promosync.results.report import Asked, Counts, Figures, Line, Report, Sums
from promosync.status.report import LineKind
from promosync.status.tally import MANY_VALUES, OTHER_VALUES

Key = tuple[LineKind | None, str]
"""What a line is about: its kind and id; of a group ``key=value``."""

_TOTAL: Key = (None, "total")


@dataclass(slots=True)
class _Touched:
    """The orders that one line counts, by their number in the book, and what its own discounts took off each."""

    orders: array[int] = field(default_factory=lambda: array("I"))
    amounts: array[int] = field(default_factory=lambda: array("q"))

    def add(self, order: int, amount: int) -> None:
        """Count a discount; several of one order come one after the other, and count it once."""
        if self.orders and self.orders[-1] == order:
            self.amounts[-1] += amount
        else:
            self.orders.append(order)
            self.amounts.append(amount)


@dataclass(slots=True)
class _Sum:
    """Figures that are still being added up, of one currency or of all."""

    orders: int = 0
    renewals: int = 0
    guests: int = 0
    before: int = 0
    discount: int = 0
    after: int = 0
    refunded: int = 0
    customers: set[int] = field(default_factory=set)
    new: set[int] = field(default_factory=set)

    def add(self, order: Kept, discount: int, new: bool) -> None:
        self.orders += 1
        self.renewals += order.renewal
        self.before += order.after + sum(given.amount for given in order.discounts)
        self.discount += discount
        self.after += order.after
        self.refunded += order.refunded
        if not order.customer:
            self.guests += 1
            return
        self.customers.add(order.customer)
        if new:
            self.new.add(order.customer)

    def figures(self) -> Figures:
        return Figures(
            self.orders, self.renewals, len(self.customers), len(self.new), self.guests,
            self.before, self.discount, self.after, self.refunded,
        )  # fmt: skip


class _Sums:
    """The sums of one line while they are added up, over one period."""

    def __init__(self) -> None:
        self._all = _Sum()
        self._money: dict[str, _Sum] = {}

    def add(self, order: Kept, discount: int, new: bool) -> None:
        self._all.add(order, 0, new)
        self._money.setdefault(order.currency, _Sum()).add(order, discount, new)

    def sums(self) -> Sums:
        every = self._all
        counts = Counts(every.orders, every.renewals, len(every.customers), len(every.new), every.guests)
        most_first = sorted(self._money.items(), key=lambda pair: (-pair[1].orders, pair[0]))
        return Sums(counts, {currency: found.figures() for currency, found in most_first})


def make_report(
    configuration: Configuration,
    account: Account,
    attribution: Attribution,
    book: Book,
    asked: Asked,
    read_from: int | None = None,
    missing: Iterable[Source] = (),
) -> Report:
    """Return the report of the orders in a book that were paid in the span that was asked for.

    ``read_from`` is since when the book has every order, ``missing`` are the lists that are not in it.
    """
    return _Making(configuration, account, attribution, book, asked).report(read_from, tuple(missing))


class _Making:
    def __init__(
        self, configuration: Configuration, account: Account, attribution: Attribution, book: Book, asked: Asked
    ) -> None:
        self._configuration, self._account, self._asked = configuration, account, asked
        self._attribution, self._book = attribution, book
        self._named = attribution.known(book)
        self._seen: dict[str, set[str]] = {key: set() for key in asked.by}
        self._touched: dict[Key, _Touched] = {}
        self._coupon_of: dict[Key, str | None] = {}

    def report(self, read_from: int | None, missing: tuple[Source, ...]) -> Report:
        for number, order in enumerate(self._book):
            if self._asked.span.holds(order.paid):
                self._count(number, order)
        every, calendar = self._calendar()
        lines = {key: self._line(key, found, calendar) for key, found in self._touched.items()}
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

    def _count(self, number: int, order: Kept) -> None:
        for given in order.discounts:
            known = self._known(given)
            coupon = self._attribution.coupon(given.coupon, known)
            if coupon is None and known.kind is None:
                continue  # not ours
            self._touch(_TOTAL, number, given)
            if coupon is not None:
                self._touch((LineKind.COUPON, coupon), number, given)
            if known.kind is not None:
                key = (known.kind, known.id)
                self._touch(key, number, given)
                self._coupon_of[key] = coupon
            values = self._attribution.values(coupon, known)
            for key_, value in zip(self._attribution.keys, values, strict=True):
                if key_ in self._seen:
                    self._touch((LineKind.GROUP, f"{key_}={self._limited(key_, value)}"), number, given)

    def _known(self, given: Given) -> Known:
        found = self._book.codes[given.code] if given.code else Known()
        return self._named.get(given.code, found) if found.kind is None else found

    def _touch(self, key: Key, number: int, given: Given) -> None:
        touched = self._touched.get(key)
        if touched is None:
            touched = self._touched[key] = _Touched()
        touched.add(number, given.amount)

    def _limited(self, key: str, value: str) -> str:
        seen = self._seen[key]
        if value not in seen and len(seen) >= MANY_VALUES:
            return OTHER_VALUES
        seen.add(value)
        return value

    def _calendar(self) -> tuple[Every | None, tuple[Period, ...]]:
        """Return the periods from the first order that is shown, or the first moment asked for, to the last."""
        asked, span, total = self._asked, self._asked.span, self._touched.get(_TOTAL)
        paid = [self._book[number].paid for number in total.orders] if total else []
        since = span.since if span.since is not None else min(paid, default=self._account.now)
        last = self._account.now if span.until is None else min(span.until - 1, self._account.now)
        last = max(last, *paid, since)
        every = asked.every or (fit_for_a_chart(since, last) if asked.drawn else None)
        return every, tuple(periods(since, last, every, zone_of(asked.zone))) if every else ()

    def _line(self, key: Key, touched: _Touched, calendar: tuple[Period, ...]) -> Line:
        every = _Sums()
        parts: dict[int, _Sums] = {}
        starts = [period.since for period in calendar]
        for number, amount in zip(touched.orders, touched.amounts, strict=True):
            order = self._book[number]
            new = not order.renewal and self._book.first(order.customer) == order.paid
            every.add(order, amount, new)
            if starts:
                parts.setdefault(bisect_right(starts, order.paid) - 1, _Sums()).add(order, amount, new)
        kind, name = key
        label = name.partition("=")[0] if kind is LineKind.GROUP else ""
        by_period = {number: found.sums() for number, found in sorted(parts.items())}
        return Line(kind, name, every.sums(), label, self._coupon_of.get(key), periods=by_period)

    def _coupons(self, lines: Mapping[Key, Line]) -> Iterator[Line]:
        attribution = self._attribution
        for name in self._names(LineKind.COUPON, attribution.coupons, attribution.strays):
            line = lines.get((LineKind.COUPON, name), Line(LineKind.COUPON, name, Sums()))
            live, entry = attribution.current(name), attribution.coupons.get(name)
            label = (live.spec.name if live else None) or (entry.spec.name if entry else None) or ""
            yield replace(line, label=label, in_file=entry is not None)

    def _codes(self, lines: Mapping[Key, Line]) -> Iterator[Line]:
        entries = {entry.id: entry for entry in self._configuration.codes}
        for name in self._names(LineKind.CODE, entries):
            line, entry = lines.get((LineKind.CODE, name), Line(LineKind.CODE, name, Sums())), entries.get(name)
            if entry is not None:
                line = replace(line, label=entry.spec.code, coupon=entry.spec.coupon)
            yield replace(line, in_file=entry is not None)

    def _batches(self, lines: Mapping[Key, Line]) -> Iterator[Line]:
        entries = {entry.id: entry for entry in self._configuration.batches}
        for name in self._names(LineKind.BATCH, entries):
            line, entry = lines.get((LineKind.BATCH, name), Line(LineKind.BATCH, name, Sums())), entries.get(name)
            if entry is not None:
                line = replace(line, coupon=entry.spec.coupon)
            yield replace(line, in_file=entry is not None)

    def _groups(self, lines: Mapping[Key, Line]) -> Iterator[Line]:
        for key in self._asked.by:
            found = [line for (kind, _), line in lines.items() if kind is LineKind.GROUP and line.label == key]
            yield from sorted(found, key=lambda line: (-line.sums.counts.orders, line.id))

    def _names(self, kind: LineKind, entries: Iterable[str], strays: Iterable[str] = ()) -> Iterator[str]:
        """Return the lines of a kind: those of the file in its order, then those that Stripe or orders tell of."""
        others = {name for found, name in self._touched if found is kind} | set(strays)
        return iter(dict.fromkeys((*entries, *sorted(others))))
