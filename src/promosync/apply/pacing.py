"""How fast requests may go out: smooth, shared by all connections, slower when Stripe says so.

Stripe allows so many requests a second on each endpoint and in all: https://docs.stripe.com/rate-limits. Every
request books the next free moment on both; so there are no bursts, and no one is overtaken.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

ENDPOINT_LIMIT = 25.0
TOTAL_LIMIT = {"live": 100.0, "test": 25.0}
SHARE = 0.8
"""How much of Stripe's limit is used unless told otherwise: the rest is for checkout."""

_SLOWER = 0.7
_QUICKER = 1.02
_SLOWEST = 0.05
_CALM = 1.0
"""Seconds in which several refusals count as one: they were under way together."""


@dataclass(slots=True)
class _Lane:
    """One limit: ``rate`` a second, less while ``factor`` is below 1; ``free`` is its next free moment."""

    rate: float
    free: float = 0.0
    factor: float = 1.0
    slowed: float = field(default=float("-inf"))


class Pacer:
    """Books a moment for each request; for use by several threads. ``per_endpoint`` None is no limit at all."""

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
            now = self._clock()
            lanes = self._lanes(endpoint)
            moment = max([now, *(lane.free for lane in lanes)])
            for lane in lanes:
                lane.free = moment + 1 / (lane.rate * lane.factor)
        if moment > now:
            self._sleep(moment - now)

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
            for lane in self._lanes(endpoint):
                lane.factor = min(1.0, lane.factor * _QUICKER)

    def _lanes(self, endpoint: str) -> list[_Lane]:
        return [lane for lane in (self._lane(endpoint), self._total) if lane is not None]

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
