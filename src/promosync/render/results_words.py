"""What every format of the results says in the same words: columns, figures, the summary, and what is to be known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from promosync.plan.fields import iso
from promosync.render.status_words import NOUNS, number
from promosync.render.tables import NOTHING, Column
from promosync.render.values import amount_text, money
from promosync.results.orders import Source
from promosync.results.periods import Every, Period
from promosync.results.report import Counts, Figures, Line, Report, Sums
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

_OPTIONAL = ("renewals", "guests", "refunded")
_MISSING = {
    Source.INVOICES: "Invoices could not be read: the orders of subscriptions are not in these figures.",
    Source.SESSIONS: "Checkout sessions could not be read: payments without an invoice are not in these figures.",
}
PERMISSIONS = {Source.INVOICES: "Invoices: read", Source.SESSIONS: "Checkout Sessions: read"}
EACH = {Every.DAY: "day", Every.WEEK: "week from Monday on", Every.MONTH: "month"}


def rows(sums: Sums) -> list[dict[str, str]]:
    """Return the figures of a line as a person reads them, by the name of their column: one row for each currency."""
    return [_cells(currency, figures) for currency, figures in sums.money.items()] or [_cells("", None)]


def columns(report: Report) -> list[Column]:
    """Return the columns of the tables: some are left out where nothing stands in them."""
    figures = report.total.sums.money.values()
    return [
        column
        for column in COLUMNS
        if column.name not in _OPTIONAL or any(getattr(one, column.name) for one in figures)
    ]


def sections(report: Report) -> Iterator[tuple[str, list[Line]]]:
    """Yield the tables of a report that have a line, each with its heading."""
    yield "All orders", [report.total]
    for key in report.asked.by:
        if groups := list(report.group(key)):
            yield f"By {key}", groups
    for kind, noun in NOUNS.items():
        lines = [line for line in report.entries if line.kind is kind]
        if lines:
            yield noun, lines


def title(line: Line) -> str:
    """Return what a line is called."""
    return line.id.partition("=")[2] if line.kind is LineKind.GROUP else line.id


def remarks(line: Line) -> list[str]:
    """Return what there is to say of a line besides its figures."""
    return [] if line.in_file else ["not in the file"]


def label(period: Period, every: Every | None) -> str:
    """Return what a period is called: its month, or its first day."""
    return period.first.strftime("%Y-%m") if every is Every.MONTH else period.first.isoformat()


def summary(report: Report) -> str:
    """Return what all orders came to, in one sentence."""
    sums = report.total.sums
    if not sums.counts.orders:
        return "No paid order has had one of these discounts."
    said = f"{number(sums.counts.orders, 'order')} of {customers_words(sums.counts)}"
    return f"{said}: {'; '.join(money_words(sums.money))}."


def customers_words(counts: Counts) -> str:
    """Return of whom orders were: ``10 customers (4 new) and 2 guests``."""
    parts = [f"{number(counts.customers, 'customer')} ({counts.new:,} new)"] if counts.customers else []
    parts += [number(counts.guests, "guest")] if counts.guests else []
    return " and ".join(parts)


def money_words(amounts: Mapping[str, Figures]) -> Iterator[str]:
    """Yield what orders came to in each currency."""
    for currency, figures in amounts.items():
        after, given = money(figures.after, currency), money(figures.discount, currency)
        yield f"{after} after discounts of {given}"


def span_words(report: Report) -> str:
    """Return which orders are shown, by when they were paid."""
    span, zone = report.asked.span, report.asked.zone
    if span.since is None and span.until is None:
        return "All orders"
    parts = [f"from {iso(span.since)}" if span.since is not None else ""]
    parts.append(f"until {iso(span.until)}" if span.until is not None else "")
    return f"Orders paid {' '.join(filter(None, parts))} (days of {zone})"


def missing_words(report: Report) -> Iterator[str]:
    """Yield what is not in the figures because the key may not read it."""
    for source in report.missing:
        yield f"{_MISSING[source]} Give the key the permission {PERMISSIONS[source]}."


def notes(report: Report) -> Iterator[str]:
    """Yield what whoever reads the figures has to know of them."""
    counts, figures = report.total.sums.counts, report.total.sums.money.values()
    if not counts.orders:
        return
    if counts.renewals:
        again = "is a renewal" if counts.renewals == 1 else "are renewals"
        yield f"A discount that recurs counts each time it is given: {counts.renewals:,} of the orders {again}."
    lines = (*report.entries, *report.groups, report.total)
    if any(one.others for line in lines for one in line.sums.money.values()):
        yield (
            "An order with several discounts stands in the line of each of them: the whole order, and the discount of"
            " that line. All orders together count it once."
        )
    if counts.guests:
        yield "Guests are orders of nobody that Stripe knows: they are not among the customers."
    since = "" if report.read_from is None else f" made since {iso(report.read_from)}"
    yield f"New customers are those with no earlier paid order; all orders{since} were read."
    if any(one.refunded for one in figures):
        yield "Refunded is what credit notes took back, tax included; it is not taken off the other amounts."


def _cells(currency: str, figures: Figures | None) -> dict[str, str]:
    if figures is None:
        counts, amounts = Counts(), dict.fromkeys(("before", "discount", "after", "refunded"), NOTHING)
    else:
        counts = figures
        amounts = {
            name: amount_text(getattr(figures, name), currency)
            for name in ("before", "discount", "after", "refunded")
        }
    return {
        "orders": f"{counts.orders:,}",
        "renewals": f"{counts.renewals:,}",
        "customers": f"{counts.customers:,}",
        "new": f"{counts.new:,}",
        "guests": f"{counts.guests:,}",
        "currency": currency.upper(),
        **amounts,
    }
