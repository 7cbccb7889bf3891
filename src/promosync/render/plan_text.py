"""A plan for people: what happens to which object, why, and what it means for the codes that customers hold.

± coupon summer_sale  "Summer Sale"           what it is: symbol, kind, config id, what people call it
    recreate: Stripe cannot change percent_off                              what is done with it, and why
    percent_off  20 % → 25 %   forces recreate                                            from what to what
    37 of 100 redemptions are used: 63 are left                                               what it means
    moves 200 codes: LAUNCH20, LETTER20 and 198 more; --verbose lists them           what has no entry of its own
    ! a larger discount: 20 % to 25 %                                                         what it costs
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from promosync.model.ownership import Mode
from promosync.model.promotions import Coupon, PromotionCode
from promosync.plan.plan import Action, BatchAction, Kept, Kind, Plan, Verb
from promosync.render.batches import batch_text
from promosync.render.facts import (
    Pace,
    left,
    mode_words,
    moving,
    moving_alone,
    noun,
    only_moving,
    said_changes,
    said_label,
    seconds,
    used,
    waiting,
    with_a_gap,
)
from promosync.render.fields import INDENT, change_lines
from promosync.render.layout import paragraph
from promosync.render.money import worst_words
from promosync.render.seals import trust_words
from promosync.render.values import value_text
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
STYLE = {
    Verb.CREATE: "green",
    Verb.UPDATE: "yellow",
    Verb.ADOPT: "cyan",
    Verb.RECREATE: "magenta",
    Verb.DEACTIVATE: "red",
    Verb.DELETE: "red",
    Verb.RETIRE: "red",
}
_OF_BATCHES = {
    "added": "make",
    "adopted": "adopt",
    "recreated": "recreate",
    "restored": "switch back on",
    "updated": "update",
    "withdrawn": "withdraw",
    "switched_off": "switch off",
    "marked": "note as switched off by hand",
}
_IN_THE_HEAD = ("name", "code")
_MOST_KEPT = 10
_MOST_NAMED = 3
_LISTED = "--verbose lists them"
_ALL_OFF = "codes that take over each other's texts are all switched off before one is made"


def plan_text(plan: Plan, width: int, pace: Pace, verbose: bool = False) -> Iterator[Text]:
    """Yield the lines of a plan, for a terminal of ``width`` columns; ``verbose`` gives everything its own entry."""
    yield from _whose(plan)
    moved = {} if verbose else only_moving(plan)
    folded = {id(action) for group in moved.values() for action in group}
    for action in plan.actions:
        if id(action) not in folded:
            yield Text()
            yield from action_text(action, width, moved.get(action.new_id or "", ()))
    for batch in plan.batches:
        yield Text()
        yield from batch_text(batch, width, pace)
    if plan.kept:
        yield Text()
        yield from _left_alone(plan.kept, width, len(plan.kept) if verbose else _MOST_KEPT)
    yield Text()
    yield from summary(plan, width, pace)


def summary_text(plan: Plan, width: int, pace: Pace) -> Iterator[Text]:
    """Yield the last lines of a plan alone, below what it makes more generous."""
    actions: tuple[Action | BatchAction, ...] = (*plan.actions, *plan.batches)
    for action in actions:
        for warning in action.warnings:
            said = f"! more generous: {noun(action.kind)} {visible(action.id)}: {visible(warning)}"
            yield from paragraph(said, width, "bold yellow", indent="  ")
    yield from summary(plan, width, pace)


def action_text(action: Action, width: int, moved: Sequence[Action] = (), listed: str = _LISTED) -> Iterator[Text]:
    """Yield the lines of one action.

    ``moved`` are the codes that only move with it and have no entry of their own; ``listed`` says where they have.
    """
    yield _head(action)
    first, *more = paragraph(f"{action.verb}: {visible(action.reason)}", width, "", INDENT, f"{INDENT}  ")
    first.stylize(STYLE[action.verb], len(INDENT), len(INDENT) + len(action.verb))
    yield from (first, *more)
    yield from action_changes(action, width)
    for remark in (*_remarks(action), *_moves(action, moved, listed)):
        yield from paragraph(remark, width, first=INDENT, indent=f"{INDENT}  ")
    for warning in action.warnings:
        yield from paragraph(
            f"! more generous: {visible(warning)}", width, "bold yellow", first=INDENT, indent=f"{INDENT}  "
        )


def action_changes(action: Action, width: int) -> Iterator[Text]:
    """Yield those lines of an action that say from what to what a field changes."""
    new = action.verb is Verb.CREATE
    changes = [change for change in said_changes(action) if not (new and change.field in _IN_THE_HEAD)]
    yield from change_lines(changes, width, _currencies(action), new=new)


def summary(plan: Plan, width: int, pace: Pace) -> Iterator[Text]:
    """Yield the last lines of a plan: what was not read, the counts, the cost, and the safety checks."""
    for words in trust_words(plan):
        yield from paragraph(words, width, indent=INDENT)
    yield from paragraph(counted(plan, pace), width, "bold green" if plan.empty else "bold")
    if plan.empty:
        return
    for gap in off_meanwhile(plan):
        yield from paragraph(gap, width)
    for exposure in plan.exposed:
        most = worst_words(exposure.amounts)
        yield from paragraph(f'The most that "{visible(exposure.coupon)}" can cost: {most}.', width)
    for brake in plan.brakes:
        yield from paragraph(f"! Safety check: {visible(brake)}.", width, "bold red", indent="  ")


def counted(plan: Plan, pace: Pace) -> str:
    """Return how much there is to do, and what it costs: ``Plan: 3 to create. 3 requests, less than a second.``"""
    if plan.empty:
        return _no_changes(plan)
    counts = plan.counts
    counts[Verb.RECREATE] -= moving_alone(plan)
    words = [f"{counts[verb]:,} to {verb}{moving_words(plan, verb)}" for verb in Verb if counts[verb]]
    words += _batch_words(plan)
    return f"Plan: {', '.join(words)}. {_number(plan.requests, 'request')}, {duration(seconds(plan, pace))}."


def off_meanwhile(plan: Plan) -> Iterator[str]:
    """Yield in sentences how many codes are off for a moment, and for how long; nothing if none is."""
    held, longest = waiting(plan)
    if alone := with_a_gap(plan) - held:
        each = "1 code that works now is" if alone == 1 else f"{alone:,} codes that work now are each"
        yield f"{each} off for the time of one request, while it is swapped."
    if held:
        each = "1 code that works now is" if held == 1 else f"{held:,} codes that work now are"
        yield f"{each} off for up to {longest:,} requests: {_ALL_OFF}."


def moving_words(plan: Plan, verb: Verb) -> str:
    """Return what is said beside a count: `` (moving 2 codes)`` where those are not in it."""
    moved = moving(plan)
    return f" (moving {_number(moved, 'code')})" if verb is Verb.RECREATE and moved else ""


def duration(seconds: float) -> str:
    """Return a length of time, roughly: ``about 3 minutes``."""
    if seconds < 1:
        return "less than a second"
    for unit, length in (("hour", 3600), ("minute", 60)):
        if seconds >= 1.5 * length:
            return f"about {_number(round(seconds / length), unit)}"
    return f"about {_number(round(seconds), 'second')}"


def _whose(plan: Plan) -> Iterator[Text]:
    account = visible(plan.account.id) if plan.account.id else "not readable with this key"
    line = Text(f"Account {account}, ")
    line.append(mode_words(plan.account.mode), "bold red" if plan.account.mode is Mode.LIVE else "")
    line.append(f", owner {visible(plan.owner)}")
    yield line


def _head(action: Action) -> Text:
    line = Text("  ")
    line.append(SYMBOL[action.verb], f"bold {STYLE[action.verb]}")
    line.append(f" {noun(action.kind)} ")
    line.append(visible(action.id), "bold")
    if label := said_label(action):
        shown = value_text("name", label) if action.kind is Kind.COUPON else visible(label)
        line.append(f"  {shown}")
    return line


def _currencies(action: Action) -> tuple[str | None, str | None]:
    return _currency(action.before.spec if action.before else None), _currency(action.after)


def _currency(spec: Coupon | PromotionCode | None) -> str | None:
    if isinstance(spec, PromotionCode):
        return spec.minimum_amount_currency
    return spec.currency if spec else None


def _remarks(action: Action) -> Iterator[str]:
    """Yield what the action means for the object and for those who hold its codes."""
    if action.verb is Verb.RECREATE and action.new_id:
        yield (
            f'its Stripe id becomes "{visible(action.new_id)}": update any program that uses the coupon id '
            f'"{visible(action.stripe_id or "")}"'
        )
    if action.verb in (Verb.CREATE, Verb.RECREATE) and action.carried:
        yield _carried(action)
    if action.waits:
        yield f"off for {action.gap_requests:,} requests: {_ALL_OFF}"
    if action.verb in (Verb.DEACTIVATE, Verb.DELETE, Verb.RETIRE, Verb.ADOPT):
        count = used(action) or 0
        often = f"used {_number(count, 'time')}" if count else "never used"
        yield f'in Stripe it is "{visible(action.stripe_id or "")}", {often}'
    if action.verb is Verb.DELETE:
        yield "customers who have its discount keep it"


def _moves(action: Action, moved: Sequence[Action], listed: str) -> Iterator[str]:
    """Yield which codes move with a coupon: the first by their texts, and how many have entries of their own."""
    if moved:
        names = [visible(said_label(one) or one.id) for one in moved]
        shown = names if len(names) <= _MOST_NAMED else names[: _MOST_NAMED - 1]
        rest = f" and {len(names) - len(shown):,} more; {listed}" if len(names) > len(shown) else ""
        yield f"moves {_number(len(names), 'code')}: {', '.join(shown)}{rest}"
    if others := action.riding - len(moved):
        more = "more " if moved else ""
        yield f"{_number(others, f'{more}code')} {'moves' if others == 1 else 'move'} with it, text unchanged"


def _carried(action: Action) -> str:
    if action.limit is None:
        return f"{_number(action.carried, 'redemption')} so far, carried over"
    return f"{_number(action.limit, 'redemption')} allowed, of which {action.carried:,} used: {left(action):,} left"


def _batch_words(plan: Plan) -> Iterator[str]:
    """Yield what happens to unique codes, over all batches."""
    for attribute, words in _OF_BATCHES.items():
        if count := sum(getattr(batch, attribute) for batch in plan.batches):
            yield f"{_number(count, 'unique code')} to {words}"


def _left_alone(kept: tuple[Kept, ...], width: int, most: int) -> Iterator[Text]:
    yield Text("Left alone:")
    for one in kept[:most]:
        said = f"{noun(one.kind)} {visible(one.id)}: {visible(one.reason)}"
        yield from paragraph(said, width, first="  ", indent="    ")
    if len(kept) > most:
        yield Text(f"  and {len(kept) - most:,} more; {_LISTED}")


def _no_changes(plan: Plan) -> str:
    said = ["No changes."]
    if plan.unchanged:
        are = "entry of the file is" if plan.unchanged == 1 else "entries of the file are"
        said.append(f"{plan.unchanged:,} {are} in Stripe as written.")
    if plan.kept:
        said.append(f"{len(plan.kept):,} {'is' if len(plan.kept) == 1 else 'are'} left alone.")
    return " ".join(said)


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
