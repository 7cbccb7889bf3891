"""One sandbox for all journeys, over HTTP; each begins with nothing in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stripe

from promosync.sandbox import running

from .world import World, open_world


@pytest.fixture(scope="package")
def shared_world() -> Iterator[World]:
    """For tests that begin many journeys themselves (:meth:`World.fresh`)."""
    patch = pytest.MonkeyPatch()
    # The SDK waits half a second before each of its own tries.
    patch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.0)
    patch.setattr(stripe.HTTPClient, "MAX_DELAY", 0.0)
    try:
        with running() as handle:
            yield open_world(handle.url, handle.control)
    finally:
        patch.undo()


@pytest.fixture
def world(shared_world: World) -> World:
    shared_world.fresh()
    return shared_world
