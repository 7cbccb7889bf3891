"""Helpers that make a client or an account, and a server whose answers a test defines."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from promosync.apply.pacing import Pacer
from promosync.model.ownership import Mode
from promosync.stripe_api.account import StripeAccount
from promosync.stripe_api.client import Client
from promosync.stripe_api.transport import Transport

KEY = "sk_test_border0123456789"


@contextmanager
def client_at(
    base: str | None,
    *,
    key: str = KEY,
    pacer: Pacer | None = None,
    patience: float = 5.0,
    stripe_account: str | None = None,
) -> Iterator[Client]:
    """A client with short waits; its connections are closed in the end."""
    transport = Transport(pacer or Pacer(None, None), 8, loopback=base is not None)
    try:
        yield Client(key, transport, base, stripe_account, patience=patience, backoff=0.02)
    finally:
        transport.close()


@contextmanager
def account_at(base: str | None, *, key: str = KEY, patience: float = 5.0) -> Iterator[StripeAccount]:
    with client_at(base, key=key, patience=patience) as client:
        yield StripeAccount(client, Mode.TEST)


@dataclass
class Asked:
    """One request as it came in, header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str


Answer = tuple[int, Mapping[str, str], bytes]
OBJECT = b'{"object": "list", "data": [], "has_more": false}'


@dataclass
class Server:
    """A loopback server: `asked` has what came in, `answer` makes what goes out."""

    url: str
    answer: Callable[[Asked], Answer] = lambda _asked: (200, {}, OBJECT)
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def served(answer: Callable[[Asked], Answer] | None = None) -> Iterator[Server]:
    server = Server("")
    if answer is not None:
        server.answer = answer

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, body)
            server.asked.append(asked)
            status, more, content = server.answer(asked)
            self.send_response_only(status)
            for name, value in {"Content-Length": str(len(content)), **more}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _any

        def log_message(self, format: str, *args: object) -> None:
            """Tests are quiet."""

    inside = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    inside.daemon_threads = True
    server.url = f"http://127.0.0.1:{inside.server_address[1]}"
    thread = threading.Thread(target=inside.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        inside.shutdown()
        inside.server_close()
        thread.join()
