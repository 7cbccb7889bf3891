"""What is left to do of a saved plan. It is planned again: the file's checksum finds accidents, not forgery.

The new plan is made from the configuration in the saved plan and from the account, by all rules of the planner. What
it does must also be in the saved plan: each action as it was shown, and no more codes of any batch. What is only in
the saved plan must be done already.
"""

from __future__ import annotations

from collections.abc import Iterator, Sized
from dataclasses import replace

from promosync.model.problems import Problem, ProblemsFound
from promosync.model.promotions import PromotionCode
from promosync.plan.executed import Executed, has_moved, named, subject
from promosync.plan.plan import Action, BatchAction, Kind, Plan, Verb
from promosync.plan.saved import COUNTS, same_action

_BACK = ("recreated", "restored")
"""Counts that are compared as one sum: a code whose recreate was cut short may come back as it was."""


def remaining(saved: Plan, again: Plan, so_far: Executed) -> Plan:
    """Return what is left to do of a saved plan; empty where all of it is done.

    ``again`` is the plan made of ``so_far.live``. Raises ProblemsFound with all differences between the two plans
    that what was done does not explain.
    """
    known = {subject(action): action for action in saved.actions}
    problems = list(_whole(saved, again, known))
    more: list[str] = []
    left: list[Action] = []
    for action in again.actions:
        shown = known.pop(subject(action), None)
        if shown is None:
            more.append(named(action))
        elif _same(action, shown, so_far):
            left.append(action)
        elif not _is_used_up(action, so_far):
            problems.append(_differs(shown, "the account does not lead to what the plan says of it"))
    batches = {batch.id: batch for batch in saved.batches}
    for batch in again.batches:
        planned = batches.pop(batch.id, None)
        if planned is None or _exceeds(batch, planned):
            more.append(f"code batch {batch.id!r}")
    if more:
        problems.append(has_moved(f"more is to be done now than the plan says: {', '.join(sorted(more))}"))
    why = {(kept.kind, kept.id): kept.reason for kept in again.kept}
    for action in known.values():
        if subject(action) in so_far.done or _is_used_up(action, so_far):
            continue
        if said := why.get((action.kind, action.id)):
            problems.append(has_moved(f"{named(action)}: {said}"))
        else:
            problems.append(_differs(action, "the configuration does not ask for what the plan says of it"))
    for batch in batches.values():
        if (said := why.get((Kind.BATCH, batch.id))) and not batch.skipped:
            problems.append(has_moved(f"code batch {batch.id!r}: {said}"))
    if problems:
        raise ProblemsFound(problems)
    return replace(again, actions=tuple(left))


def _whole(saved: Plan, again: Plan, known: Sized) -> Iterator[Problem]:
    """Yield what is wrong with a plan as a whole."""
    if saved.owner != again.owner:
        yield _refused(f"it is of owner {saved.owner!r}, and its configuration of {again.owner!r}")
    if saved.account.now > again.account.now:
        yield _refused("it was made later than now")
    if len(known) != len(saved.actions):
        yield _refused("two of its actions are about the same thing")


def _same(action: Action, shown: Action, so_far: Executed) -> bool:
    """Whether an action is the one that was shown, or what is left of it."""
    if action.verb is Verb.RETIRE and shown.verb is Verb.RECREATE:
        return subject(shown) in so_far.half
    # Codes that have moved already are not counted in these two any more.
    action = replace(action, riding=max(action.riding, shown.riding), waits=max(action.waits, shown.waits))
    after, wanted = action.after, shown.after
    if isinstance(after, PromotionCode) and isinstance(wanted, PromotionCode) and after.coupon in so_far.made:
        # A new coupon allows what was left when it was made, and a code on it no more than that.
        allowed, planned = after.max_redemptions, wanted.max_redemptions
        if allowed is not None and planned is not None:
            action = replace(action, after=replace(after, max_redemptions=max(allowed, planned)))
    return action == shown or same_action(action, shown)


def _exceeds(batch: BatchAction, planned: BatchAction) -> bool:
    """Whether more is to be done to a batch than was planned."""
    pairs = [(getattr(batch, name), getattr(planned, name)) for name in COUNTS if name not in _BACK]
    pairs.append((batch.recreated + batch.restored, planned.recreated + planned.restored))
    return any(now > then for now, then in pairs)


def _is_used_up(action: Action, so_far: Executed) -> bool:
    """Whether an action is on a code whose coupon is used up: the code is left alone."""
    return action.kind is Kind.CODE and not so_far.exhausted.isdisjoint(action.coupons)


def _differs(action: Action, message: str) -> Problem:
    return _refused(f"{named(action)}: {message}")


def _refused(message: str) -> Problem:
    return Problem(
        (), f"the saved plan cannot be confirmed: {message}", "plan again, and apply that", rule="saved-plan"
    )
