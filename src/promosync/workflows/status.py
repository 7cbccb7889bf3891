"""What became of everything: read the account once, count on the way, compare with the file and a snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from promosync.model.configuration import Configuration
from promosync.model.live import Account, Live
from promosync.model.problems import ProblemsFound
from promosync.plan.batch_rows import Rows
from promosync.plan.desired import needs
from promosync.plan.status.making import Asked, Making
from promosync.plan.status.report import Report
from promosync.plan.status.since import Snapshot, mismatch
from promosync.workflows.plan import wrong_account

if TYPE_CHECKING:
    from promosync.stripe_api.account import StripeAccount


def look(
    configuration: Configuration, rows: Mapping[str, Rows], stripe: StripeAccount, asked: Asked
) -> tuple[Report, Snapshot]:
    """Return the report and a snapshot; raise ProblemsFound where account or snapshot are not the file's."""
    refused = wrong_account(configuration, stripe.account)
    if asked.before is not None and not refused:
        refused = mismatch(asked.before, stripe.account, configuration.settings.owner)
    if refused:
        raise ProblemsFound([refused])
    wanted = needs(configuration, stripe.account.mode)
    coupons = tuple(stripe.coupons())
    customers = stripe.existing_customers(wanted.customers)
    customers |= stripe.customers_of(sorted(wanted.emails))
    account = Account(stripe.account.id, stripe.account.mode, stripe.now)
    live = Live(account, coupons, products=stripe.existing_products(wanted.products), customers=customers)
    making = Making(configuration, rows, live, asked)
    making.add(stripe.codes())
    return making.report()
