"""Reading an account: lists of a hundred, with what must be expanded, and never one request an object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from promosync.apply.gateway import Fault, StripeFault
from promosync.model.live import LiveCode, LiveCoupon
from promosync.stripe_api import paging
from promosync.stripe_api.client import Client
from promosync.stripe_api.shapes import CUSTOMER, DATED, OBJECT, checked, listed
from promosync.stripe_api.translate import Row, code_from, coupon_from

PAGE = 100
"""Stripe's largest page: https://docs.stripe.com/api/pagination"""

OPENING_SECONDS = 10.0
"""How long the first request is tried again: who sits in front of a dead address should hear of it soon."""

_SEARCHED = 10
"""Addresses in one search: https://docs.stripe.com/search#query-language allows so many clauses."""

_FEW = 50
"""So many addresses are looked for one by one before all customers are read."""

COUPON_FIELDS = ("applies_to", "currency_options")
CODE_FIELDS = ("restrictions.currency_options",)
"""What Stripe leaves out unless asked for: without them every plan would see a change."""

_CODES_EXPANDED = [f"data.{field}" for field in CODE_FIELDS]

READERS = 8
"""Pages asked for at once: enough to keep up with Stripe's limit while an answer takes a third of a second."""


def coupons(client: Client) -> Iterator[LiveCoupon]:
    """Yield every coupon of the account, newest first."""
    expand = [f"data.{field}" for field in COUPON_FIELDS]
    return map(coupon_from, _rows(client, "/v1/coupons", expand=expand))


def codes(client: Client, **filters: Any) -> Iterator[LiveCode]:
    """Yield the promotion codes that Stripe's list filters select, newest first."""
    return map(code_from, _rows(client, "/v1/promotion_codes", expand=_CODES_EXPANDED, **filters))


def all_codes(client: Client, expected: int = 0) -> Iterator[LiveCode]:
    """Yield every promotion code of the account; ``expected`` and the order are those of :func:`paging.read`."""

    return map(code_from, paging.read(lambda ask: codes_page(client, **ask.filters()), READERS, expected))


def codes_page(client: Client, **filters: Any) -> paging.Page:
    """Return one page of a list of promotion codes."""
    return page_of(client, "/v1/promotion_codes", expand=_CODES_EXPANDED, **filters)


def existing_products(client: Client, ids: Iterable[str]) -> frozenset[str]:
    """Return those of the product ids that exist; a hundred are asked for in one request."""
    found: set[str] = set()
    for some in _portions(sorted(ids), PAGE):
        page = client.call("get", "/v1/products", ids=some, limit=PAGE)
        found |= {row["id"] for row in listed(page, OBJECT)}
    return frozenset(found)


def existing_customers(client: Client, ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return for each customer id the customer, as a tuple that is empty where there is none."""
    return {customer: tuple(str(row["id"]) for row in _customer(client, customer)) for customer in ids}


def customers_of(client: Client, emails: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return for each address the ids of the customers who have it, whatever its case.

    The list's filter minds case, and the search is up to a minute behind and not available to everybody: so both
    are asked. Source: https://docs.stripe.com/api/customers/list, https://docs.stripe.com/search
    """
    return {email: tuple(sorted(_with_address(client, email))) for email in emails}


def customers_of_many(client: Client, emails: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Do what :func:`customers_of` does with few requests: the search takes ten addresses at a time.

    What the search does not know yet is looked for in the list: address by address while they are few, else by
    reading all customers.
    """
    wanted = {email.lower(): set[str]() for email in emails}
    try:
        for some in _portions(sorted(wanted), _SEARCHED):
            query = " OR ".join(f'email:"{_quoted(email)}"' for email in some)
            _collect(wanted, _rows_searched(client, query, some))
    except StripeFault as fault:
        if fault.fault not in (Fault.REFUSED, Fault.NOT_FOUND, Fault.DENIED):
            raise
    missing = [email for email in emails if not wanted[email.lower()]]
    if len(missing) > _FEW:
        _collect(wanted, _customers(client))
    else:
        for email in missing:
            wanted[email.lower()] |= _with_address(client, email)
    return {email: tuple(sorted(wanted[email.lower()])) for email in emails}


def addresses_of(client: Client, customers: Iterable[str]) -> dict[str, str]:
    """Return the address of each customer, as Stripe has it, who has one that no other customer has in any case.

    A few customers are asked for one by one; for more, all customers are read.
    """
    wanted = set(customers)
    if len(wanted) <= _FEW:
        own = {
            row["id"]: row.get("email") or "" for customer in sorted(wanted) for row in _customer(client, customer)
        }
        holders = customers_of_many(client, sorted({email for email in own.values() if email}))
        return {customer: email for customer, email in own.items() if holders.get(email) == (customer,)}
    by_address: dict[str, tuple[str, str] | None] = {}
    for row in _customers(client):
        if email := row.get("email"):
            by_address[email.lower()] = None if email.lower() in by_address else (row["id"], email)
    return {found[0]: found[1] for found in by_address.values() if found is not None and found[0] in wanted}


def emails_of(client: Client, customers: Iterable[str]) -> dict[str, str]:
    """Return the address of each customer who has one, as Stripe has it, whoever else has it."""
    wanted = set(customers)
    few = len(wanted) <= _FEW
    one_by_one = (row for customer in sorted(wanted) for row in _customer(client, customer))
    rows = one_by_one if few else _customers(client)
    return {row["id"]: row["email"] for row in rows if row["id"] in wanted and row.get("email")}


def account_id(client: Client) -> str | None:
    """Return the account's id, or None where the key may not read it. This is the first request of a run."""
    try:
        return str(checked(client.call("get", "/v1/account", patience=OPENING_SECONDS), OBJECT)["id"])
    except StripeFault as fault:
        # What an imitation of Stripe does not know is no reason to stop; what is wrong with all of them shows again.
        if fault.permission_missing or fault.fault in (Fault.NOT_FOUND, Fault.REFUSED):
            return None
        raise


def find(client: Client, kind: str, stripe_id: str, fields: Iterable[str]) -> Row | None:
    """Return one object, None where it is not there."""
    try:
        return client.call("get", path_of(kind, stripe_id), expand=list(fields))
    except StripeFault as fault:
        if fault.fault is Fault.NOT_FOUND:
            return None
        raise


def path_of(kind: str, stripe_id: str) -> str:
    """Return the path of one object; raise StripeFault for an id that would make it the path of something else."""
    if stripe_id in ("", ".", ".."):
        raise StripeFault(Fault.NOT_FOUND, f"{stripe_id!r} is not an id")
    return f"/v1/{kind}/{quote(stripe_id, safe='')}"


def _rows(client: Client, path: str, **params: Any) -> Iterator[Row]:
    after: dict[str, Any] = {}
    while True:
        rows, more = page_of(client, path, **params, **after)
        yield from rows
        if not more or not rows:
            return
        after = {"starting_after": rows[-1]["id"]}


def page_of(client: Client, path: str, limit: int = PAGE, **params: Any) -> paging.Page:
    """Return one page of a list; raise StripeFault for an answer that is none, or that does not go on."""
    page = client.call("get", path, limit=limit, **params)
    rows, more = listed(page, DATED), page.get("has_more")
    if not isinstance(more, bool):
        raise StripeFault(Fault.BROKEN, "Stripe's answer is not a list: check the API base, and run it again")
    if rows and rows[-1]["id"] == params.get("starting_after"):
        raise StripeFault(Fault.BROKEN, "Stripe's list does not go on: check the API base, and run it again")
    return rows, more


def _customers(client: Client, **filters: Any) -> Iterator[Row]:
    return (checked(row, CUSTOMER) for row in _rows(client, "/v1/customers", **filters))


def _customer(client: Client, customer: str) -> Iterator[Row]:
    try:
        row = client.call("get", path_of("customers", customer))
    except StripeFault as fault:
        if fault.fault is not Fault.NOT_FOUND:
            raise
        return
    if not row.get("deleted"):
        yield checked(row, CUSTOMER)


def _with_address(client: Client, email: str) -> set[str]:
    found = {row["id"] for spelling in {email, email.lower()} for row in _customers(client, email=spelling)}
    try:
        query = f'email:"{_quoted(email)}"'
        page = client.call("get", "/v1/customers/search", email, query=query, limit=PAGE)
    except StripeFault as fault:
        if fault.fault not in (Fault.REFUSED, Fault.NOT_FOUND, Fault.DENIED):
            raise
        return found  # no search for this account: the lists must do
    rows = listed(page, CUSTOMER)
    return found | {row["id"] for row in rows if (row.get("email") or "").lower() == email.lower()}


def _rows_searched(client: Client, query: str, emails: Sequence[str]) -> Iterator[Row]:
    page: dict[str, Any] = {}
    while True:
        found = client.call("get", "/v1/customers/search", *emails, query=query, limit=PAGE, **page)
        yield from listed(found, CUSTOMER)
        if not found.get("next_page"):
            return
        page = {"page": found["next_page"]}


def _collect(wanted: dict[str, set[str]], rows: Iterable[Row]) -> None:
    for row in rows:
        address = (row.get("email") or "").lower()
        if address in wanted:
            wanted[address].add(row["id"])


def _quoted(email: str) -> str:
    return email.replace("\\", "\\\\").replace('"', '\\"')


def _portions(things: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(things), size):
        yield things[start : start + size]
