"""One sandbox for all checks, over HTTP, with a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from promosync.sandbox import Sandbox, running
from tests.journeys.world import NOW, World, open_world


@pytest.fixture(scope="package")
def shared_world() -> Iterator[World]:
    sandbox = Sandbox(clock=lambda: float(NOW))
    with running(sandbox=sandbox) as handle:
        yield open_world(handle.url, handle.control, sandbox)
    sandbox.close()


@pytest.fixture
def world(shared_world: World) -> World:
    shared_world.fresh()
    return shared_world
