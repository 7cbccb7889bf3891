"""What to do with each coupon, and what its coupon will be for each code.

live       | file                        | decision
-----------+-----------------------------+---------------------------------------------------------------
none       | date passed                 | nothing: over
none       | wanted                      | create; uses of its codes count, if it was deleted by hand
there      | date passed                 | delete while it still works, else leave
there      | equal                       | nothing
there      | name, metadata, currencies  | update in place
there      | anything else               | recreate beside the old one; a problem where nothing would be left
somebody's | equal but for our keys      | adopt
somebody's | anything else               | recreate if the file names its stripe_id, else a conflict
older ones | anything                    | retire: an interrupted recreate is finished
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from promosync.model.configuration import CouponEntry
from promosync.model.life import is_over
from promosync.model.live import LiveCode, LiveCoupon
from promosync.model.problems import Path, Problem
from promosync.model.promotions import Coupon
from promosync.plan import carry
from promosync.plan.deleted_coupons import Gone
from promosync.plan.fields import changed_fields
from promosync.plan.generosity import more_generous
from promosync.plan.matching import Match, name_of
from promosync.plan.plan import Action, FieldChange, Kept, Kind, Verb
from promosync.plan.scope import Scope, tag_changes

OVER = "its coupon's date has passed"
USED_UP = "its coupon is used up"
REPLACED = "a newer one has taken its place"


@dataclass(frozen=True, slots=True)
class CouponFuture:
    """The coupon of an entry once the plan is carried out.

    ``stripe_id`` and ``spec`` are of the object that will be current. ``why_not`` says why codes on it cannot work,
    and is empty where they can; ``over``: because the date in the file has passed.
    """

    stripe_id: str
    spec: Coupon
    why_not: str = ""
    over: bool = False


def decide_coupon(
    entry: CouponEntry, found: Match[LiveCoupon] | None, scope: Scope, gone: Gone
) -> tuple[CouponFuture, Action | Kept | Problem | None]:
    """Decide about one coupon of the file; ``entry.spec.applies_to`` holds Stripe product ids here.

    Redemptions on a predecessor that was deleted by hand are known from its codes only. They become ``late`` on the
    current coupon, like those that promosync finds when it deletes one itself.
    """
    over = is_over(entry.spec.redeem_by, scope.now)
    if found is None or (found.alike and over):  # what is somebody else's is left alone
        return _absent(entry, scope, gone.unknown, over)
    current = found.current
    if over:
        return CouponFuture(current.stripe_id, current.spec, OVER, over=True), _end(entry, current, scope)

    before, after = _in_the_files_terms(entry, current, scope, gone.unknown)
    changes = changed_fields(before, after)
    forced = [change.field for change in changes if change.forces_recreate]
    future = CouponFuture(current.stripe_id, current.spec, "" if current.valid else USED_UP)
    foreign = current.tags.owner != scope.owner
    if found.alike and (current.tags.owner is not None or forced):
        name = f"coupon {current.stripe_id!r}"
        said = f"the {name} belongs to", f"Stripe has a {name}"
        return future, conflict(entry.path, current, forced, *said, "another id")
    late = current.tags.late
    if not current.tags.uncounted:
        late = max(late, gone.before - current.tags.carried)
    if forced:
        known = Match(replace(current, tags=replace(current.tags, late=late)), found.older)
        used = carry.total_used(known.chain) + gone.unknown
        return _recreate(entry, current, scope, future, changes, more_generous(before, after), used)

    tags = scope.tags(entry.id, entry.protect, current.tags.carried, late)
    if not changes and tags == current.tags:
        return future, None
    counted = (FieldChange("late", current.tags.late, late),) if late > current.tags.late else ()
    return future, Action(
        Verb.ADOPT if foreign else Verb.UPDATE,
        Kind.COUPON,
        entry.id,
        _reason(foreign, bool(counted)),
        changes=(*tag_changes(current.tags, tags), *counted, *changes),
        before=current,
        after=replace(scope.successor(after, current.spec), max_redemptions=current.spec.max_redemptions),
        tags=tags,
        limit=entry.spec.max_redemptions,
        path=entry.path,
        warnings=more_generous(before, after),
    )


def decide_stray(found: Match[LiveCoupon]) -> tuple[Action | Problem, ...]:
    """Decide about a coupon of ours that is in no entry: it is deleted, and what it replaced too."""
    current = found.current
    name = name_of(current)
    if any(coupon.tags.protect for coupon in found.chain):
        return (protected(name, Kind.COUPON, "delete"),)
    reason = "it is not in the file"
    delete = Action(Verb.DELETE, Kind.COUPON, name, reason, before=current, tags=current.tags, removes=current.valid)
    return (*_retire(name, found, reason), delete)


def decide_leftovers(entry: CouponEntry, found: Match[LiveCoupon], scope: Scope) -> Iterator[Action | Kept]:
    """Decide about what the current coupon of an entry replaced, oldest first: it is deleted."""
    for action in _retire(entry.id, found, REPLACED, entry.path):
        if why := scope.held.get(action.stripe_id or ""):
            yield Kept(Kind.COUPON, entry.id, f"{REPLACED}, but {why}", action.stripe_id, entry.path)
        else:
            yield action


def protected(config_id: str, kind: Kind, verb: str, path: Path = (), why: str = "") -> Problem:
    """Return the refusal to delete or recreate what is protected."""
    return Problem(
        path,
        f"the {kind.noun} {config_id!r} is protected, and this would {verb} it{why}",
        "to lift the protection, apply the file with the entry as it was and without protect; then make the change",
        rule="protected",
    )


def conflict(
    path: Path, current: LiveCoupon | LiveCode, forced: list[str], owned: str, unmanaged: str, other: str
) -> Problem:
    """Return the refusal of an entry whose id or text an object of another owner has, or one that is not managed.

    ``owned`` and ``unmanaged`` begin the message; ``other`` is what the entry could have instead. ``forced`` are the
    fields that differ and that Stripe cannot change.
    """
    tags = current.tags
    if tags.owner is not None:
        message = f"{owned} owner {tags.owner!r}, entry {tags.id!r}"
        hint = f"take it out of that owner's file first, or choose {other}"
    else:
        message = f"{unmanaged} that promosync does not manage; it differs in {', '.join(forced)}"
        hint = f'to take it over add "stripe_id": "{current.stripe_id}" (it is then recreated), or choose {other}'
    return Problem(path, message, hint, rule="conflict")


def _retire(config_id: str, found: Match[LiveCoupon], reason: str, path: Path = ()) -> list[Action]:
    return [
        Action(
            Verb.RETIRE,
            Kind.COUPON,
            config_id,
            reason,
            before=coupon,
            tags=coupon.tags,
            new_id=successor.stripe_id,
            path=path,
        )
        for coupon, successor in zip(found.older, found.chain[1:], strict=True)
    ]


def _absent(
    entry: CouponEntry, scope: Scope, used_by_codes: int, over: bool
) -> tuple[CouponFuture, Action | Kept | Problem]:
    new_id = scope.fresh_id(entry.id, beside=False)
    if over:
        kept = Kept(Kind.COUPON, entry.id, "its date has passed, and it is not in Stripe", path=entry.path)
        return CouponFuture(new_id, entry.spec, OVER, over=True), kept
    limit = entry.spec.max_redemptions
    spec = replace(entry.spec, max_redemptions=carry.left(limit, used_by_codes))
    future = CouponFuture(new_id, spec)
    if limit is not None and used_by_codes >= limit:
        return future, _nothing_left(entry, used_by_codes)
    return future, Action(
        Verb.CREATE,
        Kind.COUPON,
        entry.id,
        "it is no longer in Stripe, but its codes are" if used_by_codes else "it is not in Stripe",
        after=spec,
        tags=scope.tags(entry.id, entry.protect, carried=used_by_codes),
        limit=limit,
        new_id=new_id,
        carried=used_by_codes,
        path=entry.path,
    )


def _end(entry: CouponEntry, current: LiveCoupon, scope: Scope) -> Action | Kept:
    reason = "its date in the file has passed"
    if not current.valid:
        return Kept(Kind.COUPON, entry.id, reason, current.stripe_id, entry.path)
    is_protected = entry.protect or current.tags.protect
    if why := "it is protected" if is_protected else scope.held.get(current.stripe_id):
        return Kept(Kind.COUPON, entry.id, f"{reason}, but {why}", current.stripe_id, entry.path)
    return Action(
        Verb.DELETE,
        Kind.COUPON,
        entry.id,
        reason,
        before=current,
        tags=current.tags,
        removes=True,
        path=entry.path,
    )


def _recreate(
    entry: CouponEntry,
    current: LiveCoupon,
    scope: Scope,
    future: CouponFuture,
    changes: tuple[FieldChange, ...],
    warnings: tuple[str, ...],
    used: int,
) -> tuple[CouponFuture, Action | Problem]:
    limit = entry.spec.max_redemptions
    fields = ", ".join(change.field for change in changes if change.forces_recreate)
    if entry.protect or current.tags.protect:
        why = f" (Stripe cannot change {fields})"
        return future, protected(entry.id, Kind.COUPON, "recreate", entry.path, why)
    if limit is not None and used >= limit:
        return future, _nothing_left(entry, used)
    after = scope.successor(replace(entry.spec, max_redemptions=carry.left(limit, used)), current.spec)
    new_id = scope.fresh_id(entry.id, beside=True)
    return CouponFuture(new_id, after), Action(
        Verb.RECREATE,
        Kind.COUPON,
        entry.id,
        f"Stripe cannot change {fields}",
        changes=changes,
        before=current,
        after=after,
        tags=scope.tags(entry.id, entry.protect, carried=used),
        limit=limit,
        new_id=new_id,
        carried=used,
        path=entry.path,
        warnings=warnings,
    )


def _reason(foreign: bool, late: bool) -> str:
    if foreign:
        return "it is in Stripe already, and promosync will manage it"
    return "its predecessor was used until it was deleted: those uses are counted" if late else "changed in the file"


def _in_the_files_terms(
    entry: CouponEntry, current: LiveCoupon, scope: Scope, used_elsewhere: int
) -> tuple[Coupon, Coupon]:
    """Return the live and the wanted coupon; limits include the uses of the entry's other coupons, as in the file."""
    limit = current.spec.max_redemptions
    carried = carry.carried(current.tags, limit, entry.spec.max_redemptions, used_elsewhere)
    before = replace(current.spec, max_redemptions=None if limit is None else limit + carried + used_elsewhere)
    return scope.visible(before), scope.visible(entry.spec)


def _nothing_left(entry: CouponEntry, used: int) -> Problem:
    limit = entry.spec.max_redemptions
    return Problem(
        (*entry.path, "max_redemptions"),
        f"{used:,} redemptions are used already and the file allows {limit:,}: the new coupon would have none left",
        "raise max_redemptions, or take the coupon and its codes out of the file",
        rule="nothing-left",
    )
