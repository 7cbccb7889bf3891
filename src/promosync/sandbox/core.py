"""The sandbox without its server: it answers one request at a time, and keeps everything in the store."""

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
from .call import NEWEST_VERSION, Call, random_text
from .errors import StripeError
from .expanding import expansion
from .limits import Limiter, Limits
from .params import bind
from .store import Store, scope_of
from .wire import Request, Response

LOG_LINES = 1000
PROXY_PAGE = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>502 Bad Gateway</body>\r\n</html>\r\n"


@dataclass(kw_only=True)
class _Exchange(Call):
    """What is known about a request while it is answered; `wall` is the real time."""

    request: Request
    number: int
    wall: float
    pairs: list[tuple[str, str]]
    endpoint: str
    route: routes.Route | None
    caller: auth.Caller | None = None
    fault: faults.Fault | None = None
    wrote: bool = False
    headers: dict[str, str] = field(default_factory=dict)


class Sandbox(control.Machine):
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
        super().__init__(clock, rng or random.Random(), Limiter(limits or Limits()), latency)
        self.store = Store(path)

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
            # Nothing of the request was kept, and the caller sees a server error.
            body = errors.broken(f"The sandbox failed: {bug!r}").body(None)
            return Response(500, {"Content-Type": "application/json"}, body)

    def _answer(self, db: sqlite3.Connection, request: Request) -> Response:
        state = db.execute("UPDATE state SET requests = requests + 1 RETURNING *").fetchone()
        exchange = self._received(db, request, state)
        if state["dies_at"] is not None and state["writes"] >= state["dies_at"]:
            response = Response(0, {}, b"", cut="reset")
        else:
            try:
                response = self._decide(exchange)
            except StripeError as refusal:
                exchange.headers |= refusal.headers
                response = self._json(exchange, refusal.status, refusal.body(_log_url(exchange)))
            response = self._faulty(exchange, response)
        _note(exchange, response)
        return response

    def _received(self, db: sqlite3.Connection, request: Request, state: sqlite3.Row) -> _Exchange:
        wall = self.clock()
        template, route, id = routes.find(request.method, request.path)
        return _Exchange(
            db=db,
            rng=self.rng,
            now=int(wall + state["clock_offset"]),
            request_id="req_" + random_text(self.rng, 14),
            # Stripe uses it for POST only.
            idempotency_key=request.headers.get("idempotency-key") if request.method == "POST" else None,
            id=id,
            request=request,
            number=state["requests"],
            wall=wall,
            pairs=form.pairs(request.query) + form.pairs(request.body),
            endpoint=f"{request.method} {template}",
            route=route,
        )

    def _decide(self, exchange: _Exchange) -> Response:
        """Stripe's order: key, version, limits, permission, idempotency, parameters, rules."""
        request = exchange.request
        exchange.caller = caller = auth.authenticate(exchange.db, request.headers)
        exchange.account, exchange.livemode = caller.account, caller.livemode
        exchange.scope = scope_of(exchange.db, caller.account, caller.livemode)
        exchange.version = _checked_version(request.headers.get("stripe-version"))
        exchange.fault = faults.due(exchange.db, request.method, request.path, exchange.pairs)
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
        if exchange.idempotency_key is None:
            return self._carry_out(exchange, exchange.route)
        return self._once(exchange, exchange.route, exchange.idempotency_key)

    def _once(self, exchange: _Exchange, route: routes.Route, key: str) -> Response:
        request, fault = exchange.request, exchange.fault
        mark = idempotency.fingerprint(request.method, request.path, exchange.pairs)
        exchange.headers = {"Idempotency-Key": key}
        stored = idempotency.recall(exchange, key, mark, exchange.wall)
        if stored is not None:
            exchange.headers |= {"Idempotent-Replayed": "true", "Original-Request": stored["request_id"]}
            return self._json(exchange, stored["status"], stored["body"])
        exchange.headers["Original-Request"] = exchange.request_id
        response = self._carry_out(exchange, route)
        if fault is None or fault.kind != "500_after_unstored":
            until = exchange.wall + self.latency + (fault.seconds if fault else 0.0)
            idempotency.remember(exchange, key, mark, response.status, response.body, until)
        return response

    def _carry_out(self, exchange: _Exchange, route: routes.Route) -> Response:
        request, kind = exchange.request, exchange.fault and exchange.fault.kind
        if request.body and "json" in request.headers.get("content-type", ""):
            raise StripeError(
                "Invalid request (check that your POST content type is application/x-www-form-urlencoded). "
                "If you have any questions, we can help at https://support.stripe.com/."
            )
        route = route.at(exchange.day)
        exchange.params = bind(route.params, form.nest(exchange.pairs))
        exchange.expand = expansion(exchange.params.pop("expand", None) or [], route.root, listed=route.listed)
        if kind == "500":
            return self._json(exchange, 500, errors.broken().body(_log_url(exchange)))
        lifetime.settle(exchange.db, exchange.now)
        body = json.dumps(route.run(exchange)).encode()
        exchange.wrote = request.method != "GET"
        if kind in ("500_after", "500_after_unstored"):
            return self._json(exchange, 500, errors.broken().body(_log_url(exchange)))
        return self._json(exchange, 200, body)

    def _json(self, exchange: _Exchange, status: int, body: bytes) -> Response:
        headers = {
            "Content-Type": "application/json",
            "Cache-Control": "no-cache, no-store",
            "Date": formatdate(exchange.now, usegmt=True),
            "Request-Id": exchange.request_id,
            "Stripe-Version": exchange.version,
            **exchange.headers,
        }
        if exchange.request.method == "POST" and status < 500 and status not in (409, 429):
            headers["Stripe-Should-Retry"] = "false"
        return Response(status, headers, body, delay=self.latency)

    def _faulty(self, exchange: _Exchange, response: Response) -> Response:
        """The answer after the faults that make it late, cut or lost."""
        fault = exchange.fault
        if self.limiter.limits.concurrency:
            self.limiter.occupy(exchange.wall + response.delay + (fault.seconds if fault else 0.0))
        if fault is None:
            return response
        response = replace(response, delay=response.delay + fault.seconds)
        if fault.kind in ("reset_after", "timeout"):
            return replace(response, cut="reset")
        return replace(response, cut="half") if fault.kind == "half" else response


def _log_url(exchange: _Exchange) -> str | None:
    if exchange.caller is None:
        return None
    mode = "" if exchange.livemode else "test/"
    return f"https://dashboard.stripe.com/{mode}logs/{exchange.request_id}?t={exchange.now}"


def _note(exchange: _Exchange, response: Response) -> None:
    db = exchange.db
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
        "idempotency_key": exchange.idempotency_key,
        "replayed": "Idempotent-Replayed" in exchange.headers,
        "request_id": exchange.request_id,
    }
    db.execute(
        "INSERT OR REPLACE INTO log VALUES (?, ?, ?)",
        (exchange.number % LOG_LINES, exchange.number, json.dumps(line)),
    )


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
    """The answer of a fault that stops a request before it is carried out; None for other faults."""
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
