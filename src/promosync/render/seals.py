"""What a plan took from seals instead of reading it: see :mod:`promosync.model.seal`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from promosync.plan.fields import iso
from promosync.plan.plan import Plan
from promosync.render.visible import visible


def trust_words(plan: Plan) -> Iterator[str]:
    """Yield a sentence for each batch that was not read, and one where any code of the account was not."""
    for batch in plan.trusted:
        since = iso(batch.since)[:10]
        yield f"batch {visible(batch.id)}: {batch.issued:,} codes as sealed {since}, not read"
    if not plan.in_full:
        yield "Only the codes that this plan needs were read. To read all codes of the account, add --refresh."


def trust_json(plan: Plan) -> dict[str, Any]:
    """Return whether all codes of the account were read, and each batch that was not, with the time of its seal."""
    trusted = [
        {"id": batch.id, "codes": batch.issued, "active": batch.active, "sealed_at": iso(batch.since)}
        for batch in plan.trusted
    ]
    return {"in_full": plan.in_full, "trusted": trusted}
