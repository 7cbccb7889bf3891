"""A redemption of codes or a coupon at checkout, and Stripe's rules that refuse it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from . import checkout_sessions, coupons, currencies, invoices, orders, promotion_codes
from .call import Call, Json
from .kind import Kind


@dataclass(frozen=True)
class Order:
    """What is bought. What is None is not checked: any amount, currency or product will do.

    With an amount (before discounts, minor units) the order is kept: as ``kind`` says, a subscription with its
    invoices, or a payment at once. Without a currency it is in the coupon's, or in dollars.
    """

    customer: str | None = None
    amount: int | None = None
    currency: str | None = None
    first_time: bool = True
    product: str | None = None
    kind: str = "payment"


class Refused(Exception):
    """`rule` names what refused it, for programs; the message is for people."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


def redeem(call: Call, codes: Sequence[str], coupon: str | None, order: Order) -> Json:
    """Uses each of these codes (text or `promo_` id), or the coupon, once for one order; none if one is refused."""
    if order.kind not in orders.KINDS:
        raise ValueError(f"an order is a subscription or a payment, not {order.kind!r}")
    if order.amount is not None and order.amount < 0:
        raise ValueError("the amount of an order is 0 or more")
    call.db.execute("SAVEPOINT redemption")
    try:
        used = [_redeem_code(call, code, order) for code in codes]
        used += [_redeem_coupon(call, coupon, order)] if coupon is not None else []
        placed = {} if order.amount is None else {"order": _placed(call, order.amount, order, used)}
    except Refused:
        call.db.execute("ROLLBACK TO redemption")
        raise
    finally:
        call.db.execute("RELEASE redemption")
    first = used[0]
    return {
        "promotion_code": first.code and _now(call, promotion_codes.KIND, first.code),
        "coupon": _now(call, coupons.KIND, first.coupon),
        **placed,
    }


def _now(call: Call, kind: Kind, row: sqlite3.Row) -> Json:
    return kind.show(call, kind.at(call, row["seq"]), {})


def _placed(call: Call, amount: int, order: Order, used: Sequence[orders.Use]) -> str:
    own = (json.loads(use.coupon["data"])["currency"] for use in used)
    currency = currencies.check(order.currency or next(filter(None, own), "usd"), "currency")
    for use in used:
        _check_currency(use.coupon, currency)
    session = orders.place(call, order.kind, order.customer, amount, currency, used)
    shown = checkout_sessions.KIND.show(call, checkout_sessions.KIND.need(call, session, ""), {})
    if shown["invoice"] is not None:
        call.emit("invoice.paid", invoices.KIND.show(call, invoices.KIND.need(call, shown["invoice"], ""), {}))
    call.emit("checkout.session.completed", shown)
    return session


def _redeem_code(call: Call, text: str, order: Order) -> orders.Use:
    row = _found(call, text, order)
    coupon = coupons.KIND.at(call, row["coupon_seq"])
    _check_code(call, row, order)
    _check_coupon(coupon, order)
    coupons.use(call, coupon)
    promotion_codes.use(call, row)
    return orders.Use(coupon, row)


def _redeem_coupon(call: Call, id: str, order: Order) -> orders.Use:
    row = coupons.KIND.find(call, id)
    if row is None:
        raise Refused("no_such_coupon", f"There is no coupon '{id}'.")
    _check_coupon(row, order)
    coupons.use(call, row)
    return orders.Use(row, None)


def _found(call: Call, text: str, order: Order) -> sqlite3.Row:
    by_id = promotion_codes.KIND.find(call, text)
    if by_id is not None:
        return by_id
    # An active code comes first, and of several the one of this customer.
    row: sqlite3.Row | None = call.db.execute(
        "SELECT * FROM promotion_codes INDEXED BY promotion_codes_code WHERE scope = ? AND code_key = ? "
        "ORDER BY active DESC, coalesce(customer, customer_account) IS ? DESC, "
        "coalesce(customer, customer_account) IS NULL DESC, created DESC, seq DESC LIMIT 1",
        (call.scope, text.lower(), order.customer),
    ).fetchone()
    if row is None:
        raise Refused("no_such_code", f"There is no promotion code '{text}'.")
    return row


def _check_code(call: Call, row: sqlite3.Row, order: Order) -> None:
    ended = promotion_codes.why_dead(call, row)
    if ended is not None:
        raise Refused(ended[0], f"This promotion code cannot be redeemed because {ended[1]}.")
    if not row["active"]:
        raise Refused("inactive", "This promotion code cannot be redeemed because it is switched off.")
    holder = row["customer"] or row["customer_account"]
    if holder is not None and holder != order.customer:
        raise Refused("customer", f"This promotion code is for the customer '{holder}' only.")
    data = json.loads(row["data"])
    restrictions = data["restrictions"]
    if restrictions["first_time_transaction"] and not order.first_time:
        raise Refused(
            "first_time_transaction",
            "This promotion code cannot be redeemed because the associated customer has prior transactions.",
        )
    if restrictions["minimum_amount"] is not None and order.amount is not None:
        least = _least(restrictions, data["currency_options"] or {}, order.currency)
        if order.amount < least:
            raise Refused("minimum_amount", f"This promotion code needs an order of at least {least}.")


def _least(restrictions: Json, options: Json, currency: str | None) -> int:
    own = restrictions["minimum_amount_currency"]
    if currency is None or currency == own:
        return int(restrictions["minimum_amount"])
    if currency not in options:
        raise Refused("minimum_amount_currency", f"This promotion code has no minimum amount in {currency}.")
    return int(options[currency]["minimum_amount"])


def _check_coupon(row: sqlite3.Row, order: Order) -> None:
    if not row["valid"]:
        raise Refused("coupon_invalid", f"The coupon '{row['id']}' is no longer valid.")
    if order.currency is not None:
        _check_currency(row, order.currency)
    data = json.loads(row["data"])
    only = data["applies_to"] and data["applies_to"]["products"]
    if only and order.product is not None and order.product not in only:
        raise Refused("product", f"The coupon '{row['id']}' is not for the product '{order.product}'.")


def _check_currency(row: sqlite3.Row, currency: str) -> None:
    data = json.loads(row["data"])
    if data["amount_off"] is not None and currency not in {data["currency"], *(data["currency_options"] or {})}:
        raise Refused("currency", f"The coupon '{row['id']}' is not for orders in {currency}.")
