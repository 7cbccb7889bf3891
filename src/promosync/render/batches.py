"""A batch in a plan: counts of codes, and never one of the codes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.text import Text

from promosync.codes.capacity import rate_text
from promosync.model.problems import dotted
from promosync.plan.plan import BatchAction
from promosync.render.facts import Pace, batch_seconds
from promosync.render.fields import INDENT, change_lines, changes_json
from promosync.render.layout import paragraph
from promosync.render.visible import visible

_WORTH_SAYING = 60
"""Seconds."""

_COUNTS = ("added", "adopted", "recreated", "restored", "updated", "withdrawn", "switched_off", "marked")


def batch_text(batch: BatchAction, width: int, pace: Pace) -> Iterator[Text]:
    """Yield the lines of one batch; one that takes a minute or more with how long that is."""
    symbol, style = _sign(batch)
    line = Text("  ")
    line.append(symbol, f"bold {style}")
    line.append(" code batch ")
    line.append(visible(batch.id), "bold")
    yield line
    said = f"{', '.join(_doings(batch))}: {visible(batch.reason)}"
    yield from paragraph(said, width, "", INDENT, f"{INDENT}  ")
    yield from change_lines(batch.changes, width)
    for remark in _remarks(batch, pace):
        yield from paragraph(remark, width, "", INDENT, f"{INDENT}  ")
    for warning in batch.warnings:
        yield from paragraph(f"! more generous: {visible(warning)}", width, "bold yellow", INDENT, f"{INDENT}  ")


def batch_json(batch: BatchAction, pace: Pace) -> dict[str, Any]:
    """Return one batch; ``issued`` counts the codes that stay, by their state."""
    return {
        "kind": batch.kind.value,
        "id": batch.id,
        "path": dotted(batch.path) or None,
        "reason": batch.reason,
        **{name: getattr(batch, name) for name in _COUNTS},
        "skipped": batch.skipped,
        "customers": batch.customers,
        "issued": dict(sorted(batch.issued.items())),
        "changes": changes_json(batch.changes),
        "warnings": list(batch.warnings),
        "removes": batch.removes,
        "requests": batch.requests,
        "seconds": round(batch_seconds(batch, pace), 1),
        "gap": batch.swapped,
    }


def _sign(batch: BatchAction) -> tuple[str, str]:
    if batch.recreated:
        return "±", "magenta"
    touched = {name for name in _COUNTS if getattr(batch, name)}
    if touched == {"adopted"}:
        return "←", "cyan"
    if touched <= {"added", "adopted"}:
        return "+", "green"
    return ("-", "red") if touched <= {"withdrawn", "switched_off"} else ("~", "yellow")


def _doings(batch: BatchAction) -> Iterator[str]:
    if batch.added:
        yield f"make {_codes(batch.added)}"
    if batch.adopted:
        yield f"adopt {_codes(batch.adopted)}"
    if batch.recreated:
        yield f"recreate {_codes(batch.recreated)} with the same text"
    if batch.restored:
        yield f"switch {_codes(batch.restored)} back on"
    if batch.updated:
        yield f"update {_codes(batch.updated)}"
    if batch.withdrawn:
        yield f"withdraw {_codes(batch.withdrawn)}"
    if batch.switched_off:
        yield f"switch {_codes(batch.switched_off)} off"
    if batch.marked:
        yield f"note {_codes(batch.marked)} as switched off by hand"


def _remarks(batch: BatchAction, pace: Pace) -> Iterator[str]:
    seconds = batch_seconds(batch, pace)
    if seconds >= _WORTH_SAYING:
        yield rate_text(batch.codes, round(batch.codes / seconds, 1))
    if issued := batch.issued.total():
        states = ", ".join(f"{count:,} {visible(state)}" for state, count in batch.issued.most_common() if count)
        yield f"{_codes(issued)} issued so far: {states}"
    if batch.customers:
        yield f"{batch.customers:,} customer{'s' * (batch.customers != 1)} to create for their addresses"
    if batch.skipped:
        yield f"{batch.skipped:,} address{'es' * (batch.skipped != 1)} without a customer, skipped"


def _codes(count: int) -> str:
    return f"{count:,} code{'s' * (count != 1)}"
