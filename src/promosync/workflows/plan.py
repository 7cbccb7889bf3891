"""Making a plan: look up what the file names, read the account, decide."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from promosync.model.account import Live, Unread
from promosync.model.configuration import Configuration
from promosync.model.issued import IssuedCodes
from promosync.model.live import Account
from promosync.model.problems import Problem, ProblemsFound
from promosync.plan.batch_rows import Rows, unbound
from promosync.plan.desired import needs
from promosync.plan.plan import Plan
from promosync.plan.planner import Policy, begin

if TYPE_CHECKING:
    from promosync.stripe_api.account import StripeAccount

_NOTHING = Unread()


def make(
    configuration: Configuration, stripe: StripeAccount, policy: Policy, rows: Mapping[str, Rows] | None = None
) -> Plan:
    """Return the plan for an account; raise ProblemsFound with everything that makes it impossible.

    ``rows`` is what the files of the batches say (:mod:`promosync.workflows.batch_files`), by batch id.
    """
    check_account(configuration, stripe.account)
    return decide(configuration, stripe, policy, rows or {})


def decide(
    configuration: Configuration,
    stripe: StripeAccount,
    policy: Policy,
    rows: Mapping[str, Rows],
    wanted: Unread = _NOTHING,
    seen: Callable[[Live], Live] = lambda live: live,
) -> Plan:
    """Read an account, and more of it until a plan can be made; return that. Raises ProblemsFound.

    ``wanted`` is read in any case. ``seen`` may change what was read before a plan is made of it.
    """
    reading = stripe.begin(needs(configuration, stripe.account.mode, rows), everything=policy.refresh)
    reading.read(wanted)
    while True:
        live = seen(reading.live(replace(stripe.account, now=stripe.now)))
        begun = begin(configuration, live, policy, rows)
        made: Plan | Unread = begun.unread
        if not made:
            made = begun.plan(with_customers(configuration, rows, live, stripe, begun.trusted))
        if isinstance(made, Plan):
            return made
        reading.read(made)


def with_customers(
    configuration: Configuration,
    rows: Mapping[str, Rows],
    live: Live,
    stripe: StripeAccount,
    trusted: Container[str] = (),
) -> dict[str, Rows]:
    """Look up the customers of addresses that have no code yet, except in batches that were not read."""
    found = dict(rows)
    for entry in configuration.batches:
        if entry.id in trusted:
            continue
        given = rows.get(entry.id, Rows())
        issued = live.batches.get(entry.id, IssuedCodes())
        new = unbound(entry, given, issued, configuration.settings.owner)
        if new:
            found[entry.id] = replace(given, customers=stripe.customers_of(new))
    return found


def check_account(configuration: Configuration, account: Account) -> None:
    """Raise ProblemsFound where a file names accounts, and the one that is open is not among them."""
    named = configuration.settings.account
    wanted = named.get(account.mode)
    if not named or (wanted is not None and wanted == account.id):
        return
    if wanted is None:
        fault = f"the file names no account for {account.mode} mode, and the key is a {account.mode} one"
        hint = f'add "{account.mode}": "acct_…", or use a key of the mode it names'
    elif account.id is None:
        fault = f"the file is for {wanted}, but the key may not read which account it belongs to"
        hint = "give the restricted key read access to the account (Connect: Accounts, read), or take account out"
    else:
        fault = f"the file is for {wanted}, and the key belongs to {account.id}"
        hint = "use a key of that account"
    raise ProblemsFound([Problem(("promosync", "account"), fault, hint, rule="wrong-account")])
