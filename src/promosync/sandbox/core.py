"""The sandbox without its socket: one request in, one answer out, everything remembered in the store."""

from __future__ import annotations

import json
import random
import re
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from email.utils import formatdate
from pathlib import Path
from typing import Any

from . import auth, control, errors, faults, form, idempotency, lifetime, routes
from .call import ALPHANUMERIC, NEWEST_VERSION, Call, random_text
from .errors import StripeError
from .expanding import expansion
from .limits import Limiter, Limits
from .params import bind
from .store import Store, scope_of
from .wire import Request, Response

LOG_LINES = 1000
PROXY_PAGE = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>502 Bad Gateway</body>\r\n</html>\r\n"


@dataclass
class _Exchange:
    """What becomes known of one request while it is answered."""

    request: Request
    number: int
    id: str
    wall: float
    now: int
    pairs: list[tuple[str, str]]
    endpoint: str
    route: routes.Route | None = None
    object_id: str = ""
    version: str = NEWEST_VERSION
    caller: auth.Caller | None = None
    scope: int = 0
    fault: faults.Fault | None = None
    wrote: bool = False
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str | None:
        """The idempotency key, which Stripe minds with POST only."""
        return self.request.headers.get("idempotency-key") if self.request.method == "POST" else None


class Sandbox:
    """A local Stripe kept in the file `path`, or in memory when None.

    `latency` in seconds is added to every answer. `clock` gives the real time, `rng` the ids.
    Safe to be called from several threads, and for several processes to use one file.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        limits: Limits | None = None,
        latency: float = 0.0,
        clock: Callable[[], float] = time.time,
        rng: random.Random | None = None,
    ) -> None:
        self.store = Store(path)
        self.limiter = Limiter(limits or Limits())
        self.latency = latency
        self.clock = clock
        self.rng = rng or random.Random()

    def close(self) -> None:
        self.store.close()

    def handle(self, request: Request) -> Response:
        """The answer to one request; what it changed is on disk when this returns."""
        try:
            with self.store.transaction() as db:
                if request.path.startswith(control.PREFIX):
                    return control.answer(self, db, request)
                return self._answer(db, request)
        except Exception as bug:
            # Nothing of it was kept. To the caller this is what a failing server looks like.
            body = errors.broken(f"The sandbox failed: {bug!r}").body(None)
            return Response(500, {"Content-Type": "application/json"}, body)

    def now(self, db: sqlite3.Connection) -> float:
        """The sandbox's clock in seconds."""
        (offset,) = db.execute("SELECT clock_offset FROM state").fetchone()
        return self.clock() + float(offset)

    def _answer(self, db: sqlite3.Connection, request: Request) -> Response:
        exchange = self._received(db, request)
        if _dead(db):
            response = Response(0, {}, b"", cut="reset")
        else:
            try:
                response = self._decide(db, exchange)
            except StripeError as refusal:
                response = self._refusal(exchange, refusal)
            response = self._faulty(exchange, response)
        self._note(db, exchange, response)
        return response

    def _received(self, db: sqlite3.Connection, request: Request) -> _Exchange:
        state = db.execute("UPDATE state SET requests = requests + 1 RETURNING *").fetchone()
        wall = self.clock()
        template, route, object_id = routes.find(request.method, request.path)
        return _Exchange(
            request=request,
            number=state["requests"],
            id="req_" + random_text(self.rng, 14, ALPHANUMERIC),
            wall=wall,
            now=int(wall + state["clock_offset"]),
            pairs=form.pairs(request.query) + form.pairs(request.body),
            endpoint=f"{request.method} {template}",
            route=route,
            object_id=object_id,
        )

    def _decide(self, db: sqlite3.Connection, exchange: _Exchange) -> Response:
        """Stripe's order: key, version, limits, permission, idempotency, parameters, rules."""
        request = exchange.request
        exchange.caller = caller = auth.authenticate(db, request.headers)
        exchange.scope = scope_of(db, caller.account, caller.livemode)
        exchange.version = _checked_version(request.headers.get("stripe-version"))
        exchange.fault = faults.due(db, request.method, request.path, exchange.pairs)
        if exchange.fault is not None:
            ended = _at_once(exchange.fault, livemode=caller.livemode)
            if ended is not None:
                return ended
        if exchange.route is None:
            raise errors.unknown_url(request.method, request.path)
        reason = self.limiter.refuse(exchange.scope, exchange.endpoint, exchange.wall)
        if reason is not None:
            raise errors.rate_limited(reason, livemode=caller.livemode)
        auth.permit(caller, exchange.route.permission)
        if exchange.key is None:
            return self._carry_out(db, exchange, exchange.route)
        return self._once(db, exchange, exchange.route, exchange.key)

    def _once(self, db: sqlite3.Connection, exchange: _Exchange, route: routes.Route, key: str) -> Response:
        request, scope, now, wall = exchange.request, exchange.scope, exchange.now, exchange.wall
        mark = idempotency.fingerprint(request.method, request.path, exchange.pairs)
        exchange.headers = {"Idempotency-Key": key}
        stored = idempotency.recall(db, scope, key, mark, now=now, wall=wall)
        if stored is not None:
            exchange.headers |= {"Idempotent-Replayed": "true", "Original-Request": stored.request_id}
            return self._json(exchange, stored.status, stored.body)
        exchange.headers["Original-Request"] = exchange.id
        response = self._carry_out(db, exchange, route)
        if exchange.fault is None or exchange.fault.kind != "500_after_unstored":
            answer = idempotency.Stored(response.status, response.body, exchange.id)
            until = wall + self.latency + (exchange.fault.seconds if exchange.fault else 0.0)
            idempotency.remember(db, scope, key, mark, answer, now=now, busy_until=until)
        return response

    def _carry_out(self, db: sqlite3.Connection, exchange: _Exchange, route: routes.Route) -> Response:
        request, caller, kind = exchange.request, exchange.caller, exchange.fault and exchange.fault.kind
        assert caller is not None
        if request.body and "json" in request.headers.get("content-type", ""):
            raise StripeError(
                "Invalid request (check that your POST content type is application/x-www-form-urlencoded). "
                "If you have any questions, we can help at https://support.stripe.com/."
            )
        route = route.at(exchange.version[:10])
        params = bind(route.params, form.nest(exchange.pairs))
        wanted = expansion(params.pop("expand", None) or [], route.root, listed=route.listed)
        if kind == "500":
            return self._json(exchange, 500, errors.broken().body(self._log_url(exchange)))
        lifetime.settle(db, exchange.now)
        call = Call(
            db=db,
            rng=self.rng,
            now=exchange.now,
            scope=exchange.scope,
            account=caller.account,
            livemode=caller.livemode,
            version=exchange.version,
            request_id=exchange.id,
            idempotency_key=exchange.key,
            id=exchange.object_id,
            params=params,
            expand=wanted,
        )
        body = json.dumps(route.run(call)).encode()
        exchange.wrote = request.method != "GET"
        if kind in ("500_after", "500_after_unstored"):
            return self._json(exchange, 500, errors.broken().body(self._log_url(exchange)))
        return self._json(exchange, 200, body)

    def _refusal(self, exchange: _Exchange, refusal: StripeError) -> Response:
        exchange.headers |= refusal.headers
        return self._json(exchange, refusal.status, refusal.body(self._log_url(exchange)))

    def _log_url(self, exchange: _Exchange) -> str | None:
        if exchange.caller is None:
            return None
        mode = "" if exchange.caller.livemode else "test/"
        return f"https://dashboard.stripe.com/{mode}logs/{exchange.id}?t={exchange.now}"

    def _json(self, exchange: _Exchange, status: int, body: bytes) -> Response:
        headers = {
            "Content-Type": "application/json",
            "Cache-Control": "no-cache, no-store",
            "Date": formatdate(exchange.now, usegmt=True),
            "Request-Id": exchange.id,
            "Stripe-Version": exchange.version,
            **exchange.headers,
        }
        if exchange.request.method == "POST" and status < 500 and status not in (409, 429):
            headers["Stripe-Should-Retry"] = "false"
        return Response(status, headers, body, delay=self.latency)

    def _faulty(self, exchange: _Exchange, response: Response) -> Response:
        """What is left to go wrong once the answer is there: that it is late, cut or lost."""
        fault = exchange.fault
        if self.limiter.limits.concurrency:
            self.limiter.occupy(exchange.wall + response.delay + (fault.seconds if fault else 0.0))
        if fault is None:
            return response
        response = replace(response, delay=response.delay + fault.seconds)
        if fault.kind in ("reset_after", "timeout"):
            return replace(response, cut="reset")
        return replace(response, cut="half") if fault.kind == "half" else response

    def _note(self, db: sqlite3.Connection, exchange: _Exchange, response: Response) -> None:
        if exchange.wrote:
            db.execute("UPDATE state SET writes = writes + 1")
        db.execute(
            "INSERT INTO counters VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET requests = requests + 1",
            (exchange.endpoint, response.status),
        )
        line = {
            "number": exchange.number,
            "time": exchange.now,
            "method": exchange.request.method,
            "path": exchange.request.path,
            "query": exchange.request.query,
            "status": response.status,
            "cut": response.cut,
            "fault": exchange.fault and exchange.fault.kind,
            "idempotency_key": exchange.key,
            "replayed": "Idempotent-Replayed" in exchange.headers,
            "request_id": exchange.id,
        }
        db.execute(
            "INSERT OR REPLACE INTO log VALUES (?, ?, ?)",
            (exchange.number % LOG_LINES, exchange.number, json.dumps(line)),
        )


def _dead(db: sqlite3.Connection) -> bool:
    state = db.execute("SELECT writes, dies_at FROM state").fetchone()
    return state["dies_at"] is not None and state["writes"] >= state["dies_at"]


def _checked_version(given: str | None) -> str:
    if given is None:
        return NEWEST_VERSION
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}(\.[a-z_]+)?", given):
            raise ValueError
        date.fromisoformat(given[:10])
    except ValueError:
        raise StripeError(f"Invalid Stripe API version: {given}", logged=False) from None
    return given


def _at_once(fault: faults.Fault, *, livemode: bool) -> Response | None:
    """The end of a request that a fault lets go no further."""
    rule: Any = fault.rule
    match fault.kind:
        case "429":
            raise errors.rate_limited(rule.get("reason", "endpoint-rate"), livemode=livemode)
        case "429_lock_timeout":
            raise errors.lock_timeout()
        case "409":
            raise errors.key_in_use()
        case "400" | "403":
            raise StripeError(
                rule.get("message", "Refused on order."),
                code=rule.get("code"),
                param=rule.get("param"),
                status=int(fault.kind),
            )
        case "503":
            raise StripeError("Stripe is temporarily unavailable.", type="api_error", status=503)
        case "reset":
            return Response(0, {}, b"", cut="reset")
        case "html":
            return Response(502, {"Content-Type": "text/html"}, PROXY_PAGE)
    return None
