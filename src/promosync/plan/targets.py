"""What a plan includes: everything, or some entries with their coupons and the codes of each coupon that ends.

A code needs its coupon. A coupon that is replaced or deleted takes along its single codes and batches, those in the
file and those in Stripe; and each of these needs its own coupon. This is decided before the codes are: a coupon that
does not end in this plan is no reason to move or to mark a code.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from promosync.model.account import Live
from promosync.model.configuration import Configuration
from promosync.model.problems import Problem, ProblemsFound
from promosync.plan.matching import Matches, name_of


@dataclass(frozen=True, slots=True)
class Reach:
    """The config ids that a plan includes; None is everything. Batches count as codes.

    ``ending`` are the Stripe ids of the coupons that it deletes, replaced or not.
    """

    ending: frozenset[str]
    coupons: frozenset[str] | None = None
    codes: frozenset[str] | None = None

    def has_coupon(self, config_id: str) -> bool:
        """Whether the plan includes a coupon."""
        return self.coupons is None or config_id in self.coupons

    def has_code(self, config_id: str) -> bool:
        """Whether the plan includes a code or a batch."""
        return self.codes is None or config_id in self.codes


def find_reach(
    targets: Iterable[str],
    configuration: Configuration,
    live: Live,
    matches: Matches,
    ends: Mapping[str, frozenset[str]],
) -> Reach:
    """Return what a plan for ``targets`` includes, everything where there are none.

    ``ends`` has the Stripe ids of the coupons that a plan for everything deletes, by config id. Raises ProblemsFound
    for an unknown target.
    """
    asked = frozenset(targets)
    if not asked:
        return Reach(frozenset().union(*ends.values()))
    home = {entry.id: entry.spec.coupon for entry in configuration.codes}
    home |= {entry.id: entry.spec.coupon for entry in configuration.batches}
    riders = _riders(live, matches, home.keys() | set(matches.stray_batches))
    known = {entry.id for entry in configuration.coupons} | home.keys() | ends.keys()
    known |= {name_of(stray) for stray in matches.stray_codes} | set(matches.stray_batches)
    if unknown := sorted(asked - known):
        raise ProblemsFound(_unknown(target, known) for target in unknown)
    coupons = codes = asked
    while True:
        wider = coupons | {home[name] for name in codes if name in home}
        moving = wider & ends.keys()
        ending = frozenset().union(*(ends[name] for name in moving))
        along = codes | {name for name, coupon in home.items() if coupon in moving}
        along = along.union(*(riders.get(coupon, ()) for coupon in ending))
        if (wider, along) == (coupons, codes):
            return Reach(ending, coupons, codes)
        coupons, codes = wider, along


def _riders(live: Live, matches: Matches, batches: Iterable[str]) -> dict[str, set[str]]:
    """Return the config ids of the codes and batches that are on each coupon, by Stripe id.

    Of a batch, active codes count, and those switched off by hand: they are marked before their coupon is deleted.
    """
    riders: dict[str, set[str]] = defaultdict(set)
    for config_id, found in matches.codes.items():
        for code in found.chain:
            riders[code.spec.coupon].add(config_id)
    for stray in matches.stray_codes:
        riders[stray.spec.coupon].add(name_of(stray))
    for batch in batches:
        records = live.batches.get(batch, ())
        for shape in {record.shape for record in records if record.active or record.retired is None}:
            riders[live.batches[batch].shapes[shape].spec.coupon].add(batch)
    return riders


def _unknown(target: str, known: Iterable[str]) -> Problem:
    close = get_close_matches(target, sorted(known), n=1)
    hint = f"did you mean {close[0]!r}?" if close else "name a coupon, code or batch by its id in the file"
    return Problem((), f"--target {target!r}: no such entry in the file, and nothing to do about it in Stripe", hint)
