"""What a plan takes from the seals of coupons instead of reading it, and what it must still read.

Codes that a seal describes are not read as long as they stay unchanged. What is to be changed, recreated, withdrawn
or counted is read first. What must be read depends on the decisions, and the decisions on what was read: so the
account is looked at again after each read, until nothing is missing.

Seals are not used where a coupon of the owner has none, or where a coupon was deleted since the newest was written:
then there may be codes that only the list of all codes shows. An id of which Stripe shows nothing is new.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from hashlib import sha256

from promosync.codes.alphabet import space_of
from promosync.codes.capacity import POSSIBLE_PER_ISSUED
from promosync.codes.text_set import TextSet
from promosync.model import seal
from promosync.model.account import Known, Live, Unread
from promosync.model.configuration import BatchEntry, CodeEntry, Generate
from promosync.model.life import is_over
from promosync.model.promotions import fold
from promosync.model.seal import Seal
from promosync.plan.basis import Basis
from promosync.plan.batches import standing_of
from promosync.plan.exposure import needed_codes
from promosync.plan.matching import generations
from promosync.plan.plan import BatchAction, Trusted
from promosync.plan.targets import Reach

_EVERYTHING = Unread(everything=True)

_OTHERS = 2_000_000
"""No account should have more codes than this: in a space that is much larger, they do not matter."""


def seals_of(live: Live, owner: str) -> dict[str, Seal]:
    """Return the seals of an owner's coupons by Stripe id, where there is one that can be read."""
    own = (coupon for coupon in live.coupons if coupon.tags.owner == owner)
    found = {one.stripe_id: seal.read(one.seal, owner, one.stripe_id, one.created) for one in own}
    return {name: one for name, one in found.items() if one is not None}


def newest_of(seals: Iterable[Seal]) -> list[Seal]:
    """Return the seals of the latest second in which one was written."""
    seals = list(seals)
    latest = max((found.at for found in seals), default=0)
    return [found for found in seals if found.at == latest]


def gone_before(seals: Iterable[Seal]) -> frozenset[str] | None:
    """Return the ``gone`` of an owner's seals."""
    found = [one.gone for one in newest_of(seals)]
    return None if None in found else frozenset().union(*(one for one in found if one is not None))


def definition(entry: BatchEntry, basis: Basis) -> str:
    """Return a digest of all that a decision about a batch depends on, except its codes."""
    coupon, scope, rows = basis.futures[entry.spec.coupon], basis.scope, basis.rows_of(entry.id)
    there = basis.coupons.get(coupon.stripe_id)  # a new one is valid
    said = sha256()
    for values in (rows.codes, rows.emails):
        said.update(f"{-1 if values is None else len(values)}\n".encode())
        for value in values or ():
            said.update(f"{value}\n".encode())
    about = [
        asdict(replace(entry, path=())),
        [coupon.stripe_id, coupon.why_not, coupon.spec.max_redemptions, coupon.spec.redeem_by],
        there is None or there.valid,
        standing_of(entry, basis),
        [scope.owner, *scope.ignore_metadata],
        said.hexdigest(),
    ]
    return seal.digest(json.dumps(about, sort_keys=True, default=str))


def look(basis: Basis, reach: Reach) -> tuple[Unread, Mapping[str, Trusted]]:
    """Return what a plan must read yet, and the batches that need not be read, by id."""
    known = basis.live.known
    return (Unread(), {}) if known is None else _Looking(basis, known, reach).look()


def unread_of(trusted: Iterable[Trusted]) -> Unread:
    """Return what must be read to decide about batches without their seals."""
    trusted = list(trusted)
    coupons = {name: codes for batch in trusted for name, codes in batch.coupons.items()}
    return Unread(coupons=coupons, everything=any(batch.elsewhere for batch in trusted))


def brought_back(batches: Iterable[BatchAction], live: Live) -> Unread:
    """Return the texts of unique codes that are off and come back, and that others may use now."""
    if live.known is None:
        return Unread()
    texts = set()
    for batch in batches:
        if (work := batch.work) is not None:
            back = [*work.slots.restore, *(replacement.at for replacement in work.slots.replacements())]
            texts |= {record.code for at in back if not (record := work.records[at]).active}
    return Unread(frozenset(text for text in texts if fold(text) not in live.known.texts))


class _Looking:
    def __init__(self, basis: Basis, known: Known, reach: Reach) -> None:
        self._basis, self._known, self._reach = basis, known, reach
        self._wanted, self._live, self._matches = basis.wanted, basis.live, basis.matches
        self._owner, self._there = basis.scope.owner, basis.coupons
        self._seals = seals_of(basis.live, self._owner)
        self._open = {name for name, found in self._seals.items() if found.mark is not None}
        self._batches = {seal.batch_digest(entry.id): entry for entry in basis.wanted.batches}
        self._on: dict[str, list[str]] = {}  # where a batch's codes are, by the digest of its id
        for name, found in self._seals.items():
            for batch in found.batches:
                self._on.setdefault(batch, []).append(name)

    def look(self) -> tuple[Unread, Mapping[str, Trusted]]:
        if self._may_miss_codes() or self._was_there() or self._made_at_once():
            return _EVERYTHING, {}
        coupons = self._open | self._reach.ending | set(self._with_strays())
        trusted: dict[str, Trusted] = {}
        texts: set[str] = set()
        if coupons <= self._known.coupons:
            for entry in self._wanted.batches:
                if not self._reach.has_code(entry.id):
                    continue
                if (found := self._trusted(entry)) is not None:
                    trusted[entry.id] = found
                    continue
                on = self._coupons_of(entry)
                lost = not on and self._may_be_gone("batch", [entry.id])
                if lost or self._is_elsewhere(entry) or self._is_crowded(entry):
                    return _EVERYTHING, {}
                coupons |= set(on)
                if set(on) <= self._known.coupons:
                    texts |= set(self._rows_to_ask(entry))
        texts |= self._singles(coupons)
        if not texts:
            new = [entry.id for entry in self._wanted.codes if entry.id not in self._matches.codes]
            coupons |= set(self._with_other_singles(new))
            # A code that is off may be an older object of its entry: the newest could be on a deleted coupon.
            off = [config_id for config_id, found in self._matches.codes.items() if not found.current.spec.active]
            if coupons <= self._known.coupons and self._may_be_gone("code", [*new, *off]):
                return _EVERYTHING, {}
        unread = Unread(
            frozenset(texts),
            frozenset(self._named()),
            {name: self._codes_on(name) for name in sorted(coupons - self._known.coupons)},
        )
        return unread, trusted

    def _may_miss_codes(self) -> bool:
        """Whether codes of ours may exist that no text and no coupon leads to."""
        own = [coupon.stripe_id for coupon in self._live.coupons if coupon.tags.owner == self._owner]
        if not own:
            return any(batch.spec.coupon not in self._matches.coupons for batch in self._wanted.batches)
        if len(self._seals) < len(own):
            return True
        family = seal.family_digest(own)
        return any(found.family != family for found in newest_of(self._seals.values()))

    def _may_be_gone(self, kind: str, config_ids: Iterable[str]) -> bool:
        """Whether objects of an id may be on deleted coupons, where no text and no coupon leads to them."""
        gone = gone_before(self._seals.values())
        return any(gone is None or seal.short_digest(kind, config_id) in gone for config_id in config_ids)

    def _was_there(self) -> bool:
        """Whether a coupon of the file was in Stripe and is not any more: a seal or its codes show it."""
        now, there = self._basis.scope.now, self._matches.coupons
        absent = {e.id: e for e in self._wanted.coupons if e.id not in there and not is_over(e.spec.redeem_by, now)}
        if not absent:
            return False
        if self._may_be_gone("coupon", absent):
            return True
        mode = self._live.account.mode
        names = {entry.stripe_id[mode] for entry in absent.values() if mode in entry.stripe_id}
        codes = {code.id for code in self._wanted.codes if code.spec.coupon in absent}
        for code in (*self._live.codes, *self._known.unique):
            gone = code.spec.coupon not in self._there
            if gone and code.tags.owner == self._owner:
                homes = {config_id for config_id, _ in generations(code.spec.coupon)}
                if code.tags.id in codes or code.spec.coupon in names or not homes.isdisjoint(absent):
                    return True
        return False

    def _made_at_once(self) -> bool:
        """Whether an entry has codes made in the same second: only the list of all codes shows their order."""
        own = (code for code in self._live.codes if code.tags.owner == self._owner)
        times = [(code.tags.id, code.created) for code in own]
        return len(set(times)) < len(times)

    def _with_strays(self) -> Iterator[str]:
        """Yield the coupons with active codes of batches that are not in the file."""
        for batch, names in self._on.items():
            if batch not in self._batches and any(self._seals[name].batches[batch].active for name in names):
                yield from names

    def _trusted(self, entry: BatchEntry) -> Trusted | None:
        batch, on = seal.batch_digest(entry.id), self._coupons_of(entry)
        home = self._basis.futures[entry.spec.coupon].stripe_id
        found = {name: self._seals[name].batches[batch] for name in on}
        sealed = found.pop(home, None)
        # Codes on other coupons are left over; where one of these has a definition, two files were applied at once.
        if sealed is None or any(one.definition for one in found.values()):
            return None
        if not (self._open | self._reach.ending).isdisjoint(on):
            return None
        elsewhere = self._is_elsewhere(entry)
        if not elsewhere and self._known.coupons.issuperset(on):
            return None
        if sealed.definition != definition(entry, self._basis):
            return None
        active = sum(self._seals[name].batches[batch].active for name in on)
        coupons = {name: self._codes_on(name) for name in on}
        return Trusted(entry.id, sealed.issued, active, self._seals[home].at, coupons, elsewhere)

    def _is_elsewhere(self, entry: BatchEntry) -> bool:
        batch = seal.batch_digest(entry.id)
        return any(self._seals[name].batches[batch].elsewhere for name in self._coupons_of(entry))

    def _coupons_of(self, entry: BatchEntry) -> list[str]:
        return self._on.get(seal.batch_digest(entry.id), [])

    def _is_crowded(self, entry: BatchEntry) -> bool:
        """Whether the codes of others could matter for those that a batch draws."""
        if not isinstance(entry.source, Generate):
            return False
        needed = needed_codes(entry, self._basis.rows_of(entry.id))
        return space_of(entry).capacity <= (needed + _OTHERS) * POSSIBLE_PER_ISSUED

    def _rows_to_ask(self, entry: BatchEntry) -> Iterator[str]:
        """Yield the texts of an import that are not the batch's own active ones: others may use them."""
        codes = self._basis.rows_of(entry.id).codes
        if codes:
            own = TextSet(text for text, active in self._basis.records(entry.id).texts() if active)
            yield from (text for text in codes if text not in own and fold(text) not in self._known.texts)

    def _singles(self, coupons: set[str]) -> set[str]:
        """Return the texts of single codes to ask for; add coupons where reading all of one is cheaper."""
        asked: dict[str, list[str]] = {}
        unread = coupons - self._known.coupons
        for entry in self._wanted.codes:
            there = self._matches.coupons.get(entry.spec.coupon)
            on = [coupon.stripe_id for coupon in there.chain] if there else [""]
            if not unread.isdisjoint(on) or fold(entry.spec.code) in self._known.texts or self._is_as_read(entry):
                continue
            asked.setdefault(on[-1], []).append(entry.spec.code)
        for home, texts in list(asked.items()):
            known = home in self._seals and home not in self._known.coupons
            if known and 1 + self._seals[home].codes // 100 < len(texts):
                coupons.add(home)
                del asked[home]
        return {text for texts in asked.values() for text in texts}

    def _is_as_read(self, entry: CodeEntry) -> bool:
        """Whether a code was read with its coupon and is active with its text: then nobody else can have the text."""
        found = self._matches.codes.get(entry.id)
        if found is None or found.alike or found.current.spec.coupon not in self._known.coupons:
            return False
        live = found.current
        return live.spec.active and fold(live.spec.code) == fold(entry.spec.code)

    def _with_other_singles(self, new: list[str]) -> Iterator[str]:
        """Yield the coupons with single codes of ours that are not in the file, or newly are."""
        found: dict[str, list[tuple[str, str]]] = {name: [] for name in self._seals}
        for match in self._matches.codes.values():
            code = match.current
            if code.tags.owner == self._owner and code.spec.coupon in found:
                found[code.spec.coupon].append((code.tags.id or "", fold(code.spec.code)))
        for name, sealed in self._seals.items():
            if seal.singles_digest(found[name]) != sealed.digest or any(map(sealed.may_have, new)):
                yield name

    def _named(self) -> Iterator[str]:
        """Yield the ids of codes that the file names and that were not read yet."""
        mode, there = self._live.account.mode, {code.stripe_id for code in self._live.codes}
        for entry in self._wanted.codes:
            name = entry.stripe_id.get(mode)
            if name is not None and name not in there and name not in self._known.ids:
                yield name

    def _codes_on(self, name: str) -> int:
        return self._seals[name].codes if name in self._seals else 0
