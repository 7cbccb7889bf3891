"""Which live object belongs to which entry of the file.

An entry's object is found, in this order, by: promosync's own keys in the metadata; ``stripe_id``; for a coupon a
Stripe id equal to the config id, for a code an active code of the same text and holder. An object that is found by
its id or text only was made by somebody else: it may be adopted only where nothing has to be replaced. An object that
``stripe_id`` names belongs to that entry alone. An entry that has an object by its keys cannot name another one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from promosync.model.account import Live
from promosync.model.configuration import CodeEntry, Configuration, CouponEntry
from promosync.model.life import rank
from promosync.model.live import LiveCode, LiveCoupon
from promosync.model.ownership import Mode
from promosync.model.problems import Problem
from promosync.model.promotions import fold
from promosync.plan import carry

_RECREATED = re.compile(r"(.+)_r([2-9]|[1-9][0-9]{1,8})")

T = TypeVar("T", bound=LiveCoupon | LiveCode)


@dataclass(frozen=True, slots=True)
class Match(Generic[T]):
    """The live objects of one entry: the current one, and those it replaced (``older``, oldest first).

    ``alike``: found by id or text only, so it is not promosync's yet. ``elsewhere`` counts redemptions on a code's
    other objects that the current one does not count: somebody switched an old one on again.
    """

    current: T
    older: tuple[T, ...] = ()
    alike: bool = False
    elsewhere: int = 0

    @property
    def chain(self) -> tuple[T, ...]:
        """All objects of the entry, oldest first."""
        return (*self.older, self.current)


@dataclass(slots=True)
class Matches:
    """The objects of each entry by config id; ``stray_…``: ours, but of no entry (only active codes)."""

    coupons: dict[str, Match[LiveCoupon]] = field(default_factory=dict)
    codes: dict[str, Match[LiveCode]] = field(default_factory=dict)
    stray_coupons: tuple[Match[LiveCoupon], ...] = ()
    stray_codes: tuple[LiveCode, ...] = ()
    stray_batches: tuple[str, ...] = ()
    problems: list[Problem] = field(default_factory=list)


def match(configuration: Configuration, live: Live) -> Matches:
    """Match every entry of a configuration with the account's objects."""
    owner = configuration.settings.owner
    place = places(live.codes)
    matches = Matches()

    coupon_groups = _Groups(live.coupons, owner, live.account.mode, coupon_rank, configuration.coupons)
    for entry in configuration.coupons:
        chain = coupon_groups.chain(entry, matches.problems)
        if chain:
            matches.coupons[entry.id] = Match(chain[-1], tuple(chain[:-1]))
        elif (alike := coupon_groups.every.get(entry.id)) and coupon_groups.is_free(alike):
            matches.coupons[entry.id] = Match(alike, alike=True)
    strays = coupon_groups.strays(matches.coupons.values())
    matches.stray_coupons = tuple(Match(chain[-1], tuple(chain[:-1])) for chain in strays)

    code_groups = _Groups(live.codes, owner, live.account.mode, lambda c: code_rank(c, place), configuration.codes)
    holders = {(fold(code.spec.code), code.spec.holder): code for code in live.codes if code.spec.active}
    entries = {entry.id for entry in configuration.codes}
    for code in configuration.codes:
        chain_of_code = code_groups.chain(code, matches.problems)
        if chain_of_code:
            matches.codes[code.id] = code_match(chain_of_code, place)
            continue
        holder = holders.get((fold(code.spec.code), code.spec.holder))
        if holder is None or not code.spec.active or code_groups.is_named(holder):
            continue
        if code_groups.is_free(holder):
            matches.codes[code.id] = Match(holder, alike=True)
        elif holder.tags.id not in entries:
            matches.codes[code.id] = Match(holder)  # the entry was renamed: its code and its count stay
    matches.stray_codes = tuple(
        code for chain in code_groups.strays(matches.codes.values()) for code in chain if code.spec.active
    )
    matches.stray_batches = tuple(sorted(live.batches.keys() - {batch.id for batch in configuration.batches}))
    return matches


def name_of(stray: LiveCoupon | LiveCode) -> str:
    """Return the config id of an object of ours that no entry has; its Stripe id where the key is lost."""
    return stray.tags.id or stray.stripe_id


def places(codes: Iterable[LiveCode]) -> dict[str, int]:
    """Return a sort key for codes made in the same second, by Stripe id: Stripe lists the newest first."""
    return {code.stripe_id: -index for index, code in enumerate(codes)}


def code_match(chain: list[LiveCode], place: Mapping[str, int]) -> Match[LiveCode]:
    """Return the match of a code's entry; the current code is the last of ``chain``, see :func:`code_rank`."""
    current, older = chain[-1], tuple(old for old in chain[:-1] if old.spec.active)
    elsewhere = 0
    if len(chain) > 1:
        as_made = sorted(chain, key=lambda c: (c.created, place[c.stripe_id]))
        elsewhere = max(0, carry.total_used(as_made) - current.used)
    return Match(current, older, elsewhere=elsewhere)


def code_rank(code: LiveCode, place: Mapping[str, int]) -> tuple[int, int]:
    """Return the sort key that puts an entry's current code last; ``place`` is from :func:`places`."""
    return rank(code.spec.active, code.created, code.tags.retired), place[code.stripe_id]


def coupon_rank(coupon: LiveCoupon) -> tuple[int, int]:
    """Return the sort key that puts an entry's current coupon last."""
    return coupon.created, generation(coupon.stripe_id, coupon.tags.id or "") or 0


def generation(stripe_id: str, config_id: str) -> int | None:
    """Return N of ``<config id>_rN``, 1 for the config id itself, None for any other Stripe id."""
    return next((number for base, number in generations(stripe_id) if base == config_id), None)


def generations(stripe_id: str) -> Iterator[tuple[str, int]]:
    """Yield each config id that a Stripe id may belong to, with the number of the coupon: 1 is the first."""
    yield stripe_id, 1
    if found := _RECREATED.fullmatch(stripe_id):
        yield found[1], int(found[2])


def next_id(stripe_id: str, config_id: str) -> str:
    """Return the Stripe id for the next coupon of an entry."""
    return f"{config_id}_r{(generation(stripe_id, config_id) or 1) + 1}"


class _Groups(Generic[T]):
    """The owner's objects by config id; ``rank`` is the sort key that puts an entry's current object last."""

    def __init__(
        self,
        objects: Iterable[T],
        owner: str,
        mode: Mode,
        rank: Callable[[T], tuple[object, ...]],
        entries: Iterable[CouponEntry | CodeEntry],
    ) -> None:
        self.every: dict[str, T] = {thing.stripe_id: thing for thing in objects}
        self._owner, self._mode, self._rank = owner, mode, rank
        entries = list(entries)
        self._entries = {entry.id for entry in entries}
        # An entry that names an object by stripe_id takes it over from the entry that has it: this renames an entry.
        self._claims = {e.stripe_id[mode]: e.id for e in entries if mode in e.stripe_id}
        self._own: dict[str, list[T]] = defaultdict(list)
        for thing in self.every.values():
            if self.is_own(thing) and thing.tags.id is not None:
                self._own[self._claims.get(thing.stripe_id, thing.tags.id)].append(thing)

    def is_own(self, thing: T) -> bool:
        return thing.tags.owner == self._owner

    def is_named(self, thing: T) -> bool:
        """Whether an entry names an object as its own."""
        return thing.stripe_id in self._claims

    def is_free(self, thing: T) -> bool:
        """Whether an object is not ours and no entry names it, so that an entry may match it by id or text."""
        return not self.is_own(thing) and not self.is_named(thing)

    def chain(self, entry: CouponEntry | CodeEntry, problems: list[Problem]) -> list[T]:
        """Return the objects of an entry, the current one last; add a problem for a wrong ``stripe_id``."""
        chain = list(self._own.get(entry.id, ()))
        wanted = entry.stripe_id.get(self._mode)
        named = self.every.get(wanted) if wanted is not None else None
        if named is not None:
            by_its_keys = [thing for thing in chain if thing.tags.id == entry.id]
            if named not in by_its_keys and (conflict := self._conflict(entry, named, by_its_keys)):
                problems.append(conflict)
            elif named not in chain:
                chain.append(named)
        elif wanted is not None and not chain:
            problems.append(
                Problem(
                    (*entry.path, "stripe_id"),
                    f"{wanted!r} is not in Stripe ({self._mode} mode)",
                    "correct the id, or leave stripe_id out to have the object created",
                    rule="missing-stripe-id",
                )
            )
        return sorted(chain, key=self._rank) if len(chain) > 1 else chain

    def _conflict(self, entry: CouponEntry | CodeEntry, named: T, own: list[T]) -> Problem | None:
        """Return why an entry cannot have the object it names: another has it, or the entry has an object already."""
        holder, where = named.tags, f"{named.stripe_id!r} belongs to"
        if holder.owner is not None and not self.is_own(named):
            message = f"{where} owner {holder.owner!r}, entry {holder.id!r}"
            hint = "take it out of that owner's file first, or give this entry an object of its own"
        elif holder.owner is not None and holder.id in self._entries - set(self._claims.values()):
            message = f"{where} the entry {holder.id!r} of this file"
            hint = f"leave stripe_id out, or take the entry {holder.id!r} out to have it renamed to this one"
        elif own:
            has = max(own, key=self._rank).stripe_id
            message = f"{named.stripe_id!r} cannot be the object of {entry.id!r}, which has one already: {has!r}"
            hint = f"leave stripe_id out to keep {has!r}, or give {named.stripe_id!r} an entry with an id of its own"
        else:
            return None
        return Problem((*entry.path, "stripe_id"), message, hint, rule="conflict")

    def strays(self, matches: Iterable[Match[T]]) -> list[list[T]]:
        """Return the owner's objects that no entry matched, by config id, each group oldest first."""
        taken = {thing.stripe_id for found in matches for thing in found.chain}
        groups: dict[str, list[T]] = defaultdict(list)
        for thing in self.every.values():
            if self.is_own(thing) and thing.stripe_id not in taken:
                groups[name_of(thing)].append(thing)
        return [sorted(group, key=self._rank) for group in groups.values()]
