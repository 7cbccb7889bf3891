"""The messages of an export: how much is in the file, what was left out, and why."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from promosync.export.proposal import Export, LeftOut
from promosync.render.facts import noun
from promosync.render.layout import paragraph
from promosync.render.values import number
from promosync.render.visible import visible

_LINES = 30
"""Up to this many reasons are listed one by one."""


def export_notes(export: Export, width: int) -> Iterator[Text]:
    """Yield the messages of an export; they contain no code and no address."""
    found = export.configuration
    yield from paragraph(
        f"Exported {number(len(found.coupons), 'coupon')}, {number(export.codes, 'promotion code')}.", width
    )
    for owner, count in sorted(export.owners.items()):
        name = visible(owner)
        said = f"Not in this file: {count:,} of owner {name} (promosync export --owner {name})."
        yield from paragraph(said, width, indent="  ")
    most_first = sorted(export.left_out, key=lambda left: -left.count)
    for left in most_first[:_LINES]:
        yield from paragraph(_left_out(left), width, indent="  ")
    if rest := sum(left.count for left in most_first[_LINES:]):
        yield from paragraph(f"Left out for other reasons: {rest:,} more.", width, indent="  ")
    if export.withdraws:
        said = (
            f"Warning: a plan of this file removes {export.withdraws:,} objects of its owner that could not be "
            "put into it. Use --no-prune, or add them."
        )
        yield from paragraph(said, width, "bold yellow", indent="  ")


def _left_out(left: LeftOut) -> str:
    ids = ", ".join(map(visible, left.ids)) + (f" and {more:,} more" if (more := left.count - len(left.ids)) else "")
    return f"Left out, {number(left.count, noun(left.kind))}: {visible(left.reason)}: {ids}."
