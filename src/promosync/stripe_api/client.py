"""The SDK client with its pinned version, and a call that retries temporary faults."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import tenacity

from promosync.apply.gateway import Fault, StripeFault
from promosync.stripe_api.errors import translate
from promosync.stripe_api.sdk import stripe
from promosync.stripe_api.transport import Transport, endpoint_of

T = TypeVar("T")

API_VERSION = "2026-10-28.endive"
"""The version this code was written against; the SDK's own. https://docs.stripe.com/api/versioning"""

SDK_RETRIES = 2
"""The SDK retries lost requests, 409 and failed reads, with the same idempotency key; its default is 0."""

_PRIVATE = ("code", "email", "query", "idempotency_key")
"""Parameters that no message may show: unique codes, email addresses, and values made from them."""

_MAY_PASS = (Fault.BUSY, Fault.UNREACHABLE, Fault.BROKEN)

_LONGEST_SECONDS = 10.0
_BUSY_SECONDS = 2.0
"""The longest wait between two tries; ``_BUSY_SECONDS`` is for rate limits."""


class Client:
    """Sends requests through the SDK and returns decoded JSON, without an SDK object for each row.

    ``patience`` is how many seconds a request with a temporary fault is retried. ``backoff`` is the longest first
    wait between two tries in seconds; each later one can be twice as long. If no request at all succeeds for
    ``patience`` seconds, nothing is retried until one does: an outage costs this time once, not for each object.
    """

    def __init__(
        self,
        key: str,
        transport: Transport,
        base: str | None = None,
        stripe_account: str | None = None,
        patience: float = 120.0,
        backoff: float = 0.5,
    ) -> None:
        addresses: Any = {"api": base.rstrip("/")} if base else {}
        self.transport = transport
        self.patience = patience
        self.backoff = backoff
        self._out_since: float | None = None
        self._sdk = stripe.StripeClient(
            key,
            stripe_version=API_VERSION,
            stripe_account=stripe_account,
            base_addresses=addresses,
            http_client=transport,
            max_network_retries=SDK_RETRIES,
        )

    def call(
        self, method: str, path: str, *private: str, patience: float | None = None, **params: Any
    ) -> Mapping[str, Any]:
        """Return the answer to one request as JSON; raise StripeFault if it fails.

        ``private`` has texts of the request and of its object that no message may show.
        """
        return self.persist(lambda: self.once(method, path, *private, **params), patience)

    def persist(self, attempt: Callable[[], T], patience: float | None = None) -> T:
        """Return the result of ``attempt``; retry it with jitter while its fault is temporary."""

        def wait(state: tenacity.RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            # A rate limit is no failure: the pacer has already slowed down.
            busy = isinstance(error, StripeFault) and error.fault is Fault.BUSY
            most = _BUSY_SECONDS if busy else _LONGEST_SECONDS
            return tenacity.wait_random_exponential(multiplier=self.backoff, max=most)(state)

        longest = self.patience if patience is None else patience

        def enough(state: tenacity.RetryCallState) -> bool:
            now, out_since = time.monotonic(), self._out_since
            return now - state.start_time >= longest or (out_since is not None and now - out_since >= longest)

        return tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda e: isinstance(e, StripeFault) and e.fault in _MAY_PASS),
            wait=wait,
            stop=enough,
            reraise=True,
        )(attempt)

    def once(self, method: str, path: str, *private: str, **params: Any) -> Mapping[str, Any]:
        """Send one request as :meth:`call` does, with only the SDK's own retries."""
        try:
            answer = self._sent(method, path, private, params)
        except StripeFault as fault:
            if fault.fault not in _MAY_PASS:
                self._out_since = None
            elif self._out_since is None:
                self._out_since = time.monotonic()
            raise
        self._out_since = None
        return answer

    def _sent(self, method: str, path: str, private: Iterable[str], params: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            data = self._sdk.raw_request(method, path, **params).data
        except stripe.StripeError as error:
            sent = [text for name in _PRIVATE if isinstance(text := params.get(name), str)]
            hide = [*private, *sent]
            # The SDK's message may contain private texts.
            raise translate(error, endpoint_of(method, path), hide) from None
        except (AttributeError, LookupError, RecursionError, TypeError, ValueError):
            raise _not_stripes() from None  # the SDK fails on an answer that is not Stripe's
        if not isinstance(data, Mapping) or "object" not in data:
            raise _not_stripes()
        return data


def _not_stripes() -> StripeFault:
    return StripeFault(Fault.BROKEN, "the answer is not Stripe's: check the API base, and run it again")
