"""Asks a sandbox directly, for what the SDK would hide: headers, raw bodies, odd encodings."""

from __future__ import annotations

import json
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from promosync.sandbox import Control, Request, Response, Sandbox
from tests.fakes import KEY


class Clock:
    """A clock that only the test moves."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@dataclass
class Direct:
    """A sandbox with a fixed real time, and a short way to send it requests."""

    clock: Clock = field(default_factory=Clock)
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sandbox = Sandbox(clock=self.clock, **self.options)
        self.control = Control.of(self.sandbox)
        weakref.finalize(self.sandbox, self.sandbox.store.close)

    def response(
        self, method: str, path: str, body: str | Mapping[str, Any] = "", *, key: str = KEY, **headers: str
    ) -> Response:
        """Header names are given with `_` for `-`; parameters of a GET or DELETE go into the query."""
        encoded = body if isinstance(body, str) else urlencode(body)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if key:
            sent.setdefault("authorization", f"Bearer {key}")
        if method == "POST":
            return self.sandbox.handle(Request(method, path, "", sent, encoded.encode()))
        return self.sandbox.handle(Request(method, path, encoded, sent))

    def ask(
        self, method: str, path: str, body: str | Mapping[str, Any] = "", *, key: str = KEY, **headers: str
    ) -> Any:
        """The JSON of an answer that must be a success."""
        response = self.response(method, path, body, key=key, **headers)
        assert response.status == 200, response.body
        return json.loads(response.body)

    def error(
        self, method: str, path: str, body: str | Mapping[str, Any] = "", *, key: str = KEY, **headers: str
    ) -> tuple[int, Any]:
        """The status and the error of an answer that must be a refusal."""
        response = self.response(method, path, body, key=key, **headers)
        assert response.status >= 400, response.body
        return response.status, json.loads(response.body)["error"]

    def coupon(self, **params: Any) -> str:
        return str(self.ask("POST", "/v1/coupons", {"percent_off": 25, **params})["id"])

    def code(self, coupon: str, **params: Any) -> Any:
        named = {"promotion[type]": "coupon", "promotion[coupon]": coupon}
        return self.ask("POST", "/v1/promotion_codes", {**named, **params})
