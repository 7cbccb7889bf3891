"""Invoices: read only, made by redemptions and renewals, and paid from the start."""

from __future__ import annotations

import json
import sqlite3

from . import customers, kind
from .call import Call, Json
from .kind import Kind, equal
from .orders import discount, months_after, total
from .params import Choice, Created, Spec, Text

LIST: Spec = {
    **kind.LIST,
    "collection_method": Choice(choices=("charge_automatically", "send_invoice")),
    "customer": Text(),
    "customer_account": Text(),
    "due_date": Created(),
    "status": Choice(choices=("draft", "open", "paid", "uncollectible", "void")),
    "subscription": Text(),
}

# Fields that are null in every invoice here.
_NULL = (
    "account_country", "account_name", "account_tax_ids", "application", "automatically_finalizes_at",
    "confirmation_secret", "custom_fields", "customer_account", "customer_address", "customer_email", "customer_name",
    "customer_phone", "customer_shipping", "default_payment_method", "default_source", "description", "due_date",
    "ending_balance", "footer", "from_invoice", "hosted_invoice_url", "invoice_pdf", "last_finalization_error",
    "latest_revision", "next_payment_attempt", "number", "on_behalf_of", "receipt_number", "rendering",
    "shipping_cost", "shipping_details", "statement_descriptor", "test_clock", "webhooks_delivered_at",
)  # fmt: skip
_ZERO = (
    "amount_overpaid", "amount_paid_off_stripe", "amount_remaining", "amount_shipping",
    "pre_payment_credit_notes_amount", "starting_balance",
)  # fmt: skip
_EMPTY = ("customer_tax_ids", "default_tax_rates", "total_pretax_credit_amounts", "total_taxes")


def _render(call: Call, row: sqlite3.Row, data: Json, wanted: Json) -> Json:
    paid, customer = total(data), row["customer"]
    inside = wanted.get("total_discount_amounts", {})
    return {
        **dict.fromkeys(_NULL),
        **dict.fromkeys(_ZERO, 0),
        **{name: [] for name in _EMPTY},
        "amount_due": paid,
        "amount_paid": paid,
        "attempt_count": 1,
        "attempted": True,
        "auto_advance": False,
        "automatic_tax": dict.fromkeys(("disabled_reason", "liability", "provider", "status")) | {"enabled": False},
        "billing_reason": data["billing_reason"],
        "collection_method": "charge_automatically",
        "currency": data["currency"],
        "customer": customers.KIND.show_inside(call, customer, wanted),
        "customer_tax_exempt": "none",
        "discounts": [discount(call, one, customer, wanted, "discounts") for one in data["discounts"]],
        "effective_at": data["paid_at"],
        "issuer": {"type": "self"},
        "lines": {
            "object": "list",
            "data": [_line(call, row, data)],
            "has_more": False,
            "url": f"{KIND.url}/{row['id']}/lines",
        },
        "metadata": {},
        "parent": {
            "quote_details": None,
            "subscription_details": {"metadata": {}, "subscription": row["subscription"]},
            "type": "subscription_details",
        },
        "payment_settings": dict.fromkeys(("default_mandate", "payment_method_options", "payment_method_types")),
        "period_end": row["created"],
        "period_start": row["created"],
        "post_payment_credit_notes_amount": data["refunded"],
        "status": "paid",
        "status_transitions": {
            "finalized_at": data["paid_at"],
            "marked_uncollectible_at": None,
            "paid_at": data["paid_at"],
            "voided_at": None,
        },
        "subtotal": data["amount"],
        "subtotal_excluding_tax": data["amount"],
        "total": paid,
        "total_discount_amounts": [
            {"amount": one["amount"], "discount": discount(call, one, customer, inside, "discount")}
            for one in data["discounts"]
        ],
        "total_excluding_tax": paid,
    }


def _line(call: Call, row: sqlite3.Row, data: Json) -> Json:
    subscription = row["subscription"]
    item = {
        "invoice_item": None,
        "proration": False,
        "proration_details": {"credited_items": None},
        "subscription": subscription,
        "subscription_item": "si_" + subscription[4:18],
    }
    return {
        "id": "il_" + row["id"][3:],
        "object": "line_item",
        "amount": data["amount"],
        "currency": data["currency"],
        "description": None,
        "discount_amounts": [{"amount": one["amount"], "discount": one["id"]} for one in data["discounts"]],
        "discountable": True,
        "discounts": [],
        "invoice": row["id"],
        "livemode": call.livemode,
        "metadata": {},
        "parent": {
            "invoice_item_details": None,
            "subscription_item_details": item,
            "type": "subscription_item_details",
        },
        "period": {"end": months_after(row["created"], 1), "start": row["created"]},
        "pretax_credit_amounts": [],
        "pricing": None,
        "quantity": 1,
        "quantity_decimal": "1",
        "subscription": subscription,
        "subtotal": data["amount"],
        "taxes": [],
    }


KIND = Kind("invoice", "invoice", _render, own={"total_discount_amounts": {"discount": {}}})


def list_all(call: Call) -> Json:
    params = call.params
    where = equal(params, "customer", "subscription")
    # Every invoice is charged at once and paid, by a customer, and has no due date.
    others = params.get("status", "paid") != "paid" or params.get("collection_method") == "send_invoice"
    if others or "customer_account" in params or params.get("due_date"):
        where.append(("0 = ?", 1))
    return KIND.page(call, where)


def refund(call: Call, id: str, amount: int) -> Json:
    """Refunds part of a paid invoice, as a credit note; ValueError for more than was paid."""
    row = KIND.need(call, id, "invoice")
    data = json.loads(row["data"])
    data["refunded"] += amount
    if amount < 1 or data["refunded"] > total(data):
        raise ValueError(f"of {id} {total(data)} was paid: {data['refunded']} cannot be refunded")
    KIND.write(call, row["seq"], data=json.dumps(data))
    return {"invoice": id, "refunded": data["refunded"]}
