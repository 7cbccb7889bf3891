"""The codes of a batch as rows for a mail tool or a spreadsheet: one row for each code, with its state."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final

from promosync.codes.slots import current
from promosync.model.issued import IssuedCodes
from promosync.model.life import State, state
from promosync.model.live import LiveCode, LiveCoupon

COLUMNS: Final = (
    "batch",
    "code",
    "email",
    "status",
    "times_redeemed",
    "max_redemptions",
    "expires_at",
    "first_time_transaction",
    "minimum_amount",
    "minimum_amount_currency",
    "created",
    "stripe_id",
    "stripe_coupon",
    "stripe_customer",
)
"""The columns of every row; those of the metadata follow."""

_FORMULA: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class Listed:
    """One code of a batch. ``email`` is empty if there is none or it is not known any more."""

    batch: str
    live: LiveCode
    used: int
    status: State
    email: str = ""


def listed(
    batch: str,
    records: IssuedCodes,
    coupons: Mapping[str, LiveCoupon],
    now: int,
    wanted: Sequence[State],
    email_of: Callable[[LiveCode], str],
) -> Iterator[Listed]:
    """Yield the codes of a batch in the order of their slots, those of an import by text; ``now`` is seconds UTC.

    A code that was recreated is one code: only its newest object is yielded. If ``wanted`` has states, only codes in
    these states are yielded. ``coupons`` are those of the account, by Stripe id.
    """
    for at, used in current(records):
        live = records.live(at, "", batch)
        status = state(live, coupons.get(live.spec.coupon), now)
        if not wanted or status in wanted:
            yield Listed(batch, live, used, status, email_of(live))


def row(code: Listed, iso: Callable[[int], str]) -> dict[str, Any]:
    """Return a code as JSON-like values by column, with ``metadata`` last; limit and uses
    include those of its predecessors.

    ``iso`` writes seconds UTC as text.
    """
    spec, live = code.live.spec, code.live
    limit = None if spec.max_redemptions is None else spec.max_redemptions + live.tags.carried
    values = (
        code.batch,
        spec.code,
        code.email or None,
        code.status.value,
        code.used,
        limit,
        None if spec.expires_at is None else iso(spec.expires_at),
        spec.first_time_transaction,
        spec.minimum_amount,
        spec.minimum_amount_currency,
        iso(live.created),
        live.stripe_id,
        spec.coupon,
        spec.holder,
    )
    return {**dict(zip(COLUMNS, values, strict=True)), "metadata": dict(sorted(spec.metadata.items()))}


def metadata_keys(batches: Mapping[str, IssuedCodes]) -> tuple[str, ...]:
    """Return the metadata keys of all codes: each is a column of its own."""
    shapes = (shape for records in batches.values() for shape in records.shapes)
    return tuple(sorted({key for shape in shapes for key in shape.spec.metadata}))


def cells(row: Mapping[str, Any], keys: Sequence[str]) -> list[str]:
    """Return a row as cells that a spreadsheet reads as text, never as a formula.

    A cell that begins like a formula gets an apostrophe in front, as in spreadsheets themselves. Source:
    https://owasp.org/www-community/attacks/CSV_Injection
    """
    values = [*(row[column] for column in COLUMNS), *(row["metadata"].get(key) for key in keys)]
    return [_cell(value) for value in values]


def row_writer(handle: IO[str]) -> Callable[[Sequence[str]], None]:
    """Return a function that writes a row of cells as CSV; a line break in a cell does not end the row.

    Before Python 3.13 the csv module does not quote a carriage return if rows end with a line feed.
    """
    plain = csv.writer(handle, lineterminator="\n")
    quoted = csv.writer(handle, lineterminator="\n", quoting=csv.QUOTE_ALL)

    def write(row: Sequence[str]) -> None:
        (quoted if any("\r" in cell for cell in row) else plain).writerow(row)

    return write


def headers(keys: Sequence[str]) -> list[str]:
    """Return the first line of a table."""
    return [*COLUMNS, *(f"metadata.{key}" for key in keys)]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return inert(str(value))


def inert(text: str) -> str:
    """Return a text that a spreadsheet does not read as a formula; see :func:`cells`."""
    return f"'{text}" if text.startswith(_FORMULA) else text
