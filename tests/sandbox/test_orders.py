"""Redemptions with an amount leave invoices and checkout sessions behind, as Stripe shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from promosync.sandbox import ControlError

from .conftest import World
from .direct import Direct

EXPANDED = {"expand[]": "data.total_discount_amounts.discount.promotion_code"}


def shop(**coupon: Any) -> tuple[Direct, Any]:
    """A coupon of a fifth off, and a code."""
    direct = Direct()
    return direct, direct.code(direct.coupon(id="spring", **{"percent_off": 20, **coupon}), code="SPRING")


def five_off(direct: Direct) -> None:
    """A code for 5.00 USD."""
    direct.control.seed("coupon", [{"id": "five", "amount_off": 500, "currency": "usd"}])
    direct.code("five", code="FIVE")


def invoices(direct: Direct, **filters: Any) -> list[Any]:
    rows: list[Any] = direct.ask("GET", "/v1/invoices", {**EXPANDED, "limit": 100, **filters})["data"]
    return rows


def sessions(direct: Direct, **filters: Any) -> list[Any]:
    body = {"expand[]": "data.total_details.breakdown", **filters}
    rows: list[Any] = direct.ask("GET", "/v1/checkout/sessions", body)["data"]
    return rows


def test_a_redemption_without_an_amount_leaves_nothing() -> None:
    direct, _ = shop()
    direct.control.redeem("SPRING", times=3)
    assert (invoices(direct), sessions(direct)) == ([], [])


def test_a_payment_is_a_session_without_an_invoice() -> None:
    direct, code = shop()
    done = direct.control.redeem("SPRING", amount=1999, currency="EUR")
    [session] = sessions(direct)
    assert session["id"] == done["order"]
    assert (session["mode"], session["invoice"], session["customer"]) == ("payment", None, None)
    assert (session["status"], session["payment_status"], session["currency"]) == ("complete", "paid", "eur")
    assert (session["amount_subtotal"], session["amount_total"]) == (1999, 1599)
    [given] = session["total_details"]["breakdown"]["discounts"]
    assert given["amount"] == session["total_details"]["amount_discount"] == 400
    assert given["discount"]["promotion_code"] == code["id"]
    assert given["discount"]["source"] == {"type": "coupon", "coupon": "spring"}
    assert invoices(direct) == []


def test_a_session_shows_what_discounts_came_to_only_when_asked() -> None:
    direct, code = shop()
    direct.control.redeem("SPRING", amount=1999)
    [plain] = direct.ask("GET", "/v1/checkout/sessions")["data"]
    assert direct.ask("GET", f"/v1/checkout/sessions/{plain['id']}") == plain
    assert "breakdown" not in plain["total_details"]
    assert plain["discounts"] == [{"coupon": "spring", "promotion_code": code["id"]}]
    [full] = direct.ask("GET", "/v1/checkout/sessions", {"expand[]": "data.discounts.promotion_code"})["data"]
    assert full["discounts"][0]["promotion_code"]["code"] == "SPRING"


def test_a_subscription_has_a_session_and_an_invoice_of_a_customer() -> None:
    direct, code = shop()
    direct.control.redeem("SPRING", amount=9900, currency="usd", kind="subscription")
    [invoice], [session] = invoices(direct), sessions(direct)
    assert session["invoice"] == invoice["id"]
    assert session["subscription"] == invoice["parent"]["subscription_details"]["subscription"]
    assert session["customer"] == invoice["customer"]
    assert (invoice["subtotal"], invoice["total"], invoice["amount_paid"]) == (9900, 7920, 7920)
    assert (invoice["status"], invoice["billing_reason"]) == ("paid", "subscription_create")
    [given] = invoice["total_discount_amounts"]
    assert given["amount"] == 1980
    assert given["discount"]["promotion_code"]["id"] == code["id"]
    assert direct.ask("GET", f"/v1/invoices/{invoice['id']}")["discounts"] == [given["discount"]["id"]]


@pytest.mark.parametrize(
    ("coupon", "given"),
    [
        ({"duration": "once"}, [1980, 0, 0, 0]),
        ({"duration": "repeating", "duration_in_months": 2}, [1980, 1980, 0, 0]),
        ({"duration": "forever"}, [1980, 1980, 1980, 1980]),
    ],
)
def test_a_subscription_renews_each_month_for_as_long_as_its_coupon_gives(coupon: Any, given: list[int]) -> None:
    """Also after the coupon is deleted: who has it keeps it."""
    direct, _ = shop(**coupon)
    direct.control.set_clock(datetime(2027, 1, 31, 12, tzinfo=UTC).timestamp())
    direct.control.redeem("SPRING", amount=9900, kind="subscription")
    direct.ask("DELETE", "/v1/coupons/spring")
    direct.control.advance(95 * 86400)
    rows = invoices(direct)[::-1]
    days = [datetime.fromtimestamp(row["created"], UTC).strftime("%d.%m. %H") for row in rows]
    assert days == ["31.01. 12", "28.02. 12", "31.03. 12", "30.04. 12"]
    assert [sum(one["amount"] for one in row["total_discount_amounts"]) for row in rows] == given
    assert [row["billing_reason"] for row in rows] == ["subscription_create", *["subscription_cycle"] * 3]
    assert [row["status_transitions"]["paid_at"] - row["created"] for row in rows] == [0, 3600, 3600, 3600]
    assert len({row["id"] for row in rows}) == 4
    assert len(sessions(direct)) == 1


def test_discounts_of_one_order_come_off_one_after_the_other() -> None:
    direct, _ = shop()
    five_off(direct)
    direct.control.redeem("SPRING", amount=2000, also=["FIVE"])
    direct.control.redeem("FIVE", amount=600, also=["SPRING"])
    direct.control.redeem("FIVE", amount=300)
    amounts = [[one["amount"] for one in row["total_details"]["breakdown"]["discounts"]] for row in sessions(direct)]
    assert amounts == [[300], [500, 20], [400, 500]]
    assert sessions(direct)[0]["payment_status"] == "no_payment_required"


def test_an_order_that_is_refused_uses_none_of_its_codes() -> None:
    direct, code = shop()
    five_off(direct)
    done = direct.control.redeem("SPRING", amount=2000, currency="eur", also=["FIVE"])
    assert (done["redeemed"], done["rule"]) == (0, "currency")
    assert direct.ask("GET", f"/v1/promotion_codes/{code['id']}")["times_redeemed"] == 0
    assert sessions(direct) == []


def test_a_refund_is_a_credit_note_of_no_more_than_was_paid() -> None:
    direct, _ = shop()
    direct.control.redeem("SPRING", amount=1000, kind="subscription")
    [invoice] = invoices(direct)
    direct.control.refund(invoice["id"], 300)
    assert direct.control.refund(invoice["id"], 500) == {"invoice": invoice["id"], "refunded": 800}
    assert invoices(direct)[0]["post_payment_credit_notes_amount"] == 800
    for amount in (1, 0, -5):
        with pytest.raises(ControlError):
            direct.control.refund(invoice["id"], amount)
    with pytest.raises(ControlError, match="No such invoice"):
        direct.control.refund("in_nope", 1)
    assert invoices(direct)[0]["post_payment_credit_notes_amount"] == 800


def test_lists_are_filtered() -> None:
    direct, _ = shop()
    customer = direct.ask("POST", "/v1/customers", {"email": "ann@example.com"})["id"]
    direct.control.redeem("SPRING", amount=1000, customer=customer, kind="subscription")
    direct.control.redeem("SPRING", amount=1000)
    direct.control.redeem("SPRING", amount=1000, kind="subscription")
    subscription = sessions(direct)[-1]["subscription"]
    for filters in ({"customer": customer}, {"subscription": subscription}):
        assert [row["customer"] for row in invoices(direct, **filters)] == [customer]
        assert [row["customer"] for row in sessions(direct, **filters)] == [customer]
    assert len(sessions(direct, **{"customer_details[email]": "ann@example.com"})) == 1
    assert len(sessions(direct, **{"customer_details[email]": "guest@example.com"})) == 1
    [guest] = [row for row in sessions(direct) if row["payment_intent"]]
    assert sessions(direct, payment_intent=guest["payment_intent"]) == [guest]
    assert len(invoices(direct, status="paid", collection_method="charge_automatically")) == 2
    assert len(sessions(direct, status="complete")) == 3
    none: list[dict[str, Any]] = [{"status": "open"}, {"collection_method": "send_invoice"}, {"due_date[gt]": 5}]
    assert [invoices(direct, **filters) for filters in none] == [[], [], []]
    assert sessions(direct, status="expired") == sessions(direct, payment_link="plink_1") == []
    assert direct.error("GET", "/v1/invoices", {"status": "gone"})[0] == 400
    assert direct.error("GET", "/v1/invoices", {"expand[]": "data.total_discount_amounts"})[0] == 400
    assert direct.error("GET", "/v1/checkout/sessions/cs_nope")[0] == 404


def test_the_sdk_reads_orders_page_by_page(local: World) -> None:
    code = local.code(local.coupon().id)
    local.control.redeem(code.code, times=7, amount=500, kind="subscription")
    seen = [row.id for row in local.v1.invoices.list({"limit": 3}).auto_paging_iter()]
    assert len(set(seen)) == len(seen) == 7
    page = local.v1.checkout.sessions.list({"limit": 2, "expand": ["data.total_details.breakdown"]})
    assert page.has_more
    details = page.data[0].total_details
    assert details is not None
    assert details.breakdown is not None
    assert details.breakdown.discounts[0].amount == 125
    types = {event.type for event in local.v1.events.list({"limit": 100}).data}
    assert {"invoice.paid", "checkout.session.completed", "customer.created"} <= types


@pytest.mark.parametrize(("path", "name"), [("invoices", "Invoices"), ("checkout/sessions", "Checkout Sessions")])
def test_each_list_needs_its_permission(path: str, name: str) -> None:
    direct = Direct()
    direct.control.register_key("rk_test_few", ["coupon_read"])
    status, error = direct.error("GET", f"/v1/{path}", key="rk_test_few")
    assert (status, f'"{name} Read"' in error["message"]) == (403, True)
