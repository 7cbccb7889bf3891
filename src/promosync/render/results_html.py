"""The results as one HTML page: revenue and discount of each campaign, in all and over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from promosync.render import results_words as wording
from promosync.render.pages import page, page_table, tells_apart
from promosync.render.tables import Table, title
from promosync.render.values import money, number
from promosync.results.report import Figures, Line, Report
from promosync.status.report import LineKind

_MOST_CHARTS = 12
"""More charts are hard to compare; the tables below have all."""
_LONG = 11
"""Figures with more characters do not fit on a tile in the large type."""
_MOST_BARS = 60
"""More bars than this are too thin for a phone: the latest are drawn."""


@dataclass(frozen=True, slots=True)
class Share:
    """One bar: amount paid and discount, in percent of the full width."""

    name: str
    after: float
    discount: float
    figure: str
    note: str


@dataclass(frozen=True, slots=True)
class Column:
    """One vertical bar of a chart over time: its start, its width, and the heights of its parts, in percent."""

    start: float
    wide: float
    after: float
    discount: float
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The orders of one line over time, in one currency."""

    heading: str
    most: str
    words: str
    columns: tuple[Column, ...]
    first: str
    last: str


def results_html(report: Report) -> str:
    """Return a report as one HTML page that needs no other file."""
    drawn = _drawn(report)
    shares, charts, tiles = list(_shares(drawn)), list(_charts(drawn, report)), list(_tiles(report))
    tables, remarks = list(_tables(report)), list(wording.notes(report))
    contents = {
        "shares": f"Revenue and discount of each {_what(drawn)}" if shares else "",
        "time": f"Each {_what(drawn)} over time" if charts else "",
        **{one.id: one.heading for one in tables},
        "notes": "How to read this" if remarks else "",
    }
    return page(
        "results",
        report.account,
        report.owner,
        contents,
        cards_below="64rem",
        span=wording.span_words(report),
        summary=wording.summary(report),
        missing=wording.missing_words(report),
        notes=remarks,
        tiles=tiles,
        long=max(len(figure) for figure, _, _ in tiles) > _LONG,
        shares=shares,
        charts=charts,
        most=_MOST_CHARTS,
        each=wording.EACH[report.every] if report.every else "",
        cut=len(report.periods) > _MOST_BARS,
        most_bars=_MOST_BARS,
        tables=tables,
    )


def _drawn(report: Report) -> Sequence[Line]:
    """Return the lines with orders, the most orders first: values of the first metadata key in use, else coupons."""
    groups = (report.group(key) for key in report.asked.by)
    lines = next((found for found in groups if tells_apart(title(one.kind, one.id) for one in found)), report.coupons)
    return sorted((line for line in lines if line.sums.counts.orders), key=lambda line: -line.sums.counts.orders)


def _what(drawn: Sequence[Line]) -> str:
    """Return what each line of the charts is: a value of a metadata key, or a coupon."""
    return drawn[0].label if drawn and drawn[0].kind is LineKind.GROUP else "coupon"


def _tiles(report: Report) -> Iterator[tuple[str, str, str]]:
    """Yield the most important figures: the figure, what it counts, a remark; money in the most frequent currency."""
    sums = report.total.sums
    counts = sums.counts
    renewals = f"{number(counts.first_orders, 'first order')}, {number(counts.renewals, 'renewal')}"
    yield f"{counts.orders:,}", "orders", renewals if counts.renewals else wording.span_words(report).lower()
    guests = f", and {number(counts.guests, 'guest')}" if counts.guests else ""
    yield f"{counts.customers:,}", "customers", f"{counts.new:,} new, {counts.returning:,} returning{guests}"
    if not sums.money:
        return
    (main, figures), *others = sums.money.items()
    also = f"; also {'; '.join(money(one.after, currency) for currency, one in others)}" if others else ""
    yield money(figures.after, main), "after discount", f"{money(figures.before, main)} before{also}"
    also = f"; also {'; '.join(money(one.discount, currency) for currency, one in others)}" if others else ""
    yield money(figures.discount, main), "discount given", f"{_percent(figures)} of what it was before{also}"


def _percent(figures: Figures) -> str:
    return f"{100 * figures.discount / figures.before:.1f} %" if figures.before > 0 else "0 %"


def _shares(lines: Sequence[Line]) -> Iterator[Share]:
    """Yield a bar for each line and currency; the longest bar of a currency has the full width."""
    longest: dict[str, int] = {}
    for _, currency, figures in _money(lines):
        longest[currency] = max(longest.get(currency, 0), figures.after + figures.discount)
    for line, currency, figures in _money(lines):
        full = max(1, longest[currency])
        yield Share(
            title(line.kind, line.id),
            round(100 * max(0, figures.after) / full, 2),
            round(100 * max(0, figures.discount) / full, 2),
            money(figures.after, currency),
            f"{number(figures.orders, 'order')}, {money(figures.discount, currency)} discount ({_percent(figures)})",
        )


def _money(lines: Sequence[Line]) -> Iterator[tuple[Line, str, Figures]]:
    for line in lines:
        for currency, figures in line.sums.money.items():
            yield line, currency, figures


def _charts(lines: Sequence[Line], report: Report) -> Iterator[Chart]:
    """Yield a chart for each line and currency with amounts in the latest periods; none if there is one period."""
    shown = list(enumerate(report.periods))[-_MOST_BARS:]
    if len(shown) < 2:
        return
    names = [wording.label(period, report.every) for _, period in shown]
    for line, currency, _ in _money(lines):
        periods = [line.periods[at].money if at in line.periods else {} for at, _ in shown]
        bars = [found.get(currency) for found in periods]
        heights = [max(0, one.after) + max(0, one.discount) if one else 0 for one in bars]
        if not (top := max(heights)):
            continue
        most = f"most: {money(top, currency)} in {names[heights.index(top)]}"
        name = title(line.kind, line.id)
        words = f"{name}, {currency.upper()}, {names[0]} to {names[-1]}; {most}"
        columns = tuple(_columns(bars, top, currency, names))
        yield Chart(f"{name}, in {currency.upper()}", most, words, columns, names[0], names[-1])


def _columns(bars: Sequence[Figures | None], top: int, currency: str, names: Sequence[str]) -> Iterator[Column]:
    step = 100 / len(bars)
    for place, (figures, name) in enumerate(zip(bars, names, strict=True)):
        if figures is not None:
            yield Column(
                round(place * step + step * 0.1, 3),
                round(step * 0.8, 3),
                round(100 * max(0, figures.after) / top, 2),
                round(100 * max(0, figures.discount) / top, 2),
                f"{name}: {wording.money_words(figures, currency)}",
            )


def _tables(report: Report) -> Iterator[Table]:
    """Yield the tables of all lines, and that of all orders over time."""
    for place, one in enumerate(wording.tables(report)):
        if tells_apart(row.title for row in one.rows):
            yield page_table(one, f"{len(one.rows):,}" if place else "", "money")
    if rows := wording.period_rows(report.total, report):
        over_time = Table("periods", "All orders over time", wording.COLUMNS, rows)
        yield page_table(over_time, f"{len(report.periods):,}", "money")
