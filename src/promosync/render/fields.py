"""Fields before and after, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from promosync.plan.plan import FieldChange
from promosync.render.layout import fits, pad
from promosync.render.values import json_value, value_text
from promosync.render.visible import visible

INDENT = " " * 6
_ARROW = " → "
_FORCES = "   forces recreate"
_LONG_NAME = 32
"""Names longer than this do not push the values of the others aside."""


def change_lines(
    changes: Iterable[FieldChange],
    width: int,
    currencies: tuple[str | None, str | None] = (None, None),
    *,
    new: bool = False,
) -> Iterator[Text]:
    """Yield a line for each field, two where before and after do not go on one.

    ``currencies`` are those of the amounts before and after. ``new`` leaves out what was before.
    """
    changes = list(changes)
    lengths = [cell_len(visible(change.field)) for change in changes]
    names = max((length for length in lengths if length <= _LONG_NAME), default=0)
    for change in changes:
        name = f"{INDENT}{pad(visible(change.field), names)}  "
        before = value_text(change.field, change.before, currencies[0])
        after = value_text(change.field, change.after, currencies[1])
        mark = _FORCES if change.forces_recreate else ""
        if new:
            yield Text(name + after)
        elif fits(name + before + _ARROW + after + mark, width):
            yield _marked(name + before + _ARROW + after, mark)
        else:
            yield Text(name + before)
            yield _marked(" " * (cell_len(name) - 2) + _ARROW.lstrip() + after, mark)


def changes_json(changes: Iterable[FieldChange]) -> list[dict[str, Any]]:
    """Return each field with before and after; None is "not set"."""
    return [
        {
            "field": change.field,
            "before": json_value(change.before),
            "after": json_value(change.after),
            "forces_recreate": change.forces_recreate,
        }
        for change in changes
    ]


def _marked(line: str, mark: str) -> Text:
    text = Text(line)
    text.append(mark, "magenta")
    return text
