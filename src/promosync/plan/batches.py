"""What to do with each batch of unique codes: counts for the reader, a compact plan of work for the applier.

A batch is decided about as a whole. Its codes share every field but text and customer, so what differs from the
file is found once for each *shape* of code that is live, not once for each code; ``codes.slots`` then decides which
of the codes are kept, made, withdrawn or recreated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from promosync.codes.alphabet import Space, space_of
from promosync.codes.capacity import check_capacity
from promosync.codes.slots import SlotPlan, Standing, Wanted, decide
from promosync.model.configuration import BatchEntry, Generate
from promosync.model.issued import IssuedCodes, Shape, Verdict
from promosync.model.life import coupon_end, farthest, is_over
from promosync.model.live import LiveCoupon
from promosync.model.problems import Problem
from promosync.model.promotions import PromotionCode
from promosync.plan import carry
from promosync.plan.batch_adoption import Adoptable, Nobodys, adoptable
from promosync.plan.batch_rows import Rows, taken_texts, usable_rows
from promosync.plan.batch_work import BatchWork
from promosync.plan.coupons import CouponFuture
from promosync.plan.fields import changed_fields
from promosync.plan.generosity import more_generous
from promosync.plan.plan import BatchAction, FieldChange, Kept, Kind
from promosync.plan.refusals import MAX_METADATA_KEYS, unknown_fields
from promosync.plan.scope import Scope
from promosync.plan.unread import uncounted_codes

PER_CODE_KEYS = 4
"""Keys of promosync's that a unique code may have beside those of its batch: carried, retired, slot, email."""

_MARKING = "so that nothing brings it back"


@dataclass(frozen=True, slots=True)
class BatchQuestion:
    """All that a decision about one batch looks at.

    ``coupons`` are the account's, by Stripe id, ``ending`` those that this plan deletes. ``taken`` has the texts in
    use anywhere in the account or the file, ``holder`` tells by what; ``beside`` is as in
    :meth:`promosync.plan.taken_texts.Texts.beside`, for this batch. ``nobodys`` could be adopted by an import.
    """

    entry: BatchEntry
    coupon: CouponFuture
    records: IssuedCodes
    rows: Rows
    coupons: Mapping[str, LiveCoupon]
    ending: frozenset[str]
    scope: Scope
    taken: Container[str]
    holder: Callable[[str], str]
    beside: Callable[[Space, int], tuple[int, int, int]]
    nobodys: Nobodys = field(default_factory=dict)


def decide_batch(question: BatchQuestion) -> BatchAction | Kept | list[Problem] | None:
    """Decide about one batch of the file."""
    entry, scope, source = question.entry, question.scope, question.entry.source
    standing = standing_of(entry, question.coupon, scope.now)
    if standing is Standing.ON and question.coupon.why_not:
        if not question.records.active:
            return Kept(Kind.BATCH, entry.id, question.coupon.why_not, path=entry.path)
        standing = Standing.OVER  # what works is on a coupon that it replaced: it can't move, and must not work on
    usable = usable_rows(entry, question.rows, scope.owner)
    rows, problems = usable.rows, [] if standing is Standing.OVER else list(usable.problems)
    adopt = Adoptable()
    if standing is Standing.ON:
        adopt = adoptable(rows, question.records, question.nobodys, lambda shape: _compare(question, shape).verdict)
        adopted = adopt.texts()
        problems += taken_texts(
            entry,
            question.rows,
            question.records,
            lambda text: text not in adopted and text in question.taken,
            question.holder,
        )

    shapes = [_compare(question, shape) for shape in question.records.shapes]
    records = question.records.judged([shape.verdict for shape in shapes])
    wanted = Wanted(
        count=source.count if isinstance(source, Generate) else None,
        codes=rows.codes,
        emails=usable.hashes if rows.emails is not None else None,
        standing=standing,
        limit=entry.spec.max_redemptions,
    )
    space, too_many = _space(question, wanted)
    if too_many:
        return [*problems, *too_many]
    slots = decide(wanted, records, question.taken.__contains__)
    problems += [*_room(question, space, wanted, slots), *_refused(question, slots)]
    problems += _unknown(entry, records, slots)
    problems += uncounted_codes(entry, records, slots)
    update = _updates(records, slots, shapes) if standing is Standing.ON else []
    if (slots.recreated or slots.withdraw) and _protected(entry, question.records):
        message = f"the batch {entry.id!r} is protected, and this would withdraw or recreate codes of it"
        hint = "to lift the protection, apply the file with the entry as it was and without protect; then change it"
        problems.append(Problem(entry.path, message, hint, rule="protected"))
    if problems:
        return problems
    if slots.empty and not update:
        return _told(entry, question.coupon, standing, usable.skipped)
    replaced = [replacement.at for replacement in slots.replacements()]
    changed = _most_common(shapes, records, [*replaced, *update])
    if changed is None and adopt.codes:
        met = [_compare(question, shape) for shape in adopt.alike.shapes]
        changed = _most_common(met, adopt.alike, range(len(adopt.alike)))
    return _said(
        entry.id,
        _reason(standing, question, bool(len(records)), slots.added > len(adopt.codes)),
        added=slots.added - len(adopt.codes),
        adopted=len(adopt.codes),
        recreated=slots.recreated,
        swapped=sum(records[at].active for at in replaced),
        restored=len(slots.restore),
        updated=len(update),
        withdrawn=len(slots.withdraw),
        switched_off=len(slots.switch_off),
        marked=len(slots.mark),
        skipped=usable.skipped,
        customers=usable.missing,
        issued=Counter({state.value: count for state, count in slots.issued.items()}),
        changes=changed.changes if changed else (),
        path=entry.path,
        warnings=(*(changed.warnings if changed else ()), *_come_back(records, slots)),
        work=BatchWork(
            spec=_wanted_spec(question, 0),
            tags=scope.tags(entry.id, entry.protect),
            limit=entry.spec.max_redemptions,
            records=records,
            slots=slots,
            update=update,
            rows=rows,
            hashes=usable.hashes,
            space=space,
            taken=question.taken,
            ignore_metadata=scope.ignore_metadata,
            for_everybody=wanted.count is not None,
            adopt=adopt.codes,
        ),
    )


def decide_stray_batch(
    batch_id: str, records: IssuedCodes, coupons: Mapping[str, LiveCoupon], scope: Scope, ending: frozenset[str]
) -> BatchAction | Problem | None:
    """Decide about a batch that is in no entry of the file: its codes are withdrawn."""
    judged = records.judged([_verdict(shape, coupons, scope.now, ending) for shape in records.shapes])
    slots = decide(Wanted(standing=Standing.REMOVED), judged)
    if slots.empty:
        return None
    if slots.withdraw and _protected(None, records):
        message = f"the batch {batch_id!r} is protected, and this would withdraw its codes"
        return Problem((), message, "put it back into the file, or lift the protection there first", rule="protected")
    return _said(
        batch_id,
        "it is not in the file",
        withdrawn=len(slots.withdraw),
        marked=len(slots.mark),
        work=BatchWork(
            spec=records.shapes[0].spec,
            tags=scope.tags(batch_id, False),
            limit=None,
            records=judged,
            slots=slots,
            update=[],
            rows=Rows(),
            hashes=[],
            space=None,
            taken=(),  # nothing is drawn
            ignore_metadata=scope.ignore_metadata,
        ),
    )


def _said(batch_id: str, reason: str, **counts: Any) -> BatchAction:
    """Return the action on a batch; where all it does is to mark codes, that is its reason."""
    action = BatchAction(batch_id, reason, **counts)
    return replace(action, reason=_MARKING) if action.marked == action.codes else action


@dataclass(frozen=True, slots=True)
class _Compared:
    verdict: Verdict
    changes: tuple[FieldChange, ...]
    in_place: bool
    warnings: tuple[str, ...]


def standing_of(entry: BatchEntry, coupon: CouponFuture, now: int) -> Standing:
    """Return what the file says of a batch as a whole at a time (seconds UTC)."""
    if coupon.over or is_over(entry.spec.expires_at, now):
        return Standing.OVER
    return Standing.ON if entry.spec.active else Standing.OFF


def settled(entry: BatchEntry, coupon: CouponFuture, now: int) -> Kept | None:
    """Return what is said of a batch that needs nothing, as its seal tells, though no code of it was read."""
    standing = standing_of(entry, coupon, now)
    if standing is Standing.ON and coupon.why_not:
        return Kept(Kind.BATCH, entry.id, coupon.why_not, path=entry.path)
    return _told(entry, coupon, standing, 0)


def _wanted_spec(question: BatchQuestion, carried: int) -> PromotionCode:
    spec = question.entry.spec
    limit = carry.code_limit(spec.max_redemptions, carried, question.coupon.spec.max_redemptions)
    return replace(spec, coupon=question.coupon.stripe_id, max_redemptions=limit)


def _compare(question: BatchQuestion, shape: Shape) -> _Compared:
    """Compare what some codes share with what the file wants; text, customer and being active are each code's own."""
    live, coupon = shape.spec, question.coupons.get(shape.spec.coupon)
    limit = live.max_redemptions
    carried = carry.carried(shape, limit, question.entry.spec.max_redemptions)
    wanted = _wanted_spec(question, carried)
    before_limit = (
        question.entry.spec.max_redemptions
        if limit == wanted.max_redemptions
        else (None if limit is None else limit + carried)
    )
    end = live.expires_at or (coupon.spec.redeem_by if coupon else None)
    wanted_end = wanted.expires_at or question.coupon.spec.redeem_by
    before = replace(
        live,
        max_redemptions=before_limit,
        expires_at=wanted.expires_at if end == wanted_end else live.expires_at,
        active=wanted.active,
    )
    after = replace(wanted, max_redemptions=question.entry.spec.max_redemptions)
    before, after = question.scope.visible(before), question.scope.visible(after)
    changes = changed_fields(before, after)
    verdict = _verdict(shape, question.coupons, question.scope.now, question.ending)._replace(
        current=not any(change.forces_recreate for change in changes)
    )
    in_place = bool(changes) or shape.protect != question.entry.protect
    return _Compared(verdict, changes, in_place and verdict.current, more_generous(before, after))


def _verdict(shape: Shape, coupons: Mapping[str, LiveCoupon], now: int, ending: frozenset[str]) -> Verdict:
    """Return what has become of codes of a shape, whatever the file says."""
    coupon = coupons.get(shape.spec.coupon)
    return Verdict(
        ended=is_over(shape.spec.expires_at, now) or (coupon is not None and coupon_end(coupon, now) is not None),
        moves=shape.spec.coupon in ending,
        gone=coupon is None,
        born=coupon.created if coupon else 0,
        uncounted=shape.uncounted,
    )


def _updates(records: IssuedCodes, slots: SlotPlan, shapes: Sequence[_Compared]) -> list[int]:
    """Return the active codes that stay and whose changeable fields differ, or that say why they were off."""
    back_on = records.back_on
    differ = range(len(records)) if any(shape.in_place for shape in shapes) else back_on
    if not differ:
        return []
    leaving = {*slots.withdraw, *slots.switch_off, *(replacement.at for replacement in slots.replacements())}
    stale = frozenset(back_on)
    return [
        at
        for at in differ
        if at not in leaving and (at in stale or ((record := records[at]).active and shapes[record.shape].in_place))
    ]


def _come_back(records: IssuedCodes, slots: SlotPlan) -> Iterator[str]:
    """Yield a warning where codes come back that somebody may have switched off before their coupon went."""
    stranded = (record for at, _ in slots.replacements() if (record := records[at]).gone and record.retired is None)
    if count := sum(not record.active for record in stranded):
        come = "code of a deleted coupon comes" if count == 1 else "codes of a deleted coupon come"
        yield f"{count:,} {come} back, also what was switched off by hand since the last apply"


def _space(question: BatchQuestion, wanted: Wanted) -> tuple[Space | None, list[Problem]]:
    """Return what new codes are drawn from, and why it could not even hold the batch on its own."""
    entry = question.entry
    if not isinstance(entry.source, Generate) or wanted.standing is Standing.OVER:
        return None, []
    return space_of(entry), check_capacity(entry, _needed(wanted), 0)


def _room(question: BatchQuestion, space: Space | None, wanted: Wanted, slots: SlotPlan) -> list[Problem]:
    """Return why a space does not hold the new codes beside all that is there."""
    if space is None or not slots.added:
        return []
    needed = _needed(wanted)
    taken, coming, had = question.beside(space, needed)
    # What the batch has had is not drawn again, but fills the slots that need no new code.
    spent = had - (needed - slots.added)
    return check_capacity(question.entry, needed, taken + coming + spent, taken + coming)


def _needed(wanted: Wanted) -> int:
    return wanted.count if wanted.count is not None else len(wanted.emails or ())


def _refused(question: BatchQuestion, slots: SlotPlan) -> list[Problem]:
    """What Stripe would refuse of every new code."""
    entry, spec = question.entry, question.entry.spec
    problems: list[Problem] = []
    if not (slots.added or slots.recreated):
        return problems
    if spec.expires_at is not None and spec.expires_at > farthest(question.scope.now):
        message, hint = "Stripe takes dates up to five years ahead", "choose an earlier date, or leave it out"
        problems.append(Problem((*entry.path, "expires_at"), message, hint, rule="too-far-ahead"))
    keys = len(spec.metadata) + len(question.scope.tags(entry.id, entry.protect).to_metadata()) + PER_CODE_KEYS
    if keys > MAX_METADATA_KEYS:
        message = f"{keys} metadata keys with promosync's own; Stripe takes {MAX_METADATA_KEYS}"
        problems.append(Problem((*entry.path, "metadata"), message, "remove some", rule="metadata-too-large"))
    return problems


def _unknown(entry: BatchEntry, records: IssuedCodes, slots: SlotPlan) -> Iterable[Problem]:
    """Yield the refusal of codes that would be recreated without what promosync does not know of them."""
    if any(shape.unknown for shape in records.shapes):
        shapes = Counter(records[replacement.at].shape for replacement in slots.replacements())
        found = {at: count for at, count in shapes.items() if records.shapes[at].unknown}
        if found:
            count = sum(found.values())
            what = f"{count:,} code{'s' * (count != 1)} of the batch {entry.id!r}"
            names = {name for at in found for name in records.shapes[at].unknown}
            yield unknown_fields(entry.path, what, sorted(names))


def _protected(entry: BatchEntry | None, records: IssuedCodes) -> bool:
    """Whether the file protects a batch, or a code that is in use still says that it did."""
    if entry is not None and entry.protect:
        return True
    shapes = {at for at, shape in enumerate(records.shapes) if shape.protect}
    return bool(shapes) and any(record.active and record.shape in shapes for record in records)


def _most_common(shapes: Sequence[_Compared], records: IssuedCodes, touched: Iterable[int]) -> _Compared | None:
    """Return what most of the codes that are changed have to change."""
    counts = Counter(records[at].shape for at in touched)
    return next((shapes[shape] for shape, _ in counts.most_common() if shapes[shape].changes), None)


def _told(entry: BatchEntry, coupon: CouponFuture, standing: Standing, skipped: int) -> Kept | None:
    """Say why there is nothing to do, where that is not plain from the file."""
    if standing is Standing.OVER:
        reason = coupon.why_not or "its date has passed"
    elif skipped:
        reason = (
            f"{skipped:,} address{'es' * (skipped != 1)} without a customer, skipped; the others have their codes"
        )
    else:
        return None
    return Kept(Kind.BATCH, entry.id, reason, path=entry.path)


def _reason(standing: Standing, question: BatchQuestion, there: bool, making: bool) -> str:
    if standing is Standing.OVER:
        return question.coupon.why_not or "its date in the file has passed"
    if standing is Standing.OFF:
        return "the file says active: false"
    if there:
        return "changed in the file, or in Stripe"
    return "it is not in Stripe" if making else "they are in Stripe already, and promosync will manage them"
