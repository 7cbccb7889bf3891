"""A plan for programs: every fact of the text output as a field."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from promosync.model.problems import dotted
from promosync.plan.exposure import Exposure, total
from promosync.plan.fields import iso
from promosync.plan.plan import Action, BatchAction, FieldChange, Plan, Verb
from promosync.render.facts import (
    DOINGS,
    Pace,
    batch_seconds,
    left,
    moving,
    said_changes,
    said_label,
    seconds,
    used,
    with_a_gap,
)
from promosync.render.heads import json_head
from promosync.render.values import json_value

Json = dict[str, Any]


def plan_json(plan: Plan, pace: Pace) -> Json:
    """Return a plan as JSON-like values. Codes of customers are in it, unique codes and secrets are not."""
    return {
        **json_head(plan.account, plan.owner),
        "changes": not plan.empty,
        "actions": [action_json(action) for action in plan.actions],
        "batches": [batch_json(batch, pace) for batch in plan.batches],
        "kept": [
            {
                "kind": kept.kind.value,
                "id": kept.id,
                "stripe_id": kept.stripe_id,
                "path": dotted(kept.path) or None,
                "reason": kept.reason,
            }
            for kept in plan.kept
        ],
        "unchanged": plan.unchanged,
        "in_full": plan.in_full,
        "trusted": [
            {"id": batch.id, "codes": batch.issued, "active": batch.active, "sealed_at": iso(batch.since)}
            for batch in plan.trusted
        ],
        "ours": plan.ours,
        "brakes": list(plan.brakes),
        "worst_case": worst_case_json(plan.exposed),
        "summary": summary_json(plan, pace),
    }


def worst_case_json(exposed: Iterable[Exposure]) -> Json:
    """Return the most that coupons with an amount can cost, in minor units; None is unlimited."""
    found = tuple(exposed)
    return {
        "coupons": [
            {"coupon": one.coupon, "uses": one.uses, "amounts": dict(sorted(one.amounts.items()))} for one in found
        ],
        "total": dict(sorted(total(found).items())),
    }


def action_json(action: Action) -> Json:
    """Return one action; ``used`` is None for what is not in Stripe yet, ``left`` is None without a limit."""
    return {
        **subject_json(action),
        "stripe_id": action.stripe_id,
        "new_id": action.new_id,
        "reason": action.reason,
        "changes": changes_json(said_changes(action)),
        "warnings": list(action.warnings),
        "carried": action.carried,
        "limit": action.limit,
        "left": left(action),
        "used": used(action),
        "riding": action.riding,
        "removes": action.removes,
        "requests": action.requests,
        "gap": action.gap_requests,
    }


def batch_json(batch: BatchAction, pace: Pace) -> Json:
    """Return one batch, without its codes; ``issued`` counts the codes that stay, by their state."""
    return {
        "kind": batch.kind.value,
        "id": batch.id,
        "path": dotted(batch.path) or None,
        "reason": batch.reason,
        **{name: getattr(batch, name) for name in DOINGS},
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


def changes_json(changes: Iterable[FieldChange]) -> list[Json]:
    """Return each field with its values before and after; None is "not set"."""
    return [
        {
            "field": change.field,
            "before": json_value(change.before),
            "after": json_value(change.after),
            "forces_recreate": change.forces_recreate,
        }
        for change in changes
    ]


def subject_json(action: Action | BatchAction) -> Json:
    """Return which object an action changes; a batch has no verb and no label."""
    return {
        "verb": action.verb.value if isinstance(action, Action) else None,
        "kind": action.kind.value,
        "id": action.id,
        "label": said_label(action) if isinstance(action, Action) else None,
        "path": dotted(action.path) or None,
    }


def summary_json(plan: Plan, pace: Pace) -> Json:
    """Return the counts: of each verb, of codes that move with a coupon, of codes off for a moment."""
    counts = plan.counts
    return {
        **{verb.value: counts[verb] for verb in Verb},
        "moving": moving(plan),
        "requests": plan.requests,
        "seconds": round(seconds(plan, pace), 1),
        "gap": with_a_gap(plan),
    }
