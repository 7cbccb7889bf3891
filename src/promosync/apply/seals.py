"""Opening the seals of coupons before their codes are written, and closing them when everything is done.

    open    read the coupon, write "open" with the mark of this run
    …       codes are created, switched, swapped
    close   read the coupon again: only where it still has this run's mark, write what the codes are now

Where another run was in between, the seal stays open, so that the next plan reads the codes. A run whose mark another
one has replaced opens the seal again: the seal of the other run does not describe what this one did.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace

from promosync.apply.gateway import Gateway, StripeFault
from promosync.model import seal
from promosync.model.seal import Seal, Sealing
from promosync.plan.plan import Plan


class Seals:
    """The seals of one run. ``note`` gets a sentence for each coupon that could not be sealed."""

    def __init__(self, plan: Plan, gateway: Gateway, coming: Iterable[str], note: Callable[[str], None]) -> None:
        self._owner, self._gateway, self._note = plan.owner, gateway, note
        self._sealings = {sealing.stripe_id: sealing for sealing in plan.seals}
        self._family, self._gone = seal.family_digest({*plan.family, *coming}), plan.gone
        self._gone_during = plan.gone_during
        self._mark = secrets.token_hex(6)
        self._written: dict[str, str] = {}  # the text that this run has written, by the planned Stripe id
        self._lost: set[str] = set()

    def to_open(self) -> Iterator[Sealing]:
        """Yield the seals that must be opened first; new coupons are made with an open one."""
        return (sealing for sealing in self._sealings.values() if sealing.opened and sealing.created)

    def of_new(self, stripe_id: str | None) -> str:
        """Return the text of the seal that a new coupon begins with."""
        sealing = self._sealings.get(stripe_id or "")
        if sealing is None or sealing.during is None or sealing.created:
            return ""
        text = self._opened(sealing.stripe_id, sealing.during)
        self._written[sealing.stripe_id] = text
        return text

    def open(self, sealing: Sealing) -> None:
        """Open the seal of a coupon; raise StripeFault where a closed one cannot be opened."""
        name = sealing.stripe_id
        there = self._gateway.read_coupon(name)
        if there is None:
            return  # the actions that need the coupon will fail
        closed = seal.read(there.seal, self._owner, name, there.created)
        said = sealing.during or closed
        if there.seal != sealing.before or said is None:
            self._lost.add(name)  # somebody else was there since the plan was made
        if said is None:
            return
        text = self._opened(name, said)
        try:
            self._gateway.seal_coupon(name, text)
        except StripeFault as fault:
            if closed is not None and closed.mark is None:
                raise
            self._lost.add(name)
            self._note(f"the coupon {name!r} is not sealed, so its codes are read again: {fault}")
        else:
            self._written[name] = text

    def close(self, sealing: Sealing, stripe_id: str, family: Collection[str]) -> None:
        """Close the seal of a coupon, which has the id ``stripe_id`` now; ``family`` are the owner's coupons."""
        name, mine = sealing.stripe_id, self._written.get(sealing.stripe_id)
        if sealing.after is None or (mine is None and sealing.opened):
            return
        try:
            there = self._gateway.read_coupon(stripe_id)
            if there is None:
                return
            if name not in self._lost and there.seal == (sealing.before if mine is None else mine):
                after = replace(
                    sealing.after, at=self._gateway.now, family=seal.family_digest(family), gone=self._gone
                )
                self._gateway.seal_coupon(stripe_id, seal.write(after, self._owner, stripe_id, there.created) or "")
            elif mine is not None and there.seal != mine:
                closed = seal.read(there.seal, self._owner, stripe_id, there.created)
                if closed is not None and closed.mark is None:
                    self._gateway.seal_coupon(stripe_id, self._opened(stripe_id, closed))
        except StripeFault as fault:
            self._note(f"the coupon {stripe_id!r} is not sealed, so its codes are read again: {fault}")

    def _opened(self, stripe_id: str, said: Seal) -> str:
        said = replace(said, mark=self._mark, at=self._gateway.now, family=self._family, gone=self._gone_during)
        return seal.write(said, self._owner, stripe_id) or ""
