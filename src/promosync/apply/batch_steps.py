"""Carrying out a batch: a stream of small jobs, one for each code, that never print a code or an address.

Every new code is made for a slot (an imported one for its text), and its idempotency key is made from that. So of two
runs at once one makes the code, and the other learns that it is made elsewhere. If it is missing later, because the
other run failed, it is made under the next key.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from typing import NamedTuple

from promosync.apply import code_steps
from promosync.apply.code_steps import Swap
from promosync.apply.gateway import Fault, Gateway, StripeFault
from promosync.codes.drawing import draw
from promosync.codes.emails import normalise
from promosync.codes.text_set import TextSet
from promosync.codes.words import decent
from promosync.model.live import LiveCode, LiveCoupon
from promosync.model.ownership import IMPORTED, Retired, Tags
from promosync.model.promotions import PromotionCode, fold
from promosync.plan.plan import Action, BatchAction, BatchWork, Kind, Verb
from promosync.plan.scope import left_to_others

Job = Callable[[], bool]

Place = tuple[str | None, str]

ROUNDS = 3
"""How many rounds a batch takes at most, where another run seemed to make some of its codes."""


@dataclass(slots=True)
class BatchRun:
    """One batch being carried out; ``jobs`` may be called from several threads at once.

    A job returns whether its code is done: a code that another run seems to make is put off to ``another_round``.
    """

    gateway: Gateway
    action: BatchAction
    work: BatchWork
    coupon_limit: int | None
    elsewhere: list[_PutOff] = field(default_factory=list)
    _texts: Iterator[str] | None = None
    _spare: list[str] = field(default_factory=list)
    _bound: dict[str, str] | None = None
    _coupons: dict[str, LiveCoupon | None] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def jobs(self) -> Iterator[Job]:
        """Yield a job for each code that is touched: those that free texts first, new codes last."""
        work, slots = self.work, self.work.slots
        for at in slots.mark:
            yield partial(self._mark, at)
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
            if addition.row is not None and addition.row in work.adopt:
                yield partial(self._adopt, addition.row)
            else:
                yield partial(self._add, addition.slot, addition.row)

    def another_round(self, number: int) -> Iterator[Job]:
        """Yield a job for each code that another run seemed to make; one that is missing is tried again."""
        pending, self.elsewhere = self.elsewhere, []
        there = {
            _place(code.tags.slot, code.spec.code)
            for code in self.gateway.codes_on(self.work.spec.coupon)
            if (code.tags.owner, code.tags.id) == (self.work.tags.owner, self.work.tags.id)
            and code.tags.retired is not Retired.SWAP
        }
        for put_off in pending:
            yield partial(put_off.again, number=number) if put_off.place not in there else lambda: True

    def _switch(self, at: int, *, active: bool, retired: Retired | None) -> bool:
        before = self._live(at)
        # A code that is switched off stays as it is, and so does one that differs where Stripe cannot change it.
        changes = active and self.work.records[at].current
        spec = self._in_place(before) if changes else replace(before.spec, active=active)
        self.gateway.update_code(before, spec, self._tags(before, retired))
        return True

    def _mark(self, at: int) -> bool:
        """Mark a code as switched off by hand, unless it is off because its coupon ended since the plan was made."""
        before = self._live(at)
        if not self._coupon_works(before):
            raise StripeFault(Fault.REFUSED, "their coupon has ended since the plan was made: plan again")
        return self._switch(at, active=False, retired=Retired.HAND)

    def _coupon_works(self, code: LiveCode) -> bool:
        """Whether the coupon of a code still works; each coupon is read once."""
        name = code.spec.coupon
        with self._lock:
            if name not in self._coupons:
                self._coupons[name] = self.gateway.read_coupon(name)
            coupon = self._coupons[name]
        return coupon is not None and coupon.valid and coupon.created <= code.created

    def _adopt(self, row: int) -> bool:
        before = self.work.adopt[row]
        tags = replace(self.work.tags, slot=IMPORTED, email=self._hash(row), carried=before.tags.carried)
        self.gateway.update_code(before, self._in_place(before), tags)
        return True

    def _restore(self, at: int) -> bool:
        before = self._live(at)
        try:
            self.gateway.update_code(before, self._in_place(before), self._tags(before, None))
        except StripeFault as fault:
            if fault.fault is not Fault.REFUSED or before.tags.uncounted:
                raise
            return self._recreate(at, None, keep=True)  # Stripe has ended the code for good
        return True

    def _recreate(self, at: int, row: int | None, *, keep: bool = False) -> bool:
        """Make a code anew with its text and slot, for the customer of a row; with ``keep`` for the same customer."""
        before = self._live(at)
        metadata = self._metadata(before)
        hashed, customer = before.tags.email, before.spec.customer
        if not keep and (row is not None or self.work.for_everybody):
            hashed = self._hash(row)
            if hashed is None or row is None:
                customer = None
            elif hashed != before.tags.email:
                customer = self._customer(row)
        spec = replace(self.work.spec, code=before.spec.code, customer=customer, metadata=metadata)
        tags = replace(self.work.tags, slot=before.tags.slot, email=hashed)
        action = replace(self._code_action(Verb.RECREATE, spec, tags), before=before, carried=before.used)
        return self._make(code_steps.take_off(self.gateway, action, before), 1)

    def _code_action(self, verb: Verb, spec: PromotionCode, tags: Tags) -> Action:
        return Action(verb, Kind.CODE, self.action.id, "", after=spec, tags=tags, limit=self.work.limit)

    def _make(self, swap: Swap, number: int, again: Callable[..., bool] | None = None) -> bool:
        """Create a code whose text is given; where another run seems to make it, put off ``again``, or the same."""
        tags, spec = swap.action.tags, swap.action.after
        assert isinstance(spec, PromotionCode)
        place = _place(tags.slot, spec.code)
        try:
            key = _key(tags.owner, tags.id, place, swap.action.stripe_id or "", number)
            code_steps.create(self.gateway, swap, self.coupon_limit, key)
        except StripeFault as fault:
            if fault.fault is not Fault.MADE_ELSEWHERE:
                raise
            return self._put_off(place, again or partial(self._make, swap))
        return True

    def _add(self, slot: int | None, row: int | None, number: int = 1) -> bool:
        """Create a code that was not there: with the text of its row, or with one that is drawn."""
        work = self.work
        again = partial(self._add, slot, row)
        hashed = self._hash(row)
        spec = replace(work.spec, customer=None if row is None or hashed is None else self._customer(row))
        tags = replace(
            work.tags,
            slot=IMPORTED if slot is None else str(slot),
            email=hashed,
            retired=None if spec.active else Retired.OFF,
        )
        action = self._code_action(Verb.CREATE, spec, tags)
        if work.rows.codes is not None and row is not None:
            return self._make(Swap(replace(action, after=replace(spec, code=work.rows.codes[row]))), number)
        while True:
            text = self._draw()
            if text is None and number == ROUNDS:
                raise StripeFault(Fault.REFUSED, "no possible code is free any more: choose a longer pattern")
            if text is None:  # another run may free a text
                return self._put_off(_place(tags.slot, ""), again)
            try:
                made = self._make(Swap(replace(action, after=replace(spec, code=text))), number, again)
            except StripeFault as fault:
                if fault.fault is not Fault.TEXT_TAKEN:
                    raise
                # Somebody took the text since the plan was made. The key stays: it allows one code for the slot.
                continue
            if not made:
                self._spare.append(text)
            return made

    def _put_off(self, place: Place, again: Callable[..., bool]) -> bool:
        with self._lock:
            self.elsewhere.append(_PutOff(place, again))
        return False

    def _draw(self) -> str | None:
        """Return a text that is free as far as is known; None when there is none."""
        with self._lock:
            if self._spare:
                return self._spare.pop()
            if self._texts is None:
                had = TextSet(text for text, _ in self.work.records.texts())
                assert self.work.space is not None
                free = draw(self.work.space, taken=lambda text: text in had or self.work.taken(text))
                self._texts = decent(free)
            return next(self._texts, None)

    def _hash(self, row: int | None) -> str | None:
        return None if row is None or self.work.rows.emails is None else self.work.hashes[row]

    def _customer(self, row: int) -> str:
        """Return the Stripe customer of a row's address; create it where there is none."""
        assert self.work.rows.emails is not None
        email = self.work.rows.emails[row]
        if found := self.work.rows.customers.get(email):
            return found[0]
        with self._lock:
            if self._bound is None:
                records = self.work.records
                self._bound = {r.email: r.customer for r in records if r.email and r.customer}
        # The key is made from the address: every run that asks with it gets the same customer.
        address = normalise(email)
        return self._bound.get(self.work.hashes[row]) or self.gateway.create_customer(
            address, _key("customer", address)
        )

    def _live(self, at: int) -> LiveCode:
        return self.work.records.live(at, self.work.tags.owner or "", self.action.id)

    def _in_place(self, before: LiveCode) -> PromotionCode:
        """Return a code, switched on, with the changeable fields of the file."""
        return replace(
            before.spec,
            active=True,
            metadata=self._metadata(before),
            currency_options=self.work.spec.currency_options,
        )

    def _metadata(self, before: LiveCode) -> dict[str, str]:
        """Return the metadata of the file, with the keys that are left to others."""
        return {**self.work.spec.metadata, **left_to_others(before.spec.metadata, self.work.ignore_metadata)}

    def _tags(self, before: LiveCode, retired: Retired | None) -> Tags:
        protect = before.tags.protect if retired else self.work.tags.protect
        return replace(before.tags, retired=retired, protect=protect)


class _PutOff(NamedTuple):
    """A code that another run seems to make, and how to make it if that run does not."""

    place: Place
    again: Callable[..., bool]


def _place(slot: str | None, text: str) -> Place:
    """Return what identifies a code in its batch: its slot; for an imported one, its text."""
    return slot, fold(text) if slot == IMPORTED else ""


def _key(*parts: object) -> str:
    """Return an idempotency key: the same in every run for the same parts, which it does not reveal."""
    text = "\0".join(str(part) for part in parts)
    return "promosync-" + sha256(text.encode()).hexdigest()
