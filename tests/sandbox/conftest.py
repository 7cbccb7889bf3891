"""What the exam tests: the sandbox over HTTP, the fake in this process and, with a key, Stripe's test mode."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
import stripe

from promosync.sandbox import Control, running
from tests.fakes import KEY, fake_stripe

EXAM_KEY = os.environ.get("PROMOSYNC_EXAM_KEY", "")
LOCAL = ["sandbox", "fake"]
ALL = [*LOCAL, *(["stripe"] if EXAM_KEY.startswith("sk_test_") else [])]


@dataclass
class World:
    """A Stripe for the exam. Names are unique, because a real account keeps the objects of earlier exams."""

    make: Callable[[str, str | None], stripe.StripeClient]
    key: str
    levers: Control | None
    numbers: Iterator[int] = field(default_factory=itertools.count)
    run: str = field(default_factory=lambda: uuid4().hex[:10])
    made: list[str] = field(default_factory=list)

    def client(self, key: str | None = None, version: str | None = None) -> stripe.StripeClient:
        return self.make(self.key if key is None else key, version)

    @property
    def v1(self) -> Any:
        return self.client().v1

    @property
    def control(self) -> Control:
        assert self.levers is not None
        return self.levers

    def name(self, stem: str = "exam") -> str:
        return f"{stem}-{self.run}-{next(self.numbers)}"

    def now(self) -> int:
        return int(self.levers.clock() if self.levers else time.time())

    def coupon(self, **params: Any) -> Any:
        """A new coupon of 25 %, or with what is given instead."""
        amounts = {} if "amount_off" in params else {"percent_off": 25}
        coupon = self.v1.coupons.create({"id": self.name("coupon"), **amounts, **params})
        self.made.append(coupon.id)
        return coupon

    def code(self, coupon: str, **params: Any) -> Any:
        promotion = {"type": "coupon", "coupon": coupon}
        return self.v1.promotion_codes.create({"promotion": promotion, **params})


@pytest.fixture(autouse=True)
def no_telemetry(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK would otherwise leave a file in the home directory."""
    monkeypatch.setattr(stripe, "enable_telemetry", False)


@pytest.fixture(scope="module", params=ALL)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Each Stripe of the exam, for questions that the real Stripe could answer too."""
    yield from _world(request.param)


@pytest.fixture(params=LOCAL)
def local(request: pytest.FixtureRequest) -> Iterator[World]:
    """The sandbox and the fake, empty, for questions that need their controls."""
    yield from _world(request.param)


def _world(kind: str) -> Iterator[World]:
    clients: list[stripe.RequestsClient] = []

    def maker(url: str | None) -> Callable[[str, str | None], stripe.StripeClient]:
        def make(key: str, version: str | None) -> stripe.StripeClient:
            clients.append(stripe.RequestsClient())
            where: Any = {"base_addresses": {"api": url}} if url else {}
            return stripe.StripeClient(key, stripe_version=version, http_client=clients[-1], **where)

        return make

    try:
        if kind == "sandbox":
            with running() as handle:
                yield World(maker(handle.url), KEY, handle.control)
        elif kind == "fake":
            with fake_stripe() as fake:
                yield World(maker(None), KEY, fake.control)
        else:
            real = World(maker(None), EXAM_KEY, None)
            yield real
            for coupon in set(real.made):
                with suppress(stripe.InvalidRequestError):  # deleted by its question
                    real.v1.coupons.delete(coupon)
    finally:
        for client in clients:
            client.close()  # type: ignore[no-untyped-call]


def refusal(ask: Callable[[], Any], kind: type[stripe.StripeError] = stripe.InvalidRequestError) -> Any:
    """What Stripe said when it refused, as (status, code, param, message)."""
    with pytest.raises(kind) as caught:
        ask()
    body: Any = caught.value.json_body
    said = body["error"]
    return caught.value.http_status, said.get("code"), said.get("param"), said["message"]
