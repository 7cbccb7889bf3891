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
    """The kind of a line of the report."""

    COUPON = "coupon"
    CODE = "promotion_code"
    BATCH = "code_batch"
    GROUP = "metadata"


@dataclass(frozen=True, slots=True)
class Line:
    """One line. Counts are of codes, ``used``, ``limit`` and ``left`` of redemptions, predecessors included.

    ``state`` is None for an entry that is not in Stripe. ``states`` counts all codes that were ever made by state;
    for a coupon, the codes of its entries and batches. ``used_codes`` are the codes used at least once. ``limit`` is
    the file's limit, for a batch that of all codes together. ``left`` is how often the line can still be redeemed, 0
    if it has ended. None is no limit. ``ends`` is when the line ends, or its first active code (seconds UTC).
    ``drift`` says what differs from the file, ``note`` why something is not changed. ``label`` is the name of a
    coupon, the text of a code in the file, or the key of a group; the ``id`` of a group is ``key=value``.
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
        """The state as a text."""
        return NOT_IN_STRIPE if self.state is None else self.state.value

    @property
    def issued(self) -> int:
        """How many codes were ever made."""
        return sum(self.states.values())

    def count(self, *states: State) -> int:
        """Return how many codes are in one of these states."""
        return sum(self.states.get(state, 0) for state in states)

    @property
    def percent_used(self) -> int | None:
        """Used percent of the limit, rounded down, so 100 means all; None without a limit."""
        return self.used * 100 // self.limit if self.limit else None

    def days_left(self, now: int) -> int | None:
        """Return the whole days until it ends, below 0 after its end; None without an end."""
        return None if self.ends is None else (self.ends - now) // DAY


@dataclass(frozen=True, slots=True)
class Change:
    """The redemptions of one line since a snapshot; ``before`` is None if the line is not in the snapshot.

    ``percent`` is the share of a batch that was redeemed since then.
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
    """A line with more redemptions than a limit of the alarm: ``rule`` is ``uses`` or ``share``."""

    rule: str
    kind: LineKind
    id: str
    message: str
    used: int


@dataclass(frozen=True, slots=True)
class Since:
    """The changes since a snapshot of the time ``taken`` (seconds UTC), and the alarms for them."""

    taken: int
    changes: tuple[Change, ...] = ()
    alarms: tuple[Alarm, ...] = ()


@dataclass(frozen=True, slots=True)
class Course:
    """How often one line had been used at each time of :class:`OverTime`; None if it was not counted then."""

    kind: LineKind
    id: str
    label: str
    used: tuple[int | None, ...]

    @property
    def since(self) -> int:
        """Redemptions from the first time at which it was counted to the last."""
        known = [used for used in self.used if used is not None]
        return known[-1] - known[0] if known else 0


@dataclass(frozen=True, slots=True)
class OverTime:
    """Uses at the times of several snapshots and of this report: ``taken`` (seconds UTC), the last is now."""

    taken: tuple[int, ...]
    courses: tuple[Course, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that `status` shows. ``worst`` is the highest possible cost of each coupon with an amount.

    ``attention`` are sentences without a full stop, the most urgent first; empty if nothing needs attention. ``by``
    are the requested metadata keys; ``groups`` has a line for every value of these. ``since`` compares with the
    latest snapshot that was given, ``over_time`` with all of them if there are several.
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
        """All lines except the groups, which count the same codes again."""
        return (*self.coupons, *self.codes, *self.batches)
