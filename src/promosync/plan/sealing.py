"""The seals that a plan writes on the owner's coupons when it is done: see :mod:`promosync.model.seal`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from promosync.codes.slots import Standing, current
from promosync.model import seal
from promosync.model.configuration import BatchEntry, CouponEntry
from promosync.model.live import LiveCoupon
from promosync.model.promotions import PromotionCode, fold
from promosync.model.seal import Seal, SealedBatch, Sealing
from promosync.plan.basis import Basis
from promosync.plan.batches import standing_of
from promosync.plan.exposure import needed_codes
from promosync.plan.matching import generations
from promosync.plan.plan import Action, BatchAction, Kind, Plan, Verb
from promosync.plan.refusals import MAX_METADATA_KEYS
from promosync.plan.sealed import definition, gone_before, seals_of

MANY: Final = 1_000
"""An account with more codes than this is not always read in full: a seal saves requests there."""


def with_seals(plan: Plan, basis: Basis, *, closes: bool, anew: bool) -> Plan:
    """Return a plan with its seals, where they save requests or where ``anew`` asks for all of them.

    Without ``closes`` seals are only opened.
    """
    live = basis.live
    codes = len(live.codes) + sum(map(len, live.batches.values()))
    codes += len(plan.actions) + sum(batch.added for batch in plan.batches)
    if not anew and (plan.empty or (live.known is None and codes <= MANY)):
        return plan
    after, now = _Codes(basis, plan, plan.actions, plan.batches), _Codes(basis, plan)
    found = _Seals(basis, plan, after, now)
    sealings: list[Sealing] = []
    unsealed: list[str] = []
    for entry in basis.wanted.coupons if closes else ():
        # Without a seal, every plan finds the uses again that the entry's coupon does not count.
        if not basis.lost.get(entry.id) and (sealing := found.of(entry, unsealed)) is not None:
            sealings.append(sealing)
    if anew:
        sealings = [replace(sealing, stale=True) for sealing in sealings]
    closing = {sealing.stripe_id for sealing in sealings}
    if _changes_family(plan) and not any(sealing.closes for sealing in sealings):
        sealings = [replace(sealing, stale=True) for sealing in sealings[:1]] + sealings[1:]
    sealings += [sealing for sealing in found.others() if sealing.stripe_id not in closing]
    own = tuple(coupon.stripe_id for coupon in live.coupons if coupon.tags.owner == plan.owner)
    gone, gone_now = after.gone(found.before), now.gone(found.before)
    during = None if gone is None or gone_now is None else seal.gone_of(gone | gone_now)
    return replace(plan, seals=tuple(sealings), unsealed=tuple(unsealed), family=own, gone=gone, gone_during=during)


def _changes_family(plan: Plan) -> bool:
    return any(action.kind is Kind.COUPON and action.verb is not Verb.UPDATE for action in plan.actions)


class _Seals:
    """The seals of one plan: ``before`` as they are, by the coupon's Stripe id."""

    def __init__(self, basis: Basis, plan: Plan, after: _Codes, now: _Codes) -> None:
        self._basis, self._after, self._now = basis, after, now
        self.before = seals_of(basis.live, plan.owner)
        self._trusted = {batch.id for batch in plan.trusted}
        self._skipping = {kept.id for kept in plan.kept if kept.kind is Kind.BATCH}
        codes = (action.coupons for action in plan.actions if action.kind is Kind.CODE)
        self._written = set[str]().union(*codes, *(batch.coupons for batch in plan.batches))

    def of(self, entry: CouponEntry, unsealed: list[str]) -> Sealing | None:
        """Return what is done with an entry's coupon's seal; None where its codes are unknown or it has no room."""
        name, read = self._basis.futures[entry.id].stripe_id, self._basis.live.known
        there, making = self._basis.coupons.get(name), self._after.making.get(name)
        if name in self._after.ending or (there is None and making is None):
            return None
        before = self.before.get(name)
        known = read is None or there is None or name in read.coupons
        if not known and (before is None or before.mark is not None):
            return None
        metadata = _metadata(making or there)
        after = Seal(
            at=0,
            family="",
            singles=len(self._after.singles[name]),
            digest=seal.singles_digest(self._after.singles[name]),
            rest=self._rest_after(name, None if known else before),
            batches=dict(self._batches(name, known)),
        )
        if len(metadata) + len(seal.KEYS) > MAX_METADATA_KEYS:
            unsealed.append(f"the coupon {name!r} has no room for a seal in its metadata: each plan reads all codes")
            return None
        if seal.write(after, self._basis.scope.owner, name) is None:
            unsealed.append(f"the coupon {name!r} has too many batches for a seal: each plan reads all codes")
            return None
        return Sealing(
            name,
            there.seal if there else "",
            there.created if there else 0,
            after,
            opened=name in self._written or there is None,
            stale=not after.says_the_same(before),
            during=replace(after, batches={batch: self._during(batch, one) for batch, one in after.batches.items()}),
        )

    def _during(self, digest: str, sealed: SealedBatch) -> SealedBatch:
        """Return what a seal says of a batch while the plan is carried out."""
        return replace(sealed, elsewhere=sealed.elsewhere or digest in self._now.elsewhere)

    def others(self) -> Iterator[Sealing]:
        """Yield the seals that must be opened though they are not closed again."""
        for name, before in self.before.items():
            if before.mark is None and name in self._written:
                there = self._basis.coupons[name]
                yield Sealing(name, there.seal, there.created, None, opened=True, stale=False)

    def _rest_after(self, name: str, before: Seal | None) -> frozenset[str] | None:
        if before is not None and before.rest is None:
            return None
        return seal.rest_of({*self._after.rest[name], *((before.rest or ()) if before else ())})

    def _batches(self, name: str, known: bool) -> Iterator[tuple[str, SealedBatch]]:
        trusted = {seal.batch_digest(batch) for batch in self._trusted}
        sealed = self.before.get(name)
        for digest, there in sealed.batches.items() if sealed else ():
            if not known or digest in trusted:
                yield digest, there
        here = {batch for batch, active in self._after.active.items() if name in active}
        entries = self._basis.wanted.batches
        home = {e.id: e for e in entries if self._basis.futures[e.spec.coupon].stripe_id == name}
        for batch in sorted((here | home.keys()) - self._trusted):
            digest, entry = seal.batch_digest(batch), home.get(batch)
            said = (self._definition(entry), self._issued(entry)) if entry else ("", 0)
            active = self._after.active.get(batch, Counter[str]())[name]
            yield digest, SealedBatch(*said, active, digest in self._after.elsewhere)

    def _definition(self, entry: BatchEntry) -> str:
        """Return the definition in the seal; empty where every plan must read the codes, to say what it skips."""
        coupon, action = self._basis.futures[entry.spec.coupon], self._after.batches.get(entry.id)
        skips = action.skipped if action else entry.id in self._skipping
        if entry.file is not None and entry.id not in self._basis.rows:
            return ""  # its file was not read
        if skips and not coupon.why_not and standing_of(entry, self._basis) is not Standing.OVER:
            return ""
        return definition(entry, self._basis)

    def _issued(self, entry: BatchEntry) -> int:
        action = self._after.batches.get(entry.id)
        if action is not None and action.work is not None:
            return action.added + action.work.slots.issued.total()
        needed = needed_codes(entry, self._basis.rows_of(entry.id))
        return max(needed, self._basis.records(entry.id).active)


class _Codes:
    """The coupons of the owner's codes when some actions of a plan are done; all by the coupon's Stripe id.

    ``singles`` has the id and folded text of each single code of the file, ``rest`` short digests of the ids of the
    others that are or were on the coupon. ``active`` counts, by batch, the active codes on each coupon where the
    batch has codes. ``elsewhere`` has the digests of the batches that have the current code of a slot on a deleted
    coupon. ``ending`` are the coupons that are deleted, ``making`` has the actions that make one.
    """

    def __init__(
        self, basis: Basis, plan: Plan, actions: Iterable[Action] = (), batches: Iterable[BatchAction] = ()
    ) -> None:
        self._basis, self._owner, self._there = basis, plan.owner, basis.coupons
        self.batches = {batch.id: batch for batch in batches}
        self.ending = {action.stripe_id for action in actions if action.ends_coupon}
        self.making = {
            action.new_id: action
            for action in actions
            if action.kind is Kind.COUPON and action.new_id and action.after is not None
        }
        self.singles: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self.rest: dict[str, set[str]] = defaultdict(set)
        self._place_singles(actions)
        read = (basis.live.batches.keys() | self.batches.keys()) - {batch.id for batch in plan.trusted}
        self.active = {batch: self._active_on(batch) for batch in sorted(read)}
        self.elsewhere = {seal.batch_digest(batch) for batch in read if self._is_elsewhere(batch)}

    def gone(self, seals: Mapping[str, Seal]) -> frozenset[str] | None:
        """Return digests of the ids whose objects are only on deleted coupons; ``seals`` are those of the owner."""
        there = self._there.keys() - self.ending | self.making.keys()
        ended = {self._there[name].tags.id for name in self.ending if name in self._there}
        coupons = {name for name in ended if name is not None}
        lost: set[tuple[str, str]] = set()
        staying = {config_id for name, codes in self.singles.items() if name in there for config_id, _ in codes}
        for code in self._basis.live.codes:
            if code.tags.owner == self._owner and code.spec.coupon not in there:
                coupons |= {config_id for config_id, _ in generations(code.spec.coupon)}
                lost |= {("code", code.tags.id)} if code.tags.id and code.tags.id not in staying else set()
        for batch, active in self.active.items():
            coupons |= {config_id for name in active.keys() - there for config_id, _ in generations(name)}
            lost |= {("batch", batch)} if active and not active.keys() & there else set()
        kept = {self._there[name].tags.id for name in there & self._there.keys()}
        kept |= {action.id for action in self.making.values()}
        lost |= {("coupon", name) for name in coupons - kept}
        digests = {seal.short_digest(kind, config_id) for kind, config_id in lost}
        if self._basis.live.known is not None:
            before = gone_before(seals.values())
            if before is None:
                return None
            digests |= before - {seal.short_digest("code", config_id) for config_id in staying}
        return seal.gone_of(digests)

    def _place_singles(self, actions: Iterable[Action]) -> None:
        after: dict[str, PromotionCode] = {}
        staying: set[str] = set()
        for entry in self._basis.wanted.codes:
            found = self._basis.matches.codes.get(entry.id)
            if found is not None and found.current.tags.owner == self._owner:
                after[entry.id] = found.current.spec
                staying.add(found.current.stripe_id)
        for action in actions:
            if action.kind is Kind.CODE and action.path and action.verb is not Verb.RETIRE:
                assert isinstance(action.after, PromotionCode)
                after[action.id] = action.after
                if action.verb is Verb.RECREATE:
                    staying.discard(action.stripe_id or "")
                elif action.stripe_id:
                    staying.add(action.stripe_id)
        for config_id, spec in after.items():
            self.singles[spec.coupon].append((config_id, fold(spec.code)))
        for code in self._basis.live.codes:
            if code.tags.owner == self._owner and code.stripe_id not in staying:
                self.rest[code.spec.coupon].add(seal.short_digest("code", code.tags.id or ""))

    def _active_on(self, batch: str) -> Counter[str]:
        records, action = self._basis.records(batch), self.batches.get(batch)
        active = records.active_on()
        shapes = [shape.spec.coupon for shape in records.shapes]
        for name in shapes:
            active[name] += 0
        if action is None or action.work is None:
            return active
        work = action.work
        leaving = [*work.slots.withdraw, *work.slots.switch_off, *(r.at for r in work.slots.replacements())]
        for at in leaving:
            record = records[at]
            active[shapes[record.shape]] -= record.active
        for at in work.slots.restore:
            active[shapes[records[at].shape]] += 1
        active[work.spec.coupon] += (action.added + action.recreated) * work.spec.active + action.adopted
        return active

    def _is_elsewhere(self, batch: str) -> bool:
        records, action = self._basis.records(batch), self.batches.get(batch)
        coupons = [shape.spec.coupon for shape in records.shapes]
        # A code that is older than its coupon was on a deleted coupon of the same id.
        staying = self._there.keys() - self.ending
        born = {name: self._there[name].created for name in coupons if name in staying}
        if all(name in born and born[name] <= records.oldest for name in coupons):
            return False
        work = action.work if action else None
        replaced = {replacement.at for replacement in work.slots.replacements()} if work else set()
        there = ((at, records[at]) for at, _ in current(records))
        return any(
            at not in replaced and record.created < born.get(coupons[record.shape], record.created + 1)
            for at, record in there
        )


def _metadata(coupon: Action | LiveCoupon | None) -> dict[str, str]:
    """Return the metadata of a coupon that exists or is to be made, without its seal."""
    assert coupon is not None
    spec = coupon.after if isinstance(coupon, Action) else coupon.spec
    return {**(spec.metadata if spec else {}), **coupon.tags.to_metadata()}
