"""Promotion codes: the checks in Stripe's order, what is shown, and which codes may have the same text."""

from __future__ import annotations

import json
import re
import sqlite3

from . import coupons, customers, kind
from .call import CODE_LETTERS, Call, Json, random_text
from .errors import StripeError, exclusive, missing_parameter, no_such
from .kind import EXPAND, Kind, equal
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

POLYMORPHIC_SINCE = "2025-09-30"
CUSTOMER_ACCOUNT_SINCE = "2025-12-15"

LIST: Spec = {
    **kind.LIST,
    "active": Boolean(),
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
_UNRESTRICTED = {"first_time_transaction": False, "minimum_amount": None, "minimum_amount_currency": None}


def _render(call: Call, row: sqlite3.Row, data: Json, wanted: Json) -> Json:
    """The object in the shape of the caller's API version."""
    shown: Json = {
        "active": bool(row["active"]),
        "code": row["code"],
        "customer": customers.KIND.show_inside(call, row["customer"], wanted),
        "expires_at": row["expires_at"],
        "max_redemptions": row["max_redemptions"],
        "metadata": data["metadata"],
        "restrictions": data["restrictions"],
        "times_redeemed": row["times_redeemed"],
    }
    day = call.day
    if day >= CUSTOMER_ACCOUNT_SINCE:
        shown["customer_account"] = row["customer_account"]
    is_old = day < POLYMORPHIC_SINCE
    inside = {"coupon": {}, **wanted} if is_old else wanted.get("promotion", {})
    # By its row's number, because another coupon may have the id by now. A deleted coupon is shown in full too, as
    # invalid: Stripe's spec has no short form here.
    coupon = coupons.KIND.show_inside(call, row["coupon"], inside, row["coupon_seq"])
    shown |= {"coupon": coupon} if is_old else {"promotion": {"coupon": coupon, "type": "coupon"}}
    if "currency_options" in wanted.get("restrictions", {}) and data["currency_options"]:
        shown["restrictions"]["currency_options"] = data["currency_options"]
    return shown


# The columns that a list can be asked for, and the index of each, the narrowest first.
_INDEXES = {
    "customer_account": "account",
    "code_key": "code",
    "customer": "customer",
    "coupon": "coupon",
    "active": "active",
}

KIND = Kind("promotion_code", "promotion_code", _render, own={"restrictions": {"currency_options": {}}})


def create(call: Call) -> Json:
    params = call.params
    id, param = _named_coupon(call)
    coupon = coupons.KIND.need(call, id, param)
    customer, account = params.get("customer"), params.get("customer_account")
    if customer is not None and account is not None:
        raise exclusive("customer", "customer_account")
    if customer is not None:
        customers.KIND.need(call, customer, "customer")
    # No accounts are kept here, so that any well-formed id is accepted.
    if account is not None and not re.fullmatch(r"acct_[A-Za-z0-9]+", account):
        raise no_such("account", account, "customer_account", status=400)
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
    return KIND.created(call, insert(call, params, coupon, code, call.now))


def insert(call: Call, params: Json, coupon: sqlite3.Row, code: str, created: int) -> sqlite3.Row:
    """Writes a code that was checked; without an end it gets its coupon's. A seed may have `times_redeemed` too."""
    restrictions = {**_UNRESTRICTED, **(params.get("restrictions") or {})}
    data = {
        "metadata": merge_metadata({}, params.get("metadata", {})),
        "currency_options": restrictions.pop("currency_options", None),
        "restrictions": restrictions,
    }
    return KIND.make(
        call,
        id=call.new_id("promo_"),
        created=created,
        code=code,
        code_key=code.lower(),
        coupon_seq=coupon["seq"],
        coupon=coupon["id"],
        customer=params.get("customer"),
        customer_account=params.get("customer_account"),
        active=params.get("active", True),
        expires_at=params.get("expires_at", coupon["redeem_by"]),
        max_redemptions=params.get("max_redemptions"),
        times_redeemed=params.get("times_redeemed", 0),
        data=json.dumps(data),
    )


def _named_coupon(call: Call) -> tuple[str, str]:
    """The coupon's id, and the parameter that has it."""
    if call.day < POLYMORPHIC_SINCE:
        return call.params["coupon"], "coupon"
    promotion = call.params["promotion"]
    if "coupon" not in promotion:
        raise StripeError("You must pass promotion.coupon when passing promotion", param="promotion.coupon")
    if "type" not in promotion:
        raise missing_parameter("promotion[type]")
    return promotion["coupon"], "promotion[coupon]"


def _drawn(call: Call, holder: str | None) -> str:
    while True:
        code = random_text(call.rng, 8, CODE_LETTERS)
        if not taken(call, code, holder):
            return code


def taken(call: Call, code: str, holder: str | None, but: int = 0) -> bool:
    """Whether an active code, except that of row `but`, has this text for a customer who could use both."""
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


def update(call: Call) -> Json:
    row, params = KIND.named(call), call.params
    data = json.loads(row["data"])
    active = params.get("active", bool(row["active"]))
    if active and not row["active"]:
        ended = why_dead(call, row)
        if ended is not None:
            raise StripeError(f"This promotion code cannot be activated because {ended[1]}.", param="active")
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
    data["metadata"] = merge_metadata(data["metadata"], params.get("metadata", {}))
    return KIND.change(call, row, active=active, data=json.dumps(data))


def use(call: Call, row: sqlite3.Row) -> None:
    """Counts one redemption; the last one ends the code for good."""
    used = row["times_redeemed"] + 1
    over = {"active": 0, "dead": 1} if row["max_redemptions"] is not None and used >= row["max_redemptions"] else {}
    KIND.change(call, row, times_redeemed=used, **over)


def why_dead(call: Call, row: sqlite3.Row) -> tuple[str, str] | None:
    """Why a code ended for good, as a rule's name and in words; None where it has not."""
    if not row["dead"]:
        return None
    if row["max_redemptions"] is not None and row["times_redeemed"] >= row["max_redemptions"]:
        return "used_up", "it has reached its max_redemptions"
    # The clock may have been moved back since the code expired.
    if coupons.KIND.at(call, row["coupon_seq"])["valid"] or (row["expires_at"] or call.now + 1) <= call.now:
        return "expired", "it has expired"
    return "coupon_invalid", "its coupon is no longer valid"


def list_all(call: Call) -> Json:
    params = dict(call.params)
    if "coupon" in params:
        coupons.KIND.need(call, params["coupon"], "coupon")
    if "customer" in params and "customer_account" in params:
        raise exclusive("customer", "customer_account")
    if "customer" in params and customers.KIND.find(call, params["customer"], deleted=True) is None:
        raise customers.KIND.no_such(params["customer"], "customer")
    if "code" in params:
        params["code_key"] = params["code"].lower()
    where = equal(params, *_INDEXES)
    index = next((index for column, index in _INDEXES.items() if column in params), "created")
    return KIND.page(call, where, index)
