"""A plan for people: the account, an entry for each action and batch, what is left alone, and the summary."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from promosync.plan.fields import iso
from promosync.plan.plan import Action, BatchAction, Kept, Plan, Verb
from promosync.render.facts import (
    DOINGS,
    Pace,
    moving,
    moving_alone,
    noun,
    only_moving,
    seconds,
    waiting,
    with_a_gap,
)
from promosync.render.heads import text_head
from promosync.render.layout import paragraph
from promosync.render.plan_entries import ALL_OFF, LISTED, action_text, batch_text
from promosync.render.values import number, worst_words
from promosync.render.visible import visible

_MOST_KEPT = 10


def plan_text(plan: Plan, width: int, pace: Pace, verbose: bool = False) -> Iterator[Text]:
    """Yield the lines of a plan, for a terminal of ``width`` columns; ``verbose`` shows every entry."""
    yield text_head(plan.account, plan.owner)
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
    """Yield the last lines of a plan alone, below its warnings of what becomes more generous."""
    actions: tuple[Action | BatchAction, ...] = (*plan.actions, *plan.batches)
    for action in actions:
        for warning in action.warnings:
            said = f"! more generous: {noun(action.kind)} {visible(action.id)}: {visible(warning)}"
            yield from paragraph(said, width, "bold yellow", indent="  ")
    yield from summary(plan, width, pace)


def summary(plan: Plan, width: int, pace: Pace) -> Iterator[Text]:
    """Yield the last lines of a plan: what was not read, the counts, the cost, and the safety checks."""
    for words in trust_words(plan):
        yield from paragraph(words, width, indent=" " * 6)
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


def trust_words(plan: Plan) -> Iterator[str]:
    """Yield a sentence for each batch whose seal was trusted, and one if not all codes of the account were read.

    See :mod:`promosync.model.seal`.
    """
    for batch in plan.trusted:
        since = iso(batch.since)[:10]
        yield f"batch {visible(batch.id)}: {batch.issued:,} codes as sealed {since}, not read"
    if not plan.in_full:
        yield "Only the codes that this plan needs were read. To read all codes of the account, add --refresh."


def counted(plan: Plan, pace: Pace) -> str:
    """Return the counts and the time in words: ``Plan: 3 to create. 3 requests, less than a second.``"""
    if plan.empty:
        return _no_changes(plan)
    counts = plan.counts
    counts[Verb.RECREATE] -= moving_alone(plan)
    words = [f"{counts[verb]:,} to {verb}{moving_words(plan, verb)}" for verb in Verb if counts[verb]]
    for name, (verb, after) in DOINGS.items():
        if count := sum(getattr(batch, name) for batch in plan.batches):
            words.append(f"{number(count, 'unique code')} to {verb}{after}")
    return f"Plan: {', '.join(words)}. {number(plan.requests, 'request')}, {duration(seconds(plan, pace))}."


def off_meanwhile(plan: Plan) -> Iterator[str]:
    """Yield sentences: how many codes are off for a moment, and for how long; none if no code is."""
    held, longest = waiting(plan)
    if alone := with_a_gap(plan) - held:
        each = "1 code that works now is" if alone == 1 else f"{alone:,} codes that work now are each"
        yield f"{each} off for the time of one request, while it is swapped."
    if held:
        each = "1 code that works now is" if held == 1 else f"{held:,} codes that work now are"
        yield f"{each} off for up to {longest:,} requests: {ALL_OFF}."


def moving_words(plan: Plan, verb: Verb) -> str:
    """Return what follows a count: `` (moving 2 codes)`` where the count leaves these out."""
    moved = moving(plan)
    return f" (moving {number(moved, 'code')})" if verb is Verb.RECREATE and moved else ""


def duration(seconds: float) -> str:
    """Return a length of time, roughly: ``about 3 minutes``."""
    if seconds < 1:
        return "less than a second"
    for unit, length in (("hour", 3600), ("minute", 60)):
        if seconds >= 1.5 * length:
            return f"about {number(round(seconds / length), unit)}"
    return f"about {number(round(seconds), 'second')}"


def _left_alone(kept: tuple[Kept, ...], width: int, most: int) -> Iterator[Text]:
    yield Text("Left alone:")
    for one in kept[:most]:
        said = f"{noun(one.kind)} {visible(one.id)}: {visible(one.reason)}"
        yield from paragraph(said, width, first="  ", indent="    ")
    if len(kept) > most:
        yield Text(f"  and {len(kept) - most:,} more; {LISTED}")


def _no_changes(plan: Plan) -> str:
    said = ["No changes."]
    if plan.unchanged:
        are = "entry of the file is" if plan.unchanged == 1 else "entries of the file are"
        said.append(f"{plan.unchanged:,} {are} in Stripe as written.")
    if plan.kept:
        said.append(f"{len(plan.kept):,} {'is' if len(plan.kept) == 1 else 'are'} left alone.")
    return " ".join(said)
