"""The status report as one HTML page: its figures, bars and curves, computed for the template."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from promosync.model.life import State
from promosync.plan.exposure import total
from promosync.render.pages import day_and_time, page, page_table, tells_apart
from promosync.render.status_words import counts, courses, cut_words, over_time_table, tables, uses_words
from promosync.render.tables import Column, Row, Table, title
from promosync.render.values import NO_LIMIT, number, totals_words, worst_words
from promosync.status.attention import SOON_DAYS, ends_soon, nearly_used
from promosync.status.report import Course, Line, LineKind, OverTime, Report

_MOST_POINTS = 60
"""More points in one curve cannot be distinguished on a phone: the latest are drawn."""
_MOMENTS = 6
"""More columns of figures over time do not fit beside the names."""
_MOST_BARS = 12
"""More bars in one chart are hard to compare; the table below has all."""

_CLASSES = {state: state.value.replace(" ", "-") for state in State} | {State.REDEEMED: "used-up"}
"""The parts of a batch from left to right, with their CSS class."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: ``percent`` of the full width, None without a limit; ``label`` is None if such bars have none."""

    name: str
    figure: str
    note: str
    percent: float | None
    level: str = ""
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a stacked bar; ``start`` and ``percent`` are of its width."""

    css: str
    word: str
    count: str
    start: float
    percent: float


@dataclass(frozen=True, slots=True)
class Point:
    """One moment of a curve: its place in thousandths of the width and percent of the height, and its words.

    ``start`` and ``wide`` are the strip of the width that is nearest to it, for the tooltip.
    """

    x: float
    y: float
    start: float
    wide: float
    words: str


@dataclass(frozen=True, slots=True)
class Curve:
    """How often one line was used over time, from its first moment to its last."""

    name: str
    words: str
    points: tuple[Point, ...]
    first: str
    last: str


def status_html(report: Report) -> str:
    """Return a report as one HTML page that needs no other file."""
    charts = {}
    for place, key in enumerate(report.by, start=1):
        lines = [line for line in report.groups if line.label == key]
        if tells_apart(title(line.kind, line.id) for line in lines):
            charts[f"uses-{place}"] = key, lines
    since = list(_since(report))
    curves = dict(_curves(report))
    every = list(_tables(report))
    contents = {
        **{f"time-{place}": heading for place, heading in enumerate(curves, start=1)},
        "budgets": "Coupon budgets" if report.coupons else "",
        **{id: f"Uses per {key}" for id, (key, _) in charts.items()},
        "states": "Batch states" if report.batches else "",
        "worst": "The most it can cost" if report.worst else "",
        **{one.id: one.heading for one in (*since, *every)},
    }
    return page(
        "status",
        report.account,
        report.owner,
        contents,
        attention=report.attention,
        counts=counts(report),
        tiles=_tiles(report),
        curves=[(f"time-{place}", one) for place, one in enumerate(curves.values(), start=1)],
        points_cut=cut_words(report.over_time, min(_MOST_POINTS, len(report.over_time.taken)))
        if report.over_time
        else "",
        budgets=[_budget(line, report.now) for line in _fullest(report.coupons)],
        charts=[(id, _uses(lines), len(lines)) for id, (_, lines) in charts.items()],
        batches=[
            (line.id, list(_parts(line)), number(line.issued, "code"), _left(line))
            for line in report.batches[:_MOST_BARS]
        ],
        worst=[(one.coupon, uses_words(one, report), worst_words(one.amounts)) for one in report.worst],
        worst_total=totals_words(total(report.worst)) if len(report.worst) > 1 else "",
        most=_MOST_BARS,
        many_coupons=len(report.coupons),
        many_batches=len(report.batches),
        since=since,
        tables=every,
    )


def _fullest(lines: Sequence[Line]) -> Sequence[Line]:
    """Return all lines if there is a bar for each, else those that used the largest share of their limit."""
    if len(lines) <= _MOST_BARS:
        return lines
    return sorted(lines, key=lambda line: (-(line.percent_used or 0), -line.used))[:_MOST_BARS]


def _tiles(report: Report) -> Iterator[tuple[str, str, str, str]]:
    """Yield the most important figures: the figure, what it counts, a remark, and a level."""
    used = sum(line.used for line in report.coupons)
    yield f"{used:,}", "redemptions", _since_words(report), ""
    codes = [*report.codes, *report.batches]
    active, issued = sum(line.count(State.ACTIVE) for line in codes), sum(line.issued for line in codes)
    yield f"{active:,}", "codes work today", f"of {issued:,} issued", ""
    soon = sum(ends_soon(line, report.now) for line in report.entries)
    yield f"{soon:,}", f"end within {SOON_DAYS} days", "coupons, codes and batches", "warn" if soon else ""
    drift = sum(bool(line.drift) for line in report.entries)
    yield (
        f"{drift:,}",
        "differ from the file",
        "the next apply corrects this" if drift else "as written",
        ("warn" if drift else ""),
    )


def _since_words(report: Report) -> str:
    if report.since is None:
        return "of every coupon, so far"
    used = sum(change.since for change in report.since.changes if change.kind is LineKind.COUPON)
    return f"{used:+,} since {day_and_time(report.since.taken)}"


def _budget(line: Line, now: int) -> Bar:
    figure = f"{line.used:,} used, {NO_LIMIT}" if line.limit is None else f"{line.used:,} of {line.limit:,} used"
    return Bar(
        line.id,
        figure,
        ", ".join(_notes(line, now)),
        None if line.limit is None else min(100.0, float(line.percent_used or 0)),
        "full" if line.state is not State.ACTIVE else "near" if nearly_used(line) else "",
        line.label,
    )


def _notes(line: Line, now: int) -> Iterator[str]:
    if line.state is not State.ACTIVE:
        yield line.state_word
        return
    if line.left is not None:
        yield f"{line.left:,} left"
    days = line.days_left(now)
    if days is not None:
        yield "ends within a day" if days == 0 else f"ends in {number(days, 'day')}" if days > 0 else "over"


def _uses(lines: Sequence[Line]) -> list[Bar]:
    most = max((line.used for line in lines), default=0)
    return [
        Bar(
            title(line.kind, line.id),
            number(line.used, "use"),
            f"{line.used_codes:,} of {number(line.issued, 'code')} used",
            100 * line.used / most if most else 0.0,
        )
        for line in lines[:_MOST_BARS]
    ]


def _parts(line: Line) -> Iterator[Part]:
    at = 0.0
    for state, css in _CLASSES.items():
        count = line.count(state)
        if count:
            share = 100 * count / line.issued
            yield Part(css, state.value, f"{count:,}", round(at, 3), round(share, 3))
            at += share


def _left(line: Line) -> str:
    return "" if line.left is None else f"{number(line.left, 'use')} left"


def _tables(report: Report) -> Iterator[Table]:
    """Yield the tables of all lines: one for each kind, and one for each metadata key."""
    for one in tables(report):
        yield page_table(one, number(len(one.rows), "value") if one.key else _states(one.rows))


def _curves(report: Report) -> Iterator[tuple[str, list[Curve]]]:
    """Yield the headings of the charts over time, of coupons and of each metadata key, with their curves."""
    if (over := report.over_time) is None:
        return
    drawn = [one for one in courses(over) if len(_known(one, over)) > 1]
    for heading, key in (
        ("Coupons over time", None),
        *((f"Each {key} over time", key) for key in report.by),
    ):
        found = [one for one in drawn if key == (one.label if one.kind is LineKind.GROUP else None)]
        if found:
            yield heading, [_curve(one, over) for one in found]


def _known(course: Course, over: OverTime) -> list[tuple[int, int]]:
    """Return the moments, seconds UTC, at which a line was counted, each with its uses until then."""
    pairs = zip(over.taken, course.used, strict=True)
    return [(at, used) for at, used in pairs if used is not None][-_MOST_POINTS:]


def _curve(course: Course, over: OverTime) -> Curve:
    """Return a curve with its moments at their real distances; the highest point is as high as the chart."""
    known = _known(course, over)
    begin, whole, top = known[0][0], max(1, known[-1][0] - known[0][0]), max(1, *(used for _, used in known))
    places = [1000 * (at - begin) / whole for at, _ in known]
    edges = [0.0, *((one + other) / 2 for one, other in pairwise(places)), 1000.0]
    points = tuple(
        Point(
            round(x, 1),
            round(100 - 100 * used / top, 1),
            round(start, 1),
            round(end - start, 1),
            f"{day_and_time(at)}: {number(used, 'use')}",
        )
        for (at, used), x, (start, end) in zip(known, places, pairwise(edges), strict=True)
    )
    name = title(course.kind, course.id)
    first, last = (f"{when}: {used:,}" for when, (_, used) in zip(_span(known), (known[0], known[-1]), strict=True))
    return Curve(name, f"{name}: {points[0].words}; {points[-1].words}", points, first, last)


def _span(known: Sequence[tuple[int, int]]) -> tuple[str, str]:
    """Return the first and the last moment in words: their days, with the time if both are on one day."""
    first, last = (day_and_time(known[at][0]) for at in (0, -1))
    days = first.partition(",")[0], last.partition(",")[0]
    return (first, last) if days[0] == days[1] else days


def _states(rows: Sequence[Row]) -> str:
    """Return how many rows there are, and in which state."""
    found = Counter(row.figures[0]["state"] for row in rows).most_common()
    said = ", ".join(f"{count:,} {state}" for state, count in found)
    return said if len(found) == 1 else f"{len(rows):,}: {said}"


def _since(report: Report) -> Iterator[Table]:
    """Yield the tables of uses since the snapshot and over several snapshots; none without a snapshot."""
    if report.since is None:
        return
    rows = [
        Row(
            None,
            change.id,
            [{"since": f"{change.since:+,}", "used": f"{change.used:,}"}],
            change.kind.value.replace("_", " "),
        )
        for change in report.since.changes
    ]
    columns = (Column("since", "uses since"), Column("used", "uses in all"))
    yield page_table(Table("since", f"Since {day_and_time(report.since.taken)}", columns, rows))
    if (over := report.over_time) is not None:
        table = over_time_table(over)
        latest = table.columns[-_MOMENTS:]
        yield page_table(replace(table, columns=latest), cut_words(over, len(latest)))
