"""Makes many objects at once, without endpoints and events, for tests with large accounts."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from . import coupons, customers, products, promotion_codes
from .call import CODE_LETTERS, Call, Json, random_text
from .lifetime import settle


def seed(
    call: Call,
    kind: str,
    objects: Sequence[Json] | None = None,
    count: int = 0,
    template: Json | None = None,
    created: Sequence[int] | None = None,
) -> Json:
    """Makes `objects` (parameters as for a create), or `count` copies of `template`.

    In a template's strings `{n}` is the number of the copy, from 0, and `{n:06}` the same with leading zeros.
    `created` is the first and the last moment over which they are spread; without it they are made now. An object
    may also give its own `created` and `times_redeemed`. Returns {"ids": [...]}.
    """
    if kind not in _MAKERS:
        raise ValueError(f"unknown kind {kind!r}; known: {', '.join(_MAKERS)}")
    total = len(objects) if objects is not None else count
    first, last = created or (call.now, call.now)
    ids = []
    coupon_rows: dict[str, sqlite3.Row] = {}
    for n in range(total):
        params = dict(objects[n]) if objects is not None else _numbered(template or {}, n)
        moment = params.pop("created", first + (last - first) * n // max(1, total - 1))
        ids.append(_MAKERS[kind](call, params, moment, coupon_rows))
    settle(call.db, call.now)
    return {"ids": ids}


def _numbered(value: Any, n: int) -> Any:
    if isinstance(value, str):
        return value.format(n=n)
    if isinstance(value, dict):
        return {key: _numbered(inner, n) for key, inner in value.items()}
    return [_numbered(inner, n) for inner in value] if isinstance(value, list) else value


def _coupon(call: Call, params: Json, created: int, _known: dict[str, sqlite3.Row]) -> str:
    id: str = params.get("id") or random_text(call.rng, 8)
    if coupons.KIND.find(call, id) is not None:
        raise ValueError(f"coupon {id!r} exists already")
    if params.get("percent_off") is not None:
        params["percent_off"] = Decimal(str(params["percent_off"]))
    row = coupons.insert(call, params, id, created)
    if row["max_redemptions"] is not None and row["times_redeemed"] >= row["max_redemptions"]:
        coupons.end(call.db, row["seq"])
    return id


def _promotion_code(call: Call, params: Json, created: int, known: dict[str, sqlite3.Row]) -> str:
    id = str((params.get("promotion") or {"coupon": params.get("coupon")})["coupon"])
    if id not in known:
        found = coupons.KIND.find(call, id)
        if found is None:
            raise ValueError(f"there is no coupon {id!r}")
        known[id] = found
    code = params.get("code") or random_text(call.rng, 10, CODE_LETTERS)
    if params.get("active", True) and promotion_codes.taken(
        call, code, params.get("customer") or params.get("customer_account")
    ):
        raise ValueError(f"an active promotion code {code!r} exists already")
    row = promotion_codes.insert(call, params, known[id], code, created)
    most, end = row["max_redemptions"], row["expires_at"]
    used_up, expired = most is not None and row["times_redeemed"] >= most, end is not None and end <= call.now
    if used_up or expired or not known[id]["valid"]:
        promotion_codes.KIND.write(call, row["seq"], active=0, dead=1)
    return str(row["id"])


def _product(call: Call, params: Json, created: int, _known: dict[str, sqlite3.Row]) -> str:
    id = params.get("id") or call.new_id("prod_")[:19]
    if products.KIND.find(call, id) is not None:
        raise ValueError(f"product {id!r} exists already")
    return str(products.insert(call, {"name": id, **params}, id, created)["id"])


def _customer(call: Call, params: Json, created: int, _known: dict[str, sqlite3.Row]) -> str:
    return str(customers.insert(call, params, params.get("id"), created)["id"])


_MAKERS: dict[str, Callable[[Call, Json, int, dict[str, sqlite3.Row]], str]] = {
    "coupon": _coupon,
    "promotion_code": _promotion_code,
    "product": _product,
    "customer": _customer,
}
