"""Who has SAVE10 tries SAVE20: codes that differ by a number give each other away."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promosync.config.words import shown
from promosync.lint.facts import Facts
from promosync.model.configuration import CodeEntry
from promosync.model.problems import Problem, dotted
from promosync.model.promotions import fold


def check(facts: Facts) -> Iterator[Problem]:
    """Two codes for everybody that lead to different coupons differ by more than their digits."""
    first: dict[str, CodeEntry] = {}
    for entry in facts.public_codes():
        shape = re.sub("[0-9]+", "#", fold(entry.spec.code))
        sibling = first.setdefault(shape, entry)
        if sibling.spec.coupon != entry.spec.coupon:
            yield Problem(
                (*entry.path, "code"),
                f"whoever has {shown(sibling.spec.code)} ({dotted(sibling.path)}) can guess {shown(entry.spec.code)}",
                "let the codes differ by a word, or use a batch of unique codes",
            )
