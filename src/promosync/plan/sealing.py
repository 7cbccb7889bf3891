"""What the seals of an owner's coupons say once a plan has been carried out: see :mod:`promosync.model.seal`."""

from __future__ import annotations

from collections import Counter
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
from promosync.plan.exposure import batch_sizes
from promosync.plan.matching import generations
from promosync.plan.plan import Action, Kind, Plan, Trusted, Verb
from promosync.plan.refusals import MAX_METADATA_KEYS
from promosync.plan.sealed import definition, gone_before, seals_of

MANY: Final = 1_000
"""An account with more codes than this is not always read in full: a seal saves requests there."""


def with_seals(plan: Plan, basis: Basis, *, closes: bool, anew: bool) -> Plan:
    """Return a plan with what becomes of the seals: where they save requests, and where they were asked for.

    Without ``closes`` seals are only opened; with ``anew`` all are written.
    """
    live = basis.live
    codes = len(live.codes) + sum(map(len, live.batches.values()))
    codes += len(plan.actions) + sum(batch.added for batch in plan.batches)
    if not anew and (plan.empty or (live.known is None and codes <= MANY)):
        return plan
    found = _Seals(plan, basis)
    sealings: list[Sealing] = []
    unsealed: list[str] = []
    for entry in basis.wanted.coupons if closes else ():
        # Every plan must find the uses anew of which the entry's coupon does not know.
        if not basis.lost.get(entry.id) and (sealing := found.of(entry, unsealed)) is not None:
            sealings.append(sealing)
    if anew:
        sealings = [replace(sealing, stale=True) for sealing in sealings]
    told = {sealing.stripe_id for sealing in sealings}
    if _changes_family(plan) and not any(sealing.closes for sealing in sealings):
        sealings = [replace(sealing, stale=True) for sealing in sealings[:1]] + sealings[1:]
    sealings += [sealing for sealing in found.others() if sealing.stripe_id not in told]
    own = tuple(coupon.stripe_id for coupon in live.coupons if coupon.tags.owner == plan.owner)
    gone, gone_now = found.gone(done=True), found.gone(done=False)
    during = None if gone is None or gone_now is None else seal.gone_of(gone | gone_now)
    return replace(plan, seals=tuple(sealings), unsealed=tuple(unsealed), family=own, gone=gone, gone_during=during)


def _changes_family(plan: Plan) -> bool:
    return any(action.kind is Kind.COUPON and action.verb is not Verb.UPDATE for action in plan.actions)


class _Seals:
    def __init__(self, plan: Plan, basis: Basis) -> None:
        self._basis, self._wanted, self._live = basis, basis.wanted, basis.live
        self._futures, self._there, self._owner = basis.futures, basis.coupons, plan.owner
        self._sizes = batch_sizes(basis.wanted, basis.rows)
        self._before = seals_of(basis.live, plan.owner)
        self._ending = {action.stripe_id for action in plan.actions if action.ends_coupon}
        self._making = {
            a.new_id: a for a in plan.actions if a.kind is Kind.COUPON and a.new_id and a.after is not None
        }
        self._trusted: Mapping[str, Trusted] = {batch.id: batch for batch in plan.trusted}
        self._actions = {batch.id: batch for batch in plan.batches}
        self._skipping = {kept.id for kept in plan.kept if kept.kind is Kind.BATCH}
        self._singles, self._rest = _singles_after(plan.actions, basis)
        self._singles_now, _ = _singles_after((), basis)
        self._written = _written(plan)
        batches = (basis.live.batches.keys() | self._actions.keys()) - self._trusted.keys()
        self._active = {batch: self._active_after(batch) for batch in sorted(batches)}
        self._elsewhere = {batch for batch in batches if self._is_elsewhere(batch, done=True)}
        now = {batch for batch in batches if self._is_elsewhere(batch, done=False)}
        self._elsewhere_during = {seal.batch_digest(batch) for batch in now}

    def of(self, entry: CouponEntry, unsealed: list[str]) -> Sealing | None:
        """Return what becomes of the seal of an entry's coupon; None where it is not known, or cannot be sealed."""
        name = self._futures[entry.id].stripe_id
        there, making = self._there.get(name), self._making.get(name)
        if name in self._ending or (there is None and making is None):
            return None
        before = self._before.get(name)
        known = self._live.known is None or there is None or name in self._live.known.coupons
        if not known and (before is None or before.mark is not None):
            return None
        metadata = _metadata(making or there)
        after = Seal(
            at=0,
            family="",
            singles=len(self._singles.get(name, ())),
            digest=seal.singles_digest(self._singles.get(name, ())),
            rest=self._rest_after(name, None if known else before),
            batches=dict(self._batches(name, known)),
        )
        if len(metadata) + len(seal.KEYS) > MAX_METADATA_KEYS:
            unsealed.append(f"the coupon {name!r} has no room for a seal in its metadata: each plan reads all codes")
            return None
        if seal.write(after, self._owner, name) is None:
            unsealed.append(f"the coupon {name!r} has too many batches for a seal: each plan reads all codes")
            return None
        return Sealing(
            name,
            there.seal if there else "",
            there.created if there else 0,
            after,
            opened=name in self._written or there is None,
            stale=not after.says_the_same(before),
            during=replace(after, batches=dict(self._during(after))),
        )

    def _during(self, after: Seal) -> Iterator[tuple[str, SealedBatch]]:
        """Yield the batches of a seal as they are while the plan is carried out."""
        for batch, sealed in after.batches.items():
            yield batch, replace(sealed, elsewhere=sealed.elsewhere or batch in self._elsewhere_during)

    def others(self) -> Iterator[Sealing]:
        """Yield the seals that must be opened though they are not closed again."""
        for name, before in self._before.items():
            if before is not None and before.mark is None and name in self._written:
                there = self._there[name]
                yield Sealing(name, there.seal, there.created, None, opened=True, stale=False)

    def gone(self, *, done: bool) -> frozenset[str] | None:
        """Return the ids whose objects are only on coupons that are gone, when the plan is ``done``, or now."""
        ending = self._ending if done else set[str | None]()
        there = self._there.keys() - ending | (self._making.keys() if done else set())
        singles = self._singles if done else self._singles_now
        ended = {tags.id for tags in (self._there[n].tags for n in ending if n in self._there)}
        coupons = {name for name in ended if name is not None}
        lost: set[tuple[str, str]] = set()
        staying = {config_id for name, codes in singles.items() if name in there for config_id, _ in codes}
        for code in self._live.codes:
            if code.tags.owner == self._owner and code.spec.coupon not in there:
                coupons |= {config_id for config_id, _ in generations(code.spec.coupon)}
                lost |= {("code", code.tags.id)} if code.tags.id and code.tags.id not in staying else set()
        for batch, active in self._active.items():
            records = self._basis.records(batch)
            on = set(active) if done else {shape.spec.coupon for shape in records.shapes}
            if not on:
                continue
            coupons |= {config_id for name in on - there for config_id, _ in generations(name)}
            lost |= {("batch", batch)} if not on & there else set()
        kept = {self._there[name].tags.id for name in there & self._there.keys()}
        kept |= {action.id for action in self._making.values()} if done else set()
        lost |= {("coupon", name) for name in coupons - kept}
        digests = {seal.short_digest(kind, config_id) for kind, config_id in lost}
        if self._live.known is not None:
            before = gone_before(found for found in self._before.values() if found is not None)
            if before is None:
                return None
            digests |= before - {seal.short_digest("code", config_id) for config_id in staying}
        return seal.gone_of(digests)

    def _rest_after(self, name: str, before: Seal | None) -> frozenset[str] | None:
        if before is not None and before.rest is None:
            return None
        return seal.rest_of({*self._rest.get(name, ()), *((before.rest or ()) if before else ())})

    def _batches(self, name: str, known: bool) -> Iterator[tuple[str, SealedBatch]]:
        trusted = {seal.batch_digest(batch) for batch in self._trusted}
        sealed = self._before.get(name)
        for digest, there in sealed.batches.items() if sealed else ():
            if not known or digest in trusted:
                yield digest, there
        entries = {entry.id: entry for entry in self._wanted.batches}
        here = {batch for batch, active in self._active.items() if name in active}
        home = {e.id for e in self._wanted.batches if self._futures[e.spec.coupon].stripe_id == name}
        for batch in sorted((here | home) - self._trusted.keys()):
            digest = seal.batch_digest(batch)
            active = self._active.get(batch, Counter[str]())[name]
            elsewhere = batch in self._elsewhere
            if batch not in home:
                yield digest, SealedBatch("", 0, active, elsewhere)
                continue
            entry = entries[batch]
            yield digest, SealedBatch(self._definition(entry), self._issued(entry), active, elsewhere)

    def _definition(self, entry: BatchEntry) -> str:
        """Return the definition that a batch is sealed with; empty where a plan without changes says something of it
        that its codes alone tell."""
        coupon, action = self._futures[entry.spec.coupon], self._actions.get(entry.id)
        skips = action.skipped if action else entry.id in self._skipping
        if entry.file is not None and entry.id not in self._basis.rows:
            return ""  # nobody has read it
        if skips and not coupon.why_not and standing_of(entry, self._basis) is not Standing.OVER:
            return ""
        return definition(entry, self._basis)

    def _issued(self, entry: BatchEntry) -> int:
        action, records = self._actions.get(entry.id), self._basis.records(entry.id)
        if action is not None and action.work is not None:
            return action.added + action.work.slots.issued.total()
        return max(self._sizes.get(entry.id, 0), records.active)

    def _active_after(self, batch: str) -> Counter[str]:
        """Return how many codes of a batch are active on each coupon where it has any, when the plan is done."""
        records, action = self._basis.records(batch), self._actions.get(batch)
        active = records.active_on()
        for shape in records.shapes:
            active[shape.spec.coupon] += 0
        if action is None or action.work is None:
            return active
        work = action.work
        shapes = [shape.spec.coupon for shape in records.shapes]
        leaving = [*work.slots.withdraw, *work.slots.switch_off, *(r.at for r in work.slots.replacements())]
        for at in leaving:
            record = records[at]
            active[shapes[record.shape]] -= record.active
        for at in work.slots.restore:
            active[shapes[records[at].shape]] += 1
        active[work.spec.coupon] += (action.added + action.recreated) * work.spec.active + action.adopted
        return active

    def _is_elsewhere(self, batch: str, *, done: bool) -> bool:
        """Whether the code that counts for some slot is on a coupon that is gone, when the plan is done, or now."""
        records, action = self._basis.records(batch), self._actions.get(batch) if done else None
        ending = self._ending if done else set[str | None]()
        coupons = [shape.spec.coupon for shape in records.shapes]
        # A code that is older than its coupon was on another one of the same id.
        born = {name: self._there[name].created for name in coupons if name in self._there and name not in ending}
        if all(name in born and born[name] <= records.oldest for name in coupons):
            return False
        work = action.work if action else None
        replaced = {replacement.at for replacement in work.slots.replacements()} if work else set()
        there = ((at, records[at]) for at, _ in current(records))
        return any(
            at not in replaced and record.created < born.get(coupons[record.shape], record.created + 1)
            for at, record in there
        )


def _singles_after(
    actions: Iterable[Action], basis: Basis
) -> tuple[dict[str, list[tuple[str, str]]], dict[str, set[str]]]:
    """Return where the single codes of the file are when actions are done, and where others of ours are or were.

    By the coupon's Stripe id: the id and folded text of each, and short digests of ids.
    """
    owner = basis.scope.owner
    singles: dict[str, list[tuple[str, str]]] = {}
    rest: dict[str, set[str]] = {}
    after: dict[str, PromotionCode] = {}
    staying: set[str] = set()
    for entry in basis.wanted.codes:
        if (found := basis.matches.codes.get(entry.id)) is not None and found.current.tags.owner == owner:
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
        singles.setdefault(spec.coupon, []).append((config_id, fold(spec.code)))
    for code in basis.live.codes:
        if code.tags.owner == owner and code.stripe_id not in staying:
            rest.setdefault(code.spec.coupon, set()).add(seal.short_digest("code", code.tags.id or ""))
    return singles, rest


def _metadata(coupon: Action | LiveCoupon | None) -> dict[str, str]:
    """Return the metadata of a coupon, there or to be made, without its seal."""
    assert coupon is not None
    spec = coupon.after if isinstance(coupon, Action) else coupon.spec
    return {**(spec.metadata if spec else {}), **coupon.tags.to_metadata()}


def _written(plan: Plan) -> set[str]:
    """Return the Stripe ids of the coupons of which a plan writes to codes."""
    codes = (action for action in plan.actions if action.kind is Kind.CODE)
    return {name for action in codes for name in action.coupons} | {
        name for batch in plan.batches for name in batch.coupons
    }
