"""The levers of the sandbox, under `/_sandbox/`: clock, redemptions, faults, keys, counters, seeds.

They take and give JSON, stand outside keys and rate limits, and refuse what a web page sends.
"""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from . import (
    auth,
    checkout_sessions,
    coupons,
    customers,
    faults,
    invoices,
    lifetime,
    products,
    promotion_codes,
    store,
)
from .call import Call, Json
from .errors import StripeError
from .kind import PREVIEW
from .limits import Limiter, Limits
from .redeem import Order, Refused, redeem
from .seed import seed
from .wire import Request, Response

PREFIX = "/_sandbox/"

_DUMPED = (
    coupons.KIND,
    promotion_codes.KIND,
    products.KIND,
    customers.KIND,
    invoices.KIND,
    checkout_sessions.KIND,
)


class Machine(Protocol):
    """What the levers move of a sandbox besides its database."""

    rng: random.Random
    limiter: Limiter
    latency: float

    @property
    def clock(self) -> Callable[[], float]: ...

    def now(self, db: sqlite3.Connection) -> float: ...


@dataclass(frozen=True)
class Lever:
    """One lever being moved: what was sent, and the transaction it is moved in."""

    sandbox: Machine
    db: sqlite3.Connection
    given: Json


Handler = Callable[[Lever], Any]


def answer(sandbox: Machine, db: sqlite3.Connection, request: Request) -> Response:
    """The answer of one lever; 400 with the reason when it cannot be moved that way."""
    if "origin" in request.headers or request.headers.get("sec-fetch-site", "none") != "none":
        return _reply(403, {"error": {"message": "The sandbox is not driven from web pages."}})
    handler = HANDLERS.get((request.method, request.path.removeprefix(PREFIX)))
    if handler is None:
        return _reply(404, {"error": {"message": f"No such lever: {request.method} {request.path}"}})
    db.execute("SAVEPOINT lever")
    try:
        given = json.loads(request.body) if request.body else {}
        if not isinstance(given, dict):
            raise ValueError("expected a JSON object")
        done = handler(Lever(sandbox, db, given))
    except (KeyError, TypeError, ValueError, StripeError) as mistake:
        db.execute("ROLLBACK TO lever")
        words = f"missing {mistake}" if isinstance(mistake, KeyError) else str(mistake)
        return _reply(400, {"error": {"message": words}})
    return _reply(200, done)


def _reply(status: int, body: Any) -> Response:
    return Response(status, {"Content-Type": "application/json"}, json.dumps(body).encode())


def _call(lever: Lever) -> Call:
    """The account and mode a lever is moved for: test mode of the own account unless said otherwise."""
    account, livemode = lever.given.pop("account", None) or auth.ACCOUNT, bool(lever.given.pop("livemode", False))
    now = int(lever.sandbox.now(lever.db))
    lifetime.settle(lever.db, now)
    scope = store.scope_of(lever.db, account, livemode)
    return Call(db=lever.db, rng=lever.sandbox.rng, now=now, scope=scope, account=account, livemode=livemode)


def _reset(lever: Lever) -> Json:
    store.empty(lever.db)
    lever.sandbox.limiter = Limiter(lever.sandbox.limiter.limits)
    return {}


def _clock(lever: Lever) -> Json:
    (offset,) = lever.db.execute("SELECT clock_offset FROM state").fetchone()
    return {"now": lever.sandbox.clock() + offset, "offset": offset}


def _set_clock(lever: Lever) -> Json:
    if "now" in lever.given:
        lever.db.execute("UPDATE state SET clock_offset = ?", (float(lever.given["now"]) - lever.sandbox.clock(),))
    if "advance" in lever.given:
        lever.db.execute("UPDATE state SET clock_offset = clock_offset + ?", (float(lever.given["advance"]),))
    lifetime.settle(lever.db, int(lever.sandbox.now(lever.db)))
    return _clock(lever)


def _redeem(lever: Lever) -> Json:
    call, given = _call(lever), lever.given
    times, code, coupon = int(given.pop("times", 1)), given.pop("code", None), given.pop("coupon", None)
    if (code is None) == (coupon is None):
        raise ValueError("give either a code or a coupon")
    given["currency"] = (given.get("currency") or "").lower() or None
    codes = [*([code] if code is not None else []), *given.pop("also", ())]
    order = Order(**given)
    result: Json = {"redeemed": 0, "rule": None, "message": None}
    for _ in range(times):
        try:
            result |= redeem(call, codes, coupon, order)
        except Refused as refusal:
            return {**result, "rule": refusal.rule, "message": str(refusal)}
        result["redeemed"] += 1
    return result


def _refund(lever: Lever) -> Json:
    call = _call(lever)
    return invoices.refund(call, lever.given["invoice"], int(lever.given["amount"]))


def _register_key(lever: Lever) -> Json:
    permissions = lever.given.get("permissions")
    lever.db.execute(
        "INSERT OR REPLACE INTO keys VALUES (?, ?, ?)",
        (
            lever.given["key"],
            None if permissions is None else json.dumps(permissions),
            bool(lever.given.get("expired", False)),
        ),
    )
    return {}


def _faults(lever: Lever) -> Json:
    return {"faults": faults.ordered(lever.db)}


def _order_faults(lever: Lever) -> Json:
    for rule in lever.given["faults"]:
        faults.order(lever.db, rule)
    return _faults(lever)


def _clear_faults(lever: Lever) -> Json:
    lever.db.execute("DELETE FROM faults")
    lever.db.execute("UPDATE state SET dies_at = NULL")
    return {}


def _die(lever: Lever) -> Json:
    lever.db.execute("UPDATE state SET dies_at = writes + ?", (int(lever.given["after_writes"]),))
    return {}


def _limits(lever: Lever) -> Json:
    return {**asdict(lever.sandbox.limiter.limits), "latency": lever.sandbox.latency}


def _set_limits(lever: Lever) -> Json:
    if "latency" in lever.given:
        lever.sandbox.latency = float(lever.given.pop("latency"))
    lever.sandbox.limiter = Limiter(Limits(**{**asdict(lever.sandbox.limiter.limits), **lever.given}))
    return _limits(lever)


def _counters(lever: Lever) -> Json:
    requests: dict[str, int] = {}
    statuses: dict[str, int] = {}
    for row in lever.db.execute("SELECT * FROM counters").fetchall():
        requests[row["endpoint"]] = requests.get(row["endpoint"], 0) + row["requests"]
        statuses[str(row["status"])] = statuses.get(str(row["status"]), 0) + row["requests"]
    (writes,) = lever.db.execute("SELECT writes FROM state").fetchone()
    return {"requests": requests, "statuses": statuses, "total": sum(requests.values()), "writes": writes}


def _clear_counters(lever: Lever) -> Json:
    lever.db.execute("DELETE FROM counters")
    lever.db.execute("UPDATE state SET dies_at = dies_at - writes, writes = 0")
    return {}


def _log(lever: Lever) -> Json:
    rows = lever.db.execute("SELECT line FROM log ORDER BY number").fetchall()
    return {"log": [json.loads(row["line"]) for row in rows]}


def _seed(lever: Lever) -> Json:
    return seed(_call(lever), **lever.given)


def _preview(lever: Lever) -> Json:
    """Lets a coupon or code show fields that are not its own; an object that it has itself is merged with them."""
    call, id = _call(lever), lever.given["id"]
    for kind in (coupons.KIND, promotion_codes.KIND):
        row = kind.find(call, id)
        if row is not None:
            data = {**json.loads(row["data"]), PREVIEW: lever.given["fields"]}
            kind.write(call, row["seq"], data=json.dumps(data))
            return {}
    raise ValueError(f"there is no coupon and no promotion code {id!r}")


def _dump(lever: Lever) -> Json:
    """The objects of each kind that are not deleted, oldest first, with every field of their own."""
    call, shown = _call(lever), {}
    for kind in _DUMPED:
        rows = call.db.execute(
            f"SELECT * FROM {kind.table} WHERE scope = ? AND deleted = 0 ORDER BY created, seq",  # noqa: S608
            (call.scope,),
        )
        shown[kind.table] = [kind.show(call, row, kind.own) for row in rows.fetchall()]
    return shown


HANDLERS: dict[tuple[str, str], Handler] = {
    ("POST", "reset"): _reset,
    ("GET", "clock"): _clock,
    ("POST", "clock"): _set_clock,
    ("POST", "redeem"): _redeem,
    ("POST", "refund"): _refund,
    ("POST", "keys"): _register_key,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _order_faults,
    ("DELETE", "faults"): _clear_faults,
    ("POST", "die"): _die,
    ("GET", "limits"): _limits,
    ("POST", "limits"): _set_limits,
    ("GET", "counters"): _counters,
    ("DELETE", "counters"): _clear_counters,
    ("GET", "log"): _log,
    ("POST", "seed"): _seed,
    ("POST", "preview"): _preview,
    ("POST", "dump"): _dump,
}
