"""Paid orders from Stripe's lists of invoices and checkout sessions, several pages at once.

The codes of an order are expanded in it, so no list of codes is read: an account may have a million.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from promosync.results.orders import Discount, Order, Source
from promosync.stripe_api import paging
from promosync.stripe_api.client import Client
from promosync.stripe_api.reader import READERS, page_of
from promosync.stripe_api.translate import Row, code_from, id_of

_YEAR = 366 * 86_400
_OLDEST = 16
"""The first order is looked for in so many years."""

_RENEWALS = ("subscription_cycle", "subscription_threshold", "subscription_update")
"""Why a later invoice of a subscription is made: https://docs.stripe.com/api/invoices/object"""


@dataclass(frozen=True, slots=True)
class _List:
    """One of Stripe's lists: its path and parameters, and how a row becomes an order; None if it is not one."""

    path: str
    filters: Mapping[str, Any]
    expand: tuple[str, ...]
    order: Callable[[Row], Order | None]


class OrderReading:
    """Reads one list: iterate over it once. It knows during that time, and afterwards, how much is left.

    ``spans`` are the times to read, by the creation of orders: the newest first; a start of None is the first order
    of the account. Once ``stopped()`` is true no more pages are requested; those under way are still given.
    """

    def __init__(
        self, client: Client, source: Source, spans: Sequence[paging.Span], stopped: Callable[[], bool], now: int
    ) -> None:
        self._client, self._list, self._stopped = client, _LISTS[source], stopped
        self._spans, self._now = spans, now
        self._windows: paging.Windows | None = None
        self.source = source

    @property
    def left(self) -> float | None:
        """About how many requests are left; None while that is not known."""
        return self._windows.left if self._windows else None

    @property
    def gaps(self) -> tuple[paging.Span, ...]:
        """What has not been read: nothing at the end, unless it was stopped."""
        return tuple(self._windows.gaps()) if self._windows else tuple(self._spans)

    def __iter__(self) -> Iterator[Order]:
        spans = [(self._first_year() if since is None else since, until) for since, until in self._spans]
        self._windows = paging.Windows(page=100, alone=1, spans=spans)
        rows = paging.read(self._fetch, READERS, windows=self._windows, stopped=self._stopped)
        return (order for order in map(self._list.order, rows) if order is not None)

    def _fetch(self, ask: paging.Ask) -> paging.Page:
        expand = [f"data.{field}" for field in self._list.expand]
        return page_of(self._client, self._list.path, expand=expand, **self._list.filters, **ask.filters())

    def _first_year(self) -> int:
        """Return a time shortly before the first order: so the number of requests that are left can be estimated."""
        years = 1
        while years < _OLDEST:
            created = {"lt": self._now - years * _YEAR}
            rows, _ = page_of(self._client, self._list.path, 1, **self._list.filters, created=created)
            if not rows:
                break
            years *= 2
        return self._now - years * _YEAR


def invoice_order(row: Row) -> Order:
    """Return an order from a paid invoice, with ``total_discount_amounts.discount.promotion_code`` expanded.

    ``subtotal`` ignores discounts on single items. So the price of the goods is computed from the total: without
    taxes on top of prices and without shipping, and with credit grants, which are a way to pay.
    """
    taxes = (tax["amount"] for tax in row.get("total_taxes") or () if tax.get("tax_behavior") == "exclusive")
    shipping = (row.get("shipping_cost") or {}).get("amount_total", row.get("amount_shipping") or 0)
    credits_ = (
        credit["amount"]
        for credit in row.get("total_pretax_credit_amounts") or ()
        if credit.get("type") == "credit_balance_transaction"
    )
    return Order(
        Source.INVOICES,
        row["created"],
        (row.get("status_transitions") or {}).get("paid_at") or row["created"],
        row["currency"],
        row["total"] - sum(taxes) - shipping + sum(credits_),
        (row.get("pre_payment_credit_notes_amount") or 0) + (row.get("post_payment_credit_notes_amount") or 0),
        id_of(row.get("customer")) or row.get("customer_account"),
        row.get("billing_reason") in _RENEWALS,
        tuple(_discount(one["amount"], one["discount"]) for one in row.get("total_discount_amounts") or ()),
    )


def session_order(row: Row) -> Order | None:
    """Return an order from a complete checkout session, with ``total_details.breakdown`` and codes expanded.

    None for a session that has an invoice, which is counted instead, and for one without a payment.
    """
    currency = row.get("currency")
    unpaid = row.get("payment_status") == "unpaid" or row.get("mode") == "setup"
    if row.get("invoice") is not None or unpaid or currency is None:
        return None
    details = row.get("total_details") or {}
    codes = [one.get("promotion_code") for one in row.get("discounts") or ()]
    by_id = {code["id"]: code for code in codes if isinstance(code, Mapping)}
    given = (details.get("breakdown") or {}).get("discounts") or ()
    return Order(
        Source.SESSIONS,
        row["created"],
        row["created"],
        currency,
        (row.get("amount_subtotal") or 0) - (details.get("amount_discount") or 0),
        0,
        id_of(row.get("customer")) or row.get("customer_account"),
        False,
        tuple(_discount(one["amount"], one["discount"], by_id) for one in given),
    )


def _discount(amount: int, discount: Any, codes: Mapping[str, Row] | None = None) -> Discount:
    """Return a discount of an order; ``codes`` are the codes that are expanded elsewhere in it, by id."""
    if not isinstance(discount, Mapping):
        return Discount(amount, None)
    named = discount.get("promotion_code")
    code_id = id_of(named)
    shown = named if isinstance(named, Mapping) else (codes or {}).get(code_id or "")
    coupon = id_of((discount.get("source") or discount).get("coupon"))
    return Discount(amount, coupon, code_id, code_from(shown) if shown is not None else None)


_LISTS = {
    Source.INVOICES: _List(
        "/v1/invoices",
        {"status": "paid"},
        ("total_discount_amounts.discount.promotion_code",),
        invoice_order,
    ),
    Source.SESSIONS: _List(
        "/v1/checkout/sessions",
        {"status": "complete"},
        ("total_details.breakdown", "discounts.promotion_code"),
        session_order,
    ),
}
