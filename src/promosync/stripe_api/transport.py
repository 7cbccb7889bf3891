"""The only way to the network: every request and every retry of the SDK is paced, counted and limited here."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Mapping, MutableMapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests

from promosync.apply.gateway import Fault, OutOfTime, StripeFault
from promosync.apply.pacing import Pacer
from promosync.stripe_api.in_time import InTime
from promosync.stripe_api.sdk import stripe
from promosync.stripe_api.unreachable import unreachable

CONNECT_SECONDS = 5.0
FIRST_SECONDS = 7.0
"""How long the first answer of all may take to begin: a dead address is reported soon."""
READ_SECONDS = 30.0
WHOLE_SECONDS = 60.0
"""How long one request may take in total; the answer to a write may take as long to begin."""

LARGEST = 32 * 2**20
"""The largest answer in bytes, unpacked. Stripe's largest have a few million."""

_ID = re.compile(r"(/v1/[a-z_]+)/(?!search$)[^/]+")
_AGENT = re.compile(r" AIAgent/\S*")


class Transport(stripe.HTTPClient):
    """An HTTP client for the SDK and several threads: it paces requests, counts them and reads Stripe's clock.

    It follows no redirect, which would send the key to another address. The SDK retries a lost request, but no write
    with a server error: the caller first checks whether it was carried out.
    """

    name = "requests"

    def __init__(self, pacer: Pacer, connections: int, loopback: bool) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self.server_date: int | None = None
        self.until: float | None = None
        """From this time on, on the monotonic clock, every request raises OutOfTime."""
        self.pacer = pacer
        self._end = threading.local()
        self._session = _session(InTime(lambda: float(self._end.at), connections), loopback)
        self._answered = False
        self._count_lock = threading.Lock()

    def request(  # type: ignore[override]  # as the SDK's own clients have it
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[str, int, Mapping[str, str]]:
        endpoint = endpoint_of(method, url)
        self.pacer.wait(endpoint)
        begun = time.monotonic()
        end = begun + WHOLE_SECONDS
        if self.until is not None:
            end = min(end, self.until)
        if end <= begun:
            raise OutOfTime
        with self._count_lock:
            self.counts[endpoint] += 1
        reading = method.lower() == "get"
        patience = (READ_SECONDS if reading else WHOLE_SECONDS) if self._answered else FIRST_SECONDS
        self._end.at = end
        try:
            with self._session.request(
                method,
                url,
                headers=_without_agent(headers or {}),
                data=post_data,
                timeout=(min(CONNECT_SECONDS, end - begun), min(patience, end - begun)),
                allow_redirects=False,
                stream=True,
            ) as answer:
                content = _content(answer)
        except StripeFault:
            raise
        except Exception as error:  # from four libraries; a wrong proxy address, for example, is a TypeError
            if time.monotonic() < end:
                raise unreachable(error, url, CONNECT_SECONDS, patience) from None
            if end == self.until:
                raise OutOfTime from None
            # A StripeFault, so that the SDK does not retry: that would take another minute.
            words = f"{urlsplit(url).netloc} did not finish its answer within {WHOLE_SECONDS:g} seconds"
            raise StripeFault(Fault.UNREACHABLE, f"{words}: check the network, then run it again") from None
        self._answered = True
        self._note_date(answer.headers.get("Date"))
        self._pace(endpoint, answer, content)
        if not reading and answer.status_code >= 500:
            answer.headers["Stripe-Should-Retry"] = "false"
        if answer.status_code >= 400 and not _is_an_error_of_stripes(content):
            content = ""  # the SDK fails on some answers of proxies
        return content, answer.status_code, answer.headers

    def close(self) -> None:
        self._session.close()

    def _pace(self, endpoint: str, answer: requests.Response, content: str) -> None:
        if answer.status_code != 429:
            self.pacer.accepted(endpoint)
        elif "lock_timeout" not in content:  # another request uses the object: no rate limit
            self.pacer.refused(endpoint, answer.headers.get("Stripe-Rate-Limited-Reason"))

    def _note_date(self, text: str | None) -> None:
        try:
            self.server_date = int(parsedate_to_datetime(text or "").timestamp())
        except (ValueError, OverflowError):
            return  # a proxy's answer: keep the last date


def endpoint_of(method: str, url: str) -> str:
    """Return method and path without ids: Stripe has one rate limit for these."""
    return f"{method.upper()} " + _ID.sub(r"\1/:id", urlsplit(url).path)


def _content(answer: requests.Response) -> str:
    """Return the body as text; raise StripeFault if it is larger than any answer of Stripe's."""
    content = bytearray()
    for piece in answer.iter_content(2**16):  # unpacked in pieces: a small body can unpack to a very large one
        content += piece
        if len(content) > LARGEST:
            where = urlsplit(answer.url).netloc
            words = f"the answer of {where} is larger than {LARGEST // 2**20} MB, so it is not from Stripe"
            raise StripeFault(Fault.BROKEN, f"{words}: check the API base, and whether a proxy is in between")
    return content.decode("utf-8", errors="replace")


def _session(adapter: InTime, loopback: bool) -> requests.Session:
    session = requests.Session()
    # Without an auth, requests would replace the key by an entry of .netrc for the host.
    session.auth = lambda request: request
    session.trust_env = not loopback  # no proxy between this machine and itself
    for scheme in ("http://", "https://"):
        session.mount(scheme, adapter)
    return session


def _without_agent(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Return the SDK's headers without the name of a coding agent from the environment."""
    kept: MutableMapping[str, str] = dict(headers)
    kept["User-Agent"] = _AGENT.sub("", kept.get("User-Agent", ""))
    about = json.loads(kept.get("X-Stripe-Client-User-Agent", "{}"))
    if about.pop("ai_agent", None):
        kept["X-Stripe-Client-User-Agent"] = json.dumps(about)
    return kept


def _is_an_error_of_stripes(content: str) -> bool:
    try:
        return isinstance(json.loads(content)["error"], dict)
    except (ValueError, TypeError, LookupError, RecursionError):
        return False
