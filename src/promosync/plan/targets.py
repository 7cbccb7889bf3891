"""Narrowing a plan to some entries and what they need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from promosync.model.configuration import Configuration
from promosync.model.problems import Path, Problem, ProblemsFound
from promosync.model.promotions import PromotionCode
from promosync.plan.plan import Action, BatchAction, Kept, Kind, Verb

_ENDS = (Verb.RECREATE, Verb.DELETE, Verb.RETIRE)


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one entry; ``stray`` marks what is in no entry of the file."""

    kind: Kind
    id: str
    result: Action | BatchAction | Kept | Problem
    stray: bool = False

    def ends(self, coupons: set[str]) -> bool:
        """Whether a coupon of one of these config ids goes, so that its codes must move or go too."""
        coupon_action = self.kind is Kind.COUPON and isinstance(self.result, Action)
        return coupon_action and self.result.verb in _ENDS and self.id in coupons  # type: ignore[union-attr]

    @property
    def gone(self) -> bool:
        """Whether a coupon goes, replaced or not."""
        return self.ends({self.id})

    def rides_on(self, stripe_ids: set[str | None]) -> bool:
        """Whether it is about a code that hangs on one of these coupons now."""
        before = self.result.before if isinstance(self.result, Action) else None
        return before is not None and isinstance(before.spec, PromotionCode) and before.spec.coupon in stripe_ids


def narrow(
    decisions: list[Decision], configuration: Configuration, targets: Iterable[str]
) -> tuple[list[Decision], set[Path]]:
    """Return the decisions about the targets and what they need, and the places of those entries in the file.

    A code needs its coupon; a coupon that is replaced or goes takes its codes along.
    """
    asked = set(targets)
    hanging = [*((e.id, e.spec.coupon, e.path) for e in configuration.codes)]
    hanging += [(e.id, e.spec.coupon, e.path) for e in configuration.batches]
    every = {d.id for d in decisions} | {e.id for e in configuration.coupons} | {name for name, _, _ in hanging}
    if unknown := sorted(asked - every):
        raise ProblemsFound(_unknown(target, every) for target in unknown)
    coupons = asked | {coupon for name, coupon, _ in hanging if name in asked}
    moving = {decision.id for decision in decisions if decision.ends(coupons)}
    codes = asked | {name for name, coupon, _ in hanging if coupon in moving}
    ending = {d.result.stripe_id for d in decisions if d.ends(coupons) and isinstance(d.result, Action)}
    kept = [d for d in decisions if d.id in (coupons if d.kind is Kind.COUPON else codes) or d.rides_on(ending)]
    paths = {entry.path for entry in configuration.coupons if entry.id in coupons}
    paths |= {path for name, _, path in hanging if name in codes}
    return kept, paths


def _unknown(target: str, known: set[str]) -> Problem:
    close = get_close_matches(target, sorted(known), n=1)
    hint = f"did you mean {close[0]!r}?" if close else "name a coupon, code or batch by its id in the file"
    return Problem((), f"--target {target!r}: no such entry in the file, and nothing to do about it in Stripe", hint)
