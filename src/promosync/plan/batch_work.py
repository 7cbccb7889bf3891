"""What a batch's codes are to become, compact enough for a million of them: the applier's side of its action."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field

from promosync.codes.alphabet import Space
from promosync.codes.slots import SlotPlan
from promosync.model.issued import IssuedCodes
from promosync.model.live import LiveCode
from promosync.model.ownership import Tags
from promosync.model.promotions import PromotionCode
from promosync.plan.batch_rows import Rows


@dataclass(frozen=True, slots=True)
class BatchWork:
    """What the applier needs to carry a batch out; none of it is ever shown.

    ``for_everybody``: the batch counts, and its codes are for no particular customer.

    ``spec`` is what the codes share, ``tags`` the keys they share. ``update`` are indexes of codes whose changeable
    fields differ. ``hashes`` has the salted hash of each row's address. ``taken`` has the texts that a new code may
    not have. ``ignore_metadata`` are patterns of the keys left to others. ``adopt`` has the codes that are adopted,
    by the row whose code would be added otherwise.
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
    taken: Container[str]
    ignore_metadata: tuple[str, ...]
    for_everybody: bool = False
    adopt: Mapping[int, LiveCode] = field(default_factory=dict)
