"""What a redemption leaves behind: a paid invoice of a subscription, or a checkout session that was paid at once."""

from __future__ import annotations

import calendar
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256

from . import customers
from .call import Call, Json, random_text

KINDS = ("subscription", "payment")
DRAFT_SECONDS = 3600
"""A renewal is a draft for an hour before it is paid."""


@dataclass(frozen=True)
class Use:
    """One discount of an order: the coupon, and the promotion code it came with, if any."""

    coupon: sqlite3.Row
    code: sqlite3.Row | None


def place(call: Call, kind: str, customer: str | None, amount: int, currency: str, uses: Sequence[Use]) -> str:
    """Write an order that was paid now, and return the id of its checkout session; ``amount`` is before discounts."""
    if customer is None and kind == "subscription":
        made = customers.insert(call, {}, None, call.new_id("cus_")[:18], call.now)
        call.emit("customer.created", customers.render(call, made))
        customer = str(made["id"])
    session = f"cs_{'live' if call.livemode else 'test'}_" + random_text(call.rng, 58)
    subscription = call.new_id("sub_") if kind == "subscription" else None
    given = [_given(call, use, session, subscription) for use in uses]
    amounts = _amounts_off(amount, currency, given)
    order: Json = {"amount": amount, "currency": currency, "discounts": _with_amounts(given, amounts)}
    invoice = None
    if subscription is not None:
        invoice = call.new_id("in_")
        about = {"billing_reason": "subscription_create", "paid_at": call.now, "refunded": 0}
        _write_invoice(call.db, call.scope, invoice, call.now, str(customer), subscription, {**order, **about})
        call.db.execute(
            "INSERT INTO subscriptions VALUES (?, ?, ?, ?, 1, ?, ?)",
            (
                subscription,
                call.scope,
                customer,
                call.now,
                months_after(call.now, 1) + DRAFT_SECONDS,
                json.dumps({"amount": amount, "currency": currency, "discounts": given}),
            ),
        )
    call.db.execute(
        "INSERT INTO checkout_sessions (scope, id, created, customer, subscription, data) VALUES (?, ?, ?, ?, ?, ?)",
        (
            call.scope,
            session,
            call.now,
            customer,
            subscription,
            json.dumps({**order, "invoice": invoice, "payment_intent": None if invoice else call.new_id("pi_")}),
        ),
    )
    return session


def renew(db: sqlite3.Connection, now: int) -> None:
    """Write the invoices of every month that subscriptions have gone on for; ids follow from theirs."""
    while (due := db.execute("SELECT * FROM subscriptions WHERE renews <= ? LIMIT 1000", (now,)).fetchall()) != []:
        for row in due:
            data, created = json.loads(row["data"]), months_after(row["created"], row["periods"])
            given = [one for one in data["discounts"] if _runs(one, created)]
            amounts = _amounts_off(data["amount"], data["currency"], given)
            about = {"billing_reason": "subscription_cycle", "paid_at": created + DRAFT_SECONDS, "refunded": 0}
            order = {
                "amount": data["amount"],
                "currency": data["currency"],
                "discounts": _with_amounts(given, amounts),
            }
            id = "in_" + sha256(f"{row['id']}/{row['periods']}".encode()).hexdigest()[:24]
            _write_invoice(db, row["scope"], id, created, row["customer"], row["id"], {**order, **about})
            renews = months_after(row["created"], row["periods"] + 1) + DRAFT_SECONDS
            db.execute("UPDATE subscriptions SET periods = periods + 1, renews = ? WHERE id = ?", (renews, row["id"]))


def refund(call: Call, invoice: str, amount: int) -> Json:
    """Credit part of a paid invoice with a note, as a refund does; ValueError for more than was paid."""
    row = call.need("invoices", "invoice", invoice, "invoice")
    data = json.loads(row["data"])
    data["refunded"] += amount
    if amount < 1 or data["refunded"] > total(data):
        raise ValueError(f"of {invoice} {total(data)} was paid: {data['refunded']} cannot be refunded")
    call.db.execute("UPDATE invoices SET data = ? WHERE seq = ?", (json.dumps(data), row["seq"]))
    return {"invoice": invoice, "refunded": data["refunded"]}


def total(data: Json) -> int:
    """Return what was paid of an order, in minor units."""
    paid: int = data["amount"] - sum(one["amount"] for one in data["discounts"])
    return paid


def months_after(moment: int, months: int) -> int:
    """Return the same day and time so many months on, the last day of a month that has no such day."""
    day = datetime.fromtimestamp(moment, UTC)
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return int(day.replace(year=year, month=month + 1, day=min(day.day, last)).timestamp())


def _given(call: Call, use: Use, session: str, subscription: str | None) -> Json:
    """Return what an order keeps of a discount: a coupon's terms stay with it when the coupon is deleted."""
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


def _amounts_off(amount: int, currency: str, given: Sequence[Json]) -> list[int]:
    """Return what each discount takes off, one after the other, each from what those before it left."""
    left, amounts = amount, []
    for one in given:
        if one["percent_off"] is not None:
            off = int((left * Decimal(str(one["percent_off"])) / 100).quantize(Decimal(1), ROUND_HALF_UP))
        else:
            off = min(left, one["amounts_off"][currency])
        left -= off
        amounts.append(off)
    return amounts


def _with_amounts(given: Sequence[Json], amounts: Sequence[int]) -> list[Json]:
    kept = ("id", "coupon", "coupon_seq", "promotion_code", "start", "end", "checkout_session", "subscription")
    return [{**{key: one[key] for key in kept}, "amount": amount} for one, amount in zip(given, amounts, strict=True)]


def _write_invoice(
    db: sqlite3.Connection, scope: int, id: str, created: int, customer: str, subscription: str, data: Json
) -> None:
    db.execute(
        "INSERT INTO invoices (scope, id, created, customer, subscription, data) VALUES (?, ?, ?, ?, ?, ?)",
        (scope, id, created, customer, subscription, json.dumps(data)),
    )
