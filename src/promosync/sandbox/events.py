"""What happened, as Stripe's events, and the account itself."""

from __future__ import annotations

import json
import sqlite3

from .call import Call, Json
from .listing import CREATED, PAGING, Condition, page
from .params import Boolean, List, Spec, Text

TABLE, TITLE, URL = "events", "event", "/v1/events"
KEPT = 30 * 86400  # seconds for which Stripe lists an event

LIST: Spec = {
    **PAGING,
    **CREATED,
    "delivery_success": Boolean(),
    "type": Text(),
    "types": List(Text()),
}


def render(call: Call, row: sqlite3.Row) -> Json:
    return {
        "id": row["id"],
        "object": "event",
        "created": row["created"],
        "livemode": call.livemode,
        "type": row["type"],
        **json.loads(row["data"]),
    }


def retrieve(call: Call) -> Json:
    return render(call, call.need(TABLE, TITLE, call.id, "id", status=404))


def list_all(call: Call) -> Json:
    params = call.params
    where: list[Condition] = [("created > ?", call.now - KEPT)]
    if "type" in params:
        where.append(("type GLOB ?", params["type"]))
    if "types" in params:
        where.append(("type IN (SELECT value FROM json_each(?))", json.dumps(params["types"])))
    return page(call, table=TABLE, title=TITLE, url=URL, render=render, where=where)


def account(call: Call) -> Json:
    return {
        "id": call.account,
        "object": "account",
        "business_type": "company",
        "charges_enabled": True,
        "country": "US",
        "default_currency": "usd",
        "details_submitted": True,
        "email": "owner@example.com",
        "payouts_enabled": True,
        "settings": {
            "branding": dict.fromkeys(("icon", "logo", "primary_color", "secondary_color")),
            "card_payments": {
                "decline_on": {"avs_failure": False, "cvc_failure": False},
                **_in_scripts("statement_descriptor_prefix"),
            },
            "dashboard": {"display_name": "promosync sandbox", "timezone": "Etc/UTC"},
            "payments": _in_scripts("statement_descriptor"),
        },
        "type": "standard",
    }


def _in_scripts(name: str) -> Json:
    return dict.fromkeys((name, f"{name}_kana", f"{name}_kanji"))
