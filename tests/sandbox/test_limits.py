"""Rate limits: how many requests pass, which limiter refuses, and that a refused request does not count."""

from __future__ import annotations

from promosync.sandbox import Limits

from .direct import Direct


def statuses(direct: Direct, count: int, method: str = "GET", path: str = "/v1/coupons") -> list[int]:
    return [direct.response(method, path).status for _ in range(count)]


def test_an_endpoint_takes_so_many_a_second_and_more_as_time_passes() -> None:
    direct = Direct(options={"limits": Limits(endpoint=5)})
    assert statuses(direct, 7) == [200] * 5 + [429] * 2
    direct.clock.now += 0.4
    assert statuses(direct, 3) == [200] * 2 + [429]


def test_different_ids_share_an_endpoint_and_other_endpoints_do_not() -> None:
    direct = Direct(options={"limits": Limits(endpoint=2)})
    assert statuses(direct, 1, path="/v1/coupons/a") == [404]
    assert statuses(direct, 2, path="/v1/coupons/b") == [404, 429]
    assert statuses(direct, 1, path="/v1/coupons") == [200]


def test_the_total_has_its_own_limit_and_the_header_says_which_spoke() -> None:
    direct = Direct(options={"limits": Limits(endpoint=2, total=3)})
    statuses(direct, 2)
    spoke = direct.response("GET", "/v1/coupons")
    assert (spoke.status, spoke.headers["Stripe-Rate-Limited-Reason"]) == (429, "endpoint-rate")
    assert statuses(direct, 1, path="/v1/products") == [200]
    spoke = direct.response("GET", "/v1/products")
    assert spoke.headers["Stripe-Rate-Limited-Reason"] == "global-rate"


def test_a_429_has_stripes_body_and_comes_before_the_idempotency_key() -> None:
    direct = Direct(options={"limits": Limits(endpoint=1)})
    direct.ask("POST", "/v1/coupons", "percent_off=5")
    status, error = direct.error("POST", "/v1/coupons", "percent_off=5", idempotency_key="k")
    assert (status, error["code"], error["type"]) == (429, "rate_limit", "invalid_request_error")
    assert error["message"].startswith("Testmode request rate limit exceeded, the rate limits in testmode")
    direct.clock.now += 1
    response = direct.response("POST", "/v1/coupons", "percent_off=5", idempotency_key="k")
    assert response.status == 200
    assert "Idempotent-Replayed" not in response.headers


def test_answers_under_way_count_against_the_concurrency_limit() -> None:
    direct = Direct(options={"limits": Limits(concurrency=2), "latency": 0.5})
    assert statuses(direct, 3) == [200, 200, 429]
    reason = direct.response("GET", "/v1/coupons").headers["Stripe-Rate-Limited-Reason"]
    assert reason == "global-concurrency"
    direct.clock.now += 0.6
    assert statuses(direct, 1) == [200]


def test_limits_are_off_until_they_are_set_and_levers_are_never_limited() -> None:
    direct = Direct()
    assert statuses(direct, 50) == [200] * 50
    assert direct.control.limits(endpoint=1, latency=0.25) == {
        "endpoint": 1,
        "total": 0,
        "concurrency": 0,
        "latency": 0.25,
    }
    assert statuses(direct, 2) == [200, 429]
    assert direct.response("GET", "/v1/products").delay == 0.25
    for _ in range(5):
        direct.control.clock()


def test_stripes_own_limits_are_what_its_documentation_says() -> None:
    assert Limits.stripe() == Limits(endpoint=25, total=25)
    assert Limits.stripe(live=True) == Limits(endpoint=25, total=100)
