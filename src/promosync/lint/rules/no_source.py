"""Several codes of one coupon are there to tell where customers come from, if something says so."""

from __future__ import annotations

from collections.abc import Iterator

from promosync.lint.facts import Facts
from promosync.model.problems import Problem

TOLD_BY = ("source", "campaign")


def check(facts: Facts) -> Iterator[Problem]:
    """Each of several codes of a coupon has a metadata key such as `source`, `campaign` or `utm_source`."""
    for coupon in facts.current_coupons():
        ways = facts.usable_ways(coupon)
        for way in ways if len(ways) > 1 else ():
            if not any(key.lower().endswith(TOLD_BY) for key in way.spec.metadata):
                yield Problem(
                    (*way.path, "metadata"),
                    "one of several codes of its coupon, and nothing says where it is handed out",
                    'add metadata, for example `{"source": "newsletter"}`',
                )
