"""Codes of an import that are in Stripe already and that nobody manages: adopted, instead of made.

A code is one of these where it is active, for the customer of its row (or for everybody where the file has no
addresses), equal in every field that Stripe cannot change, and where no code of the batch has its text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from promosync.codes.text_set import TextSet
from promosync.model.issued import IssuedBuilder, IssuedCodes, Shape, Verdict
from promosync.model.live import LiveCode
from promosync.model.promotions import fold
from promosync.plan.batch_rows import Rows

Nobodys = Mapping[tuple[str, str | None], LiveCode]
"""Active codes that nobody manages, by folded text and customer."""


@dataclass(frozen=True, slots=True)
class Adoptable:
    """The codes to adopt by the index of their row; ``alike`` has them again, compact, with their shapes."""

    codes: Mapping[int, LiveCode] = field(default_factory=dict)
    alike: IssuedCodes = field(default_factory=IssuedCodes)

    def texts(self) -> TextSet:
        """Return the texts of the codes."""
        return TextSet(text for text, _ in self.alike.texts())


def nobodys_codes(codes: Iterable[LiveCode]) -> Nobodys:
    """Return what could be adopted by an import."""
    return {
        (fold(code.spec.code), code.spec.customer): code
        for code in codes
        if code.spec.active and code.tags.owner is None and code.spec.customer_account is None
    }


def adoptable(rows: Rows, records: IssuedCodes, nobodys: Nobodys, judge: Callable[[Shape], Verdict]) -> Adoptable:
    """Return the codes of an import's rows that can be adopted.

    ``records`` are the batch's own. ``judge`` holds what some codes share against the file.
    """
    if not nobodys or not rows.codes:
        return Adoptable()
    own = TextSet(text for text, _ in records.texts())
    found = IssuedBuilder()
    codes: dict[int, LiveCode] = {}
    for row, text in enumerate(rows.codes):
        customer = None
        if rows.emails is not None:
            holders = rows.customers.get(rows.emails[row], ())
            if len(holders) != 1:
                continue
            customer = holders[0]
        code = nobodys.get((fold(text), customer))
        if code is not None and text not in own:
            codes[row] = code
            found.add(code)
    alike = IssuedCodes()
    alike.shapes = found.codes.shapes
    verdicts = [judge(shape) for shape in alike.shapes]
    kept = {}
    for (row, code), record in zip(codes.items(), found.codes, strict=True):
        verdict = verdicts[record.shape]
        if verdict.current and not verdict.gone and not verdict.ended and verdict.born <= code.created:
            kept[row] = code
            alike.append(record)
    return Adoptable(kept, alike)
