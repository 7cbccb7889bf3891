"""Promotion codes: their checks in Stripe's order, their shape, and who may hold which text."""

from __future__ import annotations

import json
import re
import sqlite3
from typing import Any

from . import coupons, customers
from .call import CODE_LETTERS, Call, Json, changes, random_text
from .errors import StripeError, exclusive, missing_parameter, no_such
from .listing import ACTIVE, CREATED, EXPAND, PAGING, page
from .params import (
    Boolean,
    ByCurrency,
    Choice,
    Currency,
    Group,
    Integer,
    Metadata,
    Spec,
    Text,
    check_keys,
    merge_metadata,
)
from .preview import with_preview

TABLE, TITLE, URL = "promotion_codes", "promotion code", "/v1/promotion_codes"
POLYMORPHIC_SINCE = "2025-09-30"
CUSTOMER_ACCOUNT_SINCE = "2025-12-15"

LIST: Spec = {
    **PAGING,
    **CREATED,
    **ACTIVE,
    "code": Text(),
    "coupon": Text(),
    "customer": Text(),
    "customer_account": Text(),
}
UPDATE: Spec = {
    **EXPAND,
    "active": Boolean(),
    "metadata": Metadata(),
    "restrictions": Group({"currency_options": ByCurrency("minimum_amount")}),
}
_CREATE: Spec = {
    **EXPAND,
    "active": Boolean(),
    "code": Text(clear=True, longest=500),
    "customer": Text(),
    "customer_account": Text(),
    "expires_at": Integer(),
    "max_redemptions": Integer(least=1),
    "metadata": Metadata(clear=False),
    "restrictions": Group(
        {
            "currency_options": ByCurrency("minimum_amount"),
            "first_time_transaction": Boolean(),
            "minimum_amount": Integer(least=1),
            "minimum_amount_currency": Currency(),
        }
    ),
}
CREATE: Spec = {
    **_CREATE,
    "promotion": Group({"coupon": Text(), "type": Choice(choices=("coupon",))}, required=True),
}
OLD_CREATE: Spec = {**_CREATE, "coupon": Text(required=True)}


def render(call: Call, row: sqlite3.Row, expand: Json | None = None) -> Json:
    """The object in the shape of the caller's API version."""
    wanted = call.expand if expand is None else expand
    data = json.loads(row["data"])
    shown: Json = {
        "id": row["id"],
        "object": "promotion_code",
        "active": bool(row["active"]),
        "code": row["code"],
        "created": row["created"],
        "customer": row["customer"],
        "expires_at": row["expires_at"],
        "livemode": call.livemode,
        "max_redemptions": row["max_redemptions"],
        "metadata": data["metadata"],
        "restrictions": dict(data["restrictions"]),
        "times_redeemed": row["times_redeemed"],
    }
    if call.day >= CUSTOMER_ACCOUNT_SINCE:
        shown["customer_account"] = row["customer_account"]
    if call.day < POLYMORPHIC_SINCE:
        shown["coupon"] = coupons.render(call, _coupon_row(call, row), wanted.get("coupon", {}))
    else:
        coupon: Any = row["coupon"]
        if "coupon" in wanted.get("promotion", {}):
            # In full, invalid once it is deleted: the spec knows no stub here.
            coupon = coupons.render(call, _coupon_row(call, row), wanted["promotion"]["coupon"])
        shown["promotion"] = {"coupon": coupon, "type": "coupon"}
    if "customer" in wanted and row["customer"] is not None:
        holder = call.find("customers", row["customer"], deleted=True)
        assert holder is not None
        shown["customer"] = customers.render(call, holder)
    if "currency_options" in wanted.get("restrictions", {}) and data["currency_options"]:
        shown["restrictions"]["currency_options"] = data["currency_options"]
    return with_preview(shown, data)


def _coupon_row(call: Call, code: sqlite3.Row) -> sqlite3.Row:
    # By its own number: another coupon may have taken the id since.
    row: sqlite3.Row = call.db.execute("SELECT * FROM coupons WHERE seq = ?", (code["coupon_seq"],)).fetchone()
    return row


def create(call: Call) -> Json:
    params = call.params
    id, param = _named_coupon(call)
    coupon = call.need("coupons", "coupon", id, param)
    customer, account = params.get("customer"), params.get("customer_account")
    if customer is not None and account is not None:
        raise exclusive("customer", "customer_account")
    if customer is not None:
        call.need("customers", "customer", customer, "customer")
    if account is not None:
        _check_account(account)
    if not coupon["valid"]:
        raise StripeError(
            f"The coupon '{id}' is not valid anymore: promotion codes cannot be created for it.", param=param
        )
    code = params.get("code")
    if code is not None and not re.fullmatch(r"[a-zA-Z0-9\-_]+", code):
        raise StripeError(
            r"This value must match the regex pattern. (/\A[a-zA-Z0-9\-_]+\z/ does not match for the value "
            f"{code}).",
            param="code",
        )
    active = params.get("active", True)
    if code is None:
        code = _drawn(call, customer or account)
    elif active:
        check_free(call, code, customer or account)
    _check_limits(call, coupon)
    row = insert(call, params, coupon, code, call.now)
    call.emit("promotion_code.created", render(call, row, {}))
    return render(call, row)


def insert(call: Call, params: Json, coupon: sqlite3.Row, code: str, created: int) -> sqlite3.Row:
    """Writes the checked code; without an end of its own it takes over its coupon's."""
    restrictions = params.get("restrictions") or {}
    data = {
        "metadata": merge_metadata({}, params.get("metadata", {})),
        "restrictions": {
            "first_time_transaction": restrictions.get("first_time_transaction", False),
            "minimum_amount": restrictions.get("minimum_amount"),
            "minimum_amount_currency": restrictions.get("minimum_amount_currency"),
        },
        "currency_options": restrictions.get("currency_options"),
    }
    made = call.db.execute(
        "INSERT INTO promotion_codes (scope, id, created, code, code_key, coupon_seq, coupon, customer, "
        "customer_account, active, expires_at, max_redemptions, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            call.scope,
            call.new_id("promo_"),
            created,
            code,
            code.lower(),
            coupon["seq"],
            coupon["id"],
            params.get("customer"),
            params.get("customer_account"),
            params.get("active", True),
            params.get("expires_at", coupon["redeem_by"]),
            params.get("max_redemptions"),
            json.dumps(data),
        ),
    )
    row: sqlite3.Row = call.db.execute("SELECT * FROM promotion_codes WHERE seq = ?", (made.lastrowid,)).fetchone()
    return row


def _named_coupon(call: Call) -> tuple[str, str]:
    """The coupon's id and the parameter it came in."""
    if call.day < POLYMORPHIC_SINCE:
        return call.params["coupon"], "coupon"
    promotion = call.params["promotion"]
    if "coupon" not in promotion:
        raise StripeError("You must pass promotion.coupon when passing promotion", param="promotion.coupon")
    if "type" not in promotion:
        raise missing_parameter("promotion[type]")
    return promotion["coupon"], "promotion[coupon]"


def _check_account(account: str) -> None:
    """Refuses what is no id of an account; the sandbox keeps none, so any other is taken for one that is there."""
    if not re.fullmatch(r"acct_[A-Za-z0-9]+", account):
        raise no_such("account", account, "customer_account", status=400)


def _drawn(call: Call, holder: str | None) -> str:
    while True:
        code = random_text(call.rng, 8, CODE_LETTERS)
        if not taken(call, code, holder):
            return code


def taken(call: Call, code: str, holder: str | None, but: int = 0) -> bool:
    """Whether an active code (other than row `but`) bars `code`: it is everybody's, or ours, or we are everybody."""
    return (
        call.db.execute(
            "SELECT 1 FROM promotion_codes INDEXED BY promotion_codes_code "
            "WHERE scope = ? AND code_key = ? AND active = 1 AND seq != ? "
            "AND (coalesce(customer, customer_account) IS NULL OR ? IS NULL "
            "OR coalesce(customer, customer_account) = ?)",
            (call.scope, code.lower(), but, holder, holder),
        ).fetchone()
        is not None
    )


def check_free(call: Call, code: str, holder: str | None, but: int = 0) -> None:
    if taken(call, code, holder, but):
        raise StripeError(f"An active promotion code with `code: {code}` already exists.")


def _check_limits(call: Call, coupon: sqlite3.Row) -> None:
    params = call.params
    if "expires_at" in params:
        call.check_future(params["expires_at"], "expires_at")
        if coupon["redeem_by"] is not None and params["expires_at"] > coupon["redeem_by"]:
            raise StripeError(
                "The promotion code's `expires_at` cannot be after the coupon's `redeem_by` "
                f"({coupon['redeem_by']}).",
                param="expires_at",
            )
    most, allowed = params.get("max_redemptions"), coupon["max_redemptions"]
    if most is not None and allowed is not None and most > allowed:
        raise StripeError(
            f"The promotion code's `max_redemptions` cannot be greater than the coupon's ({allowed}).",
            param="max_redemptions",
        )
    restrictions = params.get("restrictions") or {}
    currency = restrictions.get("minimum_amount_currency")
    if "minimum_amount" in restrictions and currency is None:
        raise StripeError(
            "You must pass minimum_amount_currency when passing minimum_amount",
            param="restrictions[minimum_amount_currency]",
        )
    for name in ("minimum_amount_currency", "currency_options"):
        if name in restrictions and "minimum_amount" not in restrictions:
            raise StripeError(
                f"You must pass minimum_amount when passing {name}", param="restrictions[minimum_amount]"
            )
    _check_options(restrictions.get("currency_options", {}), currency)


def _check_options(options: Json, currency: str | None) -> None:
    check_keys(options, "restrictions[currency_options]")
    if currency in options:
        raise StripeError(
            f"The currencies in currency_options must differ from minimum_amount_currency ({currency}).",
            param=f"restrictions[currency_options][{currency}]",
        )


def retrieve(call: Call) -> Json:
    return render(call, _needed(call))


def _needed(call: Call) -> sqlite3.Row:
    return call.need(TABLE, TITLE, call.id, "promotion_code", status=404)


def update(call: Call) -> Json:
    row, params = _needed(call), call.params
    everything: Json = {"restrictions": {"currency_options": {}}}
    before = render(call, row, everything)
    data = json.loads(row["data"])
    active = params.get("active", bool(row["active"]))
    if active and not row["active"]:
        _check_revivable(call, row)
        check_free(call, row["code"], row["customer"] or row["customer_account"], but=row["seq"])
    options = (params.get("restrictions") or {}).get("currency_options")
    if options is not None:
        if data["restrictions"]["minimum_amount"] is None:
            raise StripeError(
                "You can only pass currency_options for a promotion code with a minimum_amount",
                param="restrictions[currency_options]",
            )
        _check_options(options, data["restrictions"]["minimum_amount_currency"])
        data["currency_options"] = {**(data["currency_options"] or {}), **options}
    if "metadata" in params:
        data["metadata"] = merge_metadata(data["metadata"], params["metadata"])
    call.db.execute(
        "UPDATE promotion_codes SET active = ?, data = ? WHERE seq = ?", (active, json.dumps(data), row["seq"])
    )
    row = _needed(call)
    call.emit("promotion_code.updated", render(call, row, {}), changes(before, render(call, row, everything)))
    return render(call, row)


def why_dead(call: Call, row: sqlite3.Row) -> tuple[str, str] | None:
    """What ended a code for good, as a rule's name and in words; None while it could still be switched on."""
    if not row["dead"]:
        return None
    if row["max_redemptions"] is not None and row["times_redeemed"] >= row["max_redemptions"]:
        return "used_up", "it has reached its max_redemptions"
    # Expired may also mean: it had been, before the clock was moved back.
    if _coupon_row(call, row)["valid"] or (row["expires_at"] or call.now + 1) <= call.now:
        return "expired", "it has expired"
    return "coupon_invalid", "its coupon is no longer valid"


def _check_revivable(call: Call, row: sqlite3.Row) -> None:
    ended = why_dead(call, row)
    if ended is not None:
        raise StripeError(f"This promotion code cannot be activated because {ended[1]}.", param="active")


def list_all(call: Call) -> Json:
    params, where, index = call.params, [], "promotion_codes_created"
    if "active" in params:
        where.append(("active = ?", params["active"]))
        index = "promotion_codes_active"
    if "coupon" in params:
        call.need("coupons", "coupon", params["coupon"], "coupon")
        where.append(("coupon = ?", params["coupon"]))
        index = "promotion_codes_coupon"
    if "customer" in params and "customer_account" in params:
        raise exclusive("customer", "customer_account")
    if "customer" in params:
        if call.find("customers", params["customer"], deleted=True) is None:
            raise no_such("customer", params["customer"], "customer", status=400)
        where.append(("customer = ?", params["customer"]))
        index = "promotion_codes_customer"
    if "code" in params:
        where.append(("code_key = ?", params["code"].lower()))
        index = "promotion_codes_code"
    if "customer_account" in params:
        where.append(("customer_account = ?", params["customer_account"]))
        index = "promotion_codes_account"
    return page(call, table=TABLE, title=TITLE, url=URL, render=render, where=where, index=index)
