"""The report: the state of each coupon, code, batch and metadata value, for every format to show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from promosync.model.life import State
from promosync.model.live import Account
from promosync.plan.exposure import Exposure

DAY = 86_400

NOT_IN_STRIPE = "not in Stripe"


class LineKind(StrEnum):
    """What a line of the report is about."""

    COUPON = "coupon"
    CODE = "promotion_code"
    BATCH = "code_batch"
    GROUP = "metadata"


@dataclass(frozen=True, slots=True)
class Line:
    """One line. Counts are of codes, ``used``, ``limit`` and ``left`` of redemptions, predecessors included.

    ``state`` is None for what is not in Stripe. ``states`` counts every code there ever was by its state; a coupon
    counts those of its codes and batches. ``used_codes`` are the codes used at least once. ``limit`` is the file's
    own, over all codes of a batch; ``left`` is what can still be redeemed today, 0 for what has ended. None is no
    limit. ``ends`` is when the line ends, or the first of its active codes (seconds UTC). ``drift`` says in words
    what differs from the file, ``note`` why it is as it is. ``label`` is a coupon's name or the text of a code that
    is in the file; of a group ``id`` is ``key=value``.
    """

    kind: LineKind
    id: str
    label: str = ""
    coupon: str | None = None
    state: State | None = State.ACTIVE
    states: Mapping[State, int] = field(default_factory=dict)
    used_codes: int = 0
    used: int = 0
    limit: int | None = None
    left: int | None = 0
    ends: int | None = None
    drift: tuple[str, ...] = ()
    note: str = ""
    in_file: bool = True
    stripe_id: str | None = None

    @property
    def state_word(self) -> str:
        """Its state as people and programs read it."""
        return NOT_IN_STRIPE if self.state is None else self.state.value

    @property
    def issued(self) -> int:
        """Every code that was ever made."""
        return sum(self.states.values())

    def count(self, *states: State) -> int:
        """Return how many codes are in one of these states."""
        return sum(self.states.get(state, 0) for state in states)

    @property
    def percent_used(self) -> int | None:
        """Whole percent of the limit, rounded down so that 100 means all; None without a limit."""
        return self.used * 100 // self.limit if self.limit else None

    def days_left(self, now: int) -> int | None:
        """Return the whole days until it ends, below 0 once it has; None without an end."""
        return None if self.ends is None else (self.ends - now) // DAY


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to one line since a snapshot; ``before`` is None where the snapshot does not know it.

    ``percent`` is the share of a batch's redemptions that went since then.
    """

    kind: LineKind
    id: str
    label: str
    before: int | None
    used: int
    percent: float | None = None

    @property
    def since(self) -> int:
        """Redemptions since the snapshot."""
        return self.used - (self.before or 0)


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that went faster than it may: ``rule`` is ``uses`` or ``share``."""

    rule: str
    kind: LineKind
    id: str
    message: str
    used: int


@dataclass(frozen=True, slots=True)
class Since:
    """What happened since a snapshot that was taken at ``taken`` (seconds UTC), with the alarms it sets off."""

    taken: int
    changes: tuple[Change, ...] = ()
    alarms: tuple[Alarm, ...] = ()


@dataclass(frozen=True, slots=True)
class Course:
    """How often one line had been used at each moment of :class:`OverTime`; None where it was not counted yet."""

    kind: LineKind
    id: str
    label: str
    used: tuple[int | None, ...]

    @property
    def since(self) -> int:
        """Redemptions from the first moment at which it was counted to the last."""
        known = [used for used in self.used if used is not None]
        return known[-1] - known[0] if known else 0


@dataclass(frozen=True, slots=True)
class OverTime:
    """What several snapshots and this report tell together; ``taken`` is when (seconds UTC), the last is now."""

    taken: tuple[int, ...]
    courses: tuple[Course, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that `status` shows. ``worst`` is the worst case in money of each coupon with an amount.

    ``attention`` are sentences without a full stop, the most urgent first; empty when nothing needs anybody.
    ``by`` are the metadata keys that were asked for; ``groups`` has a line for every value of these. ``since`` is
    about the latest snapshot that was given, ``over_time`` about all of them, if there are several.
    """

    account: Account
    owner: str
    coupons: tuple[Line, ...] = ()
    codes: tuple[Line, ...] = ()
    batches: tuple[Line, ...] = ()
    groups: tuple[Line, ...] = ()
    by: tuple[str, ...] = ()
    worst: tuple[Exposure, ...] = ()
    attention: tuple[str, ...] = ()
    since: Since | None = None
    over_time: OverTime | None = None

    @property
    def now(self) -> int:
        """Stripe's clock, seconds UTC."""
        return self.account.now

    @property
    def entries(self) -> tuple[Line, ...]:
        """Every line but the groups, which count the same codes again."""
        return (*self.coupons, *self.codes, *self.batches)
