"""Which fields of two objects differ, and which of them force a recreate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from promosync.model.promotions import Coupon, PromotionCode
from promosync.plan.fields import changed_fields

from .values import BASE, TEXT

KEYS = ("eur", "gbp", "cad", "chf", "jpy", "sek")
currencies = st.dictionaries(st.sampled_from(KEYS), st.sampled_from((40, 45)))
metadata = st.dictionaries(st.sampled_from((*KEYS, "a [b]", "it's", "root")), st.sampled_from(("", "1", "a\nb")))
drawn = st.one_of(
    st.builds(
        Coupon,
        percent_off=st.just(BASE.percent_off),
        currency_options=currencies,
        metadata=metadata,
        name=st.sampled_from((None, "A")),
        applies_to=st.frozensets(st.sampled_from(KEYS)),
    ),
    st.builds(
        PromotionCode,
        code=st.just(TEXT.code),
        coupon=st.sampled_from(("spring", "summer")),
        currency_options=currencies,
        metadata=metadata,
    ),
)


@settings(deadline=None, max_examples=300)
@given(drawn, st.data())
def test_every_difference_is_a_field_of_its_own(before: Coupon | PromotionCode, data: st.DataObject) -> None:
    """A map never comes back as a whole: each of its keys that differs does, with what it was and will be."""
    after = data.draw(drawn.filter(lambda other: type(other) is type(before)))
    wanted: list[tuple[str, Any, Any]] = []
    for name in (field.name for field in fields(before)):
        was, will = getattr(before, name), getattr(after, name)
        if isinstance(was, Mapping):
            wanted += [(f"{name}.{key}", was.get(key), will.get(key)) for key in {*was, *will}]
        elif isinstance(was, frozenset):
            wanted.append((name, sorted(was) or None, sorted(will) or None))
        else:
            wanted.append((name, was, will))
    found = [(change.field, change.before, change.after) for change in changed_fields(before, after)]
    assert sorted(map(repr, found)) == sorted(repr(one) for one in wanted if one[1] != one[2])


@settings(deadline=None)
@given(currencies, currencies, st.sampled_from((BASE, TEXT)))
def test_a_currency_that_goes_forces_a_recreate(
    was: dict[str, int], will: dict[str, int], spec: Coupon | PromotionCode
) -> None:
    """And nothing else does: Stripe adds and changes further currencies in place, but removes none."""
    changes = changed_fields(replace(spec, currency_options=was), replace(spec, currency_options=will))
    forced = {change.field for change in changes if change.forces_recreate}
    assert forced == {f"currency_options.{currency}" for currency in was.keys() - will.keys()}
