"""Coupons: the checks in Stripe's order, what is shown, and how they end."""

from __future__ import annotations

import json
import sqlite3
from decimal import Decimal

from . import products
from .call import Call, Json, random_text
from .errors import StripeError
from .expanding import COUPON
from .kind import EXPAND, Kind
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

# What is kept and shown as it was given.
_KEPT = ("amount_off", "currency", "currency_options", "duration_in_months", "name")


def _render(_call: Call, row: sqlite3.Row, data: Json, wanted: Json) -> Json:
    for name in COUPON.fields:
        if name not in wanted or not data[name]:
            del data[name]  # absent unless it is wanted and set
    return {
        "max_redemptions": row["max_redemptions"],
        "redeem_by": row["redeem_by"],
        "times_redeemed": row["times_redeemed"],
        "valid": bool(row["valid"]),
        **data,
    }


KIND = Kind("coupon", "coupon", _render, own=dict.fromkeys(COUPON.fields))


def create(call: Call) -> Json:
    params = call.params
    _check_amounts(params)
    id = params.get("id")
    if id is not None and KIND.find(call, id) is not None:
        raise StripeError("Coupon already exists.", code="resource_already_exists")
    if "redeem_by" in params:
        call.check_future(params["redeem_by"], "redeem_by")
    wanted = (params.get("applies_to") or {}).get("products") or []
    for place, product in enumerate(wanted):
        products.KIND.need(call, product, f"applies_to[products][{place}]")
    return KIND.created(call, insert(call, params, id, call.now))


def insert(call: Call, params: Json, id: str | None, created: int) -> sqlite3.Row:
    """Writes a coupon of typed parameters; without an id one is drawn. A seed may have `times_redeemed` too."""
    percent = params.get("percent_off")
    wanted = (params.get("applies_to") or {}).get("products")
    data = {
        **{name: params.get(name) for name in _KEPT},
        "applies_to": {"products": wanted} if wanted else None,
        "duration": params.get("duration") or "once",
        "metadata": merge_metadata({}, params.get("metadata", {})),
        "percent_off": None if percent is None else float(percent),
    }
    return KIND.make(
        call,
        id=id or random_text(call.rng, 8),
        created=created,
        redeem_by=params.get("redeem_by"),
        max_redemptions=params.get("max_redemptions"),
        times_redeemed=params.get("times_redeemed", 0),
        data=json.dumps(data),
    )


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


def update(call: Call) -> Json:
    row, params = KIND.named(call), call.params
    data = json.loads(row["data"])
    if "currency_options" in params:
        if data["percent_off"] is not None:
            raise _not_with_percent("currency_options")
        check_keys(params["currency_options"], "currency_options")
        data["currency_options"] = {**(data["currency_options"] or {}), **params["currency_options"]}
    data["metadata"] = merge_metadata(data["metadata"], params.get("metadata", {}))
    data["name"] = params.get("name", data["name"])
    return KIND.change(call, row, data=json.dumps(data))


def use(call: Call, row: sqlite3.Row) -> None:
    """Counts one redemption; the last one ends the coupon."""
    used = row["times_redeemed"] + 1
    KIND.write(call, row["seq"], times_redeemed=used)
    if row["max_redemptions"] is not None and used >= row["max_redemptions"]:
        end(call.db, row["seq"])
    KIND.updated(call, row)


def end(db: sqlite3.Connection, seq: int) -> None:
    """Makes a coupon invalid for good, and ends all of its codes."""
    db.execute("UPDATE coupons SET valid = 0 WHERE seq = ?", (seq,))
    db.execute("UPDATE promotion_codes SET active = 0, dead = 1 WHERE coupon_seq = ? AND dead = 0", (seq,))


def delete(call: Call) -> Json:
    end(call.db, KIND.named(call)["seq"])
    return KIND.delete(call)
