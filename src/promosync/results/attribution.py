"""Finds the entry for the discount of an order: the coupon, code or batch of the file, also for recreated objects.

A recreated coupon is deleted, and Stripe still has its id on every order. It is found by that id: the config id,
``<config id>_rN`` (:func:`promosync.plan.matching.generations`), or the ``stripe_id`` of the entry. A code is never
deleted, and has its owner and entry in its metadata. A code without them counts for the entry that has its Stripe id
or text, but only in this run: a later file may not have it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from promosync.model.account import Live
from promosync.model.configuration import BatchEntry, CodeEntry, Configuration, CouponEntry
from promosync.model.live import LiveCode, LiveCoupon
from promosync.model.promotions import fold
from promosync.plan.batch_rows import Rows
from promosync.plan.matching import Match, generation, generations, match
from promosync.plan.scope import Scope
from promosync.results.book import Book, Known
from promosync.status.report import LineKind
from promosync.status.tally import NO_VALUE, Values


class Attribution:
    """Finds entries with the file and the coupons in Stripe. ``keys`` are the metadata keys to count by.

    ``rows`` has the content of the files of batches, by batch id.
    """

    def __init__(
        self, configuration: Configuration, live: Live, keys: Values, rows: Mapping[str, Rows] | None = None
    ) -> None:
        self.keys = keys
        self._imported = [text for found in (rows or {}).values() for text in found.codes or ()]
        self._owner, self._mode = configuration.settings.owner, live.account.mode
        self._scope = Scope(self._owner, live.account.now, configuration.settings.ignore_metadata, frozenset())
        self._living = {coupon.stripe_id: coupon for coupon in live.coupons}
        self.coupons = {entry.id: entry for entry in configuration.coupons}
        self.codes = {entry.id: entry for entry in configuration.codes}
        self.batches = {entry.id: entry for entry in configuration.batches}
        self._texts = {fold(entry.spec.code): entry for entry in configuration.codes}
        self._meant = {
            entry.stripe_id[self._mode]: Known(LineKind.CODE, entry.id)
            for entry in configuration.codes
            if self._mode in entry.stripe_id
        }
        self._objects = dict(self._matched(configuration, live))
        self._homes = {coupon.stripe_id: name for name, found in self._objects.items() for coupon in found.chain}
        for entry in configuration.coupons:
            if self._mode in entry.stripe_id and entry.stripe_id[self._mode] not in self._living:
                self._homes[entry.stripe_id[self._mode]] = entry.id

    def _matched(self, configuration: Configuration, live: Live) -> Iterator[tuple[str, Match[LiveCoupon]]]:
        matches = match(configuration, live)
        for stray in matches.stray_coupons:
            yield stray.current.tags.id or stray.current.stripe_id, stray
        for name, found in matches.coupons.items():
            if found.current.tags.owner in (None, self._owner):
                yield name, found

    def current(self, coupon: str) -> LiveCoupon | None:
        """Return the current coupon of an entry in Stripe."""
        found = self._objects.get(coupon)
        return found.current if found else None

    @property
    def strays(self) -> Sequence[str]:
        """Coupons of this owner in Stripe that are not in the file."""
        return sorted(self._objects.keys() - self.coupons.keys())

    @property
    def begin(self) -> int | None:
        """When the first order is possible, seconds UTC; None if there may have been an older coupon, now deleted."""
        missing = self.coupons.keys() - self._objects.keys()
        chains = [found.chain for found in self._objects.values()]
        if missing or not chains or any(_had_others(name, found.chain[0]) for name, found in self._objects.items()):
            return None
        return min(chain[0].created for chain in chains)

    def recognise(self, code: LiveCode) -> Known:
        """Return the entry of a code by its metadata; also remember the code if an entry names it."""
        tags = code.tags
        values = tuple((key, code.spec.metadata[key]) for key in self.keys if key in code.spec.metadata)
        own = tags.owner == self._owner and tags.id is not None
        found = self._meant.get(code.stripe_id)
        if found is not None:
            self._meant[code.stripe_id] = Known(LineKind.CODE, found.id, values)
        elif not own and tags.owner in (None, self._owner):
            entry = self._texts.get(fold(code.spec.code))
            if entry is not None and code.spec.active and entry.spec.holder == code.spec.holder:
                self._meant[code.stripe_id] = Known(LineKind.CODE, entry.id, values)
        if not own:
            return Known()
        return Known(LineKind.CODE if tags.slot is None else LineKind.BATCH, tags.id or "", values)

    def unsettled(self, book: Book) -> Iterator[str]:
        """Yield the texts of codes in a book that may belong to another entry now than when they were read.

        An entry or an import may have adopted them since then, or their entry may have been renamed.
        """
        others: set[int] = set()
        own: dict[int, set[str]] = {}
        for text, known in book.codes.by_text():
            if known.kind is None:
                others.add(text)
            else:
                own.setdefault(text, set()).add(known.id)
        for folded, entry in self._texts.items() if others or own else ():
            hashed = book.text_hash(folded)
            if hashed in others or own.get(hashed, set()) - {entry.id}:
                yield entry.spec.code
        yield from (text for text in self._imported if others and book.text_hash(text) in others)

    def meant(self, book: Book) -> dict[int, Known]:
        """Return the codes that entries of the file name, by their hash in a book."""
        return {book.hash(stripe_id): known for stripe_id, known in self._meant.items()}

    def coupon(self, stripe_id: str, known: Known) -> str | None:
        """Return the config id of the coupon with a Stripe id, None if it is not managed by this owner."""
        if stripe_id in self._homes or stripe_id in self._living:
            return self._homes.get(stripe_id)
        names = [name for name, _ in generations(stripe_id)]
        own = next((name for name in names if name in self.coupons or name in self._objects), None)
        # A code of this owner was on a coupon of this owner, even if nothing else shows that any more.
        return own if own is not None or known.kind is None else names[-1] if stripe_id else None

    def values(self, coupon: str | None, known: Known) -> Values:
        """Return the value of a discount for each key: that of the code, else of its coupon.

        For an entry in the file the values of the file count: older objects may have other values. Values from Stripe
        count only for keys of ``ignore_metadata``, and for objects that are not in the file.
        """
        places: list[Mapping[str, str]] = []
        if known.kind is not None:
            entries = self.codes if known.kind is LineKind.CODE else self.batches
            places += self._places(entries.get(known.id), dict(known.values))
        if coupon is not None:
            found = self.current(coupon)
            places += self._places(self.coupons.get(coupon), found.spec.metadata if found else {})
        return tuple(next((place[key] for place in places if key in place), NO_VALUE) for key in self.keys)

    def _places(
        self, entry: CodeEntry | BatchEntry | CouponEntry | None, live: Mapping[str, str]
    ) -> Iterator[Mapping[str, str]]:
        if entry is None:
            yield live
        else:
            yield entry.spec.metadata
            yield self._scope.ignored(live)


def _had_others(config_id: str, oldest: LiveCoupon) -> bool:
    """Whether the oldest coupon of an entry in Stripe has replaced another one, which is deleted."""
    number = generation(oldest.stripe_id, config_id)
    return bool(oldest.tags.carried or oldest.tags.late) or (number is not None and number > 1)
