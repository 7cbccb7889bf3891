"""Carrying out a batch: a stream of small jobs, one a code, that never prints a code or an address.

Every new code is made for a slot (an imported one for its text), and its idempotency key says so. So of two runs at
once one makes the code, and the other is told that it is made elsewhere; what then turns out not to be there (the
other run failed) is made under the next key.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256

from promosync.apply import code_steps
from promosync.apply.code_steps import Swap
from promosync.apply.gateway import Fault, Gateway, StripeFault
from promosync.codes.drawing import draw
from promosync.codes.emails import normalise
from promosync.codes.words import decent
from promosync.model.issued import IMPORTED
from promosync.model.live import LiveCode
from promosync.model.ownership import Retired, Tags
from promosync.model.promotions import PromotionCode, fold
from promosync.plan.batches import BatchWork
from promosync.plan.plan import Action, BatchAction, Kind, Verb

Job = Callable[[], None]

ROUNDS = 3
"""How often what another run seemed to make is looked for and tried again."""


@dataclass(slots=True)
class BatchRun:
    """One batch being carried out; ``jobs`` may be called from several threads at once."""

    gateway: Gateway
    action: BatchAction
    work: BatchWork
    coupon_limit: int | None
    elsewhere: list[Job] = field(default_factory=list)
    _texts: Iterator[str] | None = None
    _customers: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def jobs(self) -> Iterator[Job]:
        """Yield a job for each code that is touched: what frees texts first, what is new last."""
        work, slots = self.work, self.work.slots
        for at in slots.withdraw:
            yield partial(self._switch, at, active=False, retired=Retired.WITHDRAWN)
        for at in slots.switch_off:
            yield partial(self._switch, at, active=False, retired=Retired.OFF)
        for at in slots.restore:
            yield partial(self._restore, at)
        for at in work.update:
            yield partial(self._switch, at, active=True, retired=None)
        for replacement in slots.replacements():
            yield partial(self._recreate, replacement.at, replacement.row)
        for addition in slots.additions():
            yield partial(self._add, addition.slot, addition.row)

    def another_round(self, number: int) -> Iterator[Job]:
        """Yield again those jobs that were to be made elsewhere and are not there now."""
        pending, self.elsewhere = self.elsewhere, []
        there = {
            (code.tags.slot, fold(code.spec.code) if code.tags.slot == IMPORTED else "")
            for code in self.gateway.codes_on(self.work.spec.coupon)
            if (code.tags.owner, code.tags.id) == (self.work.tags.owner, self.work.tags.id)
            and code.tags.retired is not Retired.SWAP
        }
        for job in pending:
            assert isinstance(job, _Make)
            if job.place not in there:
                yield replace(job, number=number)

    def make(self, spec: PromotionCode, tags: Tags, swap: Swap, place: tuple[str | None, str], number: int) -> None:
        """Create one code for its place in the batch."""
        replaced = swap.action.stripe_id or ""
        key = _key(tags.owner, tags.id, place, replaced, str(number))
        while True:
            swap = replace(swap, action=replace(swap.action, after=spec))
            try:
                code_steps.create(self.gateway, swap, self.coupon_limit, key)
                return
            except StripeFault as fault:
                if fault.fault is Fault.MADE_ELSEWHERE:
                    with self._lock:
                        self.elsewhere.append(_Make(self, spec, tags, swap, place, number))
                    return
                if fault.fault is not Fault.TEXT_TAKEN or replaced or tags.slot == IMPORTED:
                    raise
                spec = replace(spec, code=self._draw())  # somebody took it since the plan was made
                key = _key(key, spec.code)

    def _switch(self, at: int, *, active: bool, retired: Retired | None) -> None:
        before = self._live(at)
        self.gateway.update_code(before, self._in_place(before, active), self._tags(before, retired))

    def _restore(self, at: int) -> None:
        before = self._live(at)
        try:
            self.gateway.update_code(before, self._in_place(before, True), self._tags(before, None))
        except StripeFault as fault:
            if fault.fault is not Fault.REFUSED:
                raise
            self._recreate(at, None)  # Stripe has ended it for good

    def _recreate(self, at: int, row: int | None) -> None:
        before = self._live(at)
        metadata = {**self.work.spec.metadata, **self.work.ignored(before.spec.metadata)}
        spec = replace(self.work.spec, code=before.spec.code, customer=before.spec.customer, metadata=metadata)
        tags = replace(self.work.tags, slot=before.tags.slot, email=before.tags.email)
        if row is not None and self.work.rows.emails is not None:
            tags = replace(tags, email=self.work.hashes[row])
            if tags.email != before.tags.email:
                spec = replace(spec, customer=self._customer(row))
        action = Action(
            Verb.RECREATE, Kind.CODE, self.action.id, "", before=before, after=spec, tags=tags, limit=self.work.limit
        )
        action = replace(action, carried=before.used)
        swap = code_steps.take_off(self.gateway, action, before)
        place = (tags.slot, fold(spec.code) if tags.slot == IMPORTED else "")
        self.make(spec, tags, swap, place, 1)

    def _add(self, slot: int | None, row: int | None) -> None:
        work = self.work
        customer = self._customer(row) if row is not None and work.rows.emails is not None else None
        text = work.rows.codes[row] if work.rows.codes is not None and row is not None else self._draw()
        spec = replace(work.spec, code=text, customer=customer)
        tags = replace(
            work.tags,
            slot=IMPORTED if slot is None else str(slot),
            email=work.hashes[row] if row is not None and work.hashes else None,
            retired=None if spec.active else Retired.OFF,
        )
        action = Action(Verb.CREATE, Kind.CODE, self.action.id, "", after=spec, tags=tags, limit=work.limit)
        place = (tags.slot, fold(text) if slot is None else "")
        self.make(spec, tags, Swap(action, None, 0), place, 1)

    def _draw(self) -> str:
        with self._lock:
            if self._texts is None:
                own = {fold(record.code) for record in self.work.records}
                assert self.work.space is not None
                self._texts = decent(draw(self.work.space, taken=lambda text: text in own or self.work.taken(text)))
            text = next(self._texts, None)
        if text is None:
            raise StripeFault(Fault.REFUSED, "no possible code is free any more: choose a longer pattern")
        return text

    def _customer(self, row: int) -> str:
        """Return the Stripe customer of a row's address; create it where the file says so."""
        assert self.work.rows.emails is not None
        email = self.work.rows.emails[row]
        found = self.work.rows.customers.get(email)
        if found:
            return found[0]
        with self._lock:
            known = self._customers.get(normalise(email)) or self._bound(self.work.hashes[row])
            if known is None:
                # One at a time: two codes of one address must not make two customers.
                known = self.gateway.create_customer(email, _key("customer", normalise(email)))
            self._customers[normalise(email)] = known
        return known

    def _bound(self, hashed: str) -> str | None:
        """The customer of another code of the batch with the same address."""
        return next((r.customer for r in self.work.records if r.email == hashed and r.customer), None)

    def _live(self, at: int) -> LiveCode:
        return self.work.records.live(at, self.work.tags.owner or "", self.action.id)

    def _in_place(self, before: LiveCode, active: bool) -> PromotionCode:
        """The code with what can be changed in place as the file has it; a code on its way out keeps all."""
        if not active:
            return replace(before.spec, active=False)
        return replace(
            before.spec,
            active=True,
            metadata={**self.work.spec.metadata, **self.work.ignored(before.spec.metadata)},
            currency_options=self.work.spec.currency_options,
        )

    def _tags(self, before: LiveCode, retired: Retired | None) -> Tags:
        protect = before.tags.protect if retired else self.work.tags.protect
        return replace(before.tags, retired=retired, protect=protect)


@dataclass(frozen=True, slots=True)
class _Make:
    """A code that another run seems to make, to be tried again if it does not."""

    run: BatchRun
    spec: PromotionCode
    tags: Tags
    swap: Swap
    place: tuple[str | None, str]
    number: int

    def __call__(self) -> None:
        self.run.make(self.spec, self.tags, self.swap, self.place, self.number)


def _key(*parts: object) -> str:
    """Return an idempotency key that every run makes of the same parts, and that tells nobody what they are."""
    text = "\0".join(str(part) for part in parts)
    return "promosync-" + sha256(text.encode()).hexdigest()
