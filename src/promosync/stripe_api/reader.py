"""Reading an account: pages of a hundred objects, expanded as needed, and not one request for each object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
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
"""How long the first request is tried again: a dead address is reported soon."""

_SEARCHED = 10
"""Addresses in one search: https://docs.stripe.com/search#query-language allows so many clauses."""

_FEW = 50
"""Up to this number, customers and addresses are asked for one by one; for more, all customers are read."""

COUPON_FIELDS = ("applies_to", "currency_options")
CODE_FIELDS = ("restrictions.currency_options",)
"""Fields that Stripe leaves out unless they are expanded: without them every plan would show a change."""

_CODES_EXPANDED = [f"data.{field}" for field in CODE_FIELDS]

READERS = 8
"""Requests at the same time: enough for Stripe's rate limit if an answer takes a third of a second."""


class Reader:
    """Reads lists of one account. Every method raises StripeFault for a request that does not go through."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def coupons(self) -> Iterator[LiveCoupon]:
        """Yield every coupon, newest first."""
        expand = [f"data.{field}" for field in COUPON_FIELDS]
        return map(coupon_from, self._rows("/v1/coupons", expand=expand))

    def codes(self, expected: int = 0) -> Iterator[LiveCode]:
        """Yield every promotion code as it is read: those of one second newest first, seconds in any order.

        ``expected`` is about how many codes there are.
        """
        return map(code_from, paging.read(lambda ask: self.codes_page(**ask.filters()), READERS, expected))

    def codes_of(self, text: str) -> Iterator[LiveCode]:
        """Yield the codes with a text in any case, active or not, newest first."""
        return map(code_from, self._rows("/v1/promotion_codes", expand=_CODES_EXPANDED, code=text))

    def codes_on(self, coupon_id: str) -> Iterator[LiveCode]:
        """Yield all codes of a coupon, newest first; pages are read as they are needed."""
        return map(code_from, self._rows("/v1/promotion_codes", expand=_CODES_EXPANDED, coupon=coupon_id))

    def codes_page(self, **filters: Any) -> paging.Page:
        """Return one page of the promotion codes that Stripe's list filters select, newest first."""
        return page_of(self._client, "/v1/promotion_codes", expand=_CODES_EXPANDED, **filters)

    def existing_products(self, ids: Iterable[str]) -> frozenset[str]:
        """Return those of the product ids that are in Stripe, with one request for a hundred."""
        found: set[str] = set()
        for some in _portions(sorted(ids), PAGE):
            page = self._client.call("get", "/v1/products", ids=some, limit=PAGE)
            found |= {row["id"] for row in listed(page, OBJECT)}
        return frozenset(found)

    def existing_customers(self, ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return for each customer id a tuple with that id, or an empty one if there is no such customer."""
        return {customer: tuple(str(row["id"]) for row in self._customer(customer)) for customer in ids}

    def holders_of(self, emails: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return for each address the ids of the customers who have it, in any case.

        The filter of the list is case-sensitive. The search is up to a minute behind, and some accounts do not have
        it. So both are used. Source: https://docs.stripe.com/api/customers/list, https://docs.stripe.com/search
        """
        return {email: tuple(sorted(self._with_address(email))) for email in emails}

    def customers_of(self, emails: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Do what :meth:`holders_of` does, for long lists with few requests: one search takes ten addresses.

        Addresses that the search does not find are looked for in the list: one by one if they are few, else all
        customers are read.
        """
        wanted = {email.lower(): set[str]() for email in emails}
        _collect(wanted, self._searched(sorted(wanted)))
        missing = [email for email in emails if not wanted[email.lower()]]
        if len(missing) > _FEW:
            _collect(wanted, self._customers())
        else:
            for email in missing:
                wanted[email.lower()] |= self._with_address(email)
        return {email: tuple(sorted(wanted[email.lower()])) for email in emails}

    def addresses(self, customers: Iterable[str]) -> dict[str, str]:
        """Return the address of each customer, as Stripe has it, if no other customer has it in any case."""
        wanted = set(customers)
        if len(wanted) <= _FEW:
            own = self.emails_of(wanted)
            holders = self.customers_of(sorted(set(own.values())))
            return {customer: email for customer, email in own.items() if holders[email] == (customer,)}
        by_address: dict[str, tuple[str, str] | None] = {}
        for row in self._customers():
            if email := row.get("email"):
                by_address[email.lower()] = None if email.lower() in by_address else (row["id"], email)
        return {found[0]: found[1] for found in by_address.values() if found is not None and found[0] in wanted}

    def emails_of(self, customers: Iterable[str]) -> dict[str, str]:
        """Return the address of each customer who has one, as Stripe has it."""
        wanted = set(customers)
        one_by_one = chain.from_iterable(map(self._customer, sorted(wanted)))
        rows = one_by_one if len(wanted) <= _FEW else self._customers()
        return {row["id"]: row["email"] for row in rows if row["id"] in wanted and row.get("email")}

    def account_id(self) -> str | None:
        """Return the account's id, or None if the key may not read it. This is the first request of a run."""
        try:
            row = self._client.call("get", "/v1/account", patience=OPENING_SECONDS)
            return str(checked(row, OBJECT)["id"])
        except StripeFault as fault:
            # A server that imitates Stripe may not have this path. If every request fails, the next one reports it.
            if fault.permission_missing or fault.fault in (Fault.NOT_FOUND, Fault.REFUSED):
                return None
            raise

    def find(self, kind: str, stripe_id: str, fields: Iterable[str] = ()) -> Row | None:
        """Return one object with ``fields`` expanded, None if it does not exist."""
        try:
            return self._client.call("get", path_of(kind, stripe_id), expand=list(fields))
        except StripeFault as fault:
            if fault.fault is Fault.NOT_FOUND:
                return None
            raise

    def _rows(self, path: str, **params: Any) -> Iterator[Row]:
        after: dict[str, Any] = {}
        while True:
            rows, more = page_of(self._client, path, **params, **after)
            yield from rows
            if not more or not rows:
                return
            after = {"starting_after": rows[-1]["id"]}

    def _customers(self, **filters: Any) -> Iterator[Row]:
        return (checked(row, CUSTOMER) for row in self._rows("/v1/customers", **filters))

    def _customer(self, customer: str) -> Iterator[Row]:
        """Yield one customer, if it exists and is not deleted."""
        row = self.find("customers", customer)
        if row is not None and not row.get("deleted"):
            yield checked(row, CUSTOMER)

    def _with_address(self, email: str) -> set[str]:
        found = {row["id"] for spelling in {email, email.lower()} for row in self._customers(email=spelling)}
        _collect({email.lower(): found}, self._searched([email]))
        return found

    def _searched(self, emails: Sequence[str]) -> Iterator[Row]:
        """Yield the customers that the search finds for some addresses; none if the account has no search."""
        try:
            for some in _portions(emails, _SEARCHED):
                query = " OR ".join(f'email:"{_quoted(email)}"' for email in some)
                page: dict[str, Any] | None = {}
                while page is not None:
                    found = self._client.call("get", "/v1/customers/search", *some, query=query, limit=PAGE, **page)
                    yield from listed(found, CUSTOMER)
                    page = {"page": found["next_page"]} if found.get("next_page") else None
        except StripeFault as fault:
            if fault.fault not in (Fault.REFUSED, Fault.NOT_FOUND, Fault.DENIED):
                raise


def path_of(kind: str, stripe_id: str) -> str:
    """Return the path of one object; raise StripeFault for an id that would make it another path."""
    if stripe_id in ("", ".", ".."):
        raise StripeFault(Fault.NOT_FOUND, f"{stripe_id!r} is not an id")
    return f"/v1/{kind}/{quote(stripe_id, safe='')}"


def page_of(client: Client, path: str, limit: int = PAGE, **params: Any) -> paging.Page:
    """Return one page of a list; raise StripeFault for an answer that is no list, or the same page again."""
    page = client.call("get", path, limit=limit, **params)
    rows, more = listed(page, DATED), page.get("has_more")
    if not isinstance(more, bool):
        raise StripeFault(Fault.BROKEN, "Stripe's answer is not a list: check the API base, and run it again")
    if rows and rows[-1]["id"] == params.get("starting_after"):
        raise StripeFault(Fault.BROKEN, "Stripe's list does not go on: check the API base, and run it again")
    return rows, more


def _collect(wanted: dict[str, set[str]], rows: Iterable[Row]) -> None:
    """Add the ids of the customers with a wanted address (lower case) to the ids of that address."""
    for row in rows:
        address = (row.get("email") or "").lower()
        if address in wanted:
            wanted[address].add(row["id"])


def _quoted(email: str) -> str:
    return email.replace("\\", "\\\\").replace('"', '\\"')


def _portions(things: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(things), size):
        yield things[start : start + size]
