"""From Stripe's invoices and checkout sessions to orders: what was paid for goods, and by whom, counted once."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import parse_qs

import pytest

from promosync.apply.gateway import StripeFault
from promosync.apply.pacing import Pacer
from promosync.model.ownership import Mode
from promosync.results.book import within
from promosync.results.orders import Order, Source
from promosync.sandbox import Control, Sandbox, running
from promosync.stripe_api.account import StripeAccount
from promosync.stripe_api.client import Client
from promosync.stripe_api.orders import invoice_order, session_order
from promosync.stripe_api.paging import Span
from promosync.stripe_api.transport import Transport

CODE = {
    "id": "promo_1", "object": "promotion_code", "active": True, "code": "HELLO", "created": 5, "customer": None,
    "metadata": {"promosync_owner": "shop", "promosync_id": "hello"}, "promotion": {"type": "coupon", "coupon": "a"},
}  # fmt: skip


def discount(coupon: str = "a", code: Any = None) -> dict[str, Any]:
    return {
        "id": "di_1",
        "object": "discount",
        "promotion_code": code,
        "source": {"type": "coupon", "coupon": coupon},
    }


def invoice(**fields: Any) -> Order:
    row = {
        "id": "in_1", "created": 100, "currency": "usd", "customer": "cus_1", "total": 900,
        "billing_reason": "manual", "status_transitions": {"paid_at": 150},
        "total_discount_amounts": [{"amount": 100, "discount": discount()}],
    }  # fmt: skip
    found = invoice_order({**row, **fields})
    assert found is not None
    return found


def session(**fields: Any) -> Order | None:
    row = {
        "id": "cs_1", "created": 100, "currency": "usd", "customer": None, "invoice": None, "mode": "payment",
        "payment_status": "paid", "amount_subtotal": 1000, "amount_total": 1090,
        "total_details": {
            "amount_discount": 100,
            "amount_tax": 190,
            "breakdown": {"discounts": [{"amount": 100, "discount": discount(code="promo_1")}], "taxes": []},
        },
        "discounts": [{"coupon": "a", "promotion_code": CODE}],
    }  # fmt: skip
    return session_order({**row, **fields})


def test_an_invoice_tells_when_it_was_paid_and_by_whom() -> None:
    found = invoice()
    assert (found.source, found.created, found.paid, found.customer) == (Source.INVOICES, 100, 150, "cus_1")
    assert (found.before, found.after, found.refunded, found.renewal) == (1000, 900, 0, False)
    assert invoice(status_transitions={"paid_at": None}).paid == 100
    assert invoice(customer={"id": "cus_2", "object": "customer", "deleted": True}).customer == "cus_2"
    assert invoice(customer=None, customer_account="acct_9").customer == "acct_9"


@pytest.mark.parametrize(
    ("fields", "after"),
    [
        ({"total": 1090, "total_taxes": [{"amount": 190, "tax_behavior": "exclusive"}]}, 900),
        ({"total": 900, "total_taxes": [{"amount": 144, "tax_behavior": "inclusive"}]}, 900),
        ({"total": 1400, "amount_shipping": 500}, 900),
        ({"total": 1495, "amount_shipping": 500, "shipping_cost": {"amount_total": 595, "amount_tax": 95}}, 900),
        (
            {
                "total": 600,
                "total_pretax_credit_amounts": [
                    {"amount": 300, "type": "credit_balance_transaction"},
                    {"amount": 100, "type": "discount"},
                ],
            },
            900,
        ),
        ({"total": -50}, -50),
        # The subtotal already includes the discount of a single item: 1,000 is 900 in it.
        ({"subtotal": 900, "total": 900}, 900),
    ],
)
def test_what_goods_came_to_is_without_taxes_on_top_and_shipping(fields: dict[str, Any], after: int) -> None:
    found = invoice(**fields)
    assert (found.after, found.before) == (after, after + 100)


def test_credit_notes_before_and_after_payment_are_refunds() -> None:
    assert invoice(pre_payment_credit_notes_amount=30, post_payment_credit_notes_amount=12).refunded == 42


@pytest.mark.parametrize(
    ("reason", "renewal"),
    [
        ("subscription_create", False),
        ("subscription_cycle", True),
        ("subscription_update", True),
        ("subscription_threshold", True),
        ("manual", False),
        ("quote_accept", False),
        (None, False),
    ],
)
def test_later_invoices_of_a_subscription_are_renewals(reason: str | None, renewal: bool) -> None:
    assert invoice(billing_reason=reason).renewal is renewal


def test_discounts_are_read_as_stripe_shows_them() -> None:
    """With the code in full, with its id, with none; in the older shape; and not expanded at all."""
    shown = [
        {"amount": 1, "discount": discount("a", CODE)},
        {"amount": 2, "discount": discount("a", "promo_2")},
        {"amount": 3, "discount": discount("b")},
        {"amount": 4, "discount": {"id": "di_4", "promotion_code": None, "coupon": {"id": "c", "object": "coupon"}}},
        {"amount": 5, "discount": "di_5"},
    ]
    found = invoice(total_discount_amounts=shown).discounts
    assert [(one.amount, one.coupon, one.code_id) for one in found] == [
        (1, "a", "promo_1"), (2, "a", "promo_2"), (3, "b", None), (4, "c", None), (5, None, None),
    ]  # fmt: skip
    assert found[0].code is not None
    assert found[0].code.tags.id == "hello"
    assert invoice(total_discount_amounts=None).discounts == ()


def test_a_session_is_what_its_goods_came_to_less_its_discounts() -> None:
    found = session()
    assert found is not None
    assert (found.source, found.paid, found.customer, found.before, found.after) == (
        Source.SESSIONS, 100, None, 1000, 900,
    )  # fmt: skip
    [given] = found.discounts
    assert given.code is not None
    assert (given.coupon, given.code_id, given.code.spec.code) == ("a", "promo_1", "HELLO")


@pytest.mark.parametrize(
    "fields",
    [{"invoice": "in_1"}, {"payment_status": "unpaid"}, {"mode": "setup", "currency": None}, {"currency": None}],
)
def test_a_session_with_an_invoice_or_without_money_is_no_order(fields: dict[str, Any]) -> None:
    """The invoice is counted, or nothing was paid."""
    assert session(**fields) is None


def test_a_free_order_is_one() -> None:
    assert session(payment_status="no_payment_required", amount_total=0) is not None


def opened(url: str, key: str = "sk_test_orders01") -> StripeAccount:
    client = Client(key, Transport(Pacer(None, None), 8, loopback=True), url, patience=0.5, backoff=0.001)
    return StripeAccount(client, Mode.TEST)


def shop(control: Control, orders: int) -> None:
    control.seed("coupon", [{"id": "spring", "percent_off": 10, "duration": "once"}])
    control.seed("promotion_code", [{"code": "HELLO", "coupon": "spring"}])
    for _ in range(orders):
        control.redeem("HELLO", amount=1000, kind="subscription")
        control.redeem("HELLO", amount=500)
        control.advance(3600)


def never() -> bool:
    return False


def test_lists_are_read_from_the_sandbox_each_order_once() -> None:
    """Whatever stretches of time are asked for; a session with an invoice is left out."""
    with running() as handle:
        shop(handle.control, 30)
        stripe = opened(handle.url)
        begin = int(handle.control.clock()) - 30 * 3600
        for spans in ([(None, None)], [(begin + 36_000, None), (begin - 5, begin + 35_999)]):
            typed: list[Span] = list(spans)
            invoices = stripe.orders(Source.INVOICES, typed, never)
            sessions = stripe.orders(Source.SESSIONS, typed, never)
            assert sorted(order.after for order in invoices) == [900] * 30
            assert sorted(order.after for order in sessions) == [450] * 30
            assert (invoices.gaps, sessions.gaps) == ((), ())


@pytest.mark.parametrize(("age", "years"), [(0.5, 1), (1.5, 2), (2.5, 4)])
def test_reading_begins_a_little_before_the_first_order(age: float, years: int) -> None:
    """Else requests would be spent on years without orders, and the rest could not be estimated."""
    year = 366 * 86_400
    with running(sandbox=Sandbox(clock=lambda: 1_800_000_000.0)) as handle:
        shop(handle.control, 2)
        handle.control.advance(int(age * year))
        assert list(opened(handle.url).orders(Source.INVOICES, [(None, None)], never))
        queries = [parse_qs(entry["query"]) for entry in handle.control.log()]
        begins = [int(query["created[gte]"][0]) for query in queries if "created[gte]" in query]
        assert abs(min(begins) - (handle.control.clock() - years * year)) < 5


def test_what_was_stopped_can_be_gone_on_with() -> None:
    """After each page it stops; the rest is read from the gaps, and in the end every order is there once."""
    with running(sandbox=Sandbox(clock=lambda: 1_800_000_000.0)) as handle:
        shop(handle.control, 250)
        stripe = opened(handle.url)
        seen: list[int] = []
        spans: tuple[Span, ...] = ((None, None),)
        for _ in range(20):
            most = stripe.requests + 7
            reading = stripe.orders(Source.INVOICES, spans, partial(lambda most: stripe.requests > most, most))
            found = list(reading)
            spans = reading.gaps
            # In the second where it stopped, some orders were read already; they are read again.
            seen += [order.created for order in found if not any(within(order.created, gap) for gap in spans)]
            if not spans:
                break
        assert not spans
        assert len(seen) == len(set(seen)) == 250


def test_a_list_that_may_not_be_read_says_which_permission_is_missing() -> None:
    with running() as handle:
        shop(handle.control, 1)
        handle.control.register_key("rk_test_0123456789few", ["checkout_session_read"])
        stripe = opened(handle.url, "rk_test_0123456789few")
        assert len(list(stripe.orders(Source.SESSIONS, [(0, None)], never))) == 1
        with pytest.raises(StripeFault, match='"Invoices: read"') as refused:
            list(stripe.orders(Source.INVOICES, [(0, None)], never))
        assert refused.value.permission_missing
