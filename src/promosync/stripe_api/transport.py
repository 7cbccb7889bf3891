"""The one door to the wire: every request, the SDK's own retries included, is paced and counted here."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Mapping, MutableMapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from promosync.apply.pacing import Pacer
from promosync.stripe_api.sdk import stripe

CONNECT_SECONDS = 5.0
FIRST_SECONDS = 7.0
"""How long an answer may take while none has come yet: who dials a dead address should hear of it soon."""
READ_SECONDS = 30.0
WRITE_SECONDS = 80.0

_ID = re.compile(r"(/v1/[a-z_]+)/(?!search$)[^/]+")
_AGENT = re.compile(r" AIAgent/\S*")


class Transport(stripe.HTTPClient):
    """An HTTP client for the SDK that waits for its turn, notes Stripe's clock, and counts; for several threads.

    It follows no redirect: the key would go along. The SDK tries a lost request again, but not a write that a
    server failed at: whoever made it looks first whether it was carried out.
    """

    name = "requests"

    def __init__(self, pacer: Pacer, connections: int, loopback: bool) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self.server_date: int | None = None
        self._pacer = pacer
        self._session = _session(connections, loopback)
        self._answered = False
        self._count_lock = threading.Lock()

    @property
    def pace(self) -> float | None:
        """The share of the set rate at which requests go out; None without a limit."""
        return self._pacer.pace

    def request(  # type: ignore[override]  # as the SDK's own clients have it
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[str, int, Mapping[str, str]]:
        endpoint = endpoint_of(method, url)
        self._pacer.wait(endpoint)
        with self._count_lock:
            self.counts[endpoint] += 1
        reading = method.lower() == "get"
        patience = (READ_SECONDS if reading else WRITE_SECONDS) if self._answered else FIRST_SECONDS
        try:
            answer = self._session.request(
                method,
                url,
                headers=_without_agent(headers or {}),
                data=post_data,
                timeout=(CONNECT_SECONDS, patience),
                allow_redirects=False,
            )
        except OSError as error:  # all of requests' own are
            raise _unreachable(error, url, patience) from error
        self._answered = True
        self._note_date(answer.headers.get("Date"))
        self._pace(endpoint, answer)
        if not reading and answer.status_code >= 500:
            answer.headers["Stripe-Should-Retry"] = "false"
        content = answer.content.decode("utf-8", errors="replace")
        if answer.status_code >= 400 and not _is_an_error_of_stripes(content):
            content = ""  # the SDK trips over some of what proxies send
        return content, answer.status_code, answer.headers

    def close(self) -> None:
        self._session.close()

    def _pace(self, endpoint: str, answer: requests.Response) -> None:
        if answer.status_code != 429:
            self._pacer.accepted(endpoint)
        elif "lock_timeout" not in answer.text:  # somebody else holds the object: not a question of speed
            self._pacer.refused(endpoint, answer.headers.get("Stripe-Rate-Limited-Reason"))

    def _note_date(self, text: str | None) -> None:
        try:
            self.server_date = int(parsedate_to_datetime(text or "").timestamp())
        except ValueError:
            return  # a proxy's answer: the last good date stays


def endpoint_of(method: str, url: str) -> str:
    """Return what Stripe limits as one: the method and the path without ids."""
    return f"{method.upper()} " + _ID.sub(r"\1/:id", urlsplit(url).path)


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


def _without_agent(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Return the SDK's headers without the name of the coding agent that it finds in the environment."""
    kept: MutableMapping[str, str] = dict(headers)
    kept["User-Agent"] = _AGENT.sub("", kept.get("User-Agent", ""))
    about = json.loads(kept.get("X-Stripe-Client-User-Agent", "{}"))
    if about.pop("ai_agent", None):
        kept["X-Stripe-Client-User-Agent"] = json.dumps(about)
    return kept


def _is_an_error_of_stripes(content: str) -> bool:
    try:
        return isinstance(json.loads(content)["error"], dict)
    except (ValueError, TypeError, LookupError):
        return False


def _unreachable(error: OSError, url: str, patience: float) -> stripe.APIConnectionError:
    """Return what to tell of a request without an answer, in words that have nothing of the request but its host."""
    host, again = urlsplit(url).netloc, False
    if isinstance(error, requests.exceptions.SSLError):
        words = f"the certificate of {host} cannot be verified: check whether a proxy opens your connections"
    elif isinstance(error, ValueError):  # an address or a header that cannot be sent
        words = f"nothing can be sent to {host}: check the API base"
    else:
        why, again = _system_words(error) or "the connection broke", True
        if isinstance(error, requests.ConnectTimeout):
            why = f"no connection within {CONNECT_SECONDS:g} seconds"
        elif isinstance(error, requests.Timeout):
            why = f"no answer within {patience:g} seconds"
        words = f"{host} cannot be reached ({why}): check the network and the address, then run it again"
    return stripe.APIConnectionError(words, should_retry=again)  # type: ignore[no-untyped-call]


def _system_words(error: BaseException) -> str:
    """Return what the operating system said, such as "Connection refused", from however deep it is wrapped."""
    seen: list[BaseException] = [error]
    for one in seen:
        if isinstance(one, OSError) and one.strerror and one.errno:
            return one.strerror
        inner = [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
        seen += [more for more in inner if isinstance(more, BaseException) and more not in seen]
    return ""
