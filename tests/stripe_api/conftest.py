"""What the tests of the border share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from promosync.sandbox import running
from promosync.sandbox.server import Handle
from promosync.stripe_api.sdk import stripe


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK waits half a second before each of its own tries; not here."""
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.01)
    monkeypatch.setattr(stripe.HTTPClient, "MAX_DELAY", 0.01)


@pytest.fixture(scope="package")
def _served() -> Iterator[Handle]:
    with running() as handle:
        yield handle


@pytest.fixture
def sandbox(_served: Handle) -> Handle:
    """The sandbox over HTTP, empty."""
    _served.control.reset()
    return _served
