"""The safety checks: a plan that removes too much is marked, and apply needs ``--force``."""

from __future__ import annotations

from collections.abc import Iterable

from promosync.plan.plan import Action, BatchAction

_FEW = 10
"""With fewer objects, only a plan that removes all of them is refused: a percentage would say little."""


def brakes(actions: Iterable[Action | BatchAction], ours: int, max_removal_percent: int) -> tuple[str, ...]:
    """Return a sentence for each reason to stop; ``ours`` counts this owner's objects that are in use."""
    removed = sum(int(action.removes) for action in actions)
    if removed and removed >= ours:
        return (
            f"it removes all {ours:,} objects of this owner that are in use; "
            "if two files share an owner, give each its own",
        )
    if ours >= _FEW and removed * 100 > max_removal_percent * ours:
        return (
            f"it removes {removed:,} of {ours:,} objects in use ({removed * 100 // ours} %); "
            f"max_removal_percent is {max_removal_percent}",
        )
    return ()
