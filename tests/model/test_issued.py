"""The compact list of records returns the records that were added."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promosync.model.issued import IssuedCode, IssuedCodes
from promosync.model.ownership import Retired

texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)
records = st.builds(
    IssuedCode,
    stripe_id=texts,
    code=texts,
    slot=st.none() | st.integers(0, 2**63 - 1),
    active=st.booleans(),
    used=st.integers(0, 2**40),
    retired=st.none() | st.sampled_from(Retired),
    current=st.booleans(),
    ended=st.booleans(),
    moves=st.booleans(),
    gone=st.booleans(),
    email=st.none() | texts,
    customer=st.none() | texts,
    created=st.integers(0, 2**40),
    used_up=st.booleans(),
)


@given(st.lists(records, max_size=20))
def test_records_come_back_as_they_were(given_records: list[IssuedCode]) -> None:
    compact = IssuedCodes(given_records)
    assert list(compact) == given_records
    assert list(compact[1:-1]) == given_records[1:-1]
    assert [compact[-1 - index] for index in range(len(compact))] == given_records[::-1]
    with pytest.raises(IndexError):
        compact[len(compact)]
