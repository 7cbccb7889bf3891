"""Reading coupons and paid orders, adding them up, and keeping what was read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from promosync.apply.gateway import StripeFault
from promosync.model.account import Live
from promosync.model.configuration import Configuration
from promosync.model.live import Account
from promosync.model.problems import ProblemsFound
from promosync.plan.batch_rows import Rows
from promosync.results.attribution import Attribution
from promosync.results.book import Book, Stretch
from promosync.results.builder import make_report
from promosync.results.ledger import Ledger, Read
from promosync.results.orders import Source
from promosync.results.report import Asked, Report
from promosync.status.builder import ALWAYS
from promosync.workflows.plan import check_account

if TYPE_CHECKING:
    from promosync.stripe_api.account import StripeAccount
    from promosync.stripe_api.orders import OrderReading

_EVERY = 100

_ASKED = 100
"""Up to so many codes that the file may have adopted are read one by one; for more, all orders are read again."""


@dataclass(frozen=True, slots=True)
class Looked:
    """The ledger for the next run, and the report; None if the reading was stopped before its end."""

    ledger: Ledger
    report: Report | None


def look(
    configuration: Configuration,
    rows: Mapping[str, Rows],
    stripe: StripeAccount,
    asked: Asked,
    before: Ledger | None,
    stopped: Callable[[], bool],
    on_read: Callable[[OrderReading], None],
) -> Looked:
    """Read what the ledger ``before`` does not have yet, and make the report.

    ``on_read`` is called for each list when its reading begins, and then from time to time. Raises ProblemsFound if
    the account or the ledger is not that of the file, StripeFault if no list of orders may be read.
    """
    owner = configuration.settings.owner
    check_account(configuration, stripe.account)
    if before is not None and (refused := before.mismatch(stripe.account, owner)):
        raise ProblemsFound([refused])
    coupons = tuple(stripe.coupons())
    account = Account(stripe.account.id, stripe.account.mode, stripe.now)
    keys = tuple(dict.fromkeys((*asked.by, *ALWAYS, *(before.keys if before else ()))))
    attribution = Attribution(configuration, Live(account, coupons), keys, rows)
    known = before is not None and set(keys) == set(before.keys)
    begun = before if before is not None and known else Ledger(account, owner, keys, Book())
    unsettled = tuple(attribution.unsettled(begun.book))
    if len(unsettled) <= _ASKED:
        for code in chain.from_iterable(map(stripe.codes_of, unsettled)):
            begun.book.note_code(code, attribution.recognise(code))
    elif begun.complete:
        begun = Ledger(account, owner, keys, Book())
    ledger, faults = _read(begun, attribution, stripe, stopped, on_read, account)
    if len(faults) == len(Source):
        raise faults[Source.INVOICES]
    if any(source not in ledger.read or ledger.read[source].gaps for source in Source if source not in faults):
        return Looked(ledger, None)
    read_from = _latest(read.since for source, read in ledger.read.items() if source not in faults)
    return Looked(ledger, make_report(configuration, account, attribution, ledger.book, asked, read_from, faults))


def starts_anew(before: Ledger, asked: Asked) -> tuple[str, ...]:
    """Return the metadata keys that a ledger does not have: everything has to be read again for them."""
    return tuple(key for key in asked.by if key not in before.keys)


def _read(
    before: Ledger,
    attribution: Attribution,
    stripe: StripeAccount,
    stopped: Callable[[], bool],
    on_read: Callable[[OrderReading], None],
    account: Account,
) -> tuple[Ledger, dict[Source, StripeFault]]:
    """Return the ledger with every list read: those that may be read, and as far as the reading came."""
    begin, faults = attribution.begin, dict[Source, StripeFault]()
    ledger = Ledger(account, before.owner, attribution.keys, before.book, before.read)
    for source in Source:
        done = before.read.get(source)
        open_: tuple[Stretch, ...] = done.open(begin) if done else ((begin, None),)
        reading = stripe.orders(source, open_, stopped)
        on_read(reading)
        book = ledger.book.without({**dict.fromkeys(Source, ()), source: open_})
        try:
            for count, order in enumerate(reading, start=1):
                book.add(order, attribution.recognise)
                if count % _EVERY == 0:
                    on_read(reading)
        except StripeFault as fault:
            if not fault.permission_missing:
                raise
            faults[source] = fault
            continue
        since = begin if done is None else _earlier(done.since, begin)
        read = {**ledger.read, source: Read(since, account.now, reading.gaps)}
        ledger = Ledger(account, before.owner, attribution.keys, book, read)
    return ledger, faults


def _latest(moments: Iterable[int | None]) -> int | None:
    """Return the latest of some moments; None is earlier than all."""
    return max((moment for moment in moments if moment is not None), default=None)


def _earlier(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else min(one, other)
