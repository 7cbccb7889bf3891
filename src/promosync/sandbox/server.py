"""The sandbox's HTTP server, on the loopback interface only, in the foreground or in a thread."""

from __future__ import annotations

import asyncio
import re
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiohttp import web

from .client import Control
from .core import Sandbox
from .limits import Limits
from .wire import Request, Response

LARGEST_BODY = 512 * 2**20  # seeds come in one request
_AUTHORITY = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9._-]+))(?::(?P<port>[0-9]{1,5}))?")
DRAIN = 1.0  # seconds that a stopping server waits for answers under way


@dataclass(frozen=True)
class Handle:
    """A sandbox that is served: its address, its controls, and itself."""

    url: str
    control: Control
    sandbox: Sandbox


def serve(
    sandbox: Sandbox,
    host: str = "127.0.0.1",
    port: int = 0,
    ready: Callable[[str], None] = lambda _url: None,
) -> None:
    """Serves until SIGINT, SIGTERM or SIGHUP, then returns; `ready` is called with the URL. Port 0 takes a free one.

    Raises ValueError for a host that is not loopback, OSError for a port that is taken.
    """

    async def main() -> None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` leaves it
                loop.add_signal_handler(number, stopped.set)
        await _serve_until(sandbox, host, port, ready, stopped)

    asyncio.run(main())


@contextmanager
def running(
    path: Path | None = None,
    *,
    limits: Limits | None = None,
    latency: float = 0.0,
    sandbox: Sandbox | None = None,
) -> Iterator[Handle]:
    """Serves a sandbox, `sandbox` or a new one, from a thread of this process while the block runs."""
    inside = sandbox or Sandbox(path, limits=limits, latency=latency)
    started: Future[tuple[str, Callable[[], Any]]] = Future()

    async def main() -> None:
        stopped, loop = asyncio.Event(), asyncio.get_running_loop()

        def ready(url: str) -> None:
            started.set_result((url, lambda: loop.call_soon_threadsafe(stopped.set)))

        await _serve_until(inside, "127.0.0.1", 0, ready, stopped)

    def work() -> None:
        try:
            asyncio.run(main())
        except BaseException as failure:
            if started.done():
                raise
            started.set_exception(failure)

    thread = threading.Thread(target=work, name="sandbox", daemon=True)
    thread.start()
    url, stop = started.result()
    try:
        yield Handle(url, Control(url), inside)
    finally:
        stop()
        thread.join()
        if sandbox is None:
            inside.close()


async def _serve_until(
    sandbox: Sandbox, host: str, port: int, ready: Callable[[str], None], stopped: asyncio.Event
) -> None:
    if not _is_loopback(host):
        raise ValueError(f"the sandbox is served on loopback only, not on {host}")
    server = web.Server(_handler(sandbox), request_factory=_request, access_log=None)
    runner = web.ServerRunner(server, shutdown_timeout=DRAIN)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, backlog=1024)
        await site.start()
        name, bound = runner.addresses[0][:2]
        ready(f"http://[{name}]:{bound}" if ":" in name else f"http://{name}:{bound}")
        await stopped.wait()
    finally:
        await runner.cleanup()


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=LARGEST_BODY)


def _handler(sandbox: Sandbox) -> Callable[[web.BaseRequest], Any]:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        try:
            host = _name_in(request.headers["Host"])
        except (KeyError, ValueError):
            return web.Response(status=400, text="The Host header is missing or broken.\n")
        if not _is_loopback(host) or _is_of_a_page(request.headers):
            # A web page gets no answer, and a host name of its own that points here does not help it.
            return web.Response(status=403, text="The sandbox answers to loopback names only.\n")
        path, _, query = request.raw_path.partition("?")
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.read() if request.body_exists else b""
        answer = sandbox.handle(Request(request.method, path, query, headers, body))
        if answer.delay:
            await asyncio.sleep(answer.delay)
        if answer.cut is not None:
            return await _cut(request, answer)
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body)

    return handle


async def _cut(request: web.BaseRequest, answer: Response) -> web.StreamResponse:
    """Drops the connection; for "half", after the headers and half of the body."""
    half = web.StreamResponse(status=answer.status or 200, headers=answer.headers)
    if answer.cut == "half" and request.transport is not None:
        half.content_length = len(answer.body)
        await half.prepare(request)
        await half.write(answer.body[: len(answer.body) // 2])
        request.transport.close()  # flushes, where abort would not
    elif request.transport is not None:
        request.transport.abort()
    return half


def _name_in(authority: str) -> str:
    """The name or address in a Host header; ValueError where the header is broken: RFC 9110, 7.2."""
    found = _AUTHORITY.fullmatch(authority)
    if found is None or int(found["port"] or 0) > 65535:
        raise ValueError(authority)
    return found["six"] or found["name"]


def _is_of_a_page(headers: Mapping[str, str]) -> bool:
    """Whether a browser sent it for a page of another site: https://www.w3.org/TR/fetch-metadata/"""
    if headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        return True
    try:
        return "Origin" in headers and not _is_loopback(_name_in(headers["Origin"].partition("://")[2]))
    except ValueError:  # "null" is the origin of a sandboxed frame
        return True


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
