"""The report: revenue and discounts of each coupon, code, batch and metadata value, for every format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from promosync.model.live import Account
from promosync.results.orders import Source
from promosync.results.periods import Every, Period, Span
from promosync.status.report import LineKind


@dataclass(frozen=True, slots=True)
class Counts:
    """How many orders and customers.

    ``new`` customers are those whose first paid order, of all orders that were read, is one of these. ``guests`` are
    orders without a customer in Stripe.
    """

    orders: int = 0
    renewals: int = 0
    customers: int = 0
    new: int = 0
    guests: int = 0

    @property
    def first_orders(self) -> int:
        """Orders that are not renewals of a subscription."""
        return self.orders - self.renewals

    @property
    def returning(self) -> int:
        """Customers with an earlier paid order."""
        return self.customers - self.new


@dataclass(frozen=True, slots=True)
class Figures(Counts):
    """Orders in one currency; amounts in its minor units.

    ``before`` and ``after`` are of whole orders, before and after all their discounts. ``discount`` is the sum of
    this line's own discounts, ``others`` that of the other discounts of the same orders: before = discount + others +
    after.
    """

    before: int = 0
    discount: int = 0
    after: int = 0
    refunded: int = 0

    @property
    def others(self) -> int:
        """The sum of the other discounts of the same orders."""
        return self.before - self.discount - self.after


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums of orders: counts over all currencies, and money by currency, the most frequent first."""

    counts: Counts = field(default_factory=Counts)
    money: Mapping[str, Figures] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """One line: an entry, a value of a metadata key, or the total (``kind`` None).

    For a value ``id`` is ``key=value`` and ``label`` the key; else ``label`` is the name of a coupon, or the text of
    a code in the file. ``periods`` has sums by the number of a period of the report, without periods that have no
    orders.
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
    """What a report has: metadata keys to count by, a span of time, and the length of periods.

    ``every`` None is one period for all orders, or with ``drawn`` periods for a chart. ``zone`` is the name of the
    time zone of days, weeks and months.
    """

    by: tuple[str, ...] = ()
    span: Span = field(default_factory=Span)
    every: Every | None = None
    zone: str = "UTC"
    drawn: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that `results` shows. ``total`` counts each order once.

    ``every`` is the length of ``periods``. ``missing`` are the lists that the key may not read. ``read_from`` is the
    time from which on orders were read, seconds UTC; None is from the first order of the account.
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
        """All lines except the total and the groups, which count the same orders again."""
        return (*self.coupons, *self.codes, *self.batches)

    def group(self, key: str) -> tuple[Line, ...]:
        """Return the lines of the values of one metadata key."""
        return tuple(line for line in self.groups if line.label == key)
