"""An address is recognised within its batch, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promosync.codes.emails import batch_salt, normalise, salted_hash

SALT = batch_salt("shop", "winback")


@given(st.emails())
def test_case_and_blanks_do_not_matter(address: str) -> None:
    assert salted_hash(f" {address.upper()}\t", SALT) == salted_hash(address.lower(), SALT)
    assert normalise(normalise(address)) == normalise(address)


@given(st.emails(), st.emails())
def test_different_addresses_have_different_hashes(one: str, other: str) -> None:
    assert (salted_hash(one, SALT) == salted_hash(other, SALT)) == (normalise(one) == normalise(other))


@pytest.mark.parametrize(("owner", "batch"), [("shop", "other"), ("other", "winback"), ("shopw", "inback")])
def test_another_batch_can_not_be_linked(owner: str, batch: str) -> None:
    assert salted_hash("a@b.example", batch_salt(owner, batch)) != salted_hash("a@b.example", SALT)


def test_the_hash_is_the_same_in_every_run_and_fits_metadata() -> None:
    """Fixed for ever: codes in Stripe carry it."""
    assert salted_hash("Jane@Example.com", SALT) == "b8859fdfe297cc3ef333248c4d7a0659"
