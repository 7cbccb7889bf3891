"""What every format of the results shows in the same words: its tables, the summary, and notes on the figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from promosync.plan.fields import iso
from promosync.render.tables import NOTHING, NOUNS, Column, Row, Table, filled
from promosync.render.values import amount_text, money, number
from promosync.results.orders import Source
from promosync.results.periods import Every, Period
from promosync.results.report import Figures, Line, Report, Sums
from promosync.status.report import LineKind

COLUMNS = (
    Column("orders", "orders"),
    Column("renewals", "renewals"),
    Column("customers", "customers"),
    Column("new", "new"),
    Column("guests", "guests"),
    Column("currency", "in", number=False),
    Column("before", "before"),
    Column("discount", "discount"),
    Column("after", "after"),
    Column("refunded", "refunded"),
)

_MISSING = {
    Source.INVOICES: "Invoices could not be read: the orders of subscriptions are not in these figures."
    " Give the key the permission Invoices: read.",
    Source.SESSIONS: "Checkout sessions could not be read: payments without an invoice are not in these figures."
    " Give the key the permission Checkout Sessions: read.",
}
EACH = {Every.DAY: "day", Every.WEEK: "week from Monday on", Every.MONTH: "month"}


def tables(report: Report) -> Iterator[Table]:
    """Yield the tables that have a row: of all orders, for each metadata key, and for each kind of entry."""
    for place, (heading, key, lines) in enumerate(_sections(report), start=1):
        yield Table(f"table-{place}", heading, COLUMNS, [_row(line) for line in lines], key)


def columns(every: Iterable[Table]) -> list[Column]:
    """Return the columns of the tables; rare ones only where there is a figure."""
    return filled(COLUMNS, every, ("renewals", "guests", "refunded"))


def lines_over_time(report: Report) -> list[Line]:
    """Return the lines with figures for each period, in the order of the tables."""
    return [line for _, _, lines in _sections(report) for line in lines if line.periods]


def period_rows(line: Line, report: Report) -> list[Row]:
    """Return a row for each period in which a line has orders."""
    return [Row(None, label(report.periods[at], report.every), _figures(sums)) for at, sums in line.periods.items()]


def label(period: Period, every: Every | None) -> str:
    """Return what a period is called: its month, or its first day."""
    return period.first.strftime("%Y-%m") if every is Every.MONTH else period.first.isoformat()


def summary(report: Report) -> str:
    """Return what all orders brought, in one sentence."""
    counts, money_in = report.total.sums.counts, report.total.sums.money
    if not counts.orders:
        return "No paid order has had one of these discounts."
    buyers = [f"{number(counts.customers, 'customer')} ({counts.new:,} new)"] if counts.customers else []
    buyers += [number(counts.guests, "guest")] if counts.guests else []
    brought = (money_words(figures, currency) for currency, figures in money_in.items())
    return f"{number(counts.orders, 'order')} of {' and '.join(buyers)}: {'; '.join(brought)}."


def money_words(figures: Figures, currency: str) -> str:
    """Return what orders brought in one currency."""
    return f"{money(figures.after, currency)} after discounts of {money(figures.discount, currency)}"


def span_words(report: Report) -> str:
    """Return when the orders that are shown were paid."""
    span = report.asked.span
    if span.since is None and span.until is None:
        return "All orders"
    since = "" if span.since is None else f" from {iso(span.since)}"
    until = "" if span.until is None else f" until {iso(span.until)}"
    return f"Orders paid{since}{until} (days of {report.asked.zone})"


def missing_words(report: Report) -> list[str]:
    """Return what is not in the figures because the key may not read it."""
    return [_MISSING[source] for source in report.missing]


def notes(report: Report) -> Iterator[str]:
    """Yield what a reader must know about the figures."""
    counts, figures = report.total.sums.counts, report.total.sums.money.values()
    if not counts.orders:
        return
    if counts.renewals:
        again = "is a renewal" if counts.renewals == 1 else "are renewals"
        yield f"A recurring discount counts with each payment: {counts.renewals:,} of the orders {again}."
    lines = (*report.entries, *report.groups, report.total)
    if any(one.others for line in lines for one in line.sums.money.values()):
        yield (
            "An order with several discounts is in the line of each discount: the whole order, with the discount of"
            " that line. All orders together count it once."
        )
    if counts.guests:
        yield "Guests are orders without a customer in Stripe: they are not among the customers."
    since = "" if report.read_from is None else f" made since {iso(report.read_from)}"
    yield f"New customers are those with no earlier paid order; all orders{since} were read."
    if any(one.refunded for one in figures):
        yield "Refunded is the sum of credit notes, tax included; it is not subtracted from the other amounts."


def _sections(report: Report) -> Iterator[tuple[str, str, Sequence[Line]]]:
    """Yield the heading of each table that has a line, the metadata key whose values the lines are, and the lines."""
    yield "All orders", "", [report.total]
    for key in report.asked.by:
        if groups := report.group(key):
            yield f"By {key}", key, groups
    for kind, noun in NOUNS.items():
        if lines := [line for line in report.entries if line.kind is kind]:
            yield noun, "", lines


def _row(line: Line) -> Row:
    known_as = "" if line.kind is LineKind.GROUP else line.label
    return Row(line.kind, line.id, _figures(line.sums), known_as, note="" if line.in_file else "not in the file")


def _figures(sums: Sums) -> list[dict[str, str]]:
    """Return figures as a person reads them, by the name of their column: once for each currency, at least once."""
    return [_cells(currency, figures) for currency, figures in sums.money.items()] or [_cells("", Figures())]


def _cells(currency: str, figures: Figures) -> dict[str, str]:
    amounts = ("before", "discount", "after", "refunded")
    return {
        **{name: f"{getattr(figures, name):,}" for name in ("orders", "renewals", "customers", "new", "guests")},
        "currency": currency.upper(),
        **{name: amount_text(getattr(figures, name), currency) if currency else NOTHING for name in amounts},
    }
