"""Every lint rule by its id, which is also used in messages, in `promosync.lint` and in docs/rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from promosync.lint.facts import Facts
from promosync.lint.rules import cost, texts, use
from promosync.model.problems import Problem

Check = Callable[[Facts], Iterator[Problem]]
"""A rule: yields its warnings about a file. The caller puts in the id."""

RULES: Mapping[str, Check] = MappingProxyType(
    {
        "no-limit": cost.no_limit,
        "deep-forever": cost.deep_forever,
        "free-forever": cost.free_forever,
        "over-budget": cost.over_budget,
        "hard-to-read": texts.hard_to_read,
        "guessable-code": texts.guessable_code,
        "offensive-code": texts.offensive_code,
        "unnamed": texts.unnamed,
        "no-code": use.no_code,
        "minimum-currency": use.minimum_currency,
        "too-many-codes": use.too_many_codes,
        "over": use.over,
        "outlives-coupon": use.outlives_coupon,
        "odd-end": use.odd_end,
        "no-source": use.no_source,
    }
)
