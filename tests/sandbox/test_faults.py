"""Requested faults: what the client sees, what was done anyway, and what a second try finds."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException, IncompleteRead, RemoteDisconnected
from typing import Any
from urllib.parse import urlsplit

import pytest
import stripe

from promosync.sandbox import ControlError, running
from tests.fakes import KEY, fake_stripe

from .conftest import World
from .direct import Direct


def fetch(url: str) -> bytes:
    """Send one request on a new connection, without the SDK's translation of errors."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request("GET", "/v1/coupons", headers={"Authorization": f"Bearer {KEY}"})
        return connection.getresponse().read()
    finally:
        connection.close()


POST_CODE = {"method": "POST", "path": "/v1/promotion_codes"}


@pytest.mark.parametrize(
    ("rule", "status", "code", "reason"),
    [
        ({"fault": "429", "reason": "global-rate"}, 429, "rate_limit", "global-rate"),
        ({"fault": "429_lock_timeout"}, 429, "lock_timeout", None),
        ({"fault": "409"}, 409, "idempotency_key_in_use", None),
        ({"fault": "400", "message": "No."}, 400, None, None),
        ({"fault": "403", "message": "No."}, 403, None, None),
        ({"fault": "503"}, 503, None, None),
    ],
)
def test_a_refusal_does_nothing_and_leaves_the_key_free(
    rule: dict[str, Any], status: int, code: str | None, reason: str | None
) -> None:
    direct = Direct()
    direct.control.faults({**rule, "times": 1})
    response = direct.response("POST", "/v1/coupons", "percent_off=5", idempotency_key="k")
    error = json.loads(response.body)["error"]
    assert (response.status, error.get("code")) == (status, code)
    assert response.headers.get("Stripe-Rate-Limited-Reason") == reason
    assert direct.control.dump()["coupons"] == []
    again = direct.response("POST", "/v1/coupons", "percent_off=5", idempotency_key="k")
    assert (again.status, "Idempotent-Replayed" in again.headers) == (200, False)


def test_a_500_without_effect_is_replayed_under_its_key() -> None:
    direct = Direct()
    direct.control.faults({"fault": "500", "times": 1})
    for replayed in (False, True):
        response = direct.response("POST", "/v1/coupons", "percent_off=5", idempotency_key="k")
        assert (response.status, "Idempotent-Replayed" in response.headers) == (500, replayed)
        assert json.loads(response.body)["error"]["type"] == "api_error"
    assert direct.control.dump()["coupons"] == []
    assert direct.ask("POST", "/v1/coupons", "percent_off=5", idempotency_key="other")


@pytest.mark.parametrize(("kind", "repeat", "made"), [("500_after", 500, 1), ("500_after_unstored", 200, 2)])
def test_a_500_may_hide_that_it_was_done(kind: str, repeat: int, made: int) -> None:
    direct = Direct()
    direct.control.faults({"fault": kind, "times": 1})
    first = direct.response("POST", "/v1/coupons", "percent_off=5", idempotency_key="k")
    assert (first.status, len(direct.control.dump()["coupons"])) == (500, 1)
    again = direct.response("POST", "/v1/coupons", "percent_off=5", idempotency_key="k")
    assert (again.status, len(direct.control.dump()["coupons"])) == (repeat, made)


@pytest.mark.parametrize(("kind", "made"), [("reset", 0), ("reset_after", 1), ("half", 1)])
def test_a_lost_answer_says_nothing_of_what_was_done_but_its_key_does(local: World, kind: str, made: int) -> None:
    local.control.faults({"fault": kind, "times": 1, "match": {"method": "POST"}})
    create, key = local.v1.coupons.create, {"idempotency_key": "k"}
    with pytest.raises(stripe.APIConnectionError):
        create({"percent_off": 5}, key)
    coupons = local.control.dump()["coupons"]
    assert len(coupons) == made
    again = create({"percent_off": 5}, key)
    assert [again.id] == [one["id"] for one in coupons or local.control.dump()["coupons"]]
    assert ("Idempotent-Replayed" in again.last_response.headers) is bool(made)


def test_the_sdks_own_retries_get_over_a_dropped_connection() -> None:
    with fake_stripe() as fake:
        fake.control.faults({"fault": "reset_after", "times": 1})
        client = stripe.StripeClient(KEY, max_network_retries=2)
        made = client.v1.coupons.create({"percent_off": 5})
        assert [one["id"] for one in fake.control.dump()["coupons"]] == [made.id]


def test_a_proxys_page_is_no_json_and_nothing_is_done(local: World) -> None:
    local.control.faults({"fault": "html", "times": 1})
    with pytest.raises(stripe.APIError) as caught:
        local.v1.coupons.create({"percent_off": 5})
    assert caught.value.http_status == 502
    assert local.control.dump()["coupons"] == []


def test_on_the_wire_a_reset_is_a_reset_and_half_is_half() -> None:
    with running() as handle:
        handle.control.faults({"fault": "reset", "times": 1}, {"fault": "half", "times": 1})
        for failure in ((ConnectionResetError, RemoteDisconnected), (IncompleteRead,)):
            with pytest.raises(failure):
                fetch(handle.url)


def test_a_slow_answer_keeps_its_key_in_use_until_it_is_there() -> None:
    direct = Direct()
    direct.control.faults({"fault": "slow", "seconds": 3, "times": 1})
    first = direct.response("POST", "/v1/coupons", "percent_off=5", idempotency_key="k")
    assert (first.status, first.delay) == (200, 3)
    status, error = direct.error("POST", "/v1/coupons", "percent_off=5", idempotency_key="k")
    assert (status, error["code"]) == (409, "idempotency_key_in_use")
    assert direct.coupon()  # another key is free
    direct.clock.now += 3
    again = direct.response("POST", "/v1/coupons", "percent_off=5", idempotency_key="k")
    assert (again.body, again.headers["Idempotent-Replayed"]) == (first.body, "true")


def test_a_timeout_is_carried_out_and_never_answered() -> None:
    with fake_stripe() as fake:
        fake.control.faults({"fault": "timeout", "seconds": 90, "times": 1})
        with pytest.raises(stripe.APIConnectionError):
            fake.client().v1.coupons.create({"percent_off": 5})
        assert len(fake.control.dump()["coupons"]) == 1


def test_a_rule_waits_for_its_turn_and_its_match() -> None:
    direct = Direct()
    coupon = direct.coupon()
    direct.control.faults({"match": POST_CODE, "skip": 1, "times": 2, "fault": "503"})
    body = {"promotion[type]": "coupon", "promotion[coupon]": coupon}
    seen = [direct.response("POST", "/v1/promotion_codes", body).status for _ in range(4)]
    assert seen == [200, 503, 503, 200]
    assert direct.response("GET", "/v1/promotion_codes").status == 200
    (rule,) = direct.control.faults()
    assert (rule["seen"], rule["fired"]) == (4, 2)
    direct.control.clear_faults()
    assert direct.control.faults() == []


def test_a_rule_matches_paths_and_decoded_parameters() -> None:
    direct = Direct()
    direct.control.faults(
        {"match": {"path": "/v1/coupons/*", "method": "delete"}, "fault": "503"},
        {"match": {"body_contains": "metadata[who]=Ann & Bob"}, "fault": "400"},
    )
    direct.coupon(id="one")
    assert direct.response("GET", "/v1/coupons/one").status == 200
    assert direct.response("DELETE", "/v1/coupons/one").status == 503
    body = {"percent_off": 5, "metadata[who]": "Ann & Bob"}
    assert direct.response("POST", "/v1/coupons", body).status == 400


def test_chance_is_the_same_for_the_same_seed() -> None:
    def run(seed: int) -> list[int]:
        direct = Direct()
        direct.control.faults({"fault": "503", "probability": 0.5, "seed": seed})
        return [direct.response("GET", "/v1/coupons").status for _ in range(40)]

    assert run(1) == run(1) != run(2)
    assert 5 < run(1).count(503) < 35


@pytest.mark.parametrize("rule", [{"fault": "nope"}, {"fault": "500", "skipp": 1}, {}])
def test_an_order_that_makes_no_sense_is_refused_whole(rule: dict[str, Any]) -> None:
    control = Direct().control
    with pytest.raises(ControlError):
        control.faults({"fault": "reset"}, rule)
    assert control.faults() == []


def test_after_its_last_write_the_sandbox_is_dead_until_it_is_told_otherwise() -> None:
    direct = Direct()
    direct.control.die_after(2)
    direct.coupon(id="one")
    direct.response("POST", "/v1/coupons", "wat=1")  # a refusal is no write
    direct.ask("GET", "/v1/coupons")
    direct.ask("POST", "/v1/coupons/one", "name=x")
    for method in ("GET", "POST"):
        assert direct.response(method, "/v1/coupons").cut == "reset"
    direct.control.clear_faults()
    assert direct.ask("GET", "/v1/coupons/one")["name"] == "x"


def test_a_connection_lost_while_the_sdk_waits_is_not_a_hang() -> None:
    with running() as handle:
        handle.control.faults({"fault": "timeout", "seconds": 0.05, "times": 1})
        with pytest.raises((OSError, HTTPException)):
            fetch(handle.url)
