"""Coupons: their checks in Stripe's order, their shape, and their end."""

from __future__ import annotations

import json
import sqlite3
from decimal import Decimal

from .call import Call, Json, changes, random_text
from .errors import StripeError
from .expanding import COUPON
from .lifetime import end_coupon
from .listing import CREATED, EXPAND, PAGING, page
from .params import (
    ByCurrency,
    Choice,
    Currency,
    Group,
    Integer,
    List,
    Metadata,
    Percent,
    Spec,
    Text,
    check_keys,
    merge_metadata,
)
from .preview import with_preview

TABLE, TITLE, URL = "coupons", "coupon", "/v1/coupons"

LIST: Spec = {**PAGING, **CREATED}
UPDATE: Spec = {
    **EXPAND,
    "currency_options": ByCurrency("amount_off"),
    "metadata": Metadata(),
    "name": Text(clear=True, longest=40),
}
CREATE: Spec = {
    **UPDATE,
    "amount_off": Integer(least=1),
    "applies_to": Group({"products": List(Text())}),
    "currency": Currency(),
    "duration": Choice(choices=("forever", "once", "repeating")),
    "duration_in_months": Integer(least=1),
    "id": Text(),
    "max_redemptions": Integer(least=1),
    "percent_off": Percent(),
    "redeem_by": Integer(),
}


def render(call: Call, row: sqlite3.Row, expand: Json | None = None) -> Json:
    """The object as Stripe shows it; what can be expanded is absent unless it was asked for and set."""
    wanted = call.expand if expand is None else expand
    data = json.loads(row["data"])
    shown = {
        "id": row["id"],
        "object": "coupon",
        "amount_off": data["amount_off"],
        "created": row["created"],
        "currency": data["currency"],
        "duration": data["duration"],
        "duration_in_months": data["duration_in_months"],
        "livemode": call.livemode,
        "max_redemptions": row["max_redemptions"],
        "metadata": data["metadata"],
        "name": data["name"],
        "percent_off": data["percent_off"],
        "redeem_by": row["redeem_by"],
        "times_redeemed": row["times_redeemed"],
        "valid": bool(row["valid"]),
    }
    for name in COUPON.fields:
        if name in wanted and data[name]:
            shown[name] = data[name]
    return with_preview(shown, data)


def create(call: Call) -> Json:
    params = call.params
    _check_amounts(params)
    id = params.get("id")
    if id is not None and call.find(TABLE, id) is not None:
        raise StripeError("Coupon already exists.", code="resource_already_exists")
    if "redeem_by" in params:
        call.check_future(params["redeem_by"], "redeem_by")
    products = (params.get("applies_to") or {}).get("products") or []
    for place, product in enumerate(products):
        call.need("products", "product", product, f"applies_to[products][{place}]")
    data = static_fields(params)
    seq = insert(call, params, data, id or random_text(call.rng, 8), call.now)
    row = call.db.execute("SELECT * FROM coupons WHERE seq = ?", (seq,)).fetchone()
    call.emit("coupon.created", render(call, row, {}))
    return render(call, row)


def static_fields(params: Json) -> Json:
    """What of a coupon neither time nor use changes, from its typed parameters."""
    percent = params.get("percent_off")
    products = (params.get("applies_to") or {}).get("products")
    return {
        "amount_off": params.get("amount_off"),
        "applies_to": {"products": products} if products else None,
        "currency": params.get("currency"),
        "currency_options": params.get("currency_options"),
        "duration": params.get("duration") or "once",
        "duration_in_months": params.get("duration_in_months"),
        "metadata": merge_metadata({}, params.get("metadata", {})),
        "name": params.get("name"),
        "percent_off": None if percent is None else float(percent),
    }


def insert(call: Call, params: Json, data: Json, id: str, created: int) -> int:
    made = call.db.execute(
        "INSERT INTO coupons (scope, id, created, redeem_by, max_redemptions, data) VALUES (?, ?, ?, ?, ?, ?)",
        (call.scope, id, created, params.get("redeem_by"), params.get("max_redemptions"), json.dumps(data)),
    )
    return int(made.lastrowid or 0)


def _check_amounts(params: Json) -> None:
    percent: Decimal | None = params.get("percent_off")
    if percent is None and "amount_off" not in params:
        raise StripeError("Must provide percent_off or amount_off.", code="parameter_missing")
    if percent is not None and "amount_off" in params:
        raise StripeError("Received both percent_off and amount_off parameters. Please pass in only one.")
    if percent is None and "currency" not in params:
        raise StripeError("You must pass currency when passing amount_off", param="currency")
    repeating = params.get("duration") == "repeating"
    if repeating and "duration_in_months" not in params:
        raise StripeError(
            "The duration_in_months param must be set when creating a coupon with a repeating duration",
            param="duration",
        )
    if not repeating and "duration_in_months" in params:
        raise StripeError(
            "The duration_in_months param can only be set when creating a coupon with a repeating duration",
            param="duration_in_months",
        )
    if percent is None:
        check_keys(params.get("currency_options", {}), "currency_options")
        return
    for wrong, words in (
        (percent < Decimal("0.01"), "greater than or equal to 0.01"),
        (percent > 100, "less than or equal to 100"),
    ):
        if wrong:
            raise StripeError(
                f"This value must be {words} (it currently is '{float(percent)}').", param="percent_off"
            )
    if percent != percent.quantize(Decimal("0.01")):
        raise StripeError(f"Invalid decimal: {percent}; must contain at most 2 decimal places.", param="percent_off")
    for name in ("currency_options", "currency"):
        if name in params:
            raise _not_with_percent(name)


def _not_with_percent(name: str) -> StripeError:
    return StripeError(f"You may only specify one of these parameters: {name}, percent_off.", param=name)


def retrieve(call: Call) -> Json:
    return render(call, call.need(TABLE, TITLE, call.id, "coupon", status=404))


def update(call: Call) -> Json:
    row = call.need(TABLE, TITLE, call.id, "coupon", status=404)
    before = render(call, row, dict.fromkeys(COUPON.fields))
    data, params = json.loads(row["data"]), call.params
    if "currency_options" in params:
        if data["percent_off"] is not None:
            raise _not_with_percent("currency_options")
        check_keys(params["currency_options"], "currency_options")
        data["currency_options"] = {**(data["currency_options"] or {}), **params["currency_options"]}
    if "metadata" in params:
        data["metadata"] = merge_metadata(data["metadata"], params["metadata"])
    if "name" in params:
        data["name"] = params["name"]
    call.db.execute("UPDATE coupons SET data = ? WHERE seq = ?", (json.dumps(data), row["seq"]))
    row = call.need(TABLE, TITLE, call.id, "coupon")
    after = render(call, row, dict.fromkeys(COUPON.fields))
    call.emit("coupon.updated", render(call, row, {}), changes(before, after))
    return render(call, row)


def delete(call: Call) -> Json:
    row = call.need(TABLE, TITLE, call.id, "coupon", status=404)
    end_coupon(call.db, row["seq"])
    call.db.execute("UPDATE coupons SET deleted = 1 WHERE seq = ?", (row["seq"],))
    call.emit("coupon.deleted", {**render(call, row, {}), "valid": False})
    return {"id": call.id, "object": "coupon", "deleted": True}


def list_all(call: Call) -> Json:
    return page(call, table=TABLE, title=TITLE, url=URL, render=render)
