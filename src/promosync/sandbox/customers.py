"""Customers, as far as promotion codes need them: an id, an email, and being deleted."""

from __future__ import annotations

import json
import re
import sqlite3

from . import kind
from .call import Call, Json, random_text
from .errors import StripeError
from .kind import EXPAND, Kind
from .params import Choice, Group, Integer, List, Metadata, Spec, Text, merge_metadata

_ADDRESS_LINES = ("city", "country", "line1", "line2", "postal_code", "state")
_ADDRESS = Group({name: Text(clear=True) for name in _ADDRESS_LINES}, clear=True)
LIST: Spec = {**kind.LIST, "email": Text(longest=512)}
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


def _render(call: Call, row: sqlite3.Row, data: Json, _wanted: Json) -> Json:
    if row["deleted"]:
        return KIND.show_deleted(row["id"])
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
        **data,
    }


KIND = Kind("customer", "/v1/customers", "id", _render)


def _checked_email(params: Json) -> str | None:
    email: str | None = params.get("email")
    if email is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        raise StripeError(f"Invalid email address: {email}", param="email", code="email_invalid")
    return email


def create(call: Call) -> Json:
    email = _checked_email(call.params)
    return KIND.created(call, insert(call, call.params, email, call.new_id("cus_")[:18], call.now))


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
    return KIND.insert(
        call,
        id=id,
        created=created,
        email=email,
        email_key=email and email.lower(),
        data=json.dumps(data),
    )


def _in_full(address: Json | None) -> Json | None:
    return None if address is None else dict.fromkeys(_ADDRESS_LINES) | address


def retrieve(call: Call) -> Json:
    """A deleted one is shown too, as deleted."""
    return KIND.show(call, KIND.find(call, call.id, deleted=True) or KIND.named(call), {})


def update(call: Call) -> Json:
    row, params = KIND.named(call), call.params
    email = _checked_email(params) if "email" in params else row["email"]
    data = json.loads(row["data"])
    empties = {"balance": 0, "tax_exempt": "none"}
    for name, value in params.items():
        if name == "metadata":
            data["metadata"] = merge_metadata(data["metadata"], value)
        elif name == "address":
            data["address"] = _in_full(value)
        elif name in data:
            data[name] = empties.get(name) if value is None else value
    return KIND.change(call, row, email=email, email_key=email and email.lower(), data=json.dumps(data))


def list_all(call: Call) -> Json:
    email = call.params.get("email")
    if email is None:
        return KIND.page(call)
    # The index has addresses in lower case; this filter, unlike the search, minds the case.
    return KIND.page(call, [("email_key = ?", email.lower()), ("email = ?", email)], "email")
