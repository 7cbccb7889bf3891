"""How often a request is tried again, how long it takes, and when that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from promosync.apply.gateway import Fault, StripeFault
from promosync.apply.pacing import Pacer
from promosync.model.ownership import Mode, Tags
from promosync.model.promotions import Coupon
from promosync.sandbox.server import Handle
from promosync.stripe_api.account import StripeAccount
from promosync.stripe_api.client import Client
from promosync.stripe_api.transport import Transport

from .border import KEY, OBJECT, Asked, client_at, served


def test_patience_is_two_minutes_unless_said_otherwise() -> None:
    transport = Transport(Pacer(None, None), 1, loopback=True)
    assert Client(KEY, transport).patience == 120
    assert Client(KEY, transport, patience=3).patience == 3


@pytest.mark.parametrize(
    "fault", ["reset", "reset_after", "500", "500_after", "503", "half", "html", "409", "429", "429_lock_timeout"]
)
def test_what_goes_wrong_once_is_over_soon(sandbox: Handle, fault: str) -> None:
    """With the waits that people have: a create recovers well within two seconds."""
    transport = Transport(Pacer(None, None), 1, loopback=True)
    account = StripeAccount(Client(KEY, transport, sandbox.url), Mode.TEST)
    sandbox.control.faults({"match": {"method": "POST"}, "times": 1, "fault": fault})
    begun = time.monotonic()
    account.create_coupon("a", Coupon(amount_off=1, currency="usd"), Tags())
    assert time.monotonic() - begun < 1.9
    transport.close()


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("fault", ["429", "409", "503", "reset"])
def test_patience_has_an_end(sandbox: Handle, fault: str) -> None:
    """After it the fault comes out as it is, in one sentence."""
    sandbox.control.faults({"fault": fault})
    begun = time.monotonic()
    with client_at(sandbox.url, patience=0.5) as client, pytest.raises(StripeFault) as caught:
        client.call("post", "/v1/coupons", percent_off="10")
    assert 0.4 < time.monotonic() - begun < 3
    assert caught.value.fault in (Fault.BUSY, Fault.BROKEN, Fault.UNREACHABLE)


@pytest.mark.parametrize("passed", [200, 400])
def test_an_outage_costs_its_time_once(passed: int) -> None:
    """After it each request is sent once, until one succeeds or Stripe refuses one; then a new outage can begin."""
    status = 500

    def answer(asked: Asked) -> tuple[int, Mapping[str, str], bytes]:
        refused = b'{"error": {"message": "Oh.", "type": "invalid_request_error"}}'
        return status, {}, OBJECT if status == 200 else refused

    def requests(patience: float) -> int:
        server.asked.clear()
        with suppress(StripeFault):
            client.call("post", "/v1/coupons", patience=patience)
        return len(server.asked)

    with served(answer) as server, client_at(server.url) as client:
        assert requests(0.6) > 1
        assert [requests(0.3), requests(0.3)] == [1, 1], "it has lasted longer than that"
        status = passed
        assert requests(0.6) == 1
        status = 500
        assert requests(0.6) > 1


@pytest.mark.usefixtures("quick")
def test_refusals_for_speed_are_waited_out_however_many(sandbox: Handle) -> None:
    """Not the number of 429s counts, only the time."""
    sandbox.control.faults({"times": 7, "fault": "429", "reason": "endpoint-rate"})
    with client_at(sandbox.url, patience=60) as client:
        assert client.call("get", "/v1/coupons")["object"] == "list"


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404])
def test_what_can_not_pass_is_not_tried_again(status: int) -> None:
    body = b'{"error": {"message": "No.", "type": "invalid_request_error"}}'
    with served(lambda _: (status, {}, body)) as server, client_at(server.url) as client:
        with pytest.raises(StripeFault):
            client.call("get", "/v1/coupons")
        assert len(server.asked) == 1


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("status", "again", "requests"), [(400, "true", 2), (409, "false", 1), (429, "false", 2)])
def test_stripe_has_the_last_word_on_trying_again(status: int, again: str, requests: int) -> None:
    """`Stripe-Should-Retry` counts for more than the status; but a 429 is waited out, slower, whatever it says."""
    body = b'{"error": {"message": "No.", "type": "invalid_request_error"}}'
    answers = iter([(status, {"Stripe-Should-Retry": again}, body), (200, {}, OBJECT)])
    with served(lambda _: next(answers)) as server, client_at(server.url) as client:
        if requests == 1:
            with pytest.raises(StripeFault):
                client.call("get", "/v1/coupons")
        else:
            client.call("get", "/v1/coupons")
        assert len(server.asked) == requests


@pytest.mark.usefixtures("quick")
def test_a_failed_write_is_not_repeated_unseen() -> None:
    """A server error may come after the fact: who asked decides, not the SDK."""

    def fail(asked: Asked) -> tuple[int, Mapping[str, str], bytes]:
        return 500, {}, b'{"error": {"message": "Oh.", "type": "api_error"}}'

    with served(fail) as server, client_at(server.url) as client:
        for method, requests in [("post", 1), ("delete", 1), ("get", 3)]:
            server.asked.clear()
            with pytest.raises(StripeFault):
                client.once(method, "/v1/coupons/a")
            assert len(server.asked) == requests


def test_ctrl_c_ends_the_waiting_at_once() -> None:
    """The interrupt is not swallowed and not tried again, and no reading thread keeps the process alive."""
    script = (
        "import sys, time; from promosync.workflows.connect import Connection, open_stripe\n"
        "print('begun', flush=True)\n"
        "try: open_stripe(Connection('sk_test_abc123', sys.argv[1]))\n"
        "except KeyboardInterrupt: print('interrupted', flush=True)\n"
    )

    def busy(asked: Asked) -> tuple[int, Mapping[str, str], bytes]:
        return 429, {}, b'{"error": {"message": "Slow down.", "code": "rate_limit"}}'

    with served(busy) as server:
        process = subprocess.Popen(
            [sys.executable, "-c", script, server.url],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        try:
            end = time.monotonic() + 20
            while not server.asked and time.monotonic() < end:
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            begun = time.monotonic()
            out, _ = process.communicate(timeout=10)
        finally:
            process.kill()
    assert out.split() == ["begun", "interrupted"]
    assert time.monotonic() - begun < 3
