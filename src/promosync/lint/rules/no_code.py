"""A coupon without a code is a discount that no customer can enter."""

from __future__ import annotations

from collections.abc import Iterator

from promosync.lint.facts import Facts
from promosync.model.problems import Problem


def check(facts: Facts) -> Iterator[Problem]:
    """A promotion code or a batch leads to every coupon, be it switched off at the moment."""
    for coupon in facts.current_coupons():
        if coupon.id not in facts.ways:
            message = "no promotion code and no batch leads to this coupon, so no customer can enter it"
            yield Problem((*coupon.path, "id"), message, "add a promotion code for it, or remove it")
