"""One sandbox for all journeys, over HTTP; each begins with nothing in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stripe

from promosync.plan import sealing
from promosync.sandbox import Sandbox, running
from promosync.stripe_api import choosing

from .world import NOW, World, open_world


@pytest.fixture(scope="package")
def shared_world() -> Iterator[World]:
    """For tests that begin many journeys themselves (:meth:`World.fresh`)."""
    patch = pytest.MonkeyPatch()
    # The SDK waits half a second before each of its own tries.
    patch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.0)
    patch.setattr(stripe.HTTPClient, "MAX_DELAY", 0.0)
    try:
        # Only a journey moves the clock, so that the second of every event is fixed.
        sandbox = Sandbox(clock=lambda: float(NOW))
        with running(sandbox=sandbox) as handle:
            yield open_world(handle.url, handle.control, sandbox)
        sandbox.close()
    finally:
        patch.undo()


@pytest.fixture
def world(shared_world: World) -> World:
    shared_world.fresh()
    return shared_world


@pytest.fixture
def never_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Treat every account as so large that the list of all codes is read only if nothing less is enough."""
    monkeypatch.setattr(choosing, "FEW", 0)
    monkeypatch.setattr(choosing.Choosing, "_allowed", lambda self: 0)
    monkeypatch.setattr(sealing, "MANY", 0)
