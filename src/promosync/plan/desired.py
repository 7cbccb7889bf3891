"""Stripe's ids for what the file names: the products and customers of a configuration on one account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from promosync.model.account import Live
from promosync.model.configuration import CodeEntry, Configuration, CouponEntry
from promosync.model.life import is_over
from promosync.model.ownership import Mode
from promosync.model.problems import Problem
from promosync.plan.exposure import batch_sizes

if TYPE_CHECKING:
    from promosync.plan.batch_rows import Rows


@dataclass(frozen=True, slots=True)
class Needs:
    """What must be looked up in Stripe before a plan can be made: product ids, customer ids, addresses.

    ``owner`` is the owner whose unique codes are kept apart from other codes, ``codes`` how many codes the file has.
    """

    owner: str
    products: frozenset[str]
    customers: frozenset[str]
    emails: frozenset[str]
    codes: int = 0


def needs(configuration: Configuration, mode: Mode, rows: Mapping[str, Rows] | None = None) -> Needs:
    """Return what the entries name that only Stripe can confirm; ``rows`` is what the files of the batches say."""
    return Needs(
        owner=configuration.settings.owner,
        products=frozenset(
            product_id(configuration, name, mode) for entry in configuration.coupons for name in entry.spec.applies_to
        ),
        customers=frozenset(entry.spec.customer for entry in configuration.codes if entry.spec.customer),
        emails=frozenset(entry.customer_email for entry in configuration.codes if entry.customer_email),
        codes=len(configuration.codes) + sum(batch_sizes(configuration, rows or {}).values()),
    )


def product_id(configuration: Configuration, name: str, mode: Mode) -> str:
    """Return the Stripe product id that a config product id stands for."""
    return configuration.products.get(name, {}).get(mode, name)


def resolve(configuration: Configuration, live: Live) -> tuple[Configuration, list[Problem]]:
    """Return the configuration with Stripe product and customer ids, and what could not be found.

    The products of a coupon whose date has passed are not checked: the coupon is not made.
    """
    problems: list[Problem] = []
    coupons = tuple(_resolve_coupon(entry, configuration, live, problems) for entry in configuration.coupons)
    over = {entry.id for entry in coupons if is_over(entry.spec.redeem_by, live.account.now)}
    codes = tuple(
        _resolve_code(entry, asked, live, problems)
        if (asked := entry.customer_email or entry.spec.customer) and entry.spec.coupon not in over
        else entry
        for entry in configuration.codes
    )
    return replace(configuration, coupons=coupons, codes=codes), problems


def _resolve_coupon(
    entry: CouponEntry, configuration: Configuration, live: Live, problems: list[Problem]
) -> CouponEntry:
    mode = live.account.mode
    found = {name: product_id(configuration, name, mode) for name in entry.spec.applies_to}
    if not is_over(entry.spec.redeem_by, live.account.now):
        problems += _missing_products(entry, found, live, mode)
    return replace(entry, spec=replace(entry.spec, applies_to=frozenset(found.values())))


def _missing_products(entry: CouponEntry, found: dict[str, str], live: Live, mode: Mode) -> Iterable[Problem]:
    for name, stripe_id in sorted(found.items()):
        if stripe_id in live.products:
            continue
        tried = f"its own id {stripe_id!r}" if name == stripe_id else f"the stripe_id {stripe_id!r} given in products"
        yield Problem(
            (*entry.path, "applies_to"),
            f"product {name!r} is not in Stripe ({mode} mode): tried {tried}",
            f"create it, or add {{'id': {name!r}, 'stripe_id': 'prod_…'}} to products".replace("'", '"'),
            rule="missing-product",
        )


def _resolve_code(entry: CodeEntry, asked: str, live: Live, problems: list[Problem]) -> CodeEntry:
    found = live.customers.get(asked, ())
    if len(found) == 1:
        return replace(entry, spec=replace(entry.spec, customer=found[0]))
    key = "customer_email" if entry.customer_email else "customer"
    if found:
        message = f"{len(found)} customers in Stripe have this address: {', '.join(sorted(found))}"
        hint = 'name one with "customer" instead'
    else:
        message = f"no such customer in Stripe ({live.account.mode} mode)"
        hint = "create the customer first, or correct the " + ("address" if entry.customer_email else "id")
    problems.append(Problem((*entry.path, key), message, hint, rule="missing-customer"))
    return entry
