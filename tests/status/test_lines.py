"""What a line of the status says of a batch as a whole."""

from __future__ import annotations

from collections import Counter

import pytest

from promosync.model.life import State
from promosync.status.lines import _batch_state, _field_drift
from promosync.status.tally import Count


@pytest.mark.parametrize(
    ("states", "state"),
    [
        ({}, None),
        ({State.REDEEMED: 9, State.ACTIVE: 1}, State.ACTIVE),
        ({State.WITHDRAWN: 2, State.REDEEMED: 3}, State.REDEEMED),
        ({State.WITHDRAWN: 3, State.REDEEMED: 2, State.ACTIVE: 0}, State.WITHDRAWN),
    ],
)
def test_a_batch_is_active_while_one_of_its_codes_is(states: dict[State, int], state: State | None) -> None:
    """Otherwise it has the state of most of its codes."""
    assert _batch_state(Count(Counter(states))) == state


def test_fields_that_differ_on_most_codes_come_first() -> None:
    """Of as many codes, by the names of the fields."""
    drift = {("name",): 2, ("expires_at", "metadata"): 5, ("active",): 2}
    assert _field_drift(drift) == ("5 differ in expires_at, metadata", "2 differ in active", "2 differ in name")
