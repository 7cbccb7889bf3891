"""The client of the controls: asks over HTTP, or a sandbox in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .call import Json
from .control import PREFIX
from .wire import Request

if TYPE_CHECKING:
    from .core import Sandbox

Send = Callable[[str, str, bytes], tuple[int, bytes]]


class ControlError(Exception):
    """The sandbox refused a request to one of its controls."""


class Control:
    """The controls of the sandbox at `url`, for the objects of one account and mode.

    Times are Unix seconds. Raises ControlError for a refusal, OSError when nobody is there.
    """

    def __init__(
        self, url: str, *, account: str | None = None, livemode: bool = False, send: Send | None = None
    ) -> None:
        self._send = send or _over_http(url)
        self._whose: Json = {"account": account, "livemode": livemode}

    @classmethod
    def of(cls, sandbox: Sandbox, *, account: str | None = None, livemode: bool = False) -> Control:
        """The controls of a sandbox in this process, without HTTP."""

        def send(method: str, path: str, body: bytes) -> tuple[int, bytes]:
            response = sandbox.handle(Request(method, path, body=body))
            return response.status, response.body

        return cls("", account=account, livemode=livemode, send=send)

    def redeem(
        self,
        code: str | None = None,
        *,
        coupon: str | None = None,
        times: int = 1,
        customer: str | None = None,
        amount: int | None = None,
        currency: str | None = None,
        first_time: bool = True,
        product: str | None = None,
        kind: str = "payment",
        also: Sequence[str] = (),
    ) -> Json:
        """Uses a code (its text or its `promo_` id), or a coupon directly, up to `times` times.

        With an `amount` (before discounts, minor units) each use is an order that was paid: a checkout session, and
        for `kind` "subscription" invoices too, one for each month that the clock is moved. `also` are more codes
        of the same order. Returns {"redeemed": how often, "rule": what refused it or None, "message", and once
        redeemed "promotion_code" and "coupon" as they are now, and "order": the last checkout session's id}.
        """
        target: Json = {"code": code} if coupon is None else {"coupon": coupon}
        order = {
            "customer": customer,
            "amount": amount,
            "currency": currency,
            "first_time": first_time,
            "product": product,
            "kind": kind,
        }
        return self._post("redeem", {**target, "also": list(also), "times": times, **order, **self._whose})

    def refund(self, invoice: str, amount: int) -> Json:
        """Refunds part of a paid invoice: {"invoice": its id, "refunded": the sum of its refunds}."""
        return self._post("refund", {"invoice": invoice, "amount": amount, **self._whose})

    def reset(self) -> None:
        """Deletes everything: objects, keys, faults and counters, and resets the clock."""
        self._post("reset", {})

    def clock(self) -> float:
        return float(self._ask("GET", "clock")["now"])

    def set_clock(self, now: float) -> float:
        return float(self._post("clock", {"now": now})["now"])

    def advance(self, seconds: float) -> float:
        """Moves the clock, back if negative, and returns the new time."""
        return float(self._post("clock", {"advance": seconds})["now"])

    def faults(self, *rules: Mapping[str, Any]) -> list[Json]:
        """Adds faults (the keys are in `faults.py`), and returns all with their counts."""
        if not rules:
            return list(self._ask("GET", "faults")["faults"])
        return list(self._post("faults", {"faults": [dict(rule) for rule in rules]})["faults"])

    def die_after(self, writes: int) -> None:
        """Drops every request after so many more committed writes, until the faults are cleared."""
        self._post("die", {"after_writes": writes})

    def clear_faults(self) -> None:
        self._ask("DELETE", "faults")

    def limits(self, **changed: float) -> Json:
        """Changes `endpoint`, `total` (a second), `concurrency` or `latency` (seconds), and returns all."""
        return self._post("limits", changed) if changed else self._ask("GET", "limits")

    def counters(self) -> Json:
        """{"requests": {"POST /v1/coupons": n, …}, "statuses": {"200": n, …}, "total": n, "writes": n}."""
        return self._ask("GET", "counters")

    def clear_counters(self) -> None:
        self._ask("DELETE", "counters")

    def log(self) -> list[Json]:
        """The last 1,000 requests, oldest first."""
        return list(self._ask("GET", "log")["log"])

    def seed(
        self,
        kind: str,
        objects: Sequence[Mapping[str, Any]] | None = None,
        *,
        count: int = 0,
        template: Mapping[str, Any] | None = None,
        created: tuple[int, int] | None = None,
    ) -> list[str]:
        """Makes many coupons, promotion_codes, products or customers at once; see `seed.py`. Returns their ids."""
        given: Json = {"kind": kind, "count": count, "template": template, "created": created, **self._whose}
        if objects is not None:
            given["objects"] = [dict(one) for one in objects]
        return list(self._post("seed", given)["ids"])

    def preview(self, id: str, **fields: Any) -> None:
        """Lets a coupon or code show more fields, as in Stripe's previews; the ones they replace are not shown."""
        self._post("preview", {"id": id, "fields": fields, **self._whose})

    def dump(self) -> Json:
        """Every object that is not deleted: {"coupons": […], "promotion_codes": […], "products": […], …}."""
        return self._post("dump", dict(self._whose))

    def register_key(self, key: str, permissions: Sequence[str] | None = None, *, expired: bool = False) -> None:
        """From now on `key` may do only what is listed ("coupon_read", …; None: all), or has expired."""
        listed = None if permissions is None else list(permissions)
        self._post("keys", {"key": key, "permissions": listed, "expired": expired})

    def _post(self, control: str, given: Json) -> Json:
        return self._ask("POST", control, json.dumps(given).encode())

    def _ask(self, method: str, control: str, body: bytes = b"") -> Json:
        status, answer = self._send(method, PREFIX + control, body)
        try:
            read: Json = json.loads(answer)
        except ValueError:
            raise ControlError(f"{method} {control}: {status}, and no JSON") from None
        if status != 200:
            raise ControlError(read["error"]["message"])
        return read


def _over_http(url: str) -> Send:
    parts = urlsplit(url)

    def send(method: str, path: str, body: bytes) -> tuple[int, bytes]:
        connection = HTTPConnection(parts.hostname or "", parts.port or 80, timeout=600)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    return send
