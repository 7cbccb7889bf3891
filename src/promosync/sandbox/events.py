"""Stripe's events, and the account itself."""

from __future__ import annotations

import json
import sqlite3

from . import kind
from .call import Call, Json
from .kind import Condition, Kind
from .params import Boolean, List, Spec, Text

KEPT = 30 * 86400  # seconds for which Stripe lists an event

LIST: Spec = {
    **kind.LIST,
    "delivery_success": Boolean(),
    "type": Text(),
    "types": List(Text()),
}


def _render(_call: Call, row: sqlite3.Row, data: Json, _wanted: Json) -> Json:
    return {
        "type": row["type"],
        **data,
    }


KIND = Kind("event", "id", _render)


def list_all(call: Call) -> Json:
    params = call.params
    where: list[Condition] = [("created > ?", call.now - KEPT)]
    if "type" in params:
        where.append(("type GLOB ?", params["type"]))
    if "types" in params:
        where.append(("type IN (SELECT value FROM json_each(?))", json.dumps(params["types"])))
    return KIND.page(call, where)


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
