"""Reading an account as far as a plan needs it: all codes if that is cheap, else only the codes that are needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from promosync.model.account import Known, Live, Unread
from promosync.model.issued import IssuedBuilder, IssuedCodes
from promosync.model.live import Account, LiveCode, LiveCoupon
from promosync.model.promotions import fold
from promosync.stripe_api import paging
from promosync.stripe_api.choosing import Ask, Choosing, Source
from promosync.stripe_api.reader import CODE_FIELDS, PAGE, READERS, Reader
from promosync.stripe_api.shapes import CODE, checked
from promosync.stripe_api.translate import code_from

_NOTHING = Unread()


@dataclass(slots=True)
class Sorted:
    """Codes that were read: the unique codes of an owner by batch, in little memory, and all other codes."""

    owner: str
    singles: list[LiveCode] = field(default_factory=list)
    _batches: dict[str, IssuedBuilder] = field(default_factory=dict)

    def add(self, codes: Iterable[LiveCode]) -> None:
        for code in codes:
            if _is_unique(code, self.owner):
                self._batches.setdefault(code.tags.id or "", IssuedBuilder()).add(code)
            else:
                self.singles.append(code)

    @property
    def batches(self) -> dict[str, IssuedCodes]:
        return {batch: builder.codes for batch, builder in self._batches.items()}

    def all_singles(self, more: Iterable[LiveCode] = ()) -> tuple[LiveCode, ...]:
        """Return all other codes, newest first as Stripe lists them."""
        return tuple(sorted((*self.singles, *more), key=lambda code: code.created, reverse=True))


class Reading:
    """Reads one account for the plan of one owner, step by step: each step says what it needs.

    ``expected`` is about how many codes the owner has, ``few`` how many pages of the list of all codes are always
    read. ``products`` and ``customers`` are as in :class:`Live`.
    """

    def __init__(self, reader: Reader, owner: str, expected: int, few: int) -> None:
        self._reader, self._owner = reader, owner
        self._choosing = Choosing(few, expected)
        self._list, self._asked = Sorted(owner), Sorted(owner)
        self._found: dict[str, list[LiveCode]] = {}  # by the text or the id of the request
        self._wanted = Unread()
        self._coupons: tuple[LiveCoupon, ...] = tuple(reader.coupons())
        self.products: frozenset[str] = frozenset()
        self.customers: Mapping[str, tuple[str, ...]] = {}

    def read(self, wanted: Unread = _NOTHING) -> None:
        """Read what is wanted and not read yet, and at the first call the first pages of the list."""
        self._wanted = self._wanted.with_more(wanted)
        self._choosing.need(_sources(wanted), wanted.everything)
        for ask, rows in paging.pages(self._fetch, READERS, self._choosing):
            codes = map(code_from, rows)
            if ask.source is self._choosing.list:
                self._list.add(codes)
            elif ask.source.coupon:
                self._asked.add(codes)
            else:
                self._found.setdefault(ask.source.filters.get("code", ask.source.stripe_id), []).extend(codes)

    def live(self, account: Account) -> Live:
        """Return what has been read so far."""
        if self._choosing.whole:
            codes, batches = self._list.all_singles(), self._list.batches
            return Live(account, self._coupons, codes, self.products, self.customers, batches)
        wanted = self._wanted
        # The order must not depend on which answer arrived first.
        found = {code.stripe_id: code for _, codes in sorted(self._found.items()) for code in codes}
        # Codes of the wanted coupons have been read with those.
        beside = [code for code in found.values() if code.spec.coupon not in wanted.coupons]
        unique = tuple(code for code in beside if _is_unique(code, self._owner))
        known = Known(frozenset(wanted.coupons), frozenset(map(fold, wanted.texts)), frozenset(wanted.ids), unique)
        singles = self._asked.all_singles(code for code in beside if not _is_unique(code, self._owner))
        batches = self._asked.batches
        return Live(account, self._coupons, singles, self.products, self.customers, batches, known)

    def _fetch(self, ask: Ask) -> paging.Page:
        if ask.source.stripe_id:
            row = self._reader.find("promotion_codes", ask.source.stripe_id, CODE_FIELDS)
            return [] if row is None else [checked(row, CODE)], False
        return self._reader.codes_page(**ask.source.filters, **ask.page.filters())


def _sources(wanted: Unread) -> Iterable[Source]:
    yield from (Source({"code": text}) for text in wanted.texts)
    yield from (Source(stripe_id=stripe_id) for stripe_id in wanted.ids)
    for coupon, codes in wanted.coupons.items():
        pages = max(1, -(-codes // PAGE))
        yield Source({"coupon": coupon}, coupon=coupon, pages=pages, windows=paging.windows_for(codes))


def _is_unique(code: LiveCode, owner: str) -> bool:
    return code.tags.owner == owner and code.tags.slot is not None and code.tags.id is not None
