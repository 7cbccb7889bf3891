"""What there is to say of an action and of a plan, whatever the format it is said in."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from promosync.model.live import LiveCode
from promosync.model.promotions import Coupon, PromotionCode
from promosync.plan.fields import plain_value
from promosync.plan.plan import Action, BatchAction, FieldChange, Kind, Plan, Verb

_ALWAYS = {"coupon", "code", "duration"}
"""Fields that are said of a new object though they have a default, or none."""

_SWITCHES = (Verb.UPDATE, Verb.ADOPT, Verb.DEACTIVATE, Verb.RETIRE)


@dataclass(frozen=True, slots=True)
class Pace:
    """How many requests a second go out at most: on each endpoint, and in all."""

    per_endpoint: float
    total: float


def noun(kind: Kind) -> str:
    """Return what people call a kind: ``promotion code``."""
    return kind.value.replace("_", " ")


def said_label(action: Action) -> str:
    """Return what people call it, but never the text of a unique code: whoever reads it can spend it."""
    unique = action.tags.slot or (action.before.tags.slot if action.before else None)
    return "" if unique else action.label


def said_changes(action: Action) -> tuple[FieldChange, ...]:
    """Return the fields of an action: of a new object all that are set, with the limit as the file counts it."""
    if action.verb is not Verb.CREATE or action.after is None:
        return action.changes
    spec = {**dict(_set_fields(action.after)), "max_redemptions": action.limit}
    changes = [FieldChange(name, None, value) for name, value in spec.items() if value is not None]
    if not said_label(action):
        changes = [change for change in changes if change.field != "code"]
    return (*changes, FieldChange("protect", None, True)) if action.tags.protect else tuple(changes)


def used(action: Action) -> int | None:
    """Return the redemptions of the object acted on, its predecessors' included; None for what is not there yet."""
    return action.before.used if action.before else None


def left(action: Action) -> int | None:
    """Return how many redemptions there will be left; None without a limit, or where nothing is left standing."""
    if action.after is None or action.limit is None:
        return None
    if action.verb in (Verb.CREATE, Verb.RECREATE):
        return action.after.max_redemptions
    return max(0, action.limit - (used(action) or 0))


def moving(plan: Plan) -> int:
    """Return how many codes move along with coupons that are recreated."""
    return sum(action.riding for action in plan.actions if action.kind is Kind.COUPON)


def moving_alone(plan: Plan) -> int:
    """Return how many of those are actions of their own: all but the unique codes."""
    new = {action.new_id for action in plan.actions if action.kind is Kind.COUPON and action.verb is Verb.RECREATE}
    moved = (action.after for action in plan.actions if action.verb is Verb.RECREATE)
    return sum(isinstance(spec, PromotionCode) and spec.coupon in new for spec in moved)


def only_moving(plan: Plan) -> Mapping[str, Sequence[Action]]:
    """Return the codes that are recreated for no reason but that their coupon is, by the new id of that coupon.

    A code that changes in more than its coupon, works from then on, costs more or waits for others is not among them.
    """
    coupons = (one for one in plan.actions if one.kind is Kind.COUPON and one.verb is Verb.RECREATE)
    replaced = {one.stripe_id: one.new_id for one in coupons}
    found: dict[str, list[Action]] = defaultdict(list)
    for action in plan.actions:
        old, new = action.before, action.after
        if action.verb is not Verb.RECREATE or not isinstance(old, LiveCode) or not isinstance(new, PromotionCode):
            continue
        same = [change.field for change in action.changes] == ["coupon"] and old.spec.active == new.active
        if same and not action.warnings and not action.waits and replaced.get(old.spec.coupon) == new.coupon:
            found[new.coupon].append(action)
    return found


def with_a_gap(plan: Plan) -> int:
    """Return how many codes of customers are off for a moment."""
    swaps = sum(action.gap_requests > 0 for action in plan.actions)
    return swaps + sum(batch.swapped for batch in plan.batches)


def waiting(plan: Plan) -> tuple[int, int]:
    """Return how many of those take over texts from each other, and for how many requests one is off at most."""
    gaps = [action.gap_requests for action in plan.actions if action.gap_requests > 1]
    return len(gaps), max(gaps, default=0)


def seconds(plan: Plan, pace: Pace) -> float:
    """Return about how long the plan takes: as long as its busiest endpoint, or as all of it together."""
    counts = Counter((action.kind, action.verb) for action in plan.actions)
    swaps = counts[Kind.CODE, Verb.RECREATE]
    creates = swaps + counts[Kind.CODE, Verb.CREATE] + sum(map(_creates, plan.batches))
    switches = swaps + sum(counts[Kind.CODE, verb] for verb in _SWITCHES) + sum(map(_switches, plan.batches))
    return max(max(creates, switches) / pace.per_endpoint, plan.requests / pace.total)


def batch_seconds(batch: BatchAction, pace: Pace) -> float:
    """Return about how long a batch takes on its own."""
    busiest = max(_creates(batch), _switches(batch))
    return max(busiest / pace.per_endpoint, batch.requests / pace.total)


def _creates(batch: BatchAction) -> int:
    return batch.added + batch.recreated


def _switches(batch: BatchAction) -> int:
    return batch.codes - _creates(batch) + batch.swapped


def _set_fields(spec: Coupon | PromotionCode) -> Iterator[tuple[str, Any]]:
    """Yield what differs from Stripe's defaults, in the order of the fields, a map's entries one by one."""
    for field in fields(spec):
        value = getattr(spec, field.name)
        if isinstance(value, Mapping):
            for key, inner in sorted(value.items()):
                yield f"{field.name}.{key}", inner
        elif field.name in _ALWAYS or value != field.default:
            yield field.name, plain_value(field.name, value)
