"""The codes that a batch has issued, stored compactly: a million of them fit into memory."""

from __future__ import annotations

import copy
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, overload

from promosync.model.life import is_used_up
from promosync.model.live import LiveCode
from promosync.model.ownership import IMPORTED, Retired, Tags, slot_number
from promosync.model.promotions import PromotionCode


@dataclass(frozen=True, slots=True)
class Shape:
    """What many codes of a batch have in common in Stripe: all except text, customer and whether they are active.

    ``spec`` has an empty text, no customer, and is active. ``carried`` counts the redemptions of predecessors; with
    ``uncounted`` their number is unknown. ``unknown`` is as in :class:`promosync.model.live.LiveCoupon`.
    """

    spec: PromotionCode
    carried: int = 0
    protect: bool = False
    unknown: tuple[str, ...] = ()
    uncounted: bool = False


class Comparison(NamedTuple):
    """The result of comparing a shape with the file; it holds for all codes of the shape.

    ``current``: every field that Stripe cannot change is as in the file. ``ended``: such codes have ended, by their
    own date or with their coupon. ``moves``: this plan removes their coupon, so they move to the new one or end with
    it. ``gone``: their coupon was deleted in Stripe, and they ended with it. ``born`` is when their coupon was
    created, seconds UTC: an older code is on a deleted coupon of the same id. ``uncounted``: it is unknown how often
    their predecessors were used.
    """

    current: bool = True
    ended: bool = False
    moves: bool = False
    gone: bool = False
    born: int = 0
    uncounted: bool = False


@dataclass(slots=True)
class IssuedCode:
    """One promotion code of a batch in Stripe, with what is needed to decide about it.

    ``slot`` is None for an imported code. ``used`` counts redemptions, with those of its predecessors; a code that is
    ``used_up`` allows no more. ``retired`` is why promosync switched it off. ``current``, ``ended``, ``moves``,
    ``gone`` and ``uncounted`` are as in :class:`Comparison`; ``ended`` is also true if the code is used up,
    ``current`` is false if its coupon is gone. ``email`` is the salted hash of its address. ``created`` is seconds
    UTC. ``shape`` is an index into :attr:`IssuedCodes.shapes`.
    """

    stripe_id: str
    code: str
    slot: int | None = None
    active: bool = True
    used: int = 0
    retired: Retired | None = None
    current: bool = True
    ended: bool = False
    moves: bool = False
    gone: bool = False
    email: str | None = None
    customer: str | None = None
    created: int = 0
    shape: int = 0
    uncounted: bool = False
    used_up: bool = False


_REASONS: Final = (None, *Retired)


class IssuedCodes(Sequence[IssuedCode]):
    """A list of :class:`IssuedCode` that takes about 100 bytes an entry: each object is created when it is read.

    ``unreadable`` has the Stripe ids of codes with a metadata key that cannot be read (:class:`Tags`), by key.
    """

    def __init__(self, records: Iterable[IssuedCode] = ()) -> None:
        self.shapes: list[Shape] = []
        self.unreadable: dict[str, list[str]] = {}
        self._texts = bytearray()  # Stripe id, code, email, customer of each, as UTF-8
        self._ends = array("Q")
        self._slots = array("q")  # -1: none
        self._used = array("q")
        self._created = array("q")
        self._shape_of = array("I")
        self._flags = array("H")
        self._comparisons: Sequence[Comparison] | None = None
        for record in records:
            self.append(record)

    def append(self, record: IssuedCode) -> None:
        """Add a record at the end; slots and counts are below 2**63."""
        for text in (record.stripe_id, record.code, record.email or "", record.customer or ""):
            self._texts += text.encode()
            self._ends.append(len(self._texts))
        self._slots.append(-1 if record.slot is None else record.slot)
        self._used.append(record.used)
        self._created.append(record.created)
        self._shape_of.append(record.shape)
        flags = record.active | record.current << 1 | record.ended << 2 | record.moves << 3 | record.gone << 4
        self._flags.append(flags | _REASONS.index(record.retired) << 5 | record.used_up << 8)

    def compared(self, comparisons: Sequence[Comparison]) -> IssuedCodes:
        """Return the same records with the comparison of each shape; the data is shared, so nothing can be added."""
        compared = copy.copy(self)
        compared._comparisons = comparisons
        return compared

    def texts(self) -> Iterator[tuple[str, bool]]:
        """Yield the text of each code, and whether it is active."""
        ends = self._ends
        for at, flags in enumerate(self._flags):
            yield self._texts[ends[4 * at] : ends[4 * at + 1]].decode(), bool(flags & 1)

    @property
    def oldest(self) -> int:
        """When the first of the codes was created, seconds UTC; 0 if there are none."""
        return min(self._created, default=0)

    @property
    def active(self) -> int:
        """How many codes are active."""
        return sum(flags & 1 for flags in self._flags)

    def active_on(self) -> Counter[str]:
        """Return how many codes are active on each coupon, by Stripe id."""
        on = Counter(shape for shape, flags in zip(self._shape_of, self._flags, strict=True) if flags & 1)
        coupons: Counter[str] = Counter()
        for shape, count in on.items():
            coupons[self.shapes[shape].spec.coupon] += count
        return coupons

    @property
    def back_on(self) -> list[int]:
        """The indexes of codes that somebody switched on again: they are active and have a reason for being off."""
        return [at for at, flags in enumerate(self._flags) if flags & 1 and flags >> 5 & 7]

    def live(self, at: int, owner: str | None, config_id: str | None) -> LiveCode:
        """Return one code with everything that is known of it; without an owner it has no slot."""
        record = self[at]
        shape = self.shapes[record.shape]
        slot = IMPORTED if record.slot is None else str(record.slot)
        return LiveCode(
            record.stripe_id,
            replace(shape.spec, code=record.code, customer=record.customer, active=record.active),
            Tags(
                owner=owner,
                id=config_id,
                carried=shape.carried,
                retired=record.retired,
                protect=shape.protect,
                slot=None if owner is None else slot,
                email=record.email,
                unreadable=("carried",) if shape.uncounted else (),
            ),
            record.created,
            record.used - shape.carried,
            shape.unknown,
        )

    def __len__(self) -> int:
        return len(self._flags)

    @overload
    def __getitem__(self, index: int) -> IssuedCode: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[IssuedCode]: ...
    def __getitem__(self, index: int | slice) -> IssuedCode | Sequence[IssuedCode]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        at = range(len(self))[index]
        # By position and without a generator, for speed: this is called several times for each of a million codes.
        texts, start = self._texts, self._ends[4 * at - 1] if at else 0
        after_id, after_code, after_email, end = self._ends[4 * at : 4 * at + 4]
        flags, slot, shape, created = self._flags[at], self._slots[at], self._shape_of[at], self._created[at]
        comparison = self._comparisons[shape] if self._comparisons else None
        older = comparison is not None and created < comparison.born and not flags & 1  # see life.is_gone
        gone = bool(flags & 16) or older or (comparison is not None and comparison.gone)
        return IssuedCode(
            texts[start:after_id].decode(),
            texts[after_id:after_code].decode(),
            None if slot < 0 else slot,
            bool(flags & 1),
            self._used[at],
            _REASONS[flags >> 5 & 7],
            comparison.current and not gone if comparison else bool(flags & 2),
            bool(flags & 4) or (comparison is not None and comparison.ended),
            comparison.moves if comparison else bool(flags & 8),
            gone,
            texts[after_code:after_email].decode() if after_code < after_email else None,
            texts[after_email:end].decode() if after_email < end else None,
            created,
            shape,
            comparison is not None and comparison.uncounted,
            bool(flags >> 8),
        )


def shared_fields(spec: PromotionCode, tags: Tags) -> tuple[object, ...]:
    """Return what codes of a batch share, to find those that are alike: all but text, customer and being active."""
    return (
        spec.coupon,
        spec.max_redemptions,
        spec.expires_at,
        spec.first_time_transaction,
        spec.minimum_amount,
        spec.minimum_amount_currency,
        tuple(sorted(spec.currency_options.items())),
        tuple(sorted(spec.metadata.items())),
        spec.customer_account,
        tags.carried,
        tags.protect,
    )


@dataclass(slots=True)
class IssuedBuilder:
    """Collects the codes of a batch as they are read, newest first."""

    codes: IssuedCodes = field(default_factory=IssuedCodes)
    _known: dict[tuple[object, ...], int] = field(default_factory=dict)

    def add(self, code: LiveCode) -> None:
        """Add one code of the batch."""
        spec, tags = code.spec, code.tags
        used_up = is_used_up(spec.max_redemptions, code.times_redeemed)
        for key in code.unreadable:
            self.codes.unreadable.setdefault(key, []).append(code.stripe_id)
        self.codes.append(
            IssuedCode(
                code.stripe_id,
                spec.code,
                slot=slot_number(tags.slot),
                active=spec.active,
                used=code.used,
                retired=tags.retired,
                ended=used_up,
                email=tags.email,
                customer=spec.customer,
                created=code.created,
                shape=self._shape(code),
                used_up=used_up,
            )
        )

    def _shape(self, code: LiveCode) -> int:
        spec, tags = code.spec, code.tags
        key = (*shared_fields(spec, tags), code.unknown, tags.uncounted)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = len(self.codes.shapes)
            shared = replace(spec, code="", customer=None, active=True)
            self.codes.shapes.append(Shape(shared, tags.carried, tags.protect, code.unknown, tags.uncounted))
        return known
