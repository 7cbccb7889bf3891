"""One entry of a plan for people: what happens to an object or a batch, why, and what it means for its codes.

± coupon summer_sale  "Summer Sale"                    symbol, kind, config id, and its name or text
      recreate: Stripe cannot change percent_off                          what is done, and why
      percent_off  20 % → 25 %   forces recreate                          each field that changes
      100 redemptions allowed, of which 37 used: 63 left                  what it means
      moves 200 codes: LAUNCH20, LETTER20 and 198 more; --verbose lists them
      ! more generous: a larger discount: 20 % to 25 %                    what it may cost
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len
from rich.text import Text

from promosync.codes.capacity import rate_text
from promosync.model.promotions import Coupon, PromotionCode
from promosync.plan.plan import Action, BatchAction, FieldChange, Kind, Verb
from promosync.render.facts import DOINGS, Pace, batch_seconds, left, noun, said_changes, said_label, used
from promosync.render.layout import pad, paragraph
from promosync.render.values import number, value_text
from promosync.render.visible import visible

SYMBOL = {
    Verb.CREATE: "+",
    Verb.UPDATE: "~",
    Verb.ADOPT: "←",
    Verb.RECREATE: "±",
    Verb.DEACTIVATE: "-",
    Verb.DELETE: "-",
    Verb.RETIRE: "×",
}
LISTED = "--verbose lists them"
ALL_OFF = "codes that take over each other's texts are all switched off before one is made"

_STYLE = {"+": "green", "~": "yellow", "←": "cyan", "±": "magenta", "-": "red", "×": "red"}
_INDENT = " " * 6
_ARROW = " → "
_LONG_NAME = 32
"""Longer field names do not move the values of the other fields to the right."""
_IN_THE_HEAD = ("name", "code")
_MOST_NAMED = 3
_LONG = 60
"""Seconds: a batch that takes this long says so."""


def action_text(action: Action, width: int, moved: Sequence[Action] = (), listed: str = LISTED) -> Iterator[Text]:
    """Yield the lines of one action.

    ``moved`` are the codes that only move with it and have no entry of their own; ``listed`` says where they are.
    """
    label = said_label(action)
    shown = value_text("name", label) if label and action.kind is Kind.COUPON else visible(label)
    said = f"{action.verb}: {visible(action.reason)}"
    remarks = (*_remarks(action), *_moves(action, moved, listed))
    yield from _entry(action, SYMBOL[action.verb], shown, said, action_changes(action, width), remarks, width)


def action_changes(action: Action, width: int) -> Iterator[Text]:
    """Yield the lines of an action that show its fields before and after."""
    new = action.verb is Verb.CREATE
    changes = [change for change in said_changes(action) if not (new and change.field in _IN_THE_HEAD)]
    currencies = _currency(action.before.spec if action.before else None), _currency(action.after)
    yield from _changes(changes, width, currencies, new=new)


def batch_text(batch: BatchAction, width: int, pace: Pace) -> Iterator[Text]:
    """Yield the lines of one batch: counts of codes, never the text of a code."""
    doings = []
    for name, (verb, after) in DOINGS.items():
        if count := getattr(batch, name):
            same = " with the same text" if name == "recreated" else ""
            doings.append(f"{verb} {number(count, 'code')}{after}{same}")
    said = f"{', '.join(doings)}: {visible(batch.reason)}"
    yield from _entry(
        batch, _symbol(batch), "", said, _changes(batch.changes, width), _batch_remarks(batch, pace), width
    )


def _entry(
    action: Action | BatchAction,
    symbol: str,
    label: str,
    said: str,
    changes: Iterable[Text],
    remarks: Iterable[str],
    width: int,
) -> Iterator[Text]:
    style = _STYLE[symbol]
    head = Text.assemble("  ", (symbol, f"bold {style}"), f" {noun(action.kind)} ", (visible(action.id), "bold"))
    yield head.append(f"  {label}" if label else "")
    first, *more = _indented(said, width)
    if isinstance(action, Action):
        first.stylize(style, len(_INDENT), len(_INDENT) + len(action.verb))
    yield from (first, *more)
    yield from changes
    for remark in remarks:
        yield from _indented(remark, width)
    for warning in action.warnings:
        yield from _indented(f"! more generous: {visible(warning)}", width, "bold yellow")


def _indented(text: str, width: int, style: str = "") -> Iterator[Text]:
    return paragraph(text, width, style, _INDENT, f"{_INDENT}  ")


def _changes(
    changes: Iterable[FieldChange],
    width: int,
    currencies: tuple[str | None, str | None] = (None, None),
    *,
    new: bool = False,
) -> Iterator[Text]:
    """Yield a line for each field, two where before and after do not fit on one.

    ``currencies`` are those of the amounts before and after. ``new`` leaves out the value before.
    """
    changes = list(changes)
    lengths = [cell_len(visible(change.field)) for change in changes]
    names = max((length for length in lengths if length <= _LONG_NAME), default=0)
    for change in changes:
        name = f"{_INDENT}{pad(visible(change.field), names)}  "
        before = value_text(change.field, change.before, currencies[0])
        after = value_text(change.field, change.after, currencies[1])
        mark = "   forces recreate" if change.forces_recreate else ""
        if new:
            yield Text(name + after)
        elif cell_len(name + before + _ARROW + after + mark) <= width:
            yield Text(name + before + _ARROW + after).append(mark, "magenta")
        else:
            yield Text(name + before)
            yield Text(" " * (cell_len(name) - 2) + _ARROW.lstrip() + after).append(mark, "magenta")


def _currency(spec: Coupon | PromotionCode | None) -> str | None:
    if isinstance(spec, PromotionCode):
        return spec.minimum_amount_currency
    return spec.currency if spec else None


def _remarks(action: Action) -> Iterator[str]:
    """Yield what the action means for the object and for customers who hold its codes."""
    if action.verb is Verb.RECREATE and action.new_id:
        yield (
            f'its Stripe id becomes "{visible(action.new_id)}": update any program that uses the coupon id '
            f'"{visible(action.stripe_id or "")}"'
        )
    if action.verb in (Verb.CREATE, Verb.RECREATE) and action.carried:
        if action.limit is None:
            yield f"{number(action.carried, 'redemption')} so far, carried over"
        else:
            allowed = number(action.limit, "redemption")
            yield f"{allowed} allowed, of which {action.carried:,} used: {left(action):,} left"
    if action.waits:
        yield f"off for {action.gap_requests:,} requests: {ALL_OFF}"
    if action.verb in (Verb.DEACTIVATE, Verb.DELETE, Verb.RETIRE, Verb.ADOPT):
        count = used(action) or 0
        often = f"used {number(count, 'time')}" if count else "never used"
        yield f'in Stripe it is "{visible(action.stripe_id or "")}", {often}'
    if action.verb is Verb.DELETE:
        yield "customers who have its discount keep it"


def _moves(action: Action, moved: Sequence[Action], listed: str) -> Iterator[str]:
    """Yield which codes move with a coupon: the first by their texts, and how many have entries of their own."""
    if moved:
        names = [visible(said_label(one) or one.id) for one in moved]
        shown = names if len(names) <= _MOST_NAMED else names[: _MOST_NAMED - 1]
        rest = f" and {len(names) - len(shown):,} more; {listed}" if len(names) > len(shown) else ""
        yield f"moves {number(len(names), 'code')}: {', '.join(shown)}{rest}"
    if others := action.riding - len(moved):
        more = "more " if moved else ""
        yield f"{number(others, f'{more}code')} {'moves' if others == 1 else 'move'} with it, text unchanged"


def _symbol(batch: BatchAction) -> str:
    if batch.recreated:
        return "±"
    touched = {name for name in DOINGS if getattr(batch, name)}
    if touched == {"adopted"}:
        return "←"
    if touched <= {"added", "adopted"}:
        return "+"
    return "-" if touched <= {"withdrawn", "switched_off"} else "~"


def _batch_remarks(batch: BatchAction, pace: Pace) -> Iterator[str]:
    seconds = batch_seconds(batch, pace)
    if seconds >= _LONG:
        yield rate_text(batch.codes, round(batch.codes / seconds, 1))
    if issued := batch.issued.total():
        states = ", ".join(f"{count:,} {visible(state)}" for state, count in batch.issued.most_common() if count)
        yield f"{number(issued, 'code')} issued so far: {states}"
    if batch.customers:
        yield f"{number(batch.customers, 'customer')} to create for their addresses"
    if batch.skipped:
        yield f"{number(batch.skipped, 'address')} without a customer, skipped"
