"""Stripe's rate limiters: how many requests a second, on each endpoint and in all, and how many at once."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

SEARCHES = 20.0  # a second; Stripe's own limit for search endpoints


@dataclass(frozen=True)
class Limits:
    """Requests a second on one endpoint (method and path template) and in total, and at once; 0 is no limit."""

    endpoint: float = 0.0
    total: float = 0.0
    concurrency: int = 0

    @classmethod
    def stripe(cls, *, live: bool = False) -> Limits:
        """The defaults that Stripe documents."""
        return cls(endpoint=25.0, total=100.0 if live else 25.0)


@dataclass
class _Bucket:
    tokens: float
    at: float

    def fill(self, rate: float, now: float) -> None:
        self.tokens = min(max(rate, 1.0), self.tokens + max(0.0, now - self.at) * rate)
        self.at = now


@dataclass
class Limiter:
    """Token buckets holding one second's worth; `now` is any clock that does not jump."""

    limits: Limits
    _buckets: dict[tuple[int, str], _Bucket] = field(default_factory=dict)
    _ends: list[float] = field(default_factory=list)

    def refuse(self, scope: int, endpoint: str, now: float) -> str | None:
        """The limit that this request is above, as Stripe's header names it; None where it may pass."""
        while self._ends and self._ends[0] <= now:
            heapq.heappop(self._ends)
        if self.limits.concurrency and len(self._ends) >= self.limits.concurrency:
            return "global-concurrency"
        per_endpoint = self.limits.endpoint
        if endpoint.endswith("/search"):
            per_endpoint = min(per_endpoint, SEARCHES)
        taken = []
        for name, rate, reason in (
            ("", self.limits.total, "global-rate"),
            (endpoint, per_endpoint, "endpoint-rate"),
        ):
            if not rate:
                continue
            bucket = self._buckets.setdefault((scope, name), _Bucket(max(rate, 1.0), now))
            bucket.fill(rate, now)
            if bucket.tokens < 1:
                return reason
            taken.append(bucket)
        for bucket in taken:
            bucket.tokens -= 1
        return None

    def occupy(self, until: float) -> None:
        """Counts an answer as under way until then."""
        if self.limits.concurrency:
            heapq.heappush(self._ends, until)
