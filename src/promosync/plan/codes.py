"""What to do with each promotion code.

A code is off for one of these reasons; Stripe's fields and ``promosync_retired`` say which:

    off because                  | the file wants it on                      | the file wants it off
    -----------------------------+-------------------------------------------+---------------------------
    used up (its own limit)      | recreate if the file's limit was raised   | leave
    expired (its own date)       | recreate if the file's date was moved     | leave
    its coupon is gone or ended  | recreate on the current coupon            | recreate, switched off
    swap (cut short by a crash)  | recreate, or back on if nothing differs   | leave, or recreate switched off
    withdrawn, off (by us)       | back on, or recreate if fields differ     | leave, or recreate switched off
    by hand, in the Dashboard    | back on, or recreate if fields differ     | leave, or recreate switched off

A code that is on: unchanged if it is equal; updated if metadata or currencies differ; deactivated if it is off in the
file or its date has passed; else recreated. In every row: where the file's limit leaves nothing, or the new coupon is
used up, no code is made, and a code that is on and differs is switched off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from operator import attrgetter

from promosync.model.configuration import CodeEntry
from promosync.model.life import has_ended, is_over
from promosync.model.live import LiveCode, LiveCoupon
from promosync.model.ownership import Retired, Tags
from promosync.model.problems import Problem
from promosync.model.promotions import PromotionCode, fold
from promosync.plan import carry
from promosync.plan.coupons import REPLACED, CouponFuture, conflict, protected
from promosync.plan.fields import changed_fields
from promosync.plan.generosity import more_generous
from promosync.plan.matching import Match, name_of
from promosync.plan.plan import Action, FieldChange, Kept, Kind, Verb
from promosync.plan.scope import Scope, tag_changes


@dataclass(frozen=True, slots=True)
class CodeQuestion:
    """All that a decision about one code depends on; ``coupons`` are the account's, by Stripe id.

    ``elsewhere`` is as in :class:`promosync.plan.matching.Match`.
    """

    entry: CodeEntry
    coupon: CouponFuture
    coupons: Mapping[str, LiveCoupon]
    scope: Scope
    elsewhere: int = 0

    def used(self, current: LiveCode) -> int:
        """All redemptions of the entry so far."""
        return self.carried(current) + current.times_redeemed + self.elsewhere

    def carried(self, current: LiveCode) -> int:
        """The redemptions of the code's predecessors."""
        return carry.carried(current.tags, current.spec.max_redemptions, self.limit, self.elsewhere)

    @property
    def limit(self) -> int | None:
        """The limit in the file."""
        return self.entry.spec.max_redemptions

    @property
    def over(self) -> bool:
        """Whether the date in the file has passed, the code's or its coupon's."""
        return self.coupon.over or is_over(self.entry.spec.expires_at, self.scope.now)

    def left(self, carried: int) -> int | None:
        """The ``max_redemptions`` in Stripe, when ``carried`` redemptions are used already."""
        return carry.code_limit(self.limit, carried, self.coupon.spec.max_redemptions)

    def ended(self, current: LiveCode) -> bool:
        """Whether Stripe has ended the code for good."""
        return has_ended(current, self.coupons.get(current.spec.coupon), self.scope.now)

    def wanted(self, carried: int) -> PromotionCode:
        """The code as it should be in Stripe, when ``carried`` redemptions are used already."""
        return replace(self.entry.spec, coupon=self.coupon.stripe_id, max_redemptions=self.left(carried))


def decide_code(question: CodeQuestion, found: Match[LiveCode] | None) -> Action | Kept | Problem | None:
    """Decide about one code of the file; ``entry.spec.customer`` is resolved."""
    if found is None:
        return _absent(question)
    if question.over:
        reason = question.coupon.why_not if question.coupon.over else "its date in the file has passed"
        return None if found.alike else _end(question, found.current, reason, keeps_protected=True)
    if not found.alike and _is_as_wanted(question, found.current):
        return None

    entry, scope, current = question.entry, question.scope, found.current
    before, after = in_the_files_terms(
        current.spec, current.tags, entry.spec, question.coupon, question.coupons, scope, question.elsewhere
    )
    changes = changed_fields(before, after)
    forced = [change.field for change in changes if change.forces_recreate]
    if found.alike and (current.tags.owner is not None or forced):
        text = f"the text {entry.spec.code!r} is in use by the active promotion code {current.stripe_id!r}"
        return conflict((*entry.path, "code"), current, forced, f"{text} of", text, "another text")

    used = question.used(current)
    dead = question.ended(current)
    comes_back = after.active and not current.spec.active
    made_again = bool(forced) or (after.active and dead)
    why_not = question.coupon.why_not if made_again else ""
    if (made_again or comes_back) and not why_not and carry.left(question.limit, used) == 0:
        why_not = f"all {question.limit:,} redemptions are used ({used:,} so far)"
    if why_not:  # it cannot become what the file says, and must not stay active as it is
        return _end(question, current, why_not, keeps_protected=False)
    if made_again:
        return _recreate(question, current, changes, forced, dead, more_generous(before, after))

    tags = scope.tags(entry.id, entry.protect, carried=current.tags.carried)
    if not after.active:
        tags = replace(tags, retired=Retired.OFF if current.spec.active else current.tags.retired)
    if not changes and tags == current.tags:
        return None
    foreign = current.tags.owner != scope.owner
    switched_off = current.spec.active and not after.active
    return Action(
        Verb.DEACTIVATE if switched_off else Verb.ADOPT if foreign else Verb.UPDATE,
        Kind.CODE,
        entry.id,
        _reason(current, foreign, switched_off, comes_back),
        changes=(*tag_changes(current.tags, tags), *changes),
        before=current,
        after=replace(
            scope.successor(after, current.spec),
            code=current.spec.code,
            max_redemptions=current.spec.max_redemptions,
            expires_at=current.spec.expires_at,
        ),
        tags=tags,
        limit=question.limit,
        removes=switched_off,
        path=entry.path,
        warnings=more_generous(before, after),
    )


def decide_stray_code(code: LiveCode) -> Action | Problem:
    """Decide about an active code of ours that is in no entry: it is withdrawn."""
    name = name_of(code)
    if code.tags.protect:
        return protected(name, Kind.CODE, "deactivate")
    return _off(code, name, "it is not in the file", Retired.WITHDRAWN, code.tags, removes=True)


def retire_code(config_id: str, code: LiveCode) -> Action:
    """Return the action that ends an active predecessor, whose successor exists already."""
    action = _off(code, config_id, REPLACED, Retired.SWAP, code.tags, removes=False)
    return replace(action, verb=Verb.RETIRE)


def _absent(question: CodeQuestion) -> Action | Kept:
    entry = question.entry
    if question.over:
        own = "its date has passed" if not question.coupon.over else question.coupon.why_not
        return Kept(Kind.CODE, entry.id, f"{own}, and it is not in Stripe", path=entry.path)
    if question.coupon.why_not:
        return Kept(Kind.CODE, entry.id, question.coupon.why_not, path=entry.path)
    tags = question.scope.tags(entry.id, entry.protect)
    return Action(
        Verb.CREATE,
        Kind.CODE,
        entry.id,
        "it is not in Stripe",
        after=question.wanted(0),
        tags=tags if entry.spec.active else replace(tags, retired=Retired.OFF),
        limit=question.limit,
        path=entry.path,
    )


def _end(question: CodeQuestion, current: LiveCode, reason: str, *, keeps_protected: bool) -> Action | Kept | Problem:
    """Decide about a code that must not work any more: it is switched off."""
    entry = question.entry
    if not current.spec.active:
        return _kept(question, reason, current)
    if entry.protect or current.tags.protect:
        if keeps_protected:
            return _kept(question, f"{reason}, but it is protected", current)
        return protected(entry.id, Kind.CODE, "end", entry.path, f": {reason}")
    tags = question.scope.tags(entry.id, entry.protect, carried=current.tags.carried)
    return replace(_off(current, entry.id, reason, Retired.OFF, tags, removes=True), path=entry.path)


def _off(code: LiveCode, config_id: str, reason: str, why: Retired, tags: Tags, *, removes: bool) -> Action:
    return Action(
        Verb.DEACTIVATE,
        Kind.CODE,
        config_id,
        reason,
        changes=(FieldChange("active", True, False),),
        before=code,
        after=replace(code.spec, active=False),
        tags=replace(tags, retired=why),
        removes=removes,
    )


def _recreate(
    question: CodeQuestion,
    current: LiveCode,
    changes: tuple[FieldChange, ...],
    forced: list[str],
    dead: bool,
    warnings: tuple[str, ...],
) -> Action | Problem:
    entry, scope = question.entry, question.scope
    fields = ", ".join(forced)
    if current.spec.active and (entry.protect or current.tags.protect):
        why = f" (Stripe cannot change {fields})"
        return protected(entry.id, Kind.CODE, "recreate", entry.path, why)
    used = question.used(current)
    tags = scope.tags(entry.id, entry.protect, carried=used)
    return Action(
        Verb.RECREATE,
        Kind.CODE,
        entry.id,
        f"Stripe cannot change {fields}"
        if not dead
        else "it has ended in Stripe, and Stripe cannot switch it on again",
        changes=changes,
        before=current,
        after=scope.successor(question.wanted(used), current.spec),
        tags=tags if entry.spec.active else replace(tags, retired=Retired.OFF),
        limit=question.limit,
        carried=used,
        path=entry.path,
        warnings=warnings,
    )


_PLAIN = attrgetter(*({field.name for field in fields(PromotionCode)} - {"coupon", "max_redemptions"}))
"""The fields that mean the same in the file and in Stripe."""


def _is_as_wanted(question: CodeQuestion, current: LiveCode) -> bool:
    """Whether an active code is exactly what the file wants, as most are: comparing in full takes three times longer.

    A code may still be equal where this is false: limits, dates and ignored metadata need the full comparison.
    """
    entry, live, tags = question.entry, current.spec, current.tags
    return (
        live.active
        and live.coupon == question.coupon.stripe_id
        and _PLAIN(live) == _PLAIN(entry.spec)
        and live.max_redemptions == question.left(tags.carried)
        and not question.elsewhere
        and tags == question.scope.tags(entry.id, entry.protect, carried=tags.carried)
        and not question.ended(current)
    )


def in_the_files_terms(
    live: PromotionCode,
    counted: carry.Counted,
    wanted: PromotionCode,
    coupon: CouponFuture,
    coupons: Mapping[str, LiveCoupon],
    scope: Scope,
    elsewhere: int = 0,
) -> tuple[PromotionCode, PromotionCode]:
    """Return the live and the wanted code in one form: every field that differs must be changed.

    Limits include the redemptions of predecessors, as in the file (``counted``, and ``elsewhere`` as in
    :class:`CodeQuestion`). An end that Stripe copied from the coupon's ``redeem_by`` is not an end of the code. The
    spelling of the text is Stripe's where only case differs.
    """
    carried = carry.carried(counted, live.max_redemptions, wanted.max_redemptions, elsewhere)
    allowed = carry.code_limit(wanted.max_redemptions, carried, coupon.spec.max_redemptions)
    if not elsewhere and live.max_redemptions == allowed:
        limit = wanted.max_redemptions
    else:
        limit = None if live.max_redemptions is None else live.max_redemptions + carried + elsewhere
    own_coupon = coupons.get(live.coupon)
    live_end = live.expires_at or (own_coupon.spec.redeem_by if own_coupon else None)
    same_end = live_end == (wanted.expires_at or coupon.spec.redeem_by)
    expires = wanted.expires_at if same_end else live.expires_at
    code = wanted.code if fold(live.code) == fold(wanted.code) else live.code
    before = live
    if (limit, expires, code) != (live.max_redemptions, live.expires_at, live.code):  # replacing is slow
        before = replace(live, max_redemptions=limit, expires_at=expires, code=code)
    return scope.visible(before), scope.visible(replace(wanted, coupon=coupon.stripe_id))


def _kept(question: CodeQuestion, reason: str, current: LiveCode) -> Kept:
    return Kept(Kind.CODE, question.entry.id, reason, current.stripe_id, question.entry.path)


def _reason(current: LiveCode, foreign: bool, switched_off: bool, comes_back: bool) -> str:
    if switched_off:
        return "the file says active: false"
    if foreign:
        return "it is in Stripe already, and promosync will manage it"
    if comes_back and current.tags.retired is None:
        return "it was switched off in Stripe, and the file wants it on"
    return "changed in the file"
