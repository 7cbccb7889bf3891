"""Checkout sessions: read only, made by redemptions, and complete from the start."""

from __future__ import annotations

import sqlite3

from . import coupons, customers, invoices, kind, promotion_codes
from .call import Call, Json
from .kind import Kind, equal
from .orders import discount, total
from .params import Choice, Group, Spec, Text

GUEST = "guest@example.com"
_LASTS = 86_400

LIST: Spec = {
    **kind.LIST,
    "customer": Text(),
    "customer_account": Text(),
    "customer_details": Group({"email": Text(required=True)}),
    "payment_intent": Text(),
    "payment_link": Text(),
    "status": Choice(choices=("complete", "expired", "open")),
    "subscription": Text(),
}

# Fields that are null in every session here.
_NULL = (
    "adaptive_pricing", "after_expiration", "allow_promotion_codes", "billing_address_collection", "cancel_url",
    "client_reference_id", "client_secret", "collected_information", "consent", "consent_collection",
    "currency_conversion", "customer_account", "customer_creation", "customer_email", "integration_identifier",
    "invoice_creation", "locale", "managed_payments", "optional_items", "origin_context", "payment_link",
    "payment_method_collection", "payment_method_configuration_details", "permissions", "recovered_from",
    "saved_payment_method_options", "setup_intent", "shipping_address_collection", "shipping_cost", "submit_type",
    "success_url", "url", "wallet_options",
)  # fmt: skip


def _render(call: Call, row: sqlite3.Row, data: Json, wanted: Json) -> Json:
    customer, paid = row["customer"], total(data)
    details: Json = {"amount_discount": data["amount"] - paid, "amount_shipping": 0, "amount_tax": 0}
    if "breakdown" in wanted.get("total_details", {}):
        given = [
            {"amount": one["amount"], "discount": discount(call, one, customer, {"discount": {}}, "discount")}
            for one in data["discounts"]
        ]
        details["breakdown"] = {"discounts": given, "taxes": []}
    return {
        **dict.fromkeys(_NULL),
        "amount_subtotal": data["amount"],
        "amount_total": paid,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "currency": data["currency"],
        "custom_fields": [],
        "custom_text": dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")),
        "customer": customers.KIND.show_inside(call, customer, wanted),
        "customer_details": _details(call, customer),
        "discounts": [_named(call, one, wanted.get("discounts", {})) for one in data["discounts"]],
        "expires_at": row["created"] + _LASTS,
        "invoice": invoices.KIND.show_inside(call, data["invoice"], wanted),
        "metadata": {},
        "mode": "subscription" if row["subscription"] else "payment",
        "payment_intent": data["payment_intent"],
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "payment_status": "paid" if paid else "no_payment_required",
        "phone_number_collection": {"enabled": False},
        "shipping_options": [],
        "status": "complete",
        "subscription": row["subscription"],
        "total_details": details,
        "ui_mode": "hosted_page",
    }


def _details(call: Call, customer: str | None) -> Json:
    holder = customers.KIND.find(call, customer, deleted=True) if customer else None
    return {
        **dict.fromkeys(("address", "business_name", "individual_name", "name", "phone")),
        "email": holder["email"] if holder else GUEST,
        "tax_exempt": "none",
        "tax_ids": [],
    }


def _named(call: Call, given: Json, wanted: Json) -> Json:
    return {
        "coupon": coupons.KIND.show_inside(call, given["coupon"], wanted, given["coupon_seq"]),
        "promotion_code": promotion_codes.KIND.show_inside(call, given["promotion_code"], wanted),
    }


KIND = Kind("checkout.session", "session", _render, own={"total_details": {"breakdown": {}}})


def list_all(call: Call) -> Json:
    params = call.params
    where = equal(params, "customer", "subscription")
    if "customer_details" in params:
        email = params["customer_details"]["email"]
        of_email = "customer IN (SELECT id FROM customers WHERE email = ?)"
        where.append(("customer IS NULL AND ? IS NOT NULL" if email == GUEST else of_email, email))
    if "payment_intent" in params:
        where.append(("json_extract(data, '$.payment_intent') = ?", params["payment_intent"]))
    # Every session is complete, without a payment link and without a customer account.
    if params.get("status", "complete") != "complete" or {"customer_account", "payment_link"} & set(params):
        where.append(("0 = ?", 1))
    return KIND.page(call, where)
