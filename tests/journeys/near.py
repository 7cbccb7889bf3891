"""A sandbox so near that no connection leads to it: what `requests` sends is handed over, and what is answered, back.

Sockets, and HTTP on both their ends, take half of the time of a journey, and see every request alike. They are in the
tests of the wire (tests/stripe_api, tests/sandbox), of failures, and wherever a command is carried out.
"""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from promosync.sandbox import Request, Sandbox

NEAR = "http://127.0.0.1:1"
"""The address of a sandbox that is near: nobody listens there."""


class Near(HTTPAdapter):
    """Takes requests to a sandbox of this process. Lost and cut connections are those of `requests`."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self._sandbox = sandbox

    def send(self, request: requests.PreparedRequest, *_: Any, **options: Any) -> requests.Response:
        url, body = urlsplit(request.url or ""), request.body or b""
        headers: Mapping[str, str] = {name.lower(): str(value) for name, value in request.headers.items()}
        given = body if isinstance(body, bytes) else str(body).encode()
        answer = self._sandbox.handle(Request(request.method or "", url.path, url.query, headers, given))
        if answer.delay:
            time.sleep(answer.delay)
        if answer.cut == "reset":
            raise requests.ConnectionError
        sent = answer.body[: len(answer.body) // 2] if answer.cut == "half" else answer.body
        raw = HTTPResponse(
            io.BytesIO(sent),
            {**answer.headers, "Content-Length": str(len(answer.body))},
            answer.status or 200,
            preload_content=False,
            request_method=request.method,
        )
        return self.build_response(request, raw)
