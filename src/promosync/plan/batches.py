"""What to do with each batch of unique codes: counts for the reader, a compact plan of work for the applier.

The codes of a batch share every field but text and customer. So they are compared with the file once for each
*shape* of code in Stripe, not once for each code. Then ``codes.slots`` decides which codes are kept, made, withdrawn
or recreated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from promosync.codes.alphabet import Space, space_of
from promosync.codes.capacity import check_capacity
from promosync.codes.slots import SlotPlan, Standing, Wanted, decide
from promosync.model.configuration import BatchEntry, Generate
from promosync.model.issued import Comparison, IssuedCodes, Shape
from promosync.model.life import coupon_end, is_over
from promosync.model.problems import Problem
from promosync.plan import carry
from promosync.plan.basis import Basis
from promosync.plan.batch_rows import Adoptable, Rows, adoptable, taken_texts, usable_rows
from promosync.plan.codes import in_the_files_terms
from promosync.plan.coupons import CouponFuture
from promosync.plan.exposure import needed_codes
from promosync.plan.fields import changed_fields
from promosync.plan.generosity import more_generous
from promosync.plan.plan import BatchAction, BatchWork, FieldChange, Kept, Kind
from promosync.plan.refusals import MAX_METADATA_KEYS, too_far_ahead, unknown_fields
from promosync.plan.taken_texts import Texts
from promosync.plan.unreadable import uncounted_codes

PER_CODE_KEYS = 4
"""Keys of promosync's that a unique code may have beside those of its batch: carried, retired, slot, email."""

_MARKING = "so that nothing brings it back"


@dataclass(frozen=True, slots=True)
class BatchQuestion:
    """All that a decision about one batch looks at.

    ``rows`` is what its own file says, ``ending`` the Stripe ids of the coupons that this plan deletes. ``texts`` are
    those in use anywhere in the account or the file.
    """

    entry: BatchEntry
    basis: Basis
    rows: Rows
    ending: frozenset[str]
    texts: Texts

    @property
    def coupon(self) -> CouponFuture:
        """The batch's coupon once the plan is carried out."""
        return self.basis.futures[self.entry.spec.coupon]


def decide_batch(question: BatchQuestion) -> Sequence[BatchAction | Kept | Problem]:
    """Decide about one batch of the file; nothing where there is nothing to do or to say."""
    entry, scope, source = question.entry, question.basis.scope, question.entry.source
    read = question.basis.records(entry.id)
    standing = standing_of(entry, question.basis)
    if standing is Standing.ON and question.coupon.why_not:
        if not read.active:
            return [Kept(Kind.BATCH, entry.id, question.coupon.why_not, path=entry.path)]
        standing = Standing.OVER  # active codes are on a replaced coupon: they cannot move, and must not stay active
    usable = usable_rows(entry, question.rows, scope.owner)
    rows, problems = usable.rows, [] if standing is Standing.OVER else list(usable.problems)
    taken, adopt = partial(question.texts.taken, batch=entry.id), Adoptable()
    if standing is Standing.ON and question.rows.codes:
        adopt = adoptable(rows, read, question.texts.unmanaged, lambda shape: _compare(question, shape).comparison)
        adopted = adopt.texts()
        problems += taken_texts(
            entry, question.rows, read, lambda text: text not in adopted and taken(text), question.texts.holder
        )

    shapes = [_compare(question, shape) for shape in read.shapes]
    records = read.compared([shape.comparison for shape in shapes])
    wanted = Wanted(
        count=source.count if isinstance(source, Generate) else None,
        codes=rows.codes,
        emails=usable.hashes if rows.emails is not None else None,
        standing=standing,
        limit=entry.spec.max_redemptions,
    )
    needed = needed_codes(entry, rows)
    draws = isinstance(source, Generate) and standing is not Standing.OVER
    if draws and (too_many := check_capacity(entry, needed, 0)):
        return [*problems, *too_many]
    space = space_of(entry) if draws else None
    slots = decide(wanted, records, taken)
    problems += [*_room(question, space, needed, slots), *_refused(question, slots)]
    problems += _unknown(entry, records, slots)
    problems += uncounted_codes(entry, records, slots)
    update = _updates(records, slots, shapes) if standing is Standing.ON else []
    if (slots.recreated or slots.withdraw) and _protected(entry, read):
        message = f"the batch {entry.id!r} is protected, and this would withdraw or recreate codes of it"
        hint = "to lift the protection, apply the file with the entry as it was and without protect; then change it"
        problems.append(Problem(entry.path, message, hint, rule="protected"))
    if problems:
        return problems
    if slots.empty and not update:
        return _nothing_to_do(entry, question.coupon, standing, usable.skipped)
    changed = _most_common(shapes, records, [*(replacement.at for replacement in slots.replacements()), *update])
    if changed is None and adopt.codes:
        met = [_compare(question, shape) for shape in adopt.alike.shapes]
        changed = _most_common(met, adopt.alike, range(len(adopt.alike)))
    work = BatchWork(
        spec=replace(
            entry.spec,
            coupon=question.coupon.stripe_id,
            max_redemptions=carry.code_limit(entry.spec.max_redemptions, 0, question.coupon.spec.max_redemptions),
        ),
        tags=scope.tags(entry.id, entry.protect),
        records=records,
        slots=slots,
        ignore_metadata=scope.ignore_metadata,
        limit=entry.spec.max_redemptions,
        update=update,
        rows=rows,
        hashes=usable.hashes,
        space=space,
        taken=taken,
        for_everybody=wanted.count is not None,
        adopt=adopt.codes,
    )
    action = _action(
        entry.id,
        _reason(standing, question, bool(len(records)), slots.added > len(adopt.codes)),
        work,
        skipped=usable.skipped,
        customers=usable.missing,
        changes=changed.changes if changed else (),
        path=entry.path,
        warnings=(*(changed.warnings if changed else ()), *_come_back(records, slots)),
    )
    return [action]


def decide_stray_batch(batch_id: str, basis: Basis, ending: frozenset[str]) -> Sequence[BatchAction | Problem]:
    """Decide about a batch that is in no entry of the file: its codes are withdrawn."""
    read, scope = basis.records(batch_id), basis.scope
    records = read.compared([_comparison(shape, basis, ending) for shape in read.shapes])
    slots = decide(Wanted(standing=Standing.REMOVED), records)
    if slots.empty:
        return []
    if slots.withdraw and _protected(None, read):
        message = f"the batch {batch_id!r} is protected, and this would withdraw its codes"
        hint = "put it back into the file, or lift the protection there first"
        return [Problem((), message, hint, rule="protected")]
    tags = scope.tags(batch_id, False)
    work = BatchWork(read.shapes[0].spec, tags, records, slots, scope.ignore_metadata)
    return [_action(batch_id, "it is not in the file", work)]


def _action(batch_id: str, reason: str, work: BatchWork, **more: Any) -> BatchAction:
    """Return the action on a batch; its reason says so where it only marks codes."""
    slots, records = work.slots, work.records
    action = BatchAction(
        batch_id,
        reason,
        added=slots.added - len(work.adopt),
        adopted=len(work.adopt),
        recreated=slots.recreated,
        swapped=sum(records[replacement.at].active for replacement in slots.replacements()),
        restored=len(slots.restore),
        updated=len(work.update),
        withdrawn=len(slots.withdraw),
        switched_off=len(slots.switch_off),
        marked=len(slots.mark),
        issued=Counter({state.value: count for state, count in slots.issued.items()}),
        work=work,
        **more,
    )
    return replace(action, reason=_MARKING) if action.marked == action.codes else action


@dataclass(frozen=True, slots=True)
class _Compared:
    comparison: Comparison
    changes: tuple[FieldChange, ...]
    in_place: bool
    warnings: tuple[str, ...]


def standing_of(entry: BatchEntry, basis: Basis) -> Standing:
    """Return what the file says of a batch as a whole."""
    if basis.futures[entry.spec.coupon].over or is_over(entry.spec.expires_at, basis.scope.now):
        return Standing.OVER
    return Standing.ON if entry.spec.active else Standing.OFF


def settled(entry: BatchEntry, basis: Basis) -> Sequence[Kept]:
    """Return what the plan says of a batch that is unchanged by its seal, and of which no code was read."""
    standing, coupon = standing_of(entry, basis), basis.futures[entry.spec.coupon]
    if standing is Standing.ON and coupon.why_not:
        return [Kept(Kind.BATCH, entry.id, coupon.why_not, path=entry.path)]
    return _nothing_to_do(entry, coupon, standing, 0)


def _compare(question: BatchQuestion, shape: Shape) -> _Compared:
    """Compare what some codes share with what the file wants; text, customer and being active are each code's own."""
    entry, basis = question.entry, question.basis
    live = replace(shape.spec, active=entry.spec.active)
    before, after = in_the_files_terms(live, shape, entry.spec, question.coupon, basis.coupons, basis.scope)
    changes = changed_fields(before, after)
    current = not any(change.forces_recreate for change in changes)
    in_place = current and (bool(changes) or shape.protect != entry.protect)
    comparison = _comparison(shape, basis, question.ending)._replace(current=current)
    return _Compared(comparison, changes, in_place, more_generous(before, after))


def _comparison(shape: Shape, basis: Basis, ending: frozenset[str]) -> Comparison:
    """Return what the account says of the codes of a shape."""
    coupon, now = basis.coupons.get(shape.spec.coupon), basis.scope.now
    return Comparison(
        ended=is_over(shape.spec.expires_at, now) or (coupon is not None and coupon_end(coupon, now) is not None),
        moves=shape.spec.coupon in ending,
        gone=coupon is None,
        born=coupon.created if coupon else 0,
        uncounted=shape.uncounted,
    )


def _updates(records: IssuedCodes, slots: SlotPlan, shapes: Sequence[_Compared]) -> list[int]:
    """Return the active codes to update: their changeable fields differ, or they still say why they were off."""
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
    """Yield a warning for codes that come back and may have been off by hand before their coupon was deleted."""
    stranded = (record for at, _ in slots.replacements() if (record := records[at]).gone and record.retired is None)
    if count := sum(not record.active for record in stranded):
        come = "code of a deleted coupon comes" if count == 1 else "codes of a deleted coupon come"
        yield f"{count:,} {come} back, also what was switched off by hand since the last apply"


def _room(question: BatchQuestion, space: Space | None, needed: int, slots: SlotPlan) -> list[Problem]:
    """Return why a space is too small for the new codes beside the codes that are in it."""
    if space is None or not slots.added:
        return []
    taken, coming, had = question.texts.beside(space, needed, question.entry.id)
    # The batch's own earlier codes are not drawn again; they fill the slots that need no new code.
    spent = had - (needed - slots.added)
    return check_capacity(question.entry, needed, taken + coming + spent, taken + coming)


def _refused(question: BatchQuestion, slots: SlotPlan) -> list[Problem]:
    """Return what Stripe would refuse of every new code."""
    entry, spec, scope = question.entry, question.entry.spec, question.basis.scope
    if not (slots.added or slots.recreated):
        return []
    problems = too_far_ahead((*entry.path, "expires_at"), spec.expires_at, scope.now)
    keys = len(spec.metadata) + len(scope.tags(entry.id, entry.protect).to_metadata()) + PER_CODE_KEYS
    if keys > MAX_METADATA_KEYS:
        message = f"{keys} metadata keys with promosync's own; Stripe takes {MAX_METADATA_KEYS}"
        problems.append(Problem((*entry.path, "metadata"), message, "remove some", rule="metadata-too-large"))
    return problems


def _unknown(entry: BatchEntry, records: IssuedCodes, slots: SlotPlan) -> Iterable[Problem]:
    """Yield the refusal to recreate codes that would lose fields which promosync does not know."""
    if any(shape.unknown for shape in records.shapes):
        shapes = Counter(records[replacement.at].shape for replacement in slots.replacements())
        found = {at: count for at, count in shapes.items() if records.shapes[at].unknown}
        if found:
            count = sum(found.values())
            what = f"{count:,} code{'s' * (count != 1)} of the batch {entry.id!r}"
            names = {name for at in found for name in records.shapes[at].unknown}
            yield unknown_fields(entry.path, what, sorted(names))


def _protected(entry: BatchEntry | None, records: IssuedCodes) -> bool:
    """Whether a batch is protected, by the file or by the metadata of an active code."""
    if entry is not None and entry.protect:
        return True
    shapes = {at for at, shape in enumerate(records.shapes) if shape.protect}
    return bool(shapes) and any(record.active and record.shape in shapes for record in records)


def _most_common(shapes: Sequence[_Compared], records: IssuedCodes, touched: Iterable[int]) -> _Compared | None:
    """Return the changes that most of the touched codes need."""
    counts = Counter(records[at].shape for at in touched)
    return next((shapes[shape] for shape, _ in counts.most_common() if shapes[shape].changes), None)


def _nothing_to_do(entry: BatchEntry, coupon: CouponFuture, standing: Standing, skipped: int) -> list[Kept]:
    """Say why there is nothing to do, where the file alone does not show it."""
    if standing is Standing.OVER:
        reason = coupon.why_not or "its date has passed"
    elif skipped:
        reason = (
            f"{skipped:,} address{'es' * (skipped != 1)} without a customer, skipped; the others have their codes"
        )
    else:
        return []
    return [Kept(Kind.BATCH, entry.id, reason, path=entry.path)]


def _reason(standing: Standing, question: BatchQuestion, there: bool, making: bool) -> str:
    if standing is Standing.OVER:
        return question.coupon.why_not or "its date in the file has passed"
    if standing is Standing.OFF:
        return "the file says active: false"
    if there:
        return "changed in the file, or in Stripe"
    return "it is not in Stripe" if making else "they are in Stripe already, and promosync will manage them"
