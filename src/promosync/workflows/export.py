"""Exporting an account: read it, propose its entries, and prove that a plan of them only adopts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from itertools import chain
from typing import TYPE_CHECKING

from promosync.export import owners, unmanaged
from promosync.export.proof import prove
from promosync.export.proposal import Export, Proposal, Wishes
from promosync.model.account import Live
from promosync.model.configuration import Configuration
from promosync.model.issued import IssuedBuilder
from promosync.model.live import LiveCode, LiveCoupon
from promosync.model.problems import Problem, ProblemsFound
from promosync.plan.batch_rows import Rows
from promosync.plan.desired import needs
from promosync.plan.plan import Plan, Verb

if TYPE_CHECKING:
    from promosync.stripe_api.account import StripeAccount


@dataclass(frozen=True, slots=True)
class Selection:
    """What to export: all that nobody manages, or only ``coupons`` (Stripe ids) of it; or what ``owner`` manages."""

    owner: str | None = None
    coupons: tuple[str, ...] = ()
    wishes: Wishes = field(default_factory=Wishes)


def make(stripe: StripeAccount, selection: Selection) -> Export:
    """Return the export of an account; raise ProblemsFound if the selection is not in it.

    Nothing is written to Stripe.
    """
    if selection.owner is not None:
        return _of_owner(stripe, selection.owner, selection.wishes)
    coupons = tuple(stripe.coupons())
    _check(selection.coupons, coupons)
    others = Counter(coupon.tags.owner for coupon in coupons if coupon.tags.owner is not None)
    builder = IssuedBuilder()
    bound: set[str] = set()
    for code in _read(stripe, selection):
        if code.tags.owner is not None:
            others[code.tags.owner] += 1
            continue
        builder.add(code)
        if code.spec.active and code.spec.customer and code.spec.max_redemptions == 1:
            bound.add(code.spec.customer)
    found = unmanaged.Holdings(
        account=replace(stripe.account, now=stripe.now),
        coupons=coupons,
        codes=builder.codes,
        selected=frozenset(selection.coupons) or None,
        owners=frozenset(others),
        addresses=_addresses(stripe, bound, selection.wishes),
    )
    proposal = unmanaged.propose(found, selection.wishes)
    wanted = needs(proposal.configuration, found.account.mode)
    products, customers = stripe.existing_products(wanted.products), stripe.existing_customers(wanted.customers)

    def seen(configuration: Configuration) -> tuple[Live, Mapping[str, Rows]]:
        return unmanaged.seen_by_a_plan(found, configuration, proposal.files, products, customers)

    return _exported(*prove(proposal, seen), others)


def _of_owner(stripe: StripeAccount, owner: str, wishes: Wishes) -> Export:
    asked = needs(Configuration(), stripe.account.mode)
    live = stripe.read(replace(asked, owner=owner))
    everything: chain[LiveCoupon | LiveCode] = chain(live.coupons, live.codes)
    others = Counter(thing.tags.owner for thing in everything if thing.tags.owner is not None)
    if owner not in others and not live.batches:
        raise ProblemsFound([_no_owner(owner, others)])
    bound = {record.customer for records in live.batches.values() for record in records if record.customer}
    proposal = owners.propose(live, owner, wishes, _addresses(stripe, bound, wishes))
    wanted = needs(proposal.configuration, live.account.mode)
    products, customers = stripe.existing_products(wanted.products), stripe.existing_customers(wanted.customers)
    live = replace(live, products=products, customers=customers)

    def seen(configuration: Configuration) -> tuple[Live, Mapping[str, Rows]]:
        return live, {batch.id: proposal.files[batch.id].read() for batch in configuration.batches}

    del others[owner]
    return _exported(*prove(proposal, seen), others)


def _exported(proposal: Proposal, plan: Plan, others: Mapping[str, int]) -> Export:
    strays = [action for action in plan.actions if not action.path and action.verb is not Verb.RETIRE]
    withdrawn = sum(batch.withdrawn for batch in plan.batches if not batch.path)
    return Export(proposal.configuration, proposal.files, proposal.left_out.all(), others, len(strays) + withdrawn)


def _read(stripe: StripeAccount, selection: Selection) -> Iterable[LiveCode]:
    if not selection.coupons:
        return stripe.codes()
    return chain.from_iterable(map(stripe.codes_on, selection.coupons))


def _addresses(stripe: StripeAccount, customers: set[str], wishes: Wishes) -> Mapping[str, str]:
    if wishes.files_from is None or not customers:
        return {}
    return stripe.addresses(customers)


def _check(selected: Iterable[str], coupons: Iterable[LiveCoupon]) -> None:
    there = {coupon.stripe_id: coupon for coupon in coupons}
    problems = []
    for stripe_id in dict.fromkeys(selected):
        coupon = there.get(stripe_id)
        if coupon is None:
            close = get_close_matches(stripe_id, there, n=1)
            hint = f"did you mean {close[0]!r}?" if close else "name a coupon by its Stripe id"
            problems.append(Problem((), f"there is no coupon {stripe_id!r} in Stripe", hint, rule="missing-coupon"))
        elif (owner := coupon.tags.owner) is not None:
            message = f"the coupon {stripe_id!r} belongs to owner {owner!r}"
            problems.append(
                Problem((), message, f"export everything of that owner with --owner {owner}", rule="conflict")
            )
    if problems:
        raise ProblemsFound(problems)


def _no_owner(owner: str, others: Mapping[str, int]) -> Problem:
    known = ", ".join(repr(name) for name in sorted(others)[:10])
    hint = f"there are: {known}" if known else "without --owner, what nobody manages is exported"
    return Problem((), f"no object in Stripe belongs to owner {owner!r}", hint, rule="missing-owner")
