"""What Stripe would refuse of a plan, found before the first write."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence

from promosync.model.account import Live
from promosync.model.life import farthest
from promosync.model.live import LiveCode
from promosync.model.problems import Path, Problem
from promosync.model.promotions import Coupon, PromotionCode, fold
from promosync.plan.plan import Action, BatchAction, Kind, Verb

MAX_METADATA_KEYS = 50


def refusals(actions: Sequence[Action], live: Live, owner: str, unique: Container[str]) -> list[Problem]:
    """Return every reason why Stripe would refuse the actions, or why they would end somebody else's codes.

    ``unique`` holds the texts (folded) of this owner's active unique codes.
    """
    return [
        *_texts(actions, live, unique),
        *_riders(actions, live, owner),
        *(
            unknown_fields(action.path, f"the {action.kind.noun} {action.stripe_id!r}", action.before.unknown)
            for action in actions
            if action.verb is Verb.RECREATE and action.before is not None and action.before.unknown
        ),
        *(problem for action in actions for problem in _values(action, live.account.now)),
    ]


def too_far_ahead(path: Path, date: int | None, now: int) -> list[Problem]:
    """Return the refusal of a date that is too late for Stripe; both are seconds UTC."""
    if date is None or date <= farthest(now):
        return []
    message, hint = "Stripe takes dates up to five years ahead", "choose an earlier date, or leave it out"
    return [Problem(path, message, hint, rule="too-far-ahead")]


def unknown_fields(path: Path, what: str, names: Iterable[str]) -> Problem:
    """Return the refusal to recreate an object that would lose fields which promosync does not know."""
    return Problem(
        path,
        f"to recreate {what} would lose fields that promosync does not know: {', '.join(names)}",
        "leave it as it is in Stripe, or end it there and make a new entry, with another id and another code",
        rule="unknown-field",
    )


def left_behind(
    actions: Sequence[Action], batches: Iterable[BatchAction], live: Live, owner: str
) -> Iterable[Problem]:
    """Yield a problem for each coupon that ends while active codes of ours stay on it: apply would refuse that.

    Only for actions without other problems: an entry that is refused leaves its codes where they are, too.
    """
    ends = {action.stripe_id: action for action in actions if action.ends_coupon}
    if not ends:
        return
    riders: dict[str, list[str]] = defaultdict(list)
    for code in _left_alone(actions, live):
        if code.tags.owner == owner:
            riders[code.spec.coupon].append(code.stripe_id)
    planned = {batch.id for batch in batches}
    for batch, records in live.batches.items():
        if batch not in planned:
            for coupon, count in records.active_on().items():
                riders[coupon].append(f"{count:,} of the batch {batch!r}")
    for stripe_id, action in ends.items():
        if names := riders.get(stripe_id or ""):
            hint = "take them into the file, or plan without --no-prune: then they are withdrawn"
            yield _ridden(action, f"this plan leaves alone: {_few(names)}", hint)


def _left_alone(actions: Iterable[Action], live: Live) -> Iterable[LiveCode]:
    """Return the active single codes that no action is on."""
    touched = {action.stripe_id for action in actions if action.kind is Kind.CODE}
    return (code for code in live.codes if code.spec.active and code.stripe_id not in touched)


def _texts(actions: Sequence[Action], live: Live, unique: Container[str]) -> Iterable[Problem]:
    """Refuse two active codes of one text, unless each is for another customer."""
    on = [
        (action, action.after)
        for action in actions
        if isinstance(action.after, PromotionCode) and action.after.active
    ]
    asked = {fold(mine.code) for _, mine in on}
    active: dict[str, list[tuple[PromotionCode, LiveCode | Action]]] = defaultdict(list)
    for code in _left_alone(actions, live) if asked else ():
        if fold(code.spec.code) in asked:
            active[fold(code.spec.code)].append((code.spec, code))
    for action, mine in on:
        if _stays_on(action):
            active[fold(mine.code)].append((mine, action))
    for action, mine in on:
        if _stays_on(action):
            continue
        if fold(mine.code) in unique:
            yield _in_use(action, mine, "by a unique code of a batch")
        for spec, holder in active[fold(mine.code)]:
            if None in (spec.holder, mine.holder) or spec.holder == mine.holder:
                yield _taken(action, mine, holder)
                break
        active[fold(mine.code)].append((mine, action))


def _taken(action: Action, mine: PromotionCode, holder: LiveCode | Action) -> Problem:
    if isinstance(holder, Action):
        who = f"by the entry {holder.id!r} of this file"
    elif holder.tags.owner is None:
        who = f"by the active promotion code {holder.stripe_id!r}, which promosync does not manage"
    else:
        owner = f"owner {holder.tags.owner!r}, entry {holder.tags.id!r}"
        who = f"by the active promotion code {holder.stripe_id!r} of {owner}"
    return _in_use(action, mine, who)


def _in_use(action: Action, mine: PromotionCode, who: str) -> Problem:
    return Problem(
        (*action.path, "code") if action.path else (),
        f"the text {mine.code!r} is in use {who}",
        "Stripe allows one active code of a text: switch the other off first, or choose another text",
        rule="conflict",
    )


def _riders(actions: Sequence[Action], live: Live, owner: str) -> Iterable[Problem]:
    """Refuse to end a coupon with active codes of others: that would end their codes too."""
    strangers: dict[str, list[str]] = defaultdict(list)
    for code in _left_alone(actions, live):
        if code.tags.owner != owner:
            strangers[code.spec.coupon].append(code.stripe_id)
    for action in actions:
        if action.ends_coupon and (riders := strangers.get(action.stripe_id or "")):
            hint = "switch them off first, or take them into the file"
            yield _ridden(action, f"are not promosync's: {_few(riders)}", hint)


def _ridden(action: Action, which: str, hint: str) -> Problem:
    message = f"to {action.verb} the coupon {action.stripe_id!r} would end codes that {which}"
    return Problem(action.path, message, hint, rule="codes-of-others")


def _few(riders: list[str]) -> str:
    return ", ".join(sorted(riders)[:5]) + (f" and {len(riders) - 5} more" if len(riders) > 5 else "")


def _values(action: Action, now: int) -> Iterable[Problem]:
    if action.after is None or action.verb not in (Verb.CREATE, Verb.RECREATE):
        return
    if isinstance(action.after, Coupon):
        name, date = "redeem_by", action.after.redeem_by
    else:
        name, date = "expires_at", action.after.expires_at
    yield from too_far_ahead((*action.path, name), date, now)
    keys = len(action.after.metadata) + len(action.tags.to_metadata())
    if keys > MAX_METADATA_KEYS:
        yield Problem(
            (*action.path, "metadata"),
            f"{keys} metadata keys with those left to others and promosync's own; Stripe takes {MAX_METADATA_KEYS}",
            "remove some, here or on the object in Stripe",
            rule="metadata-too-large",
        )


def _stays_on(action: Action) -> bool:
    """Whether a code stays active with its text the whole time."""
    in_place = action.verb in (Verb.UPDATE, Verb.ADOPT)
    return in_place and isinstance(action.before, LiveCode) and action.before.spec.active
