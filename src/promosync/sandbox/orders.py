"""The orders of redemptions: a checkout session that was paid at once, and for a subscription its invoices."""

from __future__ import annotations

import calendar
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256

from . import coupons, customers, promotion_codes, store
from .call import Call, Json, random_text

KINDS = ("subscription", "payment")
DRAFT_SECONDS = 3600
"""A renewal is a draft for an hour before it is paid."""

_KEPT = ("id", "coupon", "coupon_seq", "promotion_code", "start", "end", "checkout_session", "subscription")


@dataclass(frozen=True)
class Use:
    """One discount of an order: the coupon, and the promotion code it came with, if any."""

    coupon: sqlite3.Row
    code: sqlite3.Row | None


def place(call: Call, kind: str, customer: str | None, amount: int, currency: str, uses: Sequence[Use]) -> str:
    """Write an order that was paid now, and return the id of its checkout session; ``amount`` is before discounts."""
    if customer is None and kind == "subscription":
        made = customers.insert(call, {}, None, call.now)
        customers.KIND.created(call, made)
        customer = str(made["id"])
    session = f"cs_{'live' if call.livemode else 'test'}_" + random_text(call.rng, 58)
    subscription = call.new_id("sub_") if kind == "subscription" else None
    given = [_given(call, use, session, subscription) for use in uses]
    order = _order(amount, currency, given)
    made_now = {"scope": call.scope, "created": call.now, "customer": customer}
    invoice = None
    if subscription is not None:
        invoice = call.new_id("in_")
        columns: Json = {
            **made_now,
            "id": subscription,
            "periods": 1,
            "renews": _renews(call.now, 1),
            "data": json.dumps({"amount": amount, "currency": currency, "discounts": given}),
        }
        store.insert(call.db, "subscriptions", columns)
        _bill(call.db, columns, 0, invoice)
    payment = None if invoice else call.new_id("pi_")
    data = json.dumps({**order, "invoice": invoice, "payment_intent": payment})
    columns = {**made_now, "id": session, "subscription": subscription, "data": data}
    store.insert(call.db, "checkout_sessions", columns)
    return session


def renew(db: sqlite3.Connection, now: int) -> None:
    """Write an invoice for each month that has passed of a subscription; its id is made from the subscription's."""
    while (due := db.execute("SELECT * FROM subscriptions WHERE renews <= ? LIMIT 1000", (now,)).fetchall()) != []:
        for row in due:
            id = "in_" + sha256(f"{row['id']}/{row['periods']}".encode()).hexdigest()[:24]
            _bill(db, row, row["periods"], id)
            renews = _renews(row["created"], row["periods"] + 1)
            db.execute("UPDATE subscriptions SET periods = periods + 1, renews = ? WHERE id = ?", (renews, row["id"]))


def _renews(created: int, period: int) -> int:
    return months_after(created, period) + DRAFT_SECONDS


def _bill(db: sqlite3.Connection, subscription: sqlite3.Row | Json, period: int, id: str) -> None:
    """Write the invoice of a period, counted from 0. The first one is paid at once, and has every discount."""
    data, created = json.loads(subscription["data"]), months_after(subscription["created"], period)
    given = [one for one in data["discounts"] if period == 0 or _runs(one, created)]
    invoice = {
        **_order(data["amount"], data["currency"], given),
        "billing_reason": "subscription_cycle" if period else "subscription_create",
        "paid_at": created + (DRAFT_SECONDS if period else 0),
        "refunded": 0,
    }
    columns = {
        "scope": subscription["scope"],
        "id": id,
        "created": created,
        "customer": subscription["customer"],
        "subscription": subscription["id"],
        "data": json.dumps(invoice),
    }
    store.insert(db, "invoices", columns)


def total(data: Json) -> int:
    """Return what was paid of an order, in minor units."""
    paid: int = data["amount"] - sum(one["amount"] for one in data["discounts"])
    return paid


def months_after(moment: int, months: int) -> int:
    """Return the same day and time so many months later, or the last day of a month without that day."""
    day = datetime.fromtimestamp(moment, UTC)
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return int(day.replace(year=year, month=month + 1, day=min(day.day, last)).timestamp())


def _given(call: Call, use: Use, session: str, subscription: str | None) -> Json:
    """Return what an order keeps of a discount, so that it stays when the coupon is deleted."""
    data = json.loads(use.coupon["data"])
    end = months_after(call.now, data["duration_in_months"]) if data["duration"] == "repeating" else None
    return {
        "id": call.new_id("di_"),
        "coupon": use.coupon["id"],
        "coupon_seq": use.coupon["seq"],
        "promotion_code": use.code["id"] if use.code else None,
        "start": call.now,
        "end": end if subscription else None,
        "checkout_session": session,
        "subscription": subscription,
        "once": data["duration"] == "once",
        "percent_off": data["percent_off"],
        "amounts_off": {
            data["currency"]: data["amount_off"],
            **{currency: one["amount_off"] for currency, one in (data["currency_options"] or {}).items()},
        },
    }


def _runs(given: Json, moment: int) -> bool:
    """Whether a discount is still given on a renewal."""
    return not given["once"] and (given["end"] is None or moment < given["end"])


def _order(amount: int, currency: str, given: Sequence[Json]) -> Json:
    """Return what is kept of an order; each discount is taken from what is left after those before it."""
    left, discounts = amount, []
    for one in given:
        if one["percent_off"] is not None:
            off = int((left * Decimal(str(one["percent_off"])) / 100).quantize(Decimal(1), ROUND_HALF_UP))
        else:
            off = min(left, one["amounts_off"][currency])
        left -= off
        discounts.append({**{key: one[key] for key in _KEPT}, "amount": off})
    return {"amount": amount, "currency": currency, "discounts": discounts}


def discount(call: Call, given: Json, customer: str | None, wanted: Json, field: str) -> Json | str:
    """Return the id of a discount, or the whole of it where ``wanted`` has the field that it is shown in."""
    if field not in wanted:
        return str(given["id"])
    wanted = wanted[field]
    coupon = coupons.KIND.show_inside(call, given["coupon"], wanted.get("source", {}), given["coupon_seq"])
    return {
        "id": given["id"],
        "object": "discount",
        "checkout_session": given["checkout_session"],
        "customer": customers.KIND.show_inside(call, customer, wanted),
        "customer_account": None,
        "end": given["end"],
        "invoice": None,
        "invoice_item": None,
        "promotion_code": promotion_codes.KIND.show_inside(call, given["promotion_code"], wanted),
        "source": {"coupon": coupon, "type": "coupon"},
        "start": given["start"],
        "subscription": given["subscription"],
        "subscription_item": None,
    }
