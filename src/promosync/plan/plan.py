"""The plan: a value that says exactly what will happen, and can be printed, saved and compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from promosync.codes.alphabet import Space
from promosync.codes.slots import SlotPlan
from promosync.model.issued import IssuedCodes
from promosync.model.live import Account, LiveCode, LiveCoupon
from promosync.model.ownership import Tags
from promosync.model.problems import Path
from promosync.model.promotions import Coupon, PromotionCode, fold
from promosync.model.seal import Sealing
from promosync.plan.batch_rows import Rows
from promosync.plan.exposure import Exposure


class Kind(StrEnum):
    """What an action acts on."""

    COUPON = "coupon"
    CODE = "promotion_code"
    BATCH = "code_batch"

    @property
    def noun(self) -> str:
        """What a message calls it."""
        return self.value.replace("_", " ")


class Verb(StrEnum):
    """What an action does. ``RETIRE`` finishes an interrupted run: the entry's older object is ended."""

    CREATE = "create"
    UPDATE = "update"
    ADOPT = "adopt"
    RECREATE = "recreate"
    DEACTIVATE = "deactivate"
    DELETE = "delete"
    RETIRE = "retire"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a changed pair, in the words of the file (``percent_off``, ``metadata.source``).

    ``before`` and ``after`` are JSON-like values (dates as ISO 8601 text, percentages as Decimal, sets sorted);
    None is "not set". ``forces_recreate``: Stripe cannot change this field on an existing object.
    """

    field: str
    before: Any = None
    after: Any = None
    forces_recreate: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do to one entry of the file, or to one object that the file no longer has.

    ``before`` is the live object acted on, None for a create. ``after`` is the object in Stripe afterwards, with
    Stripe ids for coupons, products and customers, and with ``max_redemptions`` less what is carried over; None where
    the object is deleted. ``tags`` are the keys the object gets. ``limit`` is the ``max_redemptions`` of the file.
    ``new_id`` is the Stripe id of a coupon to be made, or that has replaced this one already. ``carried`` counts the
    redemptions that move to the new object, as known now. ``riding`` counts the codes that move with a coupon.
    ``removes`` is true where the file asks for less than before (the safety checks count these). ``path`` is the
    entry's place in the file, empty for what is not in the file. ``warnings`` say where more is given away.
    ``waits`` counts the requests of other codes while a code is off, where they take over each other's texts.
    """

    verb: Verb
    kind: Kind
    id: str
    reason: str
    changes: tuple[FieldChange, ...] = ()
    before: LiveCoupon | LiveCode | None = None
    after: Coupon | PromotionCode | None = None
    tags: Tags = field(default_factory=Tags)
    limit: int | None = None
    new_id: str | None = None
    carried: int = 0
    riding: int = 0
    removes: bool = False
    path: Path = ()
    warnings: tuple[str, ...] = ()
    waits: int = 0

    @property
    def stripe_id(self) -> str | None:
        """The Stripe id of the live object acted on."""
        return self.before.stripe_id if self.before else None

    @property
    def home(self) -> str:
        """The Stripe id of the coupon that a code is on when this is done; empty for an action on a coupon."""
        return self.after.coupon if isinstance(self.after, PromotionCode) else ""

    @property
    def coupons(self) -> set[str]:
        """The Stripe ids of the coupons that it changes, or whose codes it writes."""
        if self.kind is Kind.COUPON:
            return {name for name in (self.stripe_id, self.new_id) if name is not None}
        specs = self.before and self.before.spec, self.after
        return {spec.coupon for spec in specs if isinstance(spec, PromotionCode)}

    @property
    def ends_coupon(self) -> bool:
        """Whether a coupon is deleted, replaced or not: no code works on it after that."""
        return self.kind is Kind.COUPON and self.verb in (Verb.RECREATE, Verb.DELETE, Verb.RETIRE)

    @property
    def label(self) -> str:
        """What people call it: a code's text, a coupon's name; empty where it has neither."""
        spec = self.after or (self.before.spec if self.before else None)
        if isinstance(spec, PromotionCode):
            return spec.code
        return (spec.name if spec else None) or ""

    @property
    def requests(self) -> int:
        """How many requests to Stripe it takes when nothing fails."""
        count, before = _REQUESTS.get((self.kind, self.verb), 1), self.before
        if self.verb is not Verb.RECREATE or before is None:
            return count
        if isinstance(before, LiveCode):
            return count - (not before.spec.active)
        return count + ((before.tags.owner, before.tags.id) != (self.tags.owner, self.tags.id))

    @property
    def comes_back(self) -> bool:
        """Whether an update switches a code on that is off now."""
        in_place = self.verb in (Verb.UPDATE, Verb.ADOPT) and isinstance(self.before, LiveCode)
        return in_place and _active(self.after) and not _active(self.before.spec if self.before else None)

    @property
    def frees(self) -> str | None:
        """The text of a code, folded, that others can have once this is done."""
        frees = self.verb in (Verb.RECREATE, Verb.DEACTIVATE, Verb.RETIRE)
        return fold(self.before.spec.code) if isinstance(self.before, LiveCode) and frees else None

    @property
    def takes(self) -> str | None:
        """The text of a code, folded, that nobody else can have once this is done."""
        takes = self.verb in (Verb.CREATE, Verb.RECREATE) or self.comes_back
        return fold(self.after.code) if isinstance(self.after, PromotionCode) and takes else None

    @property
    def gap_requests(self) -> int:
        """For how many requests a customer's code is off, when nothing fails: 0 where no code is swapped."""
        swapped = self.verb is Verb.RECREATE and _active(self.before.spec if self.before else None)
        return 1 + self.waits if swapped and _active(self.after) else 0


@dataclass(frozen=True, slots=True)
class BatchWork:
    """What the applier needs to carry a batch out, compact enough for a million codes; none of it is shown.

    ``spec`` is what the codes share, ``tags`` the keys they share, ``limit`` the ``max_redemptions`` of the file.
    ``ignore_metadata`` are patterns of the keys left to others. ``update`` are indexes of codes whose changeable
    fields differ. ``hashes`` has the salted hash of each row's address. New codes are drawn from ``space``, without
    those that are ``taken``. ``for_everybody``: the batch counts, and its codes are for no particular customer.
    ``adopt`` has the codes that are adopted, by the row whose code would be added otherwise.
    """

    spec: PromotionCode
    tags: Tags
    records: IssuedCodes
    slots: SlotPlan
    ignore_metadata: tuple[str, ...]
    limit: int | None = None
    update: Sequence[int] = ()
    rows: Rows = field(default_factory=Rows)
    hashes: Sequence[str] = ()
    space: Space | None = None
    taken: Callable[[str], bool] = lambda _: False
    for_everybody: bool = False
    adopt: Mapping[int, LiveCode] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BatchAction:
    """What will happen to a batch, in counts of codes.

    ``adopted`` are codes of an import that nobody managed. ``swapped`` are the ``recreated`` codes that are active
    until then. ``marked`` are off by hand, which is noted on them. ``issued`` counts the existing codes that stay, by
    their state. ``changes`` are the fields that differ from what is live, on most of the changed codes. ``skipped``
    counts addresses without a customer that the file says to skip, ``customers`` those whose customer will be
    created.
    """

    id: str
    reason: str
    added: int = 0
    adopted: int = 0
    recreated: int = 0
    swapped: int = 0
    restored: int = 0
    updated: int = 0
    withdrawn: int = 0
    switched_off: int = 0
    marked: int = 0
    skipped: int = 0
    customers: int = 0
    issued: Counter[str] = field(default_factory=Counter)
    changes: tuple[FieldChange, ...] = ()
    path: Path = ()
    warnings: tuple[str, ...] = ()
    work: BatchWork | None = field(default=None, repr=False, compare=False)

    @property
    def kind(self) -> Kind:
        """What it acts on."""
        return Kind.BATCH

    @property
    def home(self) -> str:
        """The Stripe id of the coupon that its new codes are on."""
        return self.work.spec.coupon if self.work else ""

    @property
    def coupons(self) -> set[str]:
        """The Stripe ids of the coupons whose codes it writes."""
        return {self.home, *(shape.spec.coupon for shape in self.work.records.shapes)} if self.work else set()

    @property
    def removes(self) -> int:
        """How many codes stop working and are not made again."""
        return self.withdrawn + self.switched_off

    @property
    def requests(self) -> int:
        """How many requests to Stripe it takes when nothing fails; before codes are marked their coupon is read."""
        return self.codes + self.swapped + self.customers + bool(self.marked)

    @property
    def codes(self) -> int:
        """How many codes are touched."""
        switches = self.restored + self.updated + self.withdrawn + self.switched_off + self.marked
        return self.added + self.adopted + self.recreated + switches


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that is left alone on purpose, with the reason."""

    kind: Kind
    id: str
    reason: str
    stripe_id: str | None = None
    path: Path = ()


@dataclass(frozen=True, slots=True)
class Trusted:
    """A batch that was not read, because it is unchanged by the seal of its coupon.

    At ``since`` (seconds UTC) it had ``issued`` codes, of which ``active`` were in use. ``coupons`` has the Stripe
    ids of its codes' coupons, with the least number of codes on each; ``elsewhere``: some are on a deleted coupon
    too.
    """

    id: str
    issued: int
    active: int
    since: int
    coupons: Mapping[str, int] = field(default_factory=dict)
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What apply would do, in the order in which people read it.

    ``unchanged`` counts entries that are equal already. ``ours`` counts the objects of this owner that are in use
    now. ``batches`` are carried out after the single codes. ``brakes`` has a sentence for each safety check that
    refuses the plan without ``--force``. ``exposed`` is the most that each touched coupon with an amount gives away.
    ``in_full``: all codes of the account were read; ``trusted`` are the batches that were not. ``seals`` is what
    apply writes on coupons so that the next plan need not read their codes; ``unsealed`` has a sentence for each
    coupon without a seal. ``family`` are the Stripe ids of the coupons that the owner has now, ``gone`` is as in
    :class:`promosync.model.seal.Seal`, ``gone_during`` the same while the plan is carried out.
    """

    account: Account
    owner: str
    actions: tuple[Action, ...] = ()
    batches: tuple[BatchAction, ...] = ()
    kept: tuple[Kept, ...] = ()
    unchanged: int = 0
    ours: int = 0
    brakes: tuple[str, ...] = ()
    exposed: tuple[Exposure, ...] = ()
    in_full: bool = True
    trusted: tuple[Trusted, ...] = ()
    seals: tuple[Sealing, ...] = ()
    unsealed: tuple[str, ...] = ()
    family: tuple[str, ...] = ()
    gone: frozenset[str] | None = frozenset()
    gone_during: frozenset[str] | None = frozenset()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.actions and not self.batches

    @property
    def counts(self) -> Counter[Verb]:
        """How many actions of each verb."""
        return Counter(action.verb for action in self.actions)

    @property
    def requests(self) -> int:
        """How many requests apply makes when nothing fails."""
        work = sum(action.requests for action in self.actions) + sum(batch.requests for batch in self.batches)
        return work + sum(sealing.requests for sealing in self.seals)


def _active(spec: Coupon | PromotionCode | None) -> bool:
    return isinstance(spec, PromotionCode) and spec.active


# To end a coupon: read it, list the codes still on it, read its successor if it has one, delete it. A recreate is a
# read and a create before that, and an update of an adopted coupon; its codes are counted separately.
# To recreate a code: read it, deactivate it unless it is off already, create the new one.
_REQUESTS = {
    (Kind.COUPON, Verb.RECREATE): 6,
    (Kind.COUPON, Verb.DELETE): 3,
    (Kind.COUPON, Verb.RETIRE): 4,
    (Kind.CODE, Verb.RECREATE): 3,
}
"""The requests of the actions that take more than one."""
