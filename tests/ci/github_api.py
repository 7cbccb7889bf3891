"""The part of GitHub's API that comment.py needs, on loopback."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

BOT = {"login": "github-actions[bot]", "type": "Bot"}
LIMIT = 65_536


@dataclass
class GitHub:
    """The comments of one pull request, which ``token`` may write. ``user`` is its owner, None for a job's token."""

    url: str = ""
    token: str = "ghs_job"
    user: str | None = None
    comments: list[dict[str, Any]] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)

    def answer(self, method: str, path: str, token: str, body: Any) -> tuple[int, Any]:
        if path == "/user":
            return (403, {}) if self.user is None else (200, {"login": self.user})
        listed = re.fullmatch(r"/repos/me/shop/issues/7/comments(?:\?per_page=(\d+)&page=(\d+))?", path)
        one = re.fullmatch(r"/repos/me/shop/issues/comments/(\d+)", path)
        if method == "GET" and listed and listed[1]:
            size, page = int(listed[1]), int(listed[2])
            return 200, self.comments[size * (page - 1) : size * page]
        if token != self.token:
            return 403, {"message": "Resource not accessible by integration"}
        if len(body["body"]) > LIMIT:
            return 422, {}
        self.writes.append(method)
        author = {"login": self.user, "type": "User"} if self.user else BOT
        if method == "POST" and listed:
            self.comments.append({"id": 1000 + len(self.comments), "user": author, **body})
            return 201, self.comments[-1]
        if method == "PATCH" and one:
            [comment] = [comment for comment in self.comments if comment["id"] == int(one[1])]
            comment.update(body)
            return 200, comment
        return 404, {}


@contextmanager
def github() -> Iterator[GitHub]:
    """Serve it during the block."""
    state = GitHub()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
            status, answer = state.answer(self.command, self.path, token, body)
            raw = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_PATCH = handle_any

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        state.url = f"http://127.0.0.1:{server.server_port}"
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
