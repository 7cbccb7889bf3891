"""Makes the lines of the report from counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from promosync.model.configuration import BatchEntry, Generate
from promosync.model.life import State, coupon_end
from promosync.model.live import LiveCoupon
from promosync.model.promotions import Coupon
from promosync.plan import carry
from promosync.plan.matching import Match
from promosync.status.drift import NOT_IN_FILE, Difference
from promosync.status.report import NOT_IN_STRIPE, Line, LineKind
from promosync.status.tally import Bound, Count, Values


def coupon_line(
    config_id: str,
    found: Match[LiveCoupon] | None,
    codes: Count,
    wanted: Coupon | None,
    diff: Difference,
    now: int,
) -> Line:
    """Return the line of a coupon; ``codes`` is the sum over its codes and batches, ``wanted`` what the file says."""
    line = Line(
        LineKind.COUPON,
        config_id,
        states=codes.states,
        used_codes=codes.used_codes,
        drift=diff.drift,
        note=diff.note,
    )
    if found is None:
        # The count of a deleted coupon is lost: the uses of its codes are known at least.
        return replace(
            line,
            state=None,
            label=(wanted.name if wanted else None) or "",
            used=codes.used,
            limit=wanted.max_redemptions if wanted else None,
            ends=wanted.redeem_by if wanted else None,
        )
    current = found.current
    used = carry.total_used(found.chain)
    own = current.spec.max_redemptions
    limit = None if own is None else own + current.tags.carried
    return replace(
        line,
        label=current.spec.name or "",
        state=coupon_end(current, now) or State.ACTIVE,
        used=used,
        limit=limit,
        left=carry.left(limit, used) if current.valid else 0,
        ends=current.spec.redeem_by,
        stripe_id=current.stripe_id,
    )


def batch_line(
    batch_id: str,
    coupon: str | None,
    count: Count,
    room: Bound,
    entry: BatchEntry | None,
    size: int,
    drift: Mapping[tuple[str, ...], int],
    ends: tuple[bool, int] | None,
) -> Line:
    """Return the line of a batch. ``size`` is how many codes the file wants, ``drift`` what differs on how many.

    ``room`` is what is left of a coupon, by its Stripe id. ``ends`` is the end of its first active code (with False),
    else of its first code (with True), in seconds UTC.
    """
    line = Line(
        LineKind.BATCH,
        batch_id,
        coupon=coupon,
        state=_batch_state(count),
        states=count.states,
        used_codes=count.used_codes,
        used=count.used,
        limit=count.limit() if count.states else _wanted(entry, size),
        left=count.left(room),
        ends=ends[1] if ends else entry.spec.expires_at if entry else None,
        in_file=entry is not None,
    )
    if entry is None:
        active = count.states[State.ACTIVE]
        return replace(
            line, drift=(f"{active:,} active, {NOT_IN_FILE}",) if active else (), note="" if active else NOT_IN_FILE
        )
    return replace(line, drift=(*_size_drift(count, entry, size), *_field_drift(drift)))


def group_lines(keys: Values, groups: Mapping[Values, Count], limit: Bound, room: Bound) -> tuple[Line, ...]:
    """Return a line for every value of every key, the most used first; ``label`` is the key.

    ``limit`` is a coupon's limit by its config id, ``room`` as in :func:`batch_line`: codes of one coupon share them.
    """
    lines = []
    for at, key in enumerate(keys):
        sums: dict[str, Count] = {}
        for values, count in groups.items():
            sums.setdefault(values[at], Count()).add(count)
        for value, count in sorted(sums.items(), key=lambda pair: (-pair[1].used, pair[0])):
            lines.append(
                Line(
                    LineKind.GROUP, f"{key}={value}", key, states=count.states, used_codes=count.used_codes,
                    used=count.used, limit=count.limit(limit), left=count.left(room),
                )
            )  # fmt: skip
    return tuple(lines)


def _batch_state(count: Count) -> State | None:
    """Return ``ACTIVE`` if one code of the batch is active, else the state of most codes."""
    if not count.states:
        return None
    if count.states[State.ACTIVE]:
        return State.ACTIVE
    return count.states.most_common(1)[0][0]


def _size_drift(count: Count, entry: BatchEntry, size: int) -> tuple[str, ...]:
    issued = count.states.total() - count.states[State.WITHDRAWN]
    if not count.states:
        return (NOT_IN_STRIPE,) if entry.spec.active else ()
    if entry.source.missing_customer == "skip" and (not isinstance(entry.source, Generate) or entry.source.emails):
        return ()  # only a plan finds out how many rows have no customer
    if issued < size and entry.spec.active and count.states[State.ACTIVE]:
        return (f"{size - issued:,} of {size:,} not in Stripe",)
    return ()


def _wanted(entry: BatchEntry | None, size: int) -> int | None:
    each = entry.spec.max_redemptions if entry else None
    return None if each is None else each * size


def _field_drift(drift: Mapping[tuple[str, ...], int]) -> tuple[str, ...]:
    return tuple(
        f"{codes:,} differ in {', '.join(fields)}"
        for fields, codes in sorted(drift.items(), key=lambda pair: (-pair[1], pair[0]))
    )
