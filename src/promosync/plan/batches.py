"""What to do with each batch of unique codes: counts for the reader, a compact plan of work for the applier.

A batch is decided about as a whole. Its codes share every field but text and customer, so what differs from the
file is found once for each *shape* of code that is live, not once for each code; ``codes.slots`` then decides which
of the codes are kept, made, withdrawn or recreated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from promosync.codes.alphabet import Space, space_of
from promosync.codes.capacity import check_capacity
from promosync.codes.emails import batch_salt, salted_hash
from promosync.codes.slots import SlotPlan, Standing, Wanted, decide
from promosync.model.configuration import BatchEntry, Generate
from promosync.model.issued import IssuedCodes, Shape, Verdict
from promosync.model.live import LiveCoupon
from promosync.model.ownership import Tags
from promosync.model.problems import Problem, ProblemsFound
from promosync.model.promotions import PromotionCode, fold
from promosync.plan import carry
from promosync.plan.coupons import CouponFuture
from promosync.plan.fields import changed_fields
from promosync.plan.generosity import more_generous
from promosync.plan.plan import BatchAction, FieldChange, Kept, Kind
from promosync.plan.scope import Scope


@dataclass(frozen=True, slots=True)
class Rows:
    """What a batch's own file says, in its order: codes, addresses, or both.

    ``customers`` has the Stripe customers of those addresses (as written) that were looked up.
    """

    codes: Sequence[str] | None = None
    emails: Sequence[str] | None = None
    customers: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BatchWork:
    """What the applier needs to carry a batch out; none of it is ever shown.

    ``spec`` is what the codes share, ``tags`` the keys they share. ``update`` are indexes of codes whose changeable
    fields differ. ``hashes`` has the salted hash of each row's address. ``ignored`` picks the metadata left to
    others.
    """

    spec: PromotionCode
    tags: Tags
    limit: int | None
    records: IssuedCodes
    slots: SlotPlan
    update: Sequence[int]
    rows: Rows
    hashes: Sequence[str]
    space: Space | None
    taken: Callable[[str], bool]
    ignored: Callable[[Mapping[str, str]], dict[str, str]]


@dataclass(frozen=True, slots=True)
class BatchQuestion:
    """All that a decision about one batch looks at.

    ``coupons`` are the account's, by Stripe id, ``ending`` those that this plan deletes. ``taken`` tells whether a
    text (folded) is in use anywhere in the account or the file.
    """

    entry: BatchEntry
    coupon: CouponFuture
    records: IssuedCodes
    rows: Rows
    coupons: Mapping[str, LiveCoupon]
    ending: frozenset[str]
    scope: Scope
    taken: Callable[[str], bool]
    taken_in: Callable[[Space, int, IssuedCodes], int]


def unbound(entry: BatchEntry, rows: Rows, records: IssuedCodes, owner: str) -> list[str]:
    """Return the addresses of a batch that no code of it is bound to yet: their customers must be looked up."""
    bound = {record.email for record in records if record.email}
    salt = batch_salt(owner, entry.id)
    return [email for email in rows.emails or () if salted_hash(email, salt) not in bound]


def decide_batch(question: BatchQuestion) -> BatchAction | Kept | list[Problem] | None:
    """Decide about one batch of the file."""
    entry, scope = question.entry, question.scope
    standing = _standing(question)
    if standing is Standing.ON and question.coupon.why_not:
        return Kept(Kind.BATCH, entry.id, question.coupon.why_not, path=entry.path)
    rows, hashes, skipped, problems = _usable_rows(question)
    source, space = entry.source, None
    if isinstance(source, Generate) and standing is Standing.ON:
        needed = source.count if source.count is not None else len(rows.emails or ())
        try:
            space = space_of(entry)
            problems += check_capacity(entry, needed, question.taken_in(space, needed, question.records))
        except ProblemsFound as found:
            problems += found.problems
    if problems:
        return problems

    shapes = [_compare(question, shape) for shape in question.records.shapes]
    records = question.records.judged([shape.verdict for shape in shapes])
    wanted = Wanted(
        count=source.count if isinstance(source, Generate) else None,
        codes=rows.codes,
        emails=hashes or None if rows.codes is not None else (hashes if rows.emails is not None else None),
        standing=standing,
    )
    slots = decide(wanted, records, question.taken)
    update = _updates(records, slots, shapes) if standing is Standing.ON else []
    changed = next((shape for shape in shapes if shape.changes and (slots.recreated or update)), None)
    protected = entry.protect or any(shape.protect for shape in question.records.shapes)
    if protected and (slots.recreated or slots.withdraw):
        message = f"the batch {entry.id!r} is protected, and this would withdraw or recreate codes of it"
        hint = "to lift the protection, apply the file with the entry as it was and without protect; then change it"
        return [Problem(entry.path, message, hint, rule="protected")]
    if slots.empty and not update:
        return _told(entry, standing, question)
    return BatchAction(
        entry.id,
        _reason(standing, question, bool(len(records))),
        added=slots.added,
        recreated=slots.recreated,
        restored=len(slots.restore),
        updated=len(update),
        withdrawn=len(slots.withdraw),
        switched_off=len(slots.switch_off),
        skipped=skipped,
        issued=Counter({state.value: count for state, count in slots.issued.items()}),
        changes=changed.changes if changed else (),
        path=entry.path,
        warnings=changed.warnings if changed else (),
        work=BatchWork(
            spec=_wanted_spec(question, 0),
            tags=scope.tags(entry.id, entry.protect),
            limit=entry.spec.max_redemptions,
            records=records,
            slots=slots,
            update=update,
            rows=rows,
            hashes=hashes,
            space=space,
            taken=question.taken,
            ignored=scope.ignored,
        ),
    )


def decide_stray_batch(batch_id: str, records: IssuedCodes, scope: Scope) -> BatchAction | Problem | None:
    """Decide about a batch that is in no entry of the file: its codes are withdrawn."""
    slots = decide(Wanted(standing=Standing.REMOVED), records)
    if slots.empty:
        return None
    if any(shape.protect for shape in records.shapes):
        message = f"the batch {batch_id!r} is protected, and this would withdraw its codes"
        return Problem((), message, "put it back into the file, or lift the protection there first", rule="protected")
    spec = records.shapes[0].spec
    return BatchAction(
        batch_id,
        "it is not in the file",
        withdrawn=len(slots.withdraw),
        work=BatchWork(
            spec,
            scope.tags(batch_id, False),
            None,
            records,
            slots,
            [],
            Rows(),
            [],
            None,
            lambda _: True,
            scope.ignored,
        ),
    )


@dataclass(frozen=True, slots=True)
class _Compared:
    verdict: Verdict
    changes: tuple[FieldChange, ...]
    in_place: bool
    warnings: tuple[str, ...]


def _standing(question: BatchQuestion) -> Standing:
    expires = question.entry.spec.expires_at
    if question.coupon.over or (expires is not None and expires <= question.scope.now):
        return Standing.OVER
    return Standing.ON if question.entry.spec.active else Standing.OFF


def _wanted_spec(question: BatchQuestion, carried: int) -> PromotionCode:
    spec = question.entry.spec
    limit = carry.code_limit(spec.max_redemptions, carried, question.coupon.spec.max_redemptions)
    return replace(spec, coupon=question.coupon.stripe_id, max_redemptions=limit)


def _compare(question: BatchQuestion, shape: Shape) -> _Compared:
    """Compare what some codes share with what the file wants; text, customer and being active are each code's own."""
    live, coupon = shape.spec, question.coupons.get(shape.spec.coupon)
    wanted = _wanted_spec(question, shape.carried)
    limit = live.max_redemptions
    before_limit = (
        question.entry.spec.max_redemptions
        if limit == wanted.max_redemptions
        else (None if limit is None else limit + shape.carried)
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
    gone = coupon is None or not coupon.valid
    expired = live.expires_at is not None and live.expires_at <= question.scope.now
    verdict = Verdict(
        current=not any(change.forces_recreate for change in changes),
        ended=gone or expired,
        moves=live.coupon in question.ending and live.coupon != question.coupon.stripe_id,
        born=coupon.created if coupon else 0,
    )
    in_place = bool(changes) or shape.protect != question.entry.protect
    return _Compared(verdict, changes, in_place and verdict.current, more_generous(before, after))


def _updates(records: IssuedCodes, slots: SlotPlan, shapes: Sequence[_Compared]) -> list[int]:
    """Return the active codes that stay and whose changeable fields differ."""
    if not any(shape.in_place for shape in shapes):
        return []
    leaving = {*slots.withdraw, *slots.switch_off, *(replacement.at for replacement in slots.replacements())}
    return [
        at
        for at, record in enumerate(records)
        if record.active and shapes[record.shape].in_place and at not in leaving
    ]


def _usable_rows(question: BatchQuestion) -> tuple[Rows, list[str], int, list[Problem]]:
    """Return the rows to issue codes for, their hashes, how many were skipped, and what is wrong with others."""
    entry, rows = question.entry, question.rows
    if rows.emails is None:
        return rows, [], 0, _taken_texts(question)
    salt = batch_salt(question.scope.owner, entry.id)
    missing = entry.source.missing_customer
    keep: list[int] = []
    hashes: list[str] = []
    none: list[int] = []
    several: list[str] = []
    for index, email in enumerate(rows.emails):
        found = rows.customers.get(email)  # None: bound already, so nobody looked
        if found is not None and len(found) > 1:
            several.append(f"number {index + 1} ({', '.join(sorted(found))})")
        elif found is not None and not found and missing != "create":
            none.append(index + 1)
        else:
            keep.append(index)
            hashes.append(salted_hash(email, salt))
    problems = _taken_texts(question)
    at = (
        (*entry.path, "generate", "emails") if isinstance(entry.source, Generate) else (*entry.path, "import", "file")
    )
    if several:
        message = f"addresses with more than one customer in Stripe: {_few(several)}"
        problems.append(
            Problem(at, message, "merge the customers, or take the addresses out", rule="missing-customer")
        )
    if none and missing == "error":
        message = f"{len(none):,} addresses have no customer in Stripe: number {_few([str(n) for n in none])}"
        hint = 'create the customers, or set missing_customer to "create" or "skip"'
        problems.append(Problem(at, message, hint, rule="missing-customer"))
    kept = Rows(
        None if rows.codes is None else [rows.codes[index] for index in keep],
        [rows.emails[index] for index in keep],
        rows.customers,
    )
    return kept, hashes, len(none), problems


def _taken_texts(question: BatchQuestion) -> list[Problem]:
    """An imported text that something else uses cannot be had; which it is, is told by its place in the file."""
    if question.rows.codes is None or _standing(question) is not Standing.ON:
        return []
    own = {fold(record.code) for record in question.records if record.active}
    taken = [
        str(index + 1)
        for index, code in enumerate(question.rows.codes)
        if fold(code) not in own and question.taken(fold(code))
    ]
    if not taken:
        return []
    return [
        Problem(
            (*question.entry.path, "import", "file"),
            f"{len(taken):,} codes of the file are in use by other active codes: number {_few(taken)}",
            "take them out of the file, or switch the others off first",
            rule="conflict",
        )
    ]


def _told(entry: BatchEntry, standing: Standing, question: BatchQuestion) -> Kept | None:
    if standing is not Standing.OVER:
        return None
    reason = question.coupon.why_not if question.coupon.over else "its date has passed"
    return Kept(Kind.BATCH, entry.id, reason, path=entry.path)


def _reason(standing: Standing, question: BatchQuestion, there: bool) -> str:
    if standing is Standing.OVER:
        return question.coupon.why_not if question.coupon.over else "its date in the file has passed"
    if standing is Standing.OFF:
        return "the file says active: false"
    return "changed in the file, or in Stripe" if there else "it is not in Stripe"


def _few(things: Sequence[str], most: int = 20) -> str:
    shown = ", ".join(things[:most])
    return f"{shown} and {len(things) - most:,} more" if len(things) > most else shown
