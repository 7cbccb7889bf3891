"""Plans that read only what they need, compared with plans that read everything."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from promosync.model.problems import ProblemsFound
from promosync.plan.plan import BatchAction, Plan

_OVER = ("its coupon's date has passed", "its date in the file has passed")


def said(plan: Plan) -> dict[str, Any]:
    """Return the actions and messages of a plan, without the noting of codes that were switched off by hand.

    Objects of one second that come from two lists have no order. Of an entry whose date has passed all codes are off:
    which of them is named is of no consequence.
    """

    def unmarked(batch: BatchAction) -> BatchAction:
        reason = "" if batch.marked else batch.reason
        return replace(batch, marked=0, reason=reason, issued=Counter(), work=None)

    batches = [unmarked(batch) for batch in plan.batches if batch.codes > batch.marked]
    return {
        "actions": sorted(plan.actions, key=lambda a: (a.kind, a.id, a.verb, a.stripe_id or "")),
        "batches": batches,
        "kept": sorted(repr(replace(kept, stripe_id=None) if kept.reason in _OVER else kept) for kept in plan.kept),
        "brakes": plan.brakes,
        "exposed": plan.exposed,
        "owner": plan.owner,
    }


class Both:
    """Plans by need and with a complete reading."""

    def __init__(self, make: Any) -> None:
        self._make = make
        self.trusted = 0

    def plan(self) -> Plan | None:
        """Return the plan by need, equal to the one by a complete reading; None if both have the same errors."""
        ways = []
        for refresh in (False, True):
            try:
                ways.append(self._make(refresh=refresh))
            except ProblemsFound as found:
                ways.append(frozenset(found.problems))
        by_need, in_full = ways
        if not isinstance(by_need, Plan) or not isinstance(in_full, Plan):
            assert by_need == in_full, ways
            return None
        one, other = said(by_need), said(in_full)
        different = {key: (one[key], other[key]) for key in one if one[key] != other[key]}
        assert not different, different
        self.trusted += len(by_need.trusted)
        return by_need
