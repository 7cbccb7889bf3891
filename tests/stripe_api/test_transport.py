"""Requests that leave this machine, and what happens if no answer comes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import responses

from promosync import __version__
from promosync.apply.gateway import Fault, StripeFault
from promosync.apply.pacing import Pacer
from promosync.stripe_api import reader, transport
from promosync.stripe_api.client import API_VERSION, SDK_RETRIES
from promosync.stripe_api.sdk import stripe
from promosync.stripe_api.transport import Transport, endpoint_of

from .border import KEY, OBJECT, Asked, account_at, client_at, served


def test_the_pinned_version_is_the_sdks() -> None:
    """The code and the SDK use the same version of the API."""
    assert stripe.api_version == API_VERSION


def test_the_sdk_tries_again_too() -> None:
    """`StripeClient` does not unless it is told to."""
    assert SDK_RETRIES == 2
    with client_at(None) as client:
        assert client._sdk._requestor._options.max_network_retries == SDK_RETRIES


def test_a_request_carries_key_version_and_name_and_no_telemetry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stripe learns which program asks; not on which platform, how fast it was answered, or who started it."""
    monkeypatch.setenv("CLAUDECODE", "1")
    monkeypatch.setenv("CURSOR_AGENT", "1")
    with served() as server, client_at(server.url, stripe_account="acct_1") as client:
        client.call("get", "/v1/coupons", limit=1)
        client.call("post", "/v1/coupons", percent_off="12.5")
    for asked in server.asked:
        assert asked.headers["authorization"] == f"Bearer {KEY}"
        assert asked.headers["stripe-version"] == API_VERSION
        assert asked.headers["stripe-account"] == "acct_1"
        assert asked.headers["user-agent"].endswith(f"promosync/{__version__}")
        about = json.loads(asked.headers["x-stripe-client-user-agent"])
        assert set(about) == {"bindings_version", "lang", "httplib", "lang_version", "application"}
        assert "x-stripe-client-telemetry" not in asked.headers
        assert not [name for name in asked.headers if "claude" in asked.headers[name].lower()]
        assert "cookie" not in asked.headers
    assert "idempotency-key" in server.asked[1].headers
    assert server.asked[1].body == "percent_off=12.5"


def test_no_entry_of_a_netrc_takes_the_place_of_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not on this machine, and not elsewhere."""
    netrc = tmp_path / "netrc"
    netrc.write_text(
        "machine 127.0.0.1 login mallory password secret\nmachine api.stripe.com login mallory password x"
    )
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with served() as server:
        for loopback in (True, False):
            sender = Transport(Pacer(None, None), 1, loopback)
            sender.request("get", f"{server.url}/v1/coupons", {"Authorization": f"Bearer {KEY}"})
            sender.close()
    assert [asked.headers["authorization"] for asked in server.asked] == [f"Bearer {KEY}"] * 2


def test_no_proxy_stands_between_this_machine_and_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """With every proxy variable set to a dead address the sandbox is still reached."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with served() as server, client_at(server.url) as client:
        assert client.call("get", "/v1/coupons")["object"] == "list"


def test_the_key_does_not_follow_a_redirect() -> None:
    """Not to another host, and not to this one either."""
    with served() as elsewhere:

        def lead_away(_asked: Asked) -> tuple[int, Mapping[str, str], bytes]:
            return 307, {"Location": f"{elsewhere.url}/v1/coupons"}, b""

        with served(lead_away) as server, client_at(server.url) as client:
            with pytest.raises(StripeFault, match="redirect"):
                client.call("post", "/v1/coupons", percent_off="10")
            assert len(server.asked) == 1
        assert not elsewhere.asked


def test_a_notice_of_stripes_is_no_warning() -> None:
    """The SDK would raise a Python warning, which prints code at people; tests turn warnings into errors."""
    with (
        served(lambda _: (200, {"Stripe-Notice": "Please upgrade."}, OBJECT)) as server,
        client_at(server.url) as client,
    ):
        client.call("get", "/v1/coupons")


def test_the_sdk_is_silent_whatever_the_environment_says(tmp_path: Path) -> None:
    """STRIPE_LOG=debug would print parameters, codes among them; agents would be greeted on standard error."""
    script = (
        "import logging; logging.basicConfig(level=logging.DEBUG)\n"
        "import sys; from tests.stripe_api.border import client_at\n"
        "with client_at(sys.argv[1]) as client:\n"
        "    client.call('post', '/v1/promotion_codes', code='SECRET-42')\n"
    )
    with served() as server:
        done = subprocess.run(
            [sys.executable, "-c", script, server.url],
            env={
                **os.environ,
                "STRIPE_LOG": "debug",
                "CLAUDECODE": "1",
                "HOME": str(tmp_path),
                "XDG_CONFIG_HOME": str(tmp_path),
            },
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    assert server.asked[0].body == "code=SECRET-42"
    assert done.stdout == ""
    assert "SECRET-42" not in done.stderr
    assert "claude" not in done.stderr
    assert "Request to Stripe" not in done.stderr
    assert list(tmp_path.iterdir()) == []  # and no telemetry id is left


@pytest.mark.usefixtures("quick")
def test_every_request_is_counted_and_stripes_clock_noted() -> None:
    """The SDK's own repetitions count too, for Stripe counts them; a date that is none changes nothing."""
    dates = iter(["Wed, 21 Oct 2026 07:28:00 GMT", "rubbish", ""])
    with served(lambda _: (500, {"Date": next(dates)}, b"")) as server, client_at(server.url) as client:
        with pytest.raises(StripeFault):
            client.once("get", "/v1/coupons/abc")
        assert client.transport.counts == {"GET /v1/coupons/:id": 3}
        assert client.transport.server_date == 1792567680


@pytest.mark.parametrize(
    ("method", "url", "endpoint"),
    [
        ("get", "https://api.stripe.com/v1/coupons?limit=1", "GET /v1/coupons"),
        ("post", "https://api.stripe.com/v1/coupons/a%2Fb", "POST /v1/coupons/:id"),
        ("get", "http://[::1]:80/v1/promotion_codes/promo_1?expand[0]=x", "GET /v1/promotion_codes/:id"),
        ("get", "https://api.stripe.com/v1/customers/search?query=x", "GET /v1/customers/search"),
        ("get", "https://proxy.example/stripe/v1/account", "GET /stripe/v1/account"),
    ],
)
def test_an_endpoint_is_what_stripe_limits_as_one(method: str, url: str, endpoint: str) -> None:
    assert endpoint_of(method, url) == endpoint


@responses.activate
@pytest.mark.parametrize(
    ("reason", "body", "told"),
    [
        ("global-rate", b"", ["global-rate"]),
        ("global-concurrency", b"", ["global-concurrency"]),
        ("endpoint-rate", b"", ["endpoint-rate"]),
        ("endpoint-concurrency", b"", ["endpoint-concurrency"]),
        ("resource-specific", b"", ["resource-specific"]),
        (None, b"", [None]),
        (None, b'{"error": {"code": "lock_timeout", "message": "locked"}}', []),
    ],
)
def test_the_pacer_hears_why_a_request_was_refused(reason: str | None, body: bytes, told: list[str | None]) -> None:
    """A locked object is not about speed: the rate does not change after it."""
    heard: list[str | None] = []

    class Listening(Pacer):
        def refused(self, endpoint: str, reason: str | None) -> None:
            heard.append(reason)

        def accepted(self, endpoint: str) -> None:
            heard.append("accepted")

    headers = {} if reason is None else {"Stripe-Rate-Limited-Reason": reason}
    responses.get("https://api.stripe.com/v1/coupons", body, status=429, headers=headers)
    with client_at(None, pacer=Listening(None, None)) as client, pytest.raises(StripeFault) as caught:
        client.once("get", "/v1/coupons")
    assert heard == told
    assert caught.value.fault is Fault.BUSY


@contextmanager
def silent() -> Iterator[str]:
    """An address that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_dead_address_is_told_soon_and_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listening: tried for as long as the opening may take, then one line says where and why."""
    monkeypatch.setattr(reader, "OPENING_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    begun = time.monotonic()
    with pytest.raises(StripeFault) as caught, account_at(f"http://127.0.0.1:{port}"):
        pass
    assert time.monotonic() - begun < 5
    assert str(caught.value).startswith(f"127.0.0.1:{port} cannot be reached (Connection refused)")


def test_an_address_that_never_answers_is_told_within_half_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that the opening may wait for, added up; and the line, with the waits made short."""
    tries = 1 + SDK_RETRIES
    assert tries * transport.FIRST_SECONDS + 0.5 + 1 < 30
    assert tries * transport.FIRST_SECONDS > reader.OPENING_SECONDS  # so it is not begun anew
    monkeypatch.setattr(transport, "FIRST_SECONDS", 0.2)
    monkeypatch.setattr(reader, "OPENING_SECONDS", 0.3)
    with silent() as url, pytest.raises(StripeFault, match=r"no answer within 0\.2 seconds"), account_at(url):
        pass


@pytest.mark.usefixtures("quick")
def test_a_slow_answer_to_a_write_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a first answer of Stripe, a write may take a minute and a read half a minute; before that, less."""
    assert transport.WHOLE_SECONDS >= 60
    assert transport.READ_SECONDS > 20
    monkeypatch.setattr(transport, "FIRST_SECONDS", 0.4)

    def slow(asked: Asked) -> tuple[int, Mapping[str, str], bytes]:
        if asked.path.endswith("slow"):
            time.sleep(0.8)
        return 200, {}, OBJECT

    with served(slow) as server, client_at(server.url, patience=0) as client:
        with pytest.raises(StripeFault, match="no answer"):
            client.call("post", "/v1/slow")
        client.call("get", "/v1/account")
        client.call("post", "/v1/slow")
        client.call("get", "/v1/slow")
