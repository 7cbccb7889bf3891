"""Facts about a plan and its actions that every output format shows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from promosync.model.live import LiveCode
from promosync.model.promotions import Coupon, PromotionCode
from promosync.plan.fields import plain_value
from promosync.plan.plan import Action, BatchAction, FieldChange, Kind, Plan, Verb

DOINGS = {
    "added": ("make", ""),
    "adopted": ("adopt", ""),
    "recreated": ("recreate", ""),
    "restored": ("switch", " back on"),
    "updated": ("update", ""),
    "withdrawn": ("withdraw", ""),
    "switched_off": ("switch", " off"),
    "marked": ("note", " as switched off by hand"),
}
"""What is done to codes of a batch, by the field that counts them: the words before and after the number."""

_ALWAYS = {"coupon", "code", "duration"}
"""Fields that are shown of a new object even with their default value."""

_SWITCHES = (Verb.UPDATE, Verb.ADOPT, Verb.DEACTIVATE, Verb.RETIRE)


@dataclass(frozen=True, slots=True)
class Pace:
    """The highest number of requests a second: on each endpoint, and on all together."""

    per_endpoint: float
    total: float


def noun(kind: Kind) -> str:
    """Return a kind in words: ``promotion code``."""
    return kind.value.replace("_", " ")


def said_label(action: Action) -> str:
    """Return the name of a coupon or the text of a code; empty for a unique code: whoever reads it can use it."""
    unique = action.tags.slot or (action.before.tags.slot if action.before else None)
    return "" if unique else action.label


def said_changes(action: Action) -> tuple[FieldChange, ...]:
    """Return the fields that an action changes; for a new object all that are set, with the limit in the file."""
    if action.verb is not Verb.CREATE or action.after is None:
        return action.changes
    spec = {**dict(_set_fields(action.after)), "max_redemptions": action.limit}
    changes = [FieldChange(name, None, value) for name, value in spec.items() if value is not None]
    if not said_label(action):
        changes = [change for change in changes if change.field != "code"]
    return (*changes, FieldChange("protect", None, True)) if action.tags.protect else tuple(changes)


def used(action: Action) -> int | None:
    """Return the redemptions of the object and of its predecessors; None for an object that is not in Stripe yet."""
    return action.before.used if action.before else None


def left(action: Action) -> int | None:
    """Return how many redemptions are left after the action; None without a limit, or if the object is removed."""
    if action.after is None or action.limit is None:
        return None
    if action.verb in (Verb.CREATE, Verb.RECREATE):
        return action.after.max_redemptions
    return max(0, action.limit - (used(action) or 0))


def moving(plan: Plan) -> int:
    """Return how many codes move with coupons that are recreated."""
    return sum(action.riding for action in plan.actions if action.kind is Kind.COUPON)


def moving_alone(plan: Plan) -> int:
    """Return how many of these codes have an action of their own: all except unique codes."""
    new = {action.new_id for action in plan.actions if action.kind is Kind.COUPON and action.verb is Verb.RECREATE}
    moved = (action.after for action in plan.actions if action.verb is Verb.RECREATE)
    return sum(isinstance(spec, PromotionCode) and spec.coupon in new for spec in moved)


def only_moving(plan: Plan) -> Mapping[str, Sequence[Action]]:
    """Return the codes that are recreated only because their coupon is, by the new id of that coupon.

    A code that changes in another field too, costs more or waits for other codes is not among them.
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
    """Return how many codes that work now are off for a moment."""
    swaps = sum(action.gap_requests > 0 for action in plan.actions)
    return swaps + sum(batch.swapped for batch in plan.batches)


def waiting(plan: Plan) -> tuple[int, int]:
    """Return how many of them take over texts from each other, and the most requests for which one of them is off."""
    gaps = [action.gap_requests for action in plan.actions if action.gap_requests > 1]
    return len(gaps), max(gaps, default=0)


def seconds(plan: Plan, pace: Pace) -> float:
    """Return roughly how long the plan takes: as long as its busiest endpoint, or as all its requests together."""
    counts = Counter((action.kind, action.verb) for action in plan.actions)
    swaps = counts[Kind.CODE, Verb.RECREATE]
    creates = swaps + counts[Kind.CODE, Verb.CREATE] + sum(map(_creates, plan.batches))
    switches = swaps + sum(counts[Kind.CODE, verb] for verb in _SWITCHES) + sum(map(_switches, plan.batches))
    return max(max(creates, switches) / pace.per_endpoint, plan.requests / pace.total)


def batch_seconds(batch: BatchAction, pace: Pace) -> float:
    """Return roughly how long a batch takes on its own."""
    busiest = max(_creates(batch), _switches(batch))
    return max(busiest / pace.per_endpoint, batch.requests / pace.total)


def _creates(batch: BatchAction) -> int:
    return batch.added + batch.recreated


def _switches(batch: BatchAction) -> int:
    return batch.codes - _creates(batch) + batch.swapped


def _set_fields(spec: Coupon | PromotionCode) -> Iterator[tuple[str, Any]]:
    """Yield the fields that differ from Stripe's defaults, in their order; each entry of a map is one field."""
    for field in fields(spec):
        value = getattr(spec, field.name)
        if isinstance(value, Mapping):
            for key, inner in sorted(value.items()):
                yield f"{field.name}.{key}", inner
        elif field.name in _ALWAYS or value != field.default:
            yield field.name, plain_value(field.name, value)
