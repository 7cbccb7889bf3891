"""The one door to the wire: every request, the SDK's own retries included, is paced and counted here."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import stripe
from requests.adapters import HTTPAdapter

from promosync.apply.pacing import Pacer

_CONNECT_SECONDS = 5
_READ_SECONDS = 30
_ID = re.compile(r"(/v1/[a-z_]+)/(?!search$)[^/]+")


class Transport(stripe.RequestsClient):
    """An HTTP client for the SDK that waits for its turn, notes Stripe's clock, and counts."""

    def __init__(self, pacer: Pacer, connections: int, loopback: bool) -> None:
        super().__init__(timeout=(_CONNECT_SECONDS, _READ_SECONDS), session=_session(connections, loopback))
        self.counts: Counter[str] = Counter()
        self.server_date: int | None = None
        self._pacer = pacer
        self._count_lock = threading.Lock()

    def request(  # type: ignore[override]  # as the SDK's own RequestsClient has it
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        endpoint = endpoint_of(method, url)
        self._pacer.wait(endpoint)
        with self._count_lock:
            self.counts[endpoint] += 1
        body, status, answer_headers = super().request(method, url, headers, post_data)
        if status == 429:
            self._pacer.refused(endpoint, answer_headers.get("Stripe-Rate-Limited-Reason"))
        else:
            self._pacer.accepted(endpoint)
        self._note_date(answer_headers.get("Date"))
        return body, status, answer_headers

    def _note_date(self, text: str | None) -> None:
        try:
            self.server_date = int(parsedate_to_datetime(text or "").timestamp())
        except ValueError:
            return  # a proxy's answer: the last good date stays


def endpoint_of(method: str, url: str) -> str:
    """Return what Stripe limits as one: the method and the path without ids."""
    path = "/" + url.split("://", 1)[-1].split("?", 1)[0].partition("/")[2]
    return f"{method.upper()} " + _ID.sub(r"\1/:id", path)


def _session(connections: int, loopback: bool) -> requests.Session:
    session = requests.Session()
    # Without an auth of its own, requests would put a .netrc entry for the host in place of the key.
    session.auth = _leave
    session.trust_env = not loopback  # no proxy between this machine and itself
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=connections))
    return session


def _leave(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
