"""How fast requests may be sent: at even intervals, shared by all connections, slower when Stripe asks for it.

Stripe limits the requests a second on each endpoint and in all: https://docs.stripe.com/rate-limits. The pacer is our
own, because pyrate-limiter, limits and aiolimiter send all requests of a second at once and never slow down.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

ENDPOINT_LIMIT = 25.0
TOTAL_LIMIT = {"live": 100.0, "test": 25.0}
SHARE = 0.8
"""How much of Stripe's limit is used by default: the rest is for checkout."""

_SLOWER = 0.7
_QUICKER = 1.02
_SLOWEST = 0.05
_CALM = 1.0
"""Seconds in which several refusals count as one: the requests were sent together."""


@dataclass(slots=True)
class _Lane:
    """One limit: ``rate`` a second, less while ``factor`` is below 1; ``free`` is its next free moment."""

    rate: float
    free: float = float("-inf")
    factor: float = 1.0
    slowed: float = float("-inf")
    turn: threading.Lock = field(default_factory=threading.Lock)

    def book(self, moment: float) -> None:
        self.free = moment + 1 / (self.rate * self.factor)


class Pacer:
    """Lets requests go one by one; for use by several threads. ``per_endpoint`` None is no limit at all.

    Only one request of each endpoint at a time waits for the total limit, so that every endpoint gets its share.
    """

    def __init__(
        self,
        per_endpoint: float | None,
        total: float | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._per_endpoint, self._clock, self._sleep = per_endpoint, clock, sleep
        self._total = None if total is None else _Lane(total)
        self._endpoints: dict[str, _Lane] = {}
        self._lock = threading.Lock()

    def wait(self, endpoint: str) -> None:
        """Sleep until the next request to ``endpoint`` (method and path template) may go out."""
        with self._lock:
            lane = self._lane(endpoint)
        if lane is None:
            return
        with lane.turn:
            moment = self._sleep_until(lane.free)
            if self._total is not None:
                with self._lock:
                    moment = max(moment, self._total.free)
                    self._total.book(moment)
            lane.book(moment)
            self._sleep_until(moment)

    @property
    def pace(self) -> float | None:
        """The share of the set rate at which the slowest requests are sent; None without a limit."""
        if self._per_endpoint is None:
            return None
        with self._lock:
            lanes = [*self._endpoints.values(), *([self._total] if self._total else [])]
        return min((lane.factor for lane in lanes), default=1.0)

    def refused(self, endpoint: str, reason: str | None) -> None:
        """Go slower: Stripe refused a request for ``reason`` (its ``Stripe-Rate-Limited-Reason`` header)."""
        with self._lock:
            endpoint_lane, total = self._lane(endpoint), self._total
            lane = total if reason and reason.startswith("global") and total else endpoint_lane
            now = self._clock()
            if lane is not None and now - lane.slowed > _CALM:
                lane.slowed, lane.factor = now, max(_SLOWEST, lane.factor * _SLOWER)

    def accepted(self, endpoint: str) -> None:
        """Go a little quicker again, up to the rate that was set."""
        with self._lock:
            for lane in (self._lane(endpoint), self._total):
                if lane is not None:
                    lane.factor = min(1.0, lane.factor * _QUICKER)

    def _sleep_until(self, moment: float) -> float:
        """Return when the sleep should have ended: sleeps end a little late."""
        now = self._clock()
        if moment > now:
            self._sleep(moment - now)
        return max(moment, now)

    def _lane(self, endpoint: str) -> _Lane | None:
        if self._per_endpoint is None:
            return None
        return self._endpoints.setdefault(endpoint, _Lane(self._per_endpoint))


def pacer(rps: float | None, mode: str, paced: bool = True) -> Pacer:
    """Return an account's pacer: ``rps`` on each endpoint and four times that in all, or the share of the default."""
    if rps is not None:
        return Pacer(rps, 4 * rps)
    if not paced:
        return Pacer(None, None)
    return Pacer(ENDPOINT_LIMIT * SHARE, TOTAL_LIMIT[mode] * SHARE)
