"""The walls around the tests hold."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]


def test_nothing_leaves_this_machine() -> None:
    """Neither an address nor a name outside the loopback interface is reached."""
    with socket.socket() as opened, pytest.raises(OSError, match="this machine"):
        opened.connect(("192.0.2.1", 443))
    with socket.socket() as opened, pytest.raises(OSError, match="this machine"):
        opened.connect_ex(("192.0.2.1", 443))
    with pytest.raises(OSError, match="no names"):
        socket.getaddrinfo("api.stripe.com", 443)


def test_this_machine_is_reached() -> None:
    """Loopback stays open: the sandbox is served there."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass


def test_no_key_is_in_the_environment() -> None:
    """A test that works only with somebody's key, or that could use it, is impossible."""
    assert "STRIPE_API_KEY" not in os.environ
    assert "NO_COLOR" not in os.environ


def test_a_live_key_stops_the_tests(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a live key anywhere in the environment not one test runs."""
    monkeypatch.setenv("SOME_KEY", "sk_live_" + "x" * 24)
    pytester.makeconftest(Path(__file__).with_name("conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile("def test_it(): pass")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    assert result.ret != 0
    assert "holds a live key" in result.stderr.str()
    assert "passed" not in result.stdout.str()
