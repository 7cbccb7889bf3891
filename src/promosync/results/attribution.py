"""Whose an order's discount is: the coupon, code or batch of the file, whatever object of theirs it came from.

A coupon that was recreated is deleted, and Stripe still names it on every order. It is known by its Stripe id: the
config id itself, or ``<config id>_rN`` (:func:`promosync.plan.matching.generations`), or what ``stripe_id`` says.
A code is never deleted, and carries its owner and entry in its metadata. One that does not yet, and that the file
means, by its Stripe id or its text, counts for the entry too, but only in this run: another file may mean it no more.
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
    """Knows the file and the coupons that are in Stripe. ``keys`` are the metadata keys that are counted by.

    ``rows`` has what the files of batches say, by batch id.
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
        self._codes = {entry.id: entry for entry in configuration.codes}
        self._batches = {entry.id: entry for entry in configuration.batches}
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
        """Return the coupon of an entry that is in Stripe now."""
        found = self._objects.get(coupon)
        return found.current if found else None

    @property
    def strays(self) -> Sequence[str]:
        """Coupons of this owner that are in Stripe and not in the file."""
        return sorted(self._objects.keys() - self.coupons.keys())

    @property
    def begin(self) -> int | None:
        """Since when there can have been orders, seconds UTC; None where a coupon may have gone before those left."""
        missing = self.coupons.keys() - self._objects.keys()
        chains = [found.chain for found in self._objects.values()]
        if missing or not chains or any(_had_others(name, found.chain[0]) for name, found in self._objects.items()):
            return None
        return min(chain[0].created for chain in chains)

    def recognise(self, code: LiveCode) -> Known:
        """Return whose a code is by its metadata, and remember it where the file means it."""
        tags = code.tags
        values = tuple((key, code.spec.metadata[key]) for key in self.keys if key in code.spec.metadata)
        ours = tags.owner == self._owner and tags.id is not None
        found = self._meant.get(code.stripe_id)
        if found is not None:
            self._meant[code.stripe_id] = Known(LineKind.CODE, found.id, values)
        elif not ours and tags.owner in (None, self._owner):
            entry = self._texts.get(fold(code.spec.code))
            if entry is not None and code.spec.active and entry.spec.holder == code.spec.holder:
                self._meant[code.stripe_id] = Known(LineKind.CODE, entry.id, values)
        if not ours:
            return Known()
        return Known(LineKind.CODE if tags.slot is None else LineKind.BATCH, tags.id or "", values)

    def unsettled(self, book: Book) -> Iterator[str]:
        """Yield the texts of which a book has codes that may be the file's by now, going by what it knows of them.

        Since they were read an entry or an import may have adopted them, or the entry of one may have been renamed.
        """
        others: set[int] = set()
        ours: dict[int, set[str]] = {}
        for text, known in book.codes.by_text():
            if known.kind is None:
                others.add(text)
            else:
                ours.setdefault(text, set()).add(known.id)
        for folded, entry in self._texts.items() if others or ours else ():
            hashed = book.text_hash(folded)
            if hashed in others or ours.get(hashed, set()) - {entry.id}:
                yield entry.spec.code
        yield from (text for text in self._imported if others and book.text_hash(text) in others)

    def meant(self, book: Book) -> dict[int, Known]:
        """Return the codes that the file means, whatever is known of them, by their hash in a book."""
        return {book.hash(stripe_id): known for stripe_id, known in self._meant.items()}

    def coupon(self, stripe_id: str, known: Known) -> str | None:
        """Return the config id of the coupon with a Stripe id, None where it is not ours."""
        if stripe_id in self._homes or stripe_id in self._living:
            return self._homes.get(stripe_id)
        names = [name for name, _ in generations(stripe_id)]
        ours = next((name for name in names if name in self.coupons or name in self._objects), None)
        # A code of ours was on a coupon of ours, though nothing else tells of that any more.
        return ours if ours is not None or known.kind is None else names[-1] if stripe_id else None

    def values(self, coupon: str | None, known: Known) -> Values:
        """Return what a discount has for each key: the code's own value, else its coupon's.

        Of an entry that is in the file the file decides: former objects may say something else. Only what it leaves
        to others (``ignore_metadata``), and of what is not in the file all of it, is Stripe's word.
        """
        places: list[Mapping[str, str]] = []
        if known.kind is not None:
            entries = self._codes if known.kind is LineKind.CODE else self._batches
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
    """Whether the oldest coupon of an entry that is left has replaced another, which is deleted."""
    number = generation(oldest.stripe_id, config_id)
    return bool(oldest.tags.carried or oldest.tags.late) or (number is not None and number > 1)
