"""Checks an export before it is written: the file is loaded as any other file, and planned against the account.

An entry is left out, with the reason, if the loader refuses it or if the plan would do more than adopt it. Then the
rest is checked again. So no rule of the file or of the planner is written a second time here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from promosync.config import Refused, load
from promosync.config.files import MAX_BYTES
from promosync.config.writing import to_json
from promosync.export.proposal import COUPON_LEFT_OUT, Proposal
from promosync.model.account import Live
from promosync.model.configuration import BatchEntry, CodeEntry, Configuration, CouponEntry
from promosync.model.problems import Path, Problem, ProblemsFound, dotted
from promosync.plan.batch_rows import Rows
from promosync.plan.plan import Action, BatchAction, Kind, Plan, Verb
from promosync.plan.planner import Policy, make_plan

_HARMLESS = (Verb.ADOPT, Verb.RETIRE)
"""``RETIRE`` finishes an interrupted apply and does not depend on the file."""

_SECTIONS = ("coupons", "promotion_codes", "code_batches")

_WORDS = {"beyond-coupon": "its end is later, or its limit higher, than that of its coupon"}
"""Other words for messages of the loader that name a place in a file which no user sees."""

E = TypeVar("E", CouponEntry, CodeEntry, BatchEntry)

LiveFor = Callable[[Configuration], tuple[Live, Mapping[str, Rows]]]
"""What a plan of a configuration needs: the account, and the content of its files."""


def prove(proposal: Proposal, live_for: LiveFor) -> tuple[Proposal, Plan]:
    """Return the proposal without entries that a file cannot describe, and its plan.

    The plan adopts all entries, and does what is needed to objects without an entry. Raises ProblemsFound for
    problems that belong to no entry.
    """
    configuration = _stay_below(proposal.configuration)
    while True:
        plan, refused = _try(configuration, live_for)
        if plan is not None and not refused:
            files = {batch.id: proposal.files[batch.id] for batch in configuration.batches}
            return Proposal(configuration, files, proposal.left_out), plan
        configuration = _without(configuration, refused, proposal)


def _stay_below(configuration: Configuration) -> Configuration:
    if len(to_json(configuration).encode()) > MAX_BYTES:
        message = (
            f"the file would be larger than the {MAX_BYTES // 1024 // 1024} MiB that promosync reads: "
            f"it has {len(configuration.codes):,} single codes"
        )
        raise ProblemsFound([Problem((), message, "export some coupons at a time with --coupon", rule="too-large")])
    return configuration


def _try(configuration: Configuration, live_for: LiveFor) -> tuple[Plan | None, dict[Path, str]]:
    """Return the plan of a configuration, or None, and the reasons against its entries by their paths."""
    live, rows = live_for(configuration)
    try:
        loaded = load(to_json(configuration).encode(), "the export", live.account.now).configuration
        plan = make_plan(loaded, live, Policy(), rows)
    except (Refused, ProblemsFound) as found:
        reasons: dict[Path, str] = {}
        for problem in found.problems:
            for place in _places(problem.path, configuration):
                reasons.setdefault(place, _reason(problem))
        if not reasons:
            raise
        return None, reasons
    every: tuple[Action | BatchAction, ...] = (*plan.actions, *plan.batches)
    refused = {action.path[:2]: reason for action in every if action.path and (reason := _more_than_adopts(action))}
    return plan, refused


def _more_than_adopts(action: Action | BatchAction) -> str | None:
    """Return what a plan would do to an object besides adopting it, as a reason to leave it out."""
    fields = [change.field for change in action.changes if change.field != "id"]  # the id is a key of promosync's
    if isinstance(action, BatchAction):
        verb, more = "change", action.codes != action.adopted + action.marked or bool(action.changes)
    else:
        verb, more = action.verb.value, action.verb not in _HARMLESS or bool(fields)
    if not more:
        return None
    return f"no file can describe it: a plan would {verb} it ({', '.join(fields) or action.reason})"


def _places(path: Path, configuration: Configuration) -> Iterable[Path]:
    """Return the paths of the entries with a problem: for a product, the coupons that are limited to it."""
    if len(path) < 2:
        return []
    if path[0] != "products":
        return [path[:2]] if path[0] in _SECTIONS else []
    product = list(configuration.products)[int(path[1])]
    return [("coupons", n) for n, entry in enumerate(configuration.coupons) if product in entry.spec.applies_to]


def _reason(problem: Problem) -> str:
    if problem.rule in _WORDS:
        return _WORDS[problem.rule]
    where = dotted(problem.path[2:])
    return f"{where}: {problem.message}" if where else problem.message


def _without(configuration: Configuration, refused: Mapping[Path, str], proposal: Proposal) -> Configuration:
    """Return the configuration without the refused entries, and without entries that need them."""
    coupons = _kept("coupons", configuration.coupons, refused, proposal)
    there = {entry.id for entry in coupons}

    def off(section: str, needed: Iterable[str]) -> dict[Path, str]:
        gone: dict[Path, str] = {(section, n): COUPON_LEFT_OUT for n, it in enumerate(needed) if it not in there}
        return {**gone, **refused}

    codes = off("promotion_codes", (entry.spec.coupon for entry in configuration.codes))
    batches = off("code_batches", (entry.spec.coupon for entry in configuration.batches))
    products = {product for entry in coupons for product in entry.spec.applies_to}
    return replace(
        configuration,
        coupons=coupons,
        codes=_kept("promotion_codes", configuration.codes, codes, proposal),
        batches=_kept("code_batches", configuration.batches, batches, proposal),
        products={id: ids for id, ids in configuration.products.items() if id in products},
    )


def _kept(section: str, entries: Sequence[E], refused: Mapping[Path, str], proposal: Proposal) -> tuple[E, ...]:
    """Return the entries that are not refused, and note the others as left out."""
    kept = []
    for number, entry in enumerate(entries):
        reason = refused.get((section, number))
        if reason is None:
            kept.append(entry)
        elif isinstance(entry, BatchEntry):
            file = proposal.files[entry.id]
            for index in file.members:
                proposal.left_out.add(Kind.CODE, reason, file.records[index].stripe_id)
        else:
            kind = Kind.COUPON if isinstance(entry, CouponEntry) else Kind.CODE
            proposal.left_out.add(kind, reason, next(iter(entry.stripe_id.values())))
    return tuple(kept)
