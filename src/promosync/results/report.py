"""The report: what each coupon, code, batch and metadata value brought and cost, for every format to show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from promosync.model.live import Account
from promosync.results.orders import Source
from promosync.results.periods import Every, Period, Span
from promosync.status.report import LineKind


@dataclass(frozen=True, slots=True)
class Counts:
    """How many orders, and of whom.

    ``new`` customers are those whose first paid order, of all that were read, is one of these. ``guests`` are orders
    of nobody that Stripe knows.
    """

    orders: int = 0
    renewals: int = 0
    customers: int = 0
    new: int = 0
    guests: int = 0

    @property
    def first_orders(self) -> int:
        """Orders that are no renewal of a subscription."""
        return self.orders - self.renewals

    @property
    def returning(self) -> int:
        """Customers who had paid for something before."""
        return self.customers - self.new


@dataclass(frozen=True, slots=True)
class Figures(Counts):
    """Orders in one currency; amounts in its minor units.

    ``before`` and ``after`` are the whole orders', before and after all their discounts. ``discount`` is what this
    line's own discounts took off, ``others`` what the other discounts of the same orders did: before = discount +
    others + after.
    """

    before: int = 0
    discount: int = 0
    after: int = 0
    refunded: int = 0

    @property
    def others(self) -> int:
        """What other discounts took off the same orders."""
        return self.before - self.discount - self.after


@dataclass(frozen=True, slots=True)
class Sums:
    """What orders of a time came to: counted over all currencies, and money in each, the most frequent first."""

    counts: Counts = field(default_factory=Counts)
    money: Mapping[str, Figures] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """One line: an entry, a value of a metadata key, or all of them together (``kind`` None).

    Of a value ``id`` is ``key=value`` and ``label`` the key; else ``label`` is a coupon's name, or the text of a code
    that is in the file. ``periods`` has sums by the number of a period of the report, but for those without orders.
    """

    kind: LineKind | None
    id: str
    sums: Sums
    label: str = ""
    coupon: str | None = None
    in_file: bool = True
    periods: Mapping[int, Sums] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report is to show: metadata keys to count by, a span of time, and how long its periods are.

    ``every`` None is one period for all, or with ``drawn`` periods that are fit for a chart. ``zone`` is the name of
    the time zone of days, weeks and months.
    """

    by: tuple[str, ...] = ()
    span: Span = field(default_factory=Span)
    every: Every | None = None
    zone: str = "UTC"
    drawn: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that `results` shows. ``total`` counts each order once.

    ``every`` is how long each of ``periods`` is. ``missing`` are the lists that the key may not read. ``read_from``
    is since when orders were looked at, seconds UTC; None is from the account's first on.
    """

    account: Account
    owner: str
    asked: Asked
    total: Line
    coupons: tuple[Line, ...] = ()
    codes: tuple[Line, ...] = ()
    batches: tuple[Line, ...] = ()
    groups: tuple[Line, ...] = ()
    every: Every | None = None
    periods: tuple[Period, ...] = ()
    missing: tuple[Source, ...] = ()
    read_from: int | None = None

    @property
    def now(self) -> int:
        """Stripe's clock, seconds UTC."""
        return self.account.now

    @property
    def entries(self) -> tuple[Line, ...]:
        """Every line but the total and the groups, which count the same orders again."""
        return (*self.coupons, *self.codes, *self.batches)

    def group(self, key: str) -> tuple[Line, ...]:
        """Return the lines of the values of one metadata key."""
        return tuple(line for line in self.groups if line.label == key)
