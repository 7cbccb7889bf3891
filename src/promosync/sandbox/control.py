"""The controls of the sandbox, under `/_sandbox/`: clock, redemptions, faults, keys, counters, seeds.

They take and return JSON, need no key, have no rate limit, and refuse requests of web pages.
"""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

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


@dataclass(eq=False)
class Machine:
    """What a sandbox has besides its database: the real time, random numbers, limits, and its latency in seconds."""

    clock: Callable[[], float]
    rng: random.Random
    limiter: Limiter
    latency: float

    def now(self, db: sqlite3.Connection) -> float:
        """The sandbox's clock in seconds."""
        (offset,) = db.execute("SELECT clock_offset FROM state").fetchone()
        return self.clock() + float(offset)


def answer(machine: Machine, db: sqlite3.Connection, request: Request) -> Response:
    """The answer of one control; 400 with the reason where it cannot do what is asked."""
    if "origin" in request.headers or request.headers.get("sec-fetch-site", "none") != "none":
        return _reply(403, {"error": {"message": "A web page cannot use the controls of the sandbox."}})
    known = request.method in ("GET", "POST", "DELETE")
    control = getattr(Asked, f"{request.method}_{request.path.removeprefix(PREFIX)}", None) if known else None
    if control is None:
        return _reply(404, {"error": {"message": f"No such control: {request.method} {request.path}"}})
    db.execute("SAVEPOINT control")
    try:
        given = json.loads(request.body) if request.body else {}
        if not isinstance(given, dict):
            raise ValueError("expected a JSON object")
        done = control(Asked(machine, db, given))
    except (KeyError, TypeError, ValueError, StripeError) as mistake:
        db.execute("ROLLBACK TO control")
        words = f"missing {mistake}" if isinstance(mistake, KeyError) else str(mistake)
        return _reply(400, {"error": {"message": words}})
    return _reply(200, done)


def _reply(status: int, body: Any) -> Response:
    return Response(status, {"Content-Type": "application/json"}, json.dumps(body).encode())


@dataclass
class Asked:
    """A request to a control: what was sent, and the transaction in which it is answered.

    Each control is a method, named after the HTTP method and the last part of the path.
    """

    machine: Machine
    db: sqlite3.Connection
    given: Json

    def _call(self) -> Call:
        """The account and mode that are asked about: test mode of the own account unless others are given."""
        account, livemode = self.given.pop("account", None) or auth.ACCOUNT, bool(self.given.pop("livemode", False))
        now = int(self.machine.now(self.db))
        lifetime.settle(self.db, now)
        scope = store.scope_of(self.db, account, livemode)
        return Call(db=self.db, rng=self.machine.rng, now=now, scope=scope, account=account, livemode=livemode)

    def POST_reset(self) -> Json:
        store.empty(self.db)
        self.machine.limiter = Limiter(self.machine.limiter.limits)
        return {}

    def GET_clock(self) -> Json:
        (offset,) = self.db.execute("SELECT clock_offset FROM state").fetchone()
        return {"now": self.machine.clock() + offset, "offset": offset}

    def POST_clock(self) -> Json:
        if "now" in self.given:
            self.db.execute("UPDATE state SET clock_offset = ?", (float(self.given["now"]) - self.machine.clock(),))
        if "advance" in self.given:
            self.db.execute("UPDATE state SET clock_offset = clock_offset + ?", (float(self.given["advance"]),))
        lifetime.settle(self.db, int(self.machine.now(self.db)))
        return self.GET_clock()

    def POST_redeem(self) -> Json:
        call, given = self._call(), self.given
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

    def POST_refund(self) -> Json:
        call = self._call()
        return invoices.refund(call, self.given["invoice"], int(self.given["amount"]))

    def POST_keys(self) -> Json:
        permissions = self.given.get("permissions")
        self.db.execute(
            "INSERT OR REPLACE INTO keys VALUES (?, ?, ?)",
            (
                self.given["key"],
                None if permissions is None else json.dumps(permissions),
                bool(self.given.get("expired", False)),
            ),
        )
        return {}

    def GET_faults(self) -> Json:
        return {"faults": faults.ordered(self.db)}

    def POST_faults(self) -> Json:
        for rule in self.given["faults"]:
            faults.order(self.db, rule)
        return self.GET_faults()

    def DELETE_faults(self) -> Json:
        self.db.execute("DELETE FROM faults")
        self.db.execute("UPDATE state SET dies_at = NULL")
        return {}

    def POST_die(self) -> Json:
        self.db.execute("UPDATE state SET dies_at = writes + ?", (int(self.given["after_writes"]),))
        return {}

    def GET_limits(self) -> Json:
        return {**asdict(self.machine.limiter.limits), "latency": self.machine.latency}

    def POST_limits(self) -> Json:
        if "latency" in self.given:
            self.machine.latency = float(self.given.pop("latency"))
        self.machine.limiter = Limiter(Limits(**{**asdict(self.machine.limiter.limits), **self.given}))
        return self.GET_limits()

    def GET_counters(self) -> Json:
        requests, statuses = (
            dict(self.db.execute(f"SELECT {key}, sum(requests) FROM counters GROUP BY 1").fetchall())  # noqa: S608
            for key in ("endpoint", "CAST(status AS TEXT)")
        )
        (writes,) = self.db.execute("SELECT writes FROM state").fetchone()
        return {"requests": requests, "statuses": statuses, "total": sum(requests.values()), "writes": writes}

    def DELETE_counters(self) -> Json:
        self.db.execute("DELETE FROM counters")
        self.db.execute("UPDATE state SET dies_at = dies_at - writes, writes = 0")
        return {}

    def GET_log(self) -> Json:
        rows = self.db.execute("SELECT line FROM log ORDER BY number").fetchall()
        return {"log": [json.loads(row["line"]) for row in rows]}

    def POST_seed(self) -> Json:
        return seed(self._call(), **self.given)

    def POST_preview(self) -> Json:
        """Lets a coupon or code show more fields; objects are merged with its own of the same name."""
        call, id = self._call(), self.given["id"]
        for kind in (coupons.KIND, promotion_codes.KIND):
            row = kind.find(call, id)
            if row is not None:
                data = {**json.loads(row["data"]), PREVIEW: self.given["fields"]}
                kind.write(call, row["seq"], data=json.dumps(data))
                return {}
        raise ValueError(f"there is no coupon and no promotion code {id!r}")

    def POST_dump(self) -> Json:
        """The objects of each kind that are not deleted, oldest first, with every field of their own."""
        call, shown = self._call(), {}
        for kind in _DUMPED:
            rows = call.db.execute(
                f"SELECT * FROM {kind.table} WHERE scope = ? AND deleted = 0 ORDER BY created, seq",  # noqa: S608
                (call.scope,),
            )
            shown[kind.table] = [kind.show(call, row, kind.own) for row in rows.fetchall()]
        return shown
