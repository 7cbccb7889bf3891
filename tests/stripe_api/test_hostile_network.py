"""Answers that never end, are too large, break off, or come from another server."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import trustme

from promosync.apply.gateway import Fault, OutOfTime, StripeFault
from promosync.apply.pacing import Pacer
from promosync.model.ownership import Tags
from promosync.model.promotions import Coupon
from promosync.stripe_api import transport
from promosync.stripe_api.client import Client
from promosync.stripe_api.errors import clean
from promosync.stripe_api.transport import LARGEST, Transport

from .border import KEY, OBJECT, Asked, account_at, client_at, served

pytestmark = pytest.mark.usefixtures("quick")

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"


@contextmanager
def talking(talk: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """A server that reads what comes first on each connection, and then does with it what ``talk`` says."""
    over = threading.Event()
    threads: list[threading.Thread] = []

    def one(connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(65536)
                talk(connection, over)
            except OSError:
                return  # the other side has left

    def accept() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=one, args=[connection], daemon=True))
            threads[-1].start()

    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            over.set()
            server.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for thread in threads:
                thread.join()


def dripping(whole: bytes, letter: bytes) -> Callable[[socket.socket, threading.Event], None]:
    """Send a beginning at once, and then one letter after the other for ever."""

    def talk(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(whole)
        while not over.wait(0.05):
            connection.sendall(letter)

    return talk


DRIPS = {
    "body": (HEAD, b" "),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "head": (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
    "status": (b"HTTP/1.1 ", b"2"),
    "continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "packed": (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 100000\r\n\r\n", gzip.compress(b"")),
}


@pytest.mark.parametrize("part", DRIPS)
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_an_answer_has_to_be_whole_by_a_time(monkeypatch: pytest.MonkeyPatch, part: str, method: str) -> None:
    """Whichever part of it arrives slowly, even if no single byte is late; the SDK does not request it again."""
    monkeypatch.setattr(transport, "WHOLE_SECONDS", 0.5)
    begun = time.monotonic()
    with talking(dripping(*DRIPS[part])) as url, client_at(url) as client:
        with pytest.raises(StripeFault, match=r"did not finish its answer within 0\.5 seconds") as caught:
            client.once(method, "/v1/coupons/a")
        assert sum(client.transport.counts.values()) == 1
    assert caught.value.fault is Fault.UNREACHABLE
    assert 0.4 < time.monotonic() - begun < 3


def test_a_whole_request_has_a_minute() -> None:
    assert transport.WHOLE_SECONDS == 60


def test_a_connection_is_used_again_with_all_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is a request's, not a connection's."""
    monkeypatch.setattr(transport, "WHOLE_SECONDS", 0.4)
    with served() as server, client_at(server.url) as client:
        for _ in range(6):
            client.once("get", "/v1/coupons")
            time.sleep(0.1)
        pools = client.transport._session.adapters["http://"].poolmanager.pools  # type: ignore[attr-defined]
        [pool] = [pools[key] for key in pools.keys()]  # noqa: SIM118 (it cannot be iterated over)
        assert (pool.num_requests, pool.num_connections) == (6, 1)


def test_nothing_is_read_once_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow answer or a list of a thousand pages never takes longer than the given time."""
    begun = time.monotonic()
    with talking(dripping(*DRIPS["body"])) as url, client_at(url) as client:
        client.transport.until = begun + 0.4
        with pytest.raises(OutOfTime):
            client.call("get", "/v1/coupons")
    assert time.monotonic() - begun < 3

    def endless(asked: Asked) -> tuple[int, Mapping[str, str], bytes]:
        after = int(parse_qs(asked.path.partition("?")[2]).get("starting_after", ["0"])[0])
        row = {"id": str(after + 1), "duration": "once", "created": 1, "percent_off": 1}
        return 200, {}, json.dumps({"object": "list", "data": [row], "has_more": True, "id": "acct_1"}).encode()

    with served(endless) as server, account_at(server.url) as account, account.by(time.monotonic() + 0.5):
        with pytest.raises(OutOfTime):
            list(account.coupons())
        with pytest.raises(OutOfTime):
            account.existing_products(["a"])
    with served() as server, client_at(server.url) as client:
        client.transport.until = None
        client.call("get", "/v1/coupons")


def packed(coding: str, content: bytes) -> bytes:
    for one in coding.split(", "):
        if one == "gzip":
            content = gzip.compress(content, 9)
        elif one == "deflate":
            content = zlib.compress(content, 9)
    return content


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("coding", ["identity", "gzip", "deflate", "gzip, gzip"])
def test_a_large_answer_is_none(coding: str, status: int) -> None:
    """A hundred megabytes, or ten kilobytes that become that: it is put away before it is all in memory."""
    bomb = packed(coding, b" " * (100 * 2**20))
    if "gzip" in coding or coding == "deflate":
        assert len(bomb) < 2**20
    with (
        served(lambda _: (status, {"Content-Encoding": coding}, bomb)) as server,
        client_at(server.url) as client,
    ):
        tracemalloc.start()
        try:
            with pytest.raises(StripeFault, match="larger than 32 MB") as caught:
                client.once("post", "/v1/coupons")
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert caught.value.fault is Fault.BROKEN
    assert most < 3 * LARGEST


def test_a_page_of_stripes_is_far_below_the_largest() -> None:
    """A hundred objects, each with all the metadata that Stripe allows, are read."""
    row = {"id": "a", "object": "coupon", "metadata": {f"{n:040}": "x" * 500 for n in range(50)}}
    content = json.dumps({"object": "list", "has_more": False, "data": [row] * 100}).encode()
    assert len(content) * 10 < LARGEST
    with (
        served(lambda _: (200, {"Content-Encoding": "gzip"}, gzip.compress(content))) as server,
        client_at(server.url) as client,
    ):
        assert len(client.once("get", "/v1/coupons")["data"]) == 100


@pytest.mark.parametrize(
    ("headers", "content"),
    [
        ({"Content-Encoding": "gzip"}, b"this is not packed"),
        ({"Content-Encoding": "deflate"}, b"\x00\xff" * 50),
        ({}, b'{"error": ' + b"[" * 200_000),
        ({}, b"[" * 200_000),
        ({"Content-Type": "application/json; charset=utf-16"}, b"\xff\xfe\x00"),
        ({"Date": "Mon, 01 Jan 0001 00:00:00 -0000"}, b"{}"),
        ({"Date": "Mon, 01 Jan 9999 99:00:00 +9999"}, b"{}"),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 429, 500])
def test_an_answer_that_nobody_can_read_is_a_fault(status: int, headers: Mapping[str, str], content: bytes) -> None:
    """Not packed as it says, nested without end, from a year that is none: words, and no other exception."""
    with served(lambda _: (status, headers, content)) as server, client_at(server.url) as client:
        with pytest.raises(StripeFault) as caught:
            client.once("get", "/v1/coupons")
        assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "text",
    ["<" * 4000, "<a" * 2000, "does not match for the value " * 130, "sk_" * 1300, "'a_" * 1300, "..." * 1300],
)
def test_an_evil_message_costs_no_time(text: str) -> None:
    """No pattern goes over and over the same letters."""
    begun = time.monotonic()
    assert len(clean(text, ["SPR-7Q2K-" * 50, "." * 500])) <= 401
    assert len(clean(text * 8000, ["SPR-7Q2K"])) == 0, "longer than any message of Stripe's"
    assert time.monotonic() - begun < 2


def test_a_broken_answer_to_a_write_is_asked_for_again_under_its_key() -> None:
    """Reset in the middle of the answer: the same request with the same key, so that it is carried out once."""
    asked: list[bytes] = []

    def talk(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(HEAD + OBJECT[:20])
        if len(asked) < 3:
            # Closing with unsent data thrown away is a reset.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")

    @contextmanager
    def counting() -> Iterator[str]:
        with socket.create_server(("127.0.0.1", 0)) as server:

            def serve() -> None:
                for number in range(3):
                    connection, _ = server.accept()
                    with connection:
                        asked.append(connection.recv(65536))
                        if number < 2:
                            talk(connection, threading.Event())
                        else:
                            made = b'{"object": "coupon", "id": "a"}'
                            head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(made)
                            connection.sendall(head + made)

            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
            thread.join(10)

    with counting() as url, client_at(url) as client:
        client.once("post", "/v1/coupons", idempotency_key="one", percent_off="10")
    keys = {line for sent in asked for line in sent.lower().split(b"\r\n") if line.startswith(b"idempotency-key")}
    assert (len(asked), keys) == (3, {b"idempotency-key: one"})


@pytest.mark.parametrize(("status", "code"), [(409, "idempotency_key_in_use"), (429, "lock_timeout")])
def test_a_request_that_is_still_busy_is_sent_again_under_its_key(status: int, code: str) -> None:
    """The first one may still be at work: a new key could make the thing twice."""
    made = {"object": "coupon", "id": "a", "duration": "once", "percent_off": 10, "created": 1}
    busy = json.dumps({"error": {"message": "busy", "code": code, "type": "invalid_request_error"}}).encode()
    answers: list[tuple[int, Mapping[str, str], bytes]] = [(status, {}, busy)] * 4
    answers += [(200, {}, json.dumps(made).encode())]
    left = iter(answers)

    def answer(asked: Asked) -> tuple[int, Mapping[str, str], bytes]:
        return (200, {}, b'{"object": "account", "id": "acct_1"}') if asked.method == "GET" else next(left)

    with served(answer) as server, account_at(server.url) as account:
        account.create_coupon("a", Coupon(percent_off=None), Tags())
    sent = [asked for asked in server.asked if asked.method == "POST"]
    assert len(sent) == 5
    assert len({asked.headers["idempotency-key"] for asked in sent}) == 1


@contextmanager
def over_tls(certificate: trustme.LeafCert) -> Iterator[str]:
    """An HTTPS server of this machine with a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)

    def talk(plain: socket.socket) -> None:
        try:
            with context.wrap_socket(plain, server_side=True) as connection:
                connection.recv(65536)
                head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(OBJECT)
                connection.sendall(head + OBJECT)
        except OSError:
            return  # not trusted

    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    plain, _ = server.accept()
                except OSError:
                    return
                talk(plain)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join(10)


@pytest.mark.parametrize(
    ("kind", "says"),
    [("good", ""), ("expired", "expired"), ("wrong", "IP address mismatch"), ("unknown", "local issuer")],
)
def test_a_certificate_that_is_not_right_is_told_at_once(tmp_path: Path, kind: str, says: str) -> None:
    """With a message that names the problem; nothing is sent, and nothing is tried again."""
    ours, other = trustme.CA(), trustme.CA()
    past = datetime.now(UTC) - timedelta(days=2)
    made = {
        "good": lambda: ours.issue_cert("127.0.0.1"),
        "expired": lambda: ours.issue_cert("127.0.0.1", not_before=past - timedelta(days=9), not_after=past),
        "wrong": lambda: ours.issue_cert("127.0.0.2"),
        "unknown": lambda: other.issue_cert("127.0.0.1"),
    }[kind]()
    trusted = tmp_path / "ca.pem"
    ours.cert_pem.write_to_path(str(trusted))
    with over_tls(made) as url, client_at(url, patience=60) as client:
        client.transport._session.verify = str(trusted)
        begun = time.monotonic()
        if not says:
            client.call("get", "/v1/coupons")
            return
        with pytest.raises(StripeFault, match="certificate of 127") as caught:
            client.call("get", "/v1/coupons")
        assert time.monotonic() - begun < 5
        assert client.transport.counts.total() == 1
    assert says in str(caught.value)
    assert caught.value.fault is Fault.REFUSED


def test_a_server_without_tls_is_no_question_of_certificates() -> None:
    """An https address of a server with only http is reported as such."""
    with served() as server, client_at(server.url.replace("http:", "https:")) as client:
        with pytest.raises(StripeFault, match="no secure connection"):
            client.call("get", "/v1/coupons")
        assert client.transport.counts.total() == 1


PASSWORD = "pa55-of-the-proxy"


def through(proxy: str, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A client of Stripe's real address behind a proxy, with little patience."""
    for name in ("NO_PROXY", "no_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    return Client(KEY, Transport(Pacer(None, None), 1, loopback=False), patience=0.2, backoff=0.01)


def refusing(connection: socket.socket, over: threading.Event) -> None:
    said = f"proxy says {PASSWORD} and {KEY}".encode()
    connection.sendall(b"HTTP/1.1 407 " + said + b"\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize(
    ("proxy", "says"),
    [
        ("http://me:{password}@127.0.0.1:{port}", "the proxy does not connect to api.stripe.com (407)"),
        ("http://me:{password}@127.0.0.1:1", "the proxy on the way to api.stripe.com cannot be reached"),
        ("http://me:{password}@", "check the API base, and HTTPS_PROXY"),
        ("http://me:{password}@[::1", "check the API base, and HTTPS_PROXY"),
        ("http://me:{password}@127.0.0.1:99999999", "HTTPS_PROXY"),
        ("socks5://me:{password}@127.0.0.1:1", "HTTPS_PROXY"),
        ("nonsense://me:{password}@127.0.0.1:1", "HTTPS_PROXY"),
    ],
)
def test_a_proxy_is_told_without_its_password(monkeypatch: pytest.MonkeyPatch, proxy: str, says: str) -> None:
    """For every problem: the variable to check, and no part of the key or of the address."""
    with talking(refusing) as url:
        port = url.rpartition(":")[2]
        client = through(proxy.format(password=PASSWORD, port=port), monkeypatch)
        with pytest.raises(StripeFault) as caught:
            client.call("get", "/v1/promotion_codes", code="SPR-7Q2K")
        client.transport.close()
    assert says in str(caught.value)
    told = repr(caught.value) + str(caught.value)
    for secret in (PASSWORD, KEY, "7Q2K"):
        assert secret not in told
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_proxys_answer_has_to_be_whole_by_a_time_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer to CONNECT comes over the same kind of connection."""
    monkeypatch.setattr(transport, "WHOLE_SECONDS", 0.5)
    begun = time.monotonic()
    with talking(dripping(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x")) as url:
        client = through(url, monkeypatch)
        with pytest.raises(StripeFault, match=r"within 0\.5 seconds"):
            client.once("get", "/v1/coupons")
        client.transport.close()
    assert time.monotonic() - begun < 3
