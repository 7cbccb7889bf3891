"""One sandbox for all checks, with a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from promosync.sandbox import Sandbox
from tests.journeys.world import NOW, World, open_near


@pytest.fixture(scope="package")
def shared_world() -> Iterator[World]:
    sandbox = Sandbox(clock=lambda: float(NOW))
    yield open_near(sandbox)
    sandbox.close()


@pytest.fixture
def world(shared_world: World) -> World:
    shared_world.fresh()
    return shared_world
