"""What holds for every test: no key, no setting of the machine's, and no network but this machine's own."""

from __future__ import annotations

import ipaddress
import os
import socket
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("long", max_examples=200)  # pytest --hypothesis-profile=long: for a night, or a proof

_SCRUBBED = ("STRIPE_", "PROMOSYNC_", "GITHUB_", "RUNNER_", "TYPER_", "_TYPER_")
_SCRUBBED_WHOLE = {
    "CI",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "COLORTERM",
    "COLUMNS",
    "FORCE_COLOR",
    "LINES",
    "NO_COLOR",
    "PYTHONIOENCODING",
    "PYTHONUTF8",
    "TERM",
    "TTY_COMPATIBLE",
    "TTY_INTERACTIVE",
    "TERMINAL_WIDTH",
}
# The exam of the sandbox may be sat by Stripe's test mode, when a test key is given for just that.
EXAM_KEY = "PROMOSYNC_EXAM_KEY"


def pytest_configure() -> None:
    """Take the environment away before any test module reads it; with a live key, do not begin."""
    for name, value in list(os.environ.items()):
        if value.startswith(("sk_live_", "rk_live_")):
            raise pytest.UsageError(f"{name} holds a live key: tests do not run beside one")
        if name != EXAM_KEY and (name.startswith(_SCRUBBED) or name in _SCRUBBED_WHOLE):
            del os.environ[name]
    # Else each of the processes that tests begin would compile all modules again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if not os.environ.get(EXAM_KEY):
        _keep_to_this_machine()


def pytest_xdist_auto_num_workers() -> int:
    """Two processes for each processor: much of the tests' time is waiting."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture(scope="session", autouse=True)
def compiled_templates() -> Iterator[None]:
    """A command compiles the templates of its page, and makes one page; the tests, which make many, keep the code."""
    from jinja2 import BytecodeCache, Environment
    from jinja2.bccache import Bucket

    kept: dict[str, bytes] = {}

    class Kept(BytecodeCache):
        def load_bytecode(self, bucket: Bucket) -> None:
            if bucket.key in kept:
                bucket.bytecode_from_string(kept[bucket.key])

        def dump_bytecode(self, bucket: Bucket) -> None:
            kept[bucket.key] = bucket.bytecode_to_string()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("promosync.render.pages.Environment", partial(Environment, bytecode_cache=Kept()))
        yield


@pytest.fixture(scope="session")
def forked() -> Iterator[Path]:
    """The program `promosync`, in a folder of its own, with its modules loaded already."""
    from tests.forked import serving  # not where a test takes this file elsewhere

    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as program:
        yield program


def _keep_to_this_machine() -> None:
    """Refuse every connection and look-up that would leave the loopback interface."""
    connect, connect_ex, look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        _check(self, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        _check(self, address)
        return connect_ex(self, address)

    def guarded_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host and not _is_loopback(host.decode() if isinstance(host, bytes) else str(host)):
            raise OSError(f"tests look up no names: {host}")
        return look_up(host, *args, **kwargs)

    socket.socket.connect = guarded_connect  # type: ignore[method-assign, assignment]
    socket.socket.connect_ex = guarded_connect_ex  # type: ignore[method-assign, assignment]
    socket.getaddrinfo = guarded_look_up


def _check(opened: socket.socket, address: Any) -> None:
    if opened.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(str(address[0])):
        raise OSError(f"tests keep to this machine: {address}")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
