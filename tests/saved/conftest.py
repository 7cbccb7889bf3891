"""The journeys' sandbox, for saved plans."""

from __future__ import annotations

from tests.journeys.conftest import shared_world, world

__all__ = ["shared_world", "world"]
