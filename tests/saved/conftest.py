"""The journeys' sandbox, for plans that lie in a drawer for a while."""

from __future__ import annotations

from tests.journeys.conftest import shared_world, world

__all__ = ["shared_world", "world"]
