"""A Stripe that is not there when a command begins: one clear line, within half a minute.

The waits are a twentieth of what they are for users; what those add up to, tests/stripe_api/test_transport.py says.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress

import pytest

from promosync.stripe_api import reader, transport
from promosync.stripe_api.client import SDK_RETRIES
from tests.cli.conftest import Cli
from tests.cli.conftest import cli as cli
from tests.cli.conftest import folder as folder

KEY = "sk_test_failures0123456789"

Dead = Callable[[], AbstractContextManager[int]]
"""Opens a port of this machine, and closes it in the end."""


@contextmanager
def nobody() -> Iterator[int]:
    """A port at which nobody listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    yield port


@contextmanager
def silence() -> Iterator[int]:
    """A server that accepts connections and never answers."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=16)) as server:
        yield server.getsockname()[1]


def answering(raw: bytes) -> Dead:
    """A server that answers every connection with the same bytes, and closes it."""

    @contextmanager
    def answers() -> Iterator[int]:
        server = socket.create_server(("127.0.0.1", 0))

        def work() -> None:
            while True:
                try:
                    call, _ = server.accept()
                except OSError:
                    return
                with call:
                    call.recv(65536)
                    call.sendall(raw)

        threading.Thread(target=work, daemon=True).start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            server.close()

    return answers


PAGE = b"<html><body><h1>502 Bad Gateway</h1>Ask the <b>administrator</b>.</body></html>"
DEAD: dict[str, Dead] = {
    "nobody listens": nobody,
    "nobody answers": silence,
    "hangs up": answering(b""),
    "a proxy's page": answering(
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (len(PAGE), PAGE)
    ),
    "a proxy's page as a success": answering(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (len(PAGE), PAGE)
    ),
    "half an answer": answering(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"id": "acct_1"'),
}


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((transport, "FIRST_SECONDS"), (transport, "CONNECT_SECONDS"), (reader, "OPENING_SECONDS")):
        monkeypatch.setattr(module, name, getattr(module, name) / 20)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("how", DEAD)
def test_it_is_told_in_one_line(cli: Cli, how: str) -> None:
    with DEAD[how]() as port:
        begun = time.monotonic()
        env = {"STRIPE_API_KEY": KEY, "STRIPE_API_BASE": f"http://127.0.0.1:{port}", "COLUMNS": "1000"}
        end = cli("apply", "--yes", env=env)
        seconds = time.monotonic() - begun
    assert (end.code, end.out) == (1, "")
    [line] = end.err.strip().splitlines()
    assert line.startswith("error: ")
    assert "run it again" in line
    assert "<" not in line
    assert seconds < 30


@pytest.mark.usefixtures("hurried")
def test_who_says_nothing_is_called_as_often_as_half_a_minute_allows(cli: Cli) -> None:
    with closing(socket.create_server(("127.0.0.1", 0), backlog=16)) as server:
        port = server.getsockname()[1]
        env = {"STRIPE_API_KEY": KEY, "STRIPE_API_BASE": f"http://127.0.0.1:{port}"}
        assert cli("apply", "--yes", env=env).code == 1
        server.settimeout(0)
        calls = 0
        with suppress(BlockingIOError):
            while True:
                server.accept()[0].close()
                calls += 1
    assert calls == 1 + SDK_RETRIES
