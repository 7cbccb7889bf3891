"""Customers, as far as promotion codes need them: an id, an email, and being deleted."""

from __future__ import annotations

import json
import re
import sqlite3

from .call import Call, Json, changes, random_text
from .errors import StripeError
from .listing import CREATED, EXPAND, PAGING, page
from .params import Choice, Group, Integer, List, Metadata, Spec, Text, merge_metadata

TABLE, TITLE, URL = "customers", "customer", "/v1/customers"

_ADDRESS_LINES = ("city", "country", "line1", "line2", "postal_code", "state")
_ADDRESS = Group({name: Text(clear=True) for name in _ADDRESS_LINES}, clear=True)
LIST: Spec = {**PAGING, **CREATED, "email": Text(longest=512)}
WRITE: Spec = {
    **EXPAND,
    "address": _ADDRESS,
    "balance": Integer(),
    "description": Text(clear=True),
    "email": Text(clear=True, longest=512),
    "metadata": Metadata(),
    "name": Text(clear=True, longest=256),
    "phone": Text(clear=True),
    "preferred_locales": List(Text()),
    "shipping": Group({"address": _ADDRESS, "name": Text(), "phone": Text(clear=True)}, clear=True),
    "tax_exempt": Choice(choices=("none", "exempt", "reverse"), clear=True),
}


def render(call: Call, row: sqlite3.Row) -> Json:
    if row["deleted"]:
        return stub(row["id"])
    return {
        "id": row["id"],
        "object": "customer",
        "created": row["created"],
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "discount": None,
        "email": row["email"],
        "livemode": call.livemode,
        "next_invoice_sequence": 1,
        "test_clock": None,
        **json.loads(row["data"]),
    }


def stub(id: str) -> Json:
    return {"id": id, "object": "customer", "deleted": True}


def _checked_email(params: Json) -> str | None:
    email: str | None = params.get("email")
    if email is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        raise StripeError(f"Invalid email address: {email}", param="email", code="email_invalid")
    return email


def create(call: Call) -> Json:
    email = _checked_email(call.params)
    row = insert(call, call.params, email, call.new_id("cus_")[:18], call.now)
    call.emit("customer.created", render(call, row))
    return render(call, row)


def insert(call: Call, params: Json, email: str | None, id: str, created: int) -> sqlite3.Row:
    data = {
        "address": _in_full(params.get("address")),
        "balance": params.get("balance", 0),
        "description": params.get("description"),
        "invoice_prefix": random_text(call.rng, 8).upper(),
        "metadata": merge_metadata({}, params.get("metadata", {})),
        "name": params.get("name"),
        "phone": params.get("phone"),
        "preferred_locales": params.get("preferred_locales") or [],
        "shipping": params.get("shipping"),
        "tax_exempt": params.get("tax_exempt") or "none",
    }
    call.db.execute(
        "INSERT INTO customers (scope, id, created, email, email_key, data) VALUES (?, ?, ?, ?, ?, ?)",
        (call.scope, id, created, email, email and email.lower(), json.dumps(data)),
    )
    return call.need(TABLE, TITLE, id, "id")


def _in_full(address: Json | None) -> Json | None:
    return None if address is None else dict.fromkeys(_ADDRESS_LINES) | address


def retrieve(call: Call) -> Json:
    found = call.find(TABLE, call.id, deleted=True)
    return render(call, found or call.need(TABLE, TITLE, call.id, "id", status=404))


def update(call: Call) -> Json:
    row, params = call.need(TABLE, TITLE, call.id, "id", status=404), call.params
    email = _checked_email(params) if "email" in params else row["email"]
    before, data = render(call, row), json.loads(row["data"])
    empties = {"balance": 0, "tax_exempt": "none"}
    for name, value in params.items():
        if name == "metadata":
            data["metadata"] = merge_metadata(data["metadata"], value)
        elif name == "address":
            data["address"] = _in_full(value)
        elif name in data:
            data[name] = empties.get(name) if value is None else value
    call.db.execute(
        "UPDATE customers SET email = ?, email_key = ?, data = ? WHERE seq = ?",
        (email, email and email.lower(), json.dumps(data), row["seq"]),
    )
    after = render(call, call.need(TABLE, TITLE, call.id, "id"))
    call.emit("customer.updated", after, changes(before, after))
    return after


def delete(call: Call) -> Json:
    row = call.need(TABLE, TITLE, call.id, "id", status=404)
    call.emit("customer.deleted", render(call, row))
    call.db.execute("UPDATE customers SET deleted = 1 WHERE seq = ?", (row["seq"],))
    return stub(call.id)


def list_all(call: Call) -> Json:
    email = call.params.get("email")
    if email is None:
        return page(call, table=TABLE, title=TITLE, url=URL, render=render)
    # The index knows lower-case addresses; this filter, unlike the search, minds the case.
    where = [("email_key = ?", email.lower()), ("email = ?", email)]
    return page(call, table=TABLE, title=TITLE, url=URL, render=render, where=where, index="customers_email")
