"""Customers, as far as promotion codes need them: an id, an email, and whether they were deleted."""

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

# What is kept and shown as it was given, and what it is when it was not given.
_EMPTY: Json = {
    **dict.fromkeys(("address", "description", "name", "phone", "shipping")),
    "balance": 0,
    "preferred_locales": [],
    "tax_exempt": "none",
}


def _render(_call: Call, row: sqlite3.Row, data: Json, _wanted: Json) -> Json:
    return {
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "discount": None,
        "email": row["email"],
        "next_invoice_sequence": 1,
        "test_clock": None,
        **data,
    }


KIND = Kind("customer", "id", _render)


def _check_email(email: str | None) -> None:
    if email is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        raise StripeError(f"Invalid email address: {email}", param="email", code="email_invalid")


def create(call: Call) -> Json:
    _check_email(call.params.get("email"))
    return KIND.created(call, insert(call, call.params, None, call.now))


def insert(call: Call, params: Json, id: str | None, created: int) -> sqlite3.Row:
    """Writes a customer of typed parameters; without an id one is drawn."""
    id, email = id or call.new_id("cus_")[:18], params.get("email")
    new = {**_EMPTY, "invoice_prefix": random_text(call.rng, 8).upper(), "metadata": {}}
    data = json.dumps(_changed(new, params))
    return KIND.make(call, id=id, created=created, email=email, email_key=email and email.lower(), data=data)


def _changed(data: Json, params: Json) -> Json:
    """What is kept of a customer, after a change."""
    given = {name: _EMPTY[name] if value is None else value for name, value in params.items() if name in _EMPTY}
    if given.get("address") is not None:
        given["address"] = dict.fromkeys(_ADDRESS_LINES) | given["address"]
    return {**data, **given, "metadata": merge_metadata(data["metadata"], params.get("metadata", {}))}


def retrieve(call: Call) -> Json:
    row = KIND.find(call, call.id, deleted=True) or KIND.named(call)
    return KIND.show_deleted(call.id) if row["deleted"] else KIND.show(call, row, {})


def update(call: Call) -> Json:
    row, params = KIND.named(call), call.params
    email = params.get("email", row["email"])
    if "email" in params:
        _check_email(email)
    data = json.dumps(_changed(json.loads(row["data"]), params))
    return KIND.change(call, row, email=email, email_key=email and email.lower(), data=data)


def list_all(call: Call) -> Json:
    email = call.params.get("email")
    if email is None:
        return KIND.page(call)
    # The index has emails in lower case, and this filter, unlike the search, is case-sensitive.
    return KIND.page(call, [("email_key = ?", email.lower()), ("email = ?", email)], "email")
