"""Every lint rule by its id: the id that stands in messages, in `promosync.lint` and in docs/rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from promosync.lint.facts import Facts
from promosync.lint.rules import (
    deep_forever,
    free_forever,
    guessable_code,
    hard_to_read,
    minimum_currency,
    no_code,
    no_limit,
    no_source,
    odd_end,
    offensive_code,
    outlives_coupon,
    over,
    over_budget,
    too_many_codes,
    unnamed,
)
from promosync.model.problems import Problem

Check = Callable[[Facts], Iterator[Problem]]
"""A rule: yields what it has to tell of a file. The id is put in by who asks."""

RULES: Mapping[str, Check] = MappingProxyType(
    {
        # what is given away
        "no-limit": no_limit.check,
        "deep-forever": deep_forever.check,
        "free-forever": free_forever.check,
        "over-budget": over_budget.check,
        # what the customer reads and types
        "hard-to-read": hard_to_read.check,
        "guessable-code": guessable_code.check,
        "offensive-code": offensive_code.check,
        "unnamed": unnamed.check,
        # what will not work as it looks
        "no-code": no_code.check,
        "minimum-currency": minimum_currency.check,
        "too-many-codes": too_many_codes.check,
        "over": over.check,
        "outlives-coupon": outlives_coupon.check,
        "odd-end": odd_end.check,
        # what will be missed later
        "no-source": no_source.check,
    }
)
