"""One sandbox for all exports, over HTTP, and what becomes of an account that is exported and adopted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stripe

from promosync.sandbox import running
from tests.export.shop import Shop
from tests.journeys.world import open_world


@pytest.fixture(scope="package")
def shared_shop() -> Iterator[Shop]:
    patch = pytest.MonkeyPatch()
    # The SDK waits half a second before each of its own tries.
    patch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.0)
    patch.setattr(stripe.HTTPClient, "MAX_DELAY", 0.0)
    try:
        with running() as handle:
            yield Shop(open_world(handle.url, handle.control, handle.sandbox), handle.url)
    finally:
        patch.undo()


@pytest.fixture
def shop(shared_shop: Shop) -> Shop:
    shared_shop.world.fresh()
    return shared_shop


@pytest.fixture
def shop_url(shop: Shop) -> str:
    return shop.url
