"""A sandbox in this process for tests that count writes, and one in a separate process for tests that kill."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import stripe

from promosync.sandbox import Control, running
from tests.cli.conftest import process_env
from tests.journeys.world import World, open_world


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK waits half a second before each of its own tries."""
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.0)
    monkeypatch.setattr(stripe.HTTPClient, "MAX_DELAY", 0.0)


@pytest.fixture(scope="package")
def shared_world() -> Iterator[World]:
    with running() as handle:
        yield open_world(handle.url, handle.control, handle.sandbox)


@pytest.fixture
def world(shared_world: World) -> World:
    shared_world.fresh()
    return shared_world


@pytest.fixture(scope="package")
def shared_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a sandbox in a separate process."""
    state = tmp_path_factory.mktemp("elsewhere", numbered=True) / "sandbox.db"
    command = [sys.executable, "-m", "promosync", "sandbox", "serve", "--port", "0", "--state", str(state)]
    process = subprocess.Popen(
        command, env=process_env(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def elsewhere(shared_elsewhere: str) -> World:
    world = open_world(shared_elsewhere, Control(shared_elsewhere))
    world.fresh()
    return world


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path
