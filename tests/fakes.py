"""Stripe without a network: requests of the real SDK to api.stripe.com end in a sandbox of this process."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
import responses
import stripe

from promosync.sandbox import Control, Request, Sandbox

KEY = "sk_test_exam0123456789"


@dataclass(frozen=True)
class FakeStripe:
    """The fake of api.stripe.com, and its controls."""

    sandbox: Sandbox
    control: Control

    def client(self, key: str = KEY) -> stripe.StripeClient:
        return stripe.StripeClient(key, max_network_retries=0)


@contextmanager
def fake_stripe(sandbox: Sandbox | None = None) -> Iterator[FakeStripe]:
    """While the block lasts, every request that `requests` sends to Stripe is answered by the sandbox.

    A lost connection raises what `requests` would raise; delays are not waited for, a time-out is one at once.
    """
    inside = sandbox or Sandbox()

    def answer(sent: requests.PreparedRequest) -> tuple[int, Mapping[str, str], bytes] | Exception:
        url = urlsplit(sent.url or "")
        body = sent.body or b""
        response = inside.handle(
            Request(
                method=sent.method or "",
                path=url.path,
                query=url.query,
                headers={name.lower(): str(value) for name, value in sent.headers.items()},
                body=body if isinstance(body, bytes) else str(body).encode(),
            )
        )
        if response.cut == "reset":
            return requests.ReadTimeout() if response.delay else requests.ConnectionError()
        if response.cut == "half":
            return requests.exceptions.ChunkedEncodingError()
        return response.status, response.headers, response.body

    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        for method in ("GET", "POST", "DELETE", "PUT"):
            mock.add_callback(method, re.compile(r"https://api\.stripe\.com/"), answer, content_type=None)
        try:
            yield FakeStripe(inside, Control.of(inside))
        finally:
            if sandbox is None:
                inside.close()
