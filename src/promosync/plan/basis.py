"""What decisions about codes and seals start from: the file, the account, and what was decided about coupons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from promosync.model.account import Live
from promosync.model.configuration import Configuration
from promosync.model.issued import IssuedCodes
from promosync.model.problems import Problem
from promosync.plan.batch_rows import Rows
from promosync.plan.coupons import CouponFuture, decide_coupon, decide_leftovers, decide_stray
from promosync.plan.deleted_coupons import GoneCoupons
from promosync.plan.matching import Matches, name_of
from promosync.plan.plan import Action, Kept
from promosync.plan.scope import Scope


class Basis:
    """The file (``wanted``, with Stripe ids), the account, and the coupons as the plan leaves them.

    ``coupons`` are the account's, by Stripe id; all else is by config id. ``futures`` are the coupons of the file.
    ``entries`` are the decisions about their current objects, ``others`` those about what these replaced and about
    what is in no entry. ``lost`` counts the uses on deleted coupons that the current coupon does not know of.
    """

    def __init__(
        self,
        wanted: Configuration,
        live: Live,
        rows: Mapping[str, Rows],
        matches: Matches,
        held: Mapping[str, str],
    ) -> None:
        settings = wanted.settings
        self.wanted, self.live, self.rows, self.matches = wanted, live, rows, matches
        self.coupons = {coupon.stripe_id: coupon for coupon in live.coupons}
        taken = frozenset(self.coupons)
        self.scope = Scope(settings.owner, live.account.now, settings.ignore_metadata, taken, held)
        self.futures: dict[str, CouponFuture] = {}
        self.entries: dict[str, Action | Kept | Problem | None] = {}
        self.others: dict[str, list[Action | Kept | Problem]] = defaultdict(list)
        self.lost: dict[str, int] = {}
        gone = GoneCoupons(live, settings.owner, self.coupons)
        for entry in wanted.coupons:
            found = matches.coupons.get(entry.id)
            used = gone.of(entry, found.current if found else None)
            self.futures[entry.id], self.entries[entry.id] = decide_coupon(entry, found, self.scope, used)
            if found:
                self.lost[entry.id] = used.unknown
                self.others[entry.id] += decide_leftovers(entry, found, self.scope)
        for stray in matches.stray_coupons:
            self.others[name_of(stray.current)] += decide_stray(stray)

    def ending(self) -> dict[str, frozenset[str]]:
        """Return the Stripe ids of the coupons that are deleted, replaced or not, by config id."""
        ends: dict[str, set[str]] = defaultdict(set)
        others = ((config_id, result) for config_id, results in self.others.items() for result in results)
        for config_id, result in (*self.entries.items(), *others):
            if isinstance(result, Action) and result.ends_coupon:
                ends[config_id].add(result.stripe_id or "")
        return {config_id: frozenset(stripe_ids) for config_id, stripe_ids in ends.items()}

    def records(self, batch: str) -> IssuedCodes:
        """Return the codes of a batch, as far as they were read."""
        return self.live.batches.get(batch, IssuedCodes())

    def rows_of(self, batch: str) -> Rows:
        """Return what a batch's own file says."""
        return self.rows.get(batch, Rows())
