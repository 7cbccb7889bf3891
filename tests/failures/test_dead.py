"""A Stripe that is not there when a command begins: one clear line, within half a minute."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import SHOP, process_env

KEY = "sk_test_failures0123456789"


@contextmanager
def nobody() -> Iterator[int]:
    """A port at which nobody listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    yield port


@contextmanager
def silence() -> Iterator[int]:
    """Somebody who takes the call and says nothing."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=16)) as server:
        yield server.getsockname()[1]


def answering(raw: bytes) -> Callable[[], object]:
    """Somebody who answers every call with the same bytes, and hangs up."""

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
DEAD: dict[str, Callable[[], object]] = {
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


@pytest.mark.parametrize("how", DEAD)
@pytest.mark.usefixtures("folder")
def test_it_is_told_in_one_line(how: str) -> None:
    Path("promosync.json").write_text(json.dumps(SHOP), encoding="utf-8")
    with DEAD[how]() as port:  # type: ignore[attr-defined]
        begun = time.monotonic()
        process = subprocess.run(
            [sys.executable, "-m", "promosync", "apply", "--yes"],
            env=process_env(STRIPE_API_KEY=KEY, STRIPE_API_BASE=f"http://127.0.0.1:{port}", COLUMNS="1000"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        seconds = time.monotonic() - begun
    assert process.returncode == 1
    assert process.stdout == ""
    [line] = process.stderr.strip().splitlines()
    assert line.startswith("error: ")
    assert "run it again" in line
    assert "<" not in line
    assert seconds < 30
