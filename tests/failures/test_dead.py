"""A Stripe that is not there when a command begins: one clear line, within half a minute."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cli.conftest import SHOP, process_env

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
    """Somebody who takes the call and says nothing."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=16)) as server:
        yield server.getsockname()[1]


def answering(raw: bytes) -> Dead:
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


@dataclass(frozen=True)
class End:
    """How a command ended, and after how many seconds."""

    code: int
    stdout: str
    stderr: str
    seconds: float


def _apply(folder: Path, stands_for_stripe: Dead) -> End:
    with stands_for_stripe() as port:
        begun = time.monotonic()
        process = subprocess.run(
            [sys.executable, "-m", "promosync", "apply", "--yes"],
            cwd=folder,
            env=process_env(STRIPE_API_KEY=KEY, STRIPE_API_BASE=f"http://127.0.0.1:{port}", COLUMNS="1000"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return End(process.returncode, process.stdout, process.stderr, time.monotonic() - begun)


def test_it_is_told_in_one_line(tmp_path: Path) -> None:
    """They are waited for side by side, as each takes its time."""
    (tmp_path / "promosync.json").write_text(json.dumps(SHOP), encoding="utf-8")
    with ThreadPoolExecutor(len(DEAD)) as pool:
        ends = dict(zip(DEAD, pool.map(lambda how: _apply(tmp_path, DEAD[how]), DEAD), strict=True))
    for how, end in ends.items():
        assert (end.code, end.stdout) == (1, ""), how
        [line] = end.stderr.strip().splitlines()
        assert line.startswith("error: "), how
        assert "run it again" in line, how
        assert "<" not in line, how
        assert end.seconds < 30, how
