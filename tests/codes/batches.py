"""Carries out a plan for a batch in memory, as Stripe would."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from promosync.codes.slots import SlotPlan, Standing, Wanted, decide
from promosync.model.issued import IssuedCode
from promosync.model.ownership import Retired


def carry_out(wanted: Wanted, records: Sequence[IssuedCode], plan: SlotPlan) -> list[IssuedCode]:
    """Return the records after a plan; new codes are called ``N`` and a number nobody had."""
    after = [replace(record) for record in records]
    clock = max((record.created for record in records), default=0) + 1
    on = wanted.standing is Standing.ON
    for index in plan.withdraw:
        after[index].active, after[index].retired = False, Retired.WITHDRAWN
    for index in plan.switch_off:
        after[index].active, after[index].retired = False, Retired.OFF
    for index in plan.mark:
        after[index].retired = Retired.HAND
    for index in plan.restore:
        after[index].active, after[index].retired = True, None
    for replacement in plan.replacements():
        old = after[replacement.at]
        email = old.email
        if replacement.row is not None:
            email = wanted.emails[replacement.row] if wanted.emails else None
        elif wanted.count is not None:
            email = None
        successor = replace(
            old,
            stripe_id=f"promo_{len(after)}",
            active=True,
            retired=None,
            current=True,
            ended=False,
            moves=False,
            gone=False,
            email=email,
            created=clock,
        )
        if old.active:
            old.active, old.retired = False, Retired.SWAP
        after.append(successor)
    for addition in plan.additions():
        row = addition.row
        after.append(
            IssuedCode(
                stripe_id=f"promo_{len(after)}",
                code=wanted.codes[row] if wanted.codes and row is not None else f"N{len(after)}",
                slot=addition.slot,
                active=on,
                retired=None if on else Retired.OFF,
                email=wanted.emails[row] if wanted.emails and row is not None else None,
                created=clock,
            )
        )
    return after


def settle(wanted: Wanted, records: Sequence[IssuedCode]) -> list[IssuedCode]:
    """Decide, carry out, and check that nothing is left to do."""
    after = carry_out(wanted, records, decide(wanted, records))
    again = decide(wanted, after)
    assert again.empty, (wanted, records, after, again)
    return after


def working(records: Iterable[IssuedCode]) -> list[str]:
    """Return the texts that are active, in the order of their slots."""
    return [r.code for r in sorted(records, key=lambda r: (r.slot is None, r.slot or 0, r.code)) if r.active]


def use(record: IssuedCode, times: int = 1, limit: int = 1) -> None:
    """Redeem a code: it ends when its limit is reached."""
    record.used += times
    if record.used >= limit:
        record.active, record.ended = False, True
