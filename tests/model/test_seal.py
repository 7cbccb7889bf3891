"""A seal has the same content after it was stored in metadata, and no other text is accepted as a seal."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from promosync.model import seal
from promosync.model.seal import Seal, SealedBatch

ids = st.text(min_size=1, max_size=40)
counts = st.integers(0, 10**9)
shorts = st.none() | st.frozensets(ids.map(lambda id: seal.short_digest("code", id)), max_size=10)
seals = st.builds(
    Seal,
    at=counts,
    family=st.lists(ids, max_size=4).map(seal.family_digest),
    singles=counts,
    digest=st.lists(st.tuples(ids, ids), max_size=4).map(seal.singles_digest),
    rest=shorts,
    batches=st.dictionaries(
        ids.map(seal.batch_digest),
        st.builds(SealedBatch, st.just("") | ids.map(seal.digest), counts, counts, st.booleans()),
        max_size=6,
    ),
    mark=st.none() | st.text("0123456789abcdef", min_size=12, max_size=12),
    gone=shorts,
)


@given(seals, ids, ids, counts)
def test_a_seal_is_read_as_it_was_written(made: Seal, owner: str, coupon: str, created: int) -> None:
    """Through two values of metadata, each within Stripe's limit; and it is of that coupon and owner alone."""
    text = seal.write(made, owner, coupon, created)
    assert text is not None
    values = seal.values(text)
    assert all(len(value) <= seal.VALUE_CHARACTERS for value in values.values())
    assert "".join(values[key] for key in seal.KEYS) == text
    assert seal.read(text, owner, coupon, created) == made
    assert seal.read(text, owner, f"{coupon}x", created) is None
    assert seal.read(text, f"{owner}x", coupon, created) is None
    assert (seal.read(text, owner, coupon, created + 1) is None) == (made.mark is None)


@given(seals, st.data())
def test_what_somebody_edits_is_no_seal(made: Seal, data: st.DataObject) -> None:
    """With any text added, removed or replaced."""
    text = seal.write(made, "shop", "spring", 1) or ""
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    edited = text[:start] + data.draw(st.text(max_size=5)) + text[end:]
    assert (seal.read(edited, "shop", "spring", 1) is None) == (edited != text)


@given(st.text())
def test_no_text_is_a_seal_by_chance(text: str) -> None:
    """No text makes the reader fail."""
    assert seal.read(text, "shop", "spring", 1) is None


def test_a_seal_that_is_too_long_is_not_written() -> None:
    """A coupon with very many batches has none."""
    few = {seal.batch_digest(str(n)): SealedBatch(seal.digest(str(n)), 10**6, 10**6) for n in range(15)}
    many = {seal.batch_digest(str(n)): SealedBatch(seal.digest(str(n)), 10**6, 10**6) for n in range(40)}
    assert seal.write(Seal(1, "", batches=few), "shop", "spring") is not None
    assert seal.write(Seal(1, "", batches=many), "shop", "spring") is None


def test_ids_beyond_a_seals_room_are_unknown() -> None:
    """With too many codes for a list, any code could be among them."""
    few, many = ([seal.short_digest("code", str(n)) for n in range(count)] for count in (10, 200))
    assert seal.rest_of(few) == frozenset(few)
    assert seal.rest_of(many) is None
    assert seal.gone_of(many) is None
    assert Seal(1, "", rest=None).may_have("anything")
    assert not Seal(1, "").may_have("anything")


def test_only_a_closed_seal_says_the_same() -> None:
    """When it was written, and what coupons there were, does not matter."""
    one = Seal(1, "a", 2, "x")
    assert one.says_the_same(Seal(5, "b", 2, "x"))
    assert not one.says_the_same(replace(one, mark="m"))
    assert not one.says_the_same(replace(one, singles=3))
    assert not one.says_the_same(None)
