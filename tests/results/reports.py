"""A report with every kind of line, and with hostile names."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from promosync.config import load
from promosync.model.account import Live
from promosync.model.live import Account, LiveCode, LiveCoupon
from promosync.model.ownership import Mode, Tags
from promosync.model.promotions import Coupon, PromotionCode
from promosync.results.attribution import Attribution
from promosync.results.book import Book
from promosync.results.builder import make_report
from promosync.results.orders import Discount, Order, Source
from promosync.results.report import Asked, Report
from tests.status.reports import EVIL

NOW = 1_800_000_000
DAY = 86_400
ACCOUNT = Account("acct_1", Mode.TEST, NOW)
DOCUMENT: dict[str, Any] = {
    "promosync": {"owner": "shop"},
    "coupons": [
        {"id": "spring", "percent_off": 20, "duration": "forever", "name": "=1+1", "metadata": {"campaign": EVIL}},
        {"id": "five", "amount_off": 500, "currency": "usd", "duration": "once", "metadata": {"campaign": "radio"}},
    ],
    "promotion_codes": [
        {"id": "launch", "code": "LAUNCH20", "coupon": "spring"},
        {"id": "hello", "code": "HELLO5", "coupon": "five"},
    ],
    "code_batches": [{"id": "vip", "coupon": "spring", "generate": {"count": 40, "length": 12}}],
}


def coupon(config_id: str, **fields: Any) -> LiveCoupon:
    """A coupon of the shop in Stripe."""
    stripe_id, created = fields.pop("stripe_id", config_id), fields.pop("created", NOW - 400 * DAY)
    owner, carried = fields.pop("owner", "shop"), fields.pop("carried", 0)
    return LiveCoupon(stripe_id, Coupon(**fields), Tags(owner, config_id, carried), created)


def code(config_id: str, text: str, on: str = "spring", slot: str | None = None, **fields: Any) -> LiveCode:
    """A code of the shop in Stripe, unique with a slot."""
    owner = fields.pop("owner", "shop")
    return LiveCode(f"promo_{text}", PromotionCode(text, on, **fields), Tags(owner, config_id, slot=slot), NOW)


def order(paid: int, after: int, *given: tuple[int, str, LiveCode | None], **fields: Any) -> Order:
    """Return a paid order, by default in dollars and by its own customer; it was made when it was paid."""
    discounts = tuple(Discount(amount, on, used.stripe_id if used else None, used) for amount, on, used in given)
    fields = {"currency": "usd", "customer": f"cus_SECRET{paid}", "source": Source.INVOICES} | fields
    return Order(created=paid, paid=paid, after=after, discounts=discounts, **fields)


def made(
    orders: Iterable[Order], coupons: Iterable[LiveCoupon], asked: Asked | None = None, **document: Any
) -> Report:
    """Return the report of some orders."""
    text = json.dumps({**DOCUMENT, **document}).encode()
    configuration = load(text, "promosync.json", NOW - 40 * DAY).configuration
    asked = asked or Asked()
    attribution, book = Attribution(configuration, Live(ACCOUNT, tuple(coupons)), asked.by), Book()
    for one in orders:
        book.add(one, attribution.recognise)
    return make_report(configuration, ACCOUNT, attribution, book, asked, attribution.begin)


def report(*, drawn: bool = True) -> Report:
    """Months of orders: two campaigns, three currencies, renewals, a refund, a guest, an order of two discounts."""
    launch, hello = code("launch", "LAUNCH20"), code("hello", "HELLO5", "five")
    coupons = [coupon("spring", name="=1+1"), coupon("five"), coupon("stray|`<b>@all", name="\x1b[31mred\u202e")]
    orders = []
    for month in range(11):
        at = NOW - (330 - 30 * month) * DAY
        orders.append(
            order(at, 7920 + 100 * month, (1980, "spring", launch), customer="cus_SECRET1", renewal=month > 0)
        )
        orders.append(order(at + 60, 2500, (500, "five", hello), refunded=1000 if month == 3 else 0))
        orders.append(order(at + 90, 1500, (375, "spring", code("vip", f"SECRET{month}", slot=str(month)))))
    orders += [
        order(NOW - 5 * DAY, 3600, (900, "spring", launch), (500, "five", hello)),
        order(NOW - 4 * DAY, 2_300, (700, "five", hello), currency="jpy", customer=None, source=Source.SESSIONS),
        order(NOW - 3 * DAY, 12_345, (3_086, "spring", None), currency="kwd"),
        order(NOW - 2 * DAY, 100, (5, "stray|`<b>@all", None), currency="usd"),
    ]
    return made(orders, coupons, Asked(("campaign", "source"), drawn=drawn))
