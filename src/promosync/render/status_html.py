"""The status report as one page of HTML: its figures, and its bars as shares of their width."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from promosync.model.life import State
from promosync.plan.exposure import total
from promosync.render.money import NO_LIMIT, totals_words, worst_words
from promosync.render.pages import day_and_time, page
from promosync.render.status_words import NOUNS, cells, columns_of, counts, number, title, uses_words
from promosync.render.visible import visible
from promosync.status.attention import SOON_DAYS, ends_soon, nearly_used
from promosync.status.report import Line, LineKind, Report
from promosync.status.tally import NO_VALUE

_MOST_BARS = 12
"""More bars in one chart say less; the table below has all."""

STATES = (
    (State.ACTIVE, "active", "active"),
    (State.REDEEMED, "used-up", "redeemed"),
    (State.EXPIRED, "expired", "expired"),
    (State.WITHDRAWN, "withdrawn", "withdrawn"),
    (State.OFF, "off", "off"),
    (State.SWITCHED_OFF, "switched-off", "switched off"),
    (State.ORPHANED, "orphaned", "orphaned"),
)
"""The parts of a batch from left to right: state, class, word."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: ``percent`` of the full width, None where there is no limit to measure it by."""

    name: str
    label: str
    figure: str
    note: str
    percent: float | None
    level: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a stacked bar; ``start`` and ``percent`` are of its width."""

    css: str
    word: str
    count: str
    start: float
    percent: float


def status_html(report: Report) -> str:
    """Return a report as one HTML page that stands by itself."""
    sections = [(noun, "", [line for line in report.entries if line.kind is kind]) for kind, noun in NOUNS.items()]
    charts = [(key, [line for line in report.groups if line.label == key]) for key in report.by]
    return page(
        "status",
        report.account,
        report.owner,
        attention=[visible(part) for part in report.attention],
        counts=counts(report),
        tiles=_tiles(report),
        budgets=[_budget(line, report.now) for line in report.coupons],
        charts=[(key, _uses(lines), max(0, len(lines) - _MOST_BARS)) for key, lines in charts if _worth(lines)],
        batches=[
            (visible(line.id), list(_parts(line)), number(line.issued, "code"), _left(line))
            for line in report.batches
        ],
        legend=[(css, word) for _, css, word in STATES],
        worst=[(visible(one.coupon), uses_words(one, report), worst_words(one.amounts)) for one in report.worst],
        worst_total=totals_words(total(report.worst)) if len(report.worst) > 1 else "",
        since=_since(report),
        columns=columns_of(report),
        group_columns=[column for column in columns_of(report) if column.name not in ("days", "state")],
        tables=[(noun, [_row(line, report.now) for line in lines]) for noun, _, lines in sections if lines],
        group_tables=[(f"By {visible(key)}", [_row(line, report.now) for line in lines]) for key, lines in charts],
    )


def _tiles(report: Report) -> Iterator[tuple[str, str, str, str]]:
    """Yield the figures to see first: figure, what of, a remark, and a level."""
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
        "the next apply brings them in line" if drift else "as written",
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
        visible(line.id),
        visible(line.label),
        figure,
        ", ".join(_notes(line, now)),
        None if line.limit is None else min(100.0, float(line.percent_used or 0)),
        "full" if line.state is not State.ACTIVE else "near" if nearly_used(line) else "",
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


def _worth(lines: Sequence[Line]) -> bool:
    """Whether a chart has anything to tell apart."""
    return any(title(line) != NO_VALUE for line in lines)


def _uses(lines: Sequence[Line]) -> list[Bar]:
    most = max((line.used for line in lines), default=0)
    return [
        Bar(
            visible(title(line)),
            "",
            number(line.used, "use"),
            f"{line.used_codes:,} of {number(line.issued, 'code')} used",
            100 * line.used / most if most else 0.0,
        )
        for line in lines[:_MOST_BARS]
    ]


def _parts(line: Line) -> Iterator[Part]:
    at = 0.0
    for state, css, word in STATES:
        count = line.count(state)
        if count:
            share = 100 * count / line.issued
            yield Part(css, word, f"{count:,}", round(at, 3), round(share, 3))
            at += share


def _left(line: Line) -> str:
    return "" if line.left is None else f"{line.left:,} uses left" if line.left != 1 else "1 use left"


def _row(line: Line, now: int) -> dict[str, object]:
    return {
        "name": visible(title(line)),
        "label": visible(line.label) if line.kind is not LineKind.GROUP else "",
        "cells": cells(line, now),
        "drift": [visible(part) for part in line.drift],
        "note": visible(line.note),
        "warn": {name for name, on in (("share", nearly_used(line)), ("days", ends_soon(line, now))) if on},
        "pill": "active" if line.state is State.ACTIVE else "ended",
    }


def _since(report: Report) -> dict[str, object] | None:
    if report.since is None:
        return None
    return {
        "taken": day_and_time(report.since.taken),
        "changes": [
            (
                "metadata" if change.kind is LineKind.GROUP else change.kind.value.replace("_", " "),
                visible(change.id),
                f"{change.since:+,}",
                f"{change.used:,}",
            )
            for change in report.since.changes
        ],
    }
