"""Keys of promosync's that somebody wrote over: what a plan says about them, and what it does not do because of them.

Only an object's metadata says how often its predecessors were used. Where that cannot be read, a new object could
allow more than the file: so the object is not recreated until somebody corrects the key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from promosync.codes.slots import SlotPlan
from promosync.model.account import Live
from promosync.model.configuration import BatchEntry, Configuration, Generate
from promosync.model.issued import IssuedCodes
from promosync.model.live import LiveCode, LiveCoupon
from promosync.model.ownership import PREFIX
from promosync.model.problems import Path, Problem
from promosync.plan.plan import Action, Kept, Kind, Verb

_HINT: Final = (
    "in the Dashboard, set the key to the redemptions of what the object has replaced, or remove it if it has "
    "replaced nothing; then plan again"
)
_UNCOUNTED: Final = "how often it was used before is unknown: it is not recreated, nor its limit compared"
_MEANING: Final = {
    "carried": _UNCOUNTED,
    "late": _UNCOUNTED,
    "retired": "it counts as switched off by hand",
    "protect": "it counts as protected",
    "slot": "its text is its place in the batch",
    "email": "whom it was made for is unknown: no code is made for another address",
}
_FEW: Final = 3


def unreadable(live: Live, wanted: Configuration) -> Iterator[Kept]:
    """Yield a sentence for each key that cannot be read, with the ids of the objects that have it."""
    owner = wanted.settings.owner
    places: dict[tuple[Kind, str], Path] = {(Kind.COUPON, entry.id): entry.path for entry in wanted.coupons}
    places |= {(Kind.CODE, entry.id): entry.path for entry in wanted.codes}
    places |= {(Kind.BATCH, entry.id): entry.path for entry in wanted.batches}
    things: tuple[tuple[Kind, Sequence[LiveCoupon | LiveCode]], ...] = (
        (Kind.COUPON, live.coupons),
        (Kind.CODE, live.codes),
    )
    for kind, objects in things:
        for thing in objects:
            name = thing.tags.id or thing.stripe_id
            for key in thing.unreadable if thing.tags.owner == owner else ():
                said = f"{PREFIX}{key} of {thing.stripe_id} cannot be read: {_MEANING[key]}"
                yield Kept(kind, name, said, thing.stripe_id, places.get((kind, name), ()))
    for batch, records in live.batches.items():
        for key, ids in records.unreadable.items():
            said = f"{PREFIX}{key} of {_few(ids)} cannot be read: {_MEANING[key]}"
            yield Kept(Kind.BATCH, batch, said, path=places.get((Kind.BATCH, batch), ()))


def uncounted(actions: Iterable[Action], coupons: Mapping[str, LiveCoupon]) -> Iterator[Problem]:
    """Yield each action on a single entry that would lose a count which cannot be read.

    ``coupons`` are those of the account, by Stripe id.
    """
    for action in actions:
        things = [action.before] if action.verb is Verb.RECREATE else []
        if action.verb is Verb.RETIRE and action.kind is Kind.COUPON and action.path:
            things = [action.before, coupons.get(action.new_id or "")]
        for thing in things:
            if thing is not None and thing.tags.uncounted:
                yield _refused(f"the {action.kind.noun} {action.id!r}", [thing.stripe_id], action.path)


def uncounted_codes(entry: BatchEntry, records: IssuedCodes, slots: SlotPlan) -> list[Problem]:
    """Return why the codes of a batch cannot be recreated, or made for further addresses, because of a key."""
    replaced = (records[replacement.at] for replacement in slots.replacements())
    ids = [record.stripe_id for record in replaced if record.uncounted]
    problems = [_refused(f"codes of the batch {entry.id!r}", ids, entry.path)] if ids else []
    by_address = isinstance(entry.source, Generate) and entry.source.emails is not None
    strangers = records.unreadable.get("email", [])
    if strangers and slots.added and by_address:
        message = (
            f"{PREFIX}email of {_few(strangers)} cannot be read: a new code could be a second one for its address"
        )
        hint = "in the Dashboard, set the key as it was, or remove it to give those addresses up; then plan again"
        problems.append(Problem(entry.path, message, hint, rule="unreadable-key"))
    return problems


def _refused(what: str, ids: Sequence[str], path: Path) -> Problem:
    message = f"{what} would be recreated, and how often {_few(ids)} was used before cannot be read"
    return Problem(path, message, _HINT, rule="unreadable-key")


def _few(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _FEW:,} more" if len(ids) > _FEW else ""
    return ", ".join(ids[:_FEW]) + more
