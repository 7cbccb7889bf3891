"""The rate of requests, with a clock that only the pacer moves."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promosync.apply.pacing import ENDPOINT_LIMIT, Pacer, pacer


@dataclass
class Time:
    """A clock that sleeping moves."""

    now: float = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


def paced(per_endpoint: float | None, total: float | None) -> tuple[Pacer, Time]:
    time = Time()
    return Pacer(per_endpoint, total, time.clock, time.sleep), time


def most_in_any(moments: list[float], seconds: float) -> int:
    return max(sum(begin <= moment < begin + seconds - 1e-9 for moment in moments) for begin in moments)


steps = st.lists(
    st.tuples(st.sampled_from(["GET a", "POST a", "GET b"]), st.floats(0, 0.5) | st.just(0.0)),
    min_size=1,
    max_size=80,
)


@given(st.floats(0.5, 60), st.floats(1, 5), steps, st.floats(0.05, 5))
@settings(max_examples=60, deadline=None)
def test_no_window_has_more_than_its_share(
    rate: float, factor: float, steps: list[tuple[str, float]], t: float
) -> None:
    """Never more than rate * t + 1 in any window of t seconds: on each endpoint, and in all."""
    pacer, time = paced(rate, rate * factor)
    sent: dict[str, list[float]] = {}
    for endpoint, pause in steps:
        time.now += pause
        pacer.wait(endpoint)
        sent.setdefault(endpoint, []).append(time.now)
        sent.setdefault("all", []).append(time.now)
    for endpoint, moments in sent.items():
        limit = rate * factor if endpoint == "all" else rate
        assert most_in_any(moments, t) <= limit * t + 1 + 1e-6


def test_it_is_smooth_and_full() -> None:
    """Twenty a second are one every 50 milliseconds, from the first to the last."""
    pacer, time = paced(20, 80)
    moments = []
    for _ in range(101):
        pacer.wait("GET a")
        moments.append(time.now)
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert gaps == pytest.approx([0.05] * 100)


def test_the_first_request_goes_out_at_once() -> None:
    pacer, time = paced(0.1, 0.4)
    pacer.wait("GET a")
    assert time.now == 0


@dataclass
class Stripe:
    """A token bucket as Stripe's limiter has one; answers come back after a while."""

    limit: float
    delay: float = 0.2
    tokens: float = 1.0
    at: float = 0.0
    ok: int = 0
    refused: int = 0
    answers: list[tuple[float, int, bool]] = field(default_factory=list)

    def take(self, now: float) -> None:
        self.tokens = min(max(1.0, self.limit), self.tokens + (now - self.at) * self.limit)
        self.at = now
        good = self.tokens >= 1
        self.tokens -= good
        self.ok += good
        self.refused += not good
        heapq.heappush(self.answers, (now + self.delay, self.ok + self.refused, good))

    def tell(self, pacer: Pacer, endpoint: str, reason: str, now: float) -> None:
        while self.answers and self.answers[0][0] <= now:
            good = heapq.heappop(self.answers)[2]
            if good:
                pacer.accepted(endpoint)
            else:
                pacer.refused(endpoint, reason)


@pytest.mark.parametrize("limit", [2.0, 5.0, 10.0, 15.0, 19.0])
@pytest.mark.parametrize("reason", ["endpoint-rate", "global-rate"])
def test_a_storm_of_refusals_settles_near_the_real_limit(limit: float, reason: str) -> None:
    """An account that allows less than was thought is used nearly in full, with few refusals."""
    pacer, time = paced(20, 20)
    stripe = Stripe(limit)
    while time.now < 60:
        pacer.wait("POST a")
        stripe.tell(pacer, "POST a", reason, time.now)
        stripe.take(time.now)
    assert stripe.ok / 60 > 0.85 * limit
    assert stripe.refused / (stripe.ok + stripe.refused) < 1 / 3


def rate_of(pacer: Pacer, time: Time, endpoint: str) -> float:
    pacer.wait(endpoint)
    begun = time.now
    pacer.wait(endpoint)
    return 1 / (time.now - begun)


def test_refusals_that_were_under_way_together_count_once() -> None:
    """Thirty refusals at once reduce the rate only once."""
    pacer, time = paced(20, 200)
    for _ in range(30):
        pacer.refused("GET a", "endpoint-rate")
    pacer.wait("GET a")
    assert rate_of(pacer, time, "GET a") == pytest.approx(14)


def test_it_gets_quicker_again_and_no_quicker_than_it_was() -> None:
    """After refusals of any duration, one minute without refusals restores the rate."""
    pacer, time = paced(20, 80)
    for _ in range(50):
        time.now += 2
        pacer.refused("GET a", "endpoint-rate")
    assert rate_of(pacer, time, "GET a") <= 2
    begun = time.now
    while time.now < begun + 60:
        pacer.wait("GET a")
        pacer.accepted("GET a")
    assert rate_of(pacer, time, "GET a") == pytest.approx(20)
    for _ in range(1000):
        pacer.accepted("GET a")
    assert rate_of(pacer, time, "GET a") == pytest.approx(20)


@pytest.mark.parametrize(
    ("reason", "other_suffers"),
    [
        ("endpoint-rate", False),
        ("endpoint-concurrency", False),
        ("resource-specific", False),
        (None, False),
        ("global-rate", True),
        ("global-concurrency", True),
    ],
)
def test_the_reason_says_what_goes_slower(reason: str | None, other_suffers: bool) -> None:
    """A refusal by one endpoint's limit does not slow down the other endpoints."""
    pacer, time = paced(20, 20)
    pacer.refused("POST a", reason)
    pacer.wait("GET b")
    assert rate_of(pacer, time, "GET b") == pytest.approx(14 if other_suffers else 20)
    assert rate_of(pacer, time, "POST a") == pytest.approx(14)


def in_threads(pacer: Pacer, crowd: dict[str, int], seconds: float) -> dict[str, int]:
    """Return the number of successful requests of each endpoint, with a number of threads for each."""
    sent = dict.fromkeys(crowd, 0)
    end = time.monotonic() + seconds
    lock = threading.Lock()

    def ask(endpoint: str) -> None:
        while True:
            pacer.wait(endpoint)
            if time.monotonic() > end:
                return
            with lock:
                sent[endpoint] += 1

    threads = [threading.Thread(target=ask, args=(endpoint,)) for endpoint, n in crowd.items() for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sent


def test_threads_share_one_pace() -> None:
    """Sixteen threads are no faster than one, and no slower."""
    sent = in_threads(Pacer(100, 400), {"GET a": 16}, 1.0)
    assert 50 <= sent["GET a"] <= 102


def test_many_writers_do_not_crowd_out_one_reader() -> None:
    """If the total limit is reached, each endpoint gets its share, whatever the number of its threads."""
    sent = in_threads(Pacer(100, 100), {"POST a": 15, "GET a": 1}, 1.0)
    assert sum(sent.values()) <= 103
    assert sent["GET a"] >= 20


def test_a_slow_endpoint_does_not_hold_up_another() -> None:
    """Requests that wait for one endpoint do not delay requests to other endpoints."""
    slow = Pacer(50, 200)
    lane = slow._lane("POST a")
    assert lane is not None
    lane.factor = 0.05
    sent = in_threads(slow, {"POST a": 4, "GET a": 2}, 0.6)
    assert sent["GET a"] >= 15
    assert sent["POST a"] <= 4


@pytest.mark.parametrize(
    ("rps", "mode", "each", "total"),
    [(None, "test", 20, 20), (None, "live", 20, 80), (25.0, "test", 25, 100), (3.0, "live", 3, 12)],
)
def test_how_fast_unless_told_otherwise(
    rps: float | None, mode: str, each: float, total: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four fifths of Stripe's limits, or the given rate on each endpoint and four times that rate in total."""
    assert ENDPOINT_LIMIT == 25
    made, clock = pacer(rps, mode), Time()
    monkeypatch.setattr(made, "_clock", clock.clock)
    monkeypatch.setattr(made, "_sleep", clock.sleep)
    assert rate_of(made, clock, "GET a") == pytest.approx(each)

    def through(count: int, endpoint: Callable[[int], str]) -> float:
        begun = clock.now
        for n in range(count):
            made.wait(endpoint(n))
        return count / (clock.now - begun)

    assert through(400, lambda n: f"GET {n}") == pytest.approx(total, rel=0.05)


def test_without_a_pace_nothing_waits() -> None:
    free = pacer(None, "test", paced=False)
    begun = time.monotonic()
    for _ in range(1000):
        free.wait("GET a")
        free.accepted("GET a")
    free.refused("GET a", "endpoint-rate")
    assert time.monotonic() - begun < 1
