"""The state of everything: read the account once, count, and compare with the file and a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from promosync.model.account import Live
from promosync.model.configuration import Configuration
from promosync.model.live import Account, LiveCode
from promosync.plan.batch_rows import Rows
from promosync.plan.desired import needs
from promosync.status.builder import Asked, Making
from promosync.status.report import Report
from promosync.status.since import Snapshot
from promosync.status.snapshot_file import read
from promosync.workflows.plan import check_account

if TYPE_CHECKING:
    from promosync.stripe_api.account import StripeAccount

_EVERY = 1000


def look(
    configuration: Configuration,
    rows: Mapping[str, Rows],
    stripe: StripeAccount,
    asked: Asked,
    since: Sequence[str] = (),
    on_read: Callable[[int], None] | None = None,
) -> tuple[Report, Snapshot]:
    """Return the report and a snapshot; raise ProblemsFound if the account or a snapshot is not that of the file.

    ``since`` names files and folders of snapshots to compare with. ``on_read`` is called from time to time with the
    number of codes read.
    """
    check_account(configuration, stripe.account)
    if snapshots := read(since, stripe.account, configuration.settings.owner):
        asked = replace(asked, before=snapshots[-1], earlier=tuple(snapshots[:-1]))
    wanted = needs(configuration, stripe.account.mode, rows)
    coupons = tuple(stripe.coupons())
    customers = stripe.existing_customers(wanted.customers)
    customers |= stripe.customers_of(sorted(wanted.emails))
    account = Account(stripe.account.id, stripe.account.mode, stripe.now)
    live = Live(account, coupons, products=stripe.existing_products(wanted.products), customers=customers)
    making = Making(configuration, rows, live, asked)
    making.add(_counted(stripe.codes(wanted.codes), on_read))
    return making.report()


def _counted(codes: Iterable[LiveCode], on_read: Callable[[int], None] | None) -> Iterator[LiveCode]:
    for count, code in enumerate(codes, start=1):
        yield code
        if on_read is not None and count % _EVERY == 0:
            on_read(count)
