"""The status report for programs: JSON and CSV, every figure as a field of its own."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO
from typing import Any

from promosync.model.life import State
from promosync.plan.fields import iso
from promosync.render.heads import json_head
from promosync.render.plan_json import worst_case_json
from promosync.render.status_words import summary
from promosync.render.tables import csv_cell
from promosync.render.values import worst_words
from promosync.status.report import Line, OverTime, Report, Since

Json = dict[str, Any]

_FIELDS = (
    "kind", "id", "label", "coupon", "state", "issued", "active", "used", "limit", "left", "redeemed", "expired",
    "withdrawn", "off", "switched_off", "orphaned", "used_codes", "percent_used", "ends", "days_left", "drift",
    "note", "in_file", "stripe_id",
)  # fmt: skip


def status_json(report: Report) -> Json:
    """Return a report as JSON-like values: dates as ISO 8601, amounts in minor units, None for "no limit"."""
    return {
        **json_head(report.account, report.owner),
        "taken": iso(report.now),
        "summary": summary(report),
        "attention": list(report.attention),
        "coupons": _lines(report.coupons, report.now),
        "promotion_codes": _lines(report.codes, report.now),
        "code_batches": _lines(report.batches, report.now),
        "by": {key: [_group(line, report.now) for line in report.groups if line.label == key] for key in report.by},
        "worst_case": worst_case_json(report.worst),
        "since": _since(report.since) if report.since else None,
        "over_time": _over_time(report.over_time) if report.over_time else None,
    }


def status_csv(report: Report) -> str:
    """Return a report as CSV after RFC 4180, one row a line; text that a spreadsheet would run is made inert."""
    worst = {one.coupon: worst_words(one.amounts) for one in report.worst}
    changes = {(change.kind, change.id): change.since for change in report.since.changes} if report.since else None
    over = report.over_time or OverTime(())
    courses = {(one.kind, one.id): one.used for one in over.courses}
    taken = [f"used {iso(moment)}" for moment in over.taken]
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow([*_FIELDS, "worst_case", *(["since"] if changes is not None else []), *taken])
    for line in (*report.entries, *report.groups):
        row = _line(line, report.now) | {"drift": "; ".join(line.drift)}
        money = worst.get(line.id, "") if line in report.coupons else ""
        since = [] if changes is None else [changes.get((line.kind, line.id), 0)]
        course = courses.get((line.kind, line.id), (None,) * len(taken))
        writer.writerow([*(csv_cell(row[name]) for name in _FIELDS), money, *since, *map(csv_cell, course)])
    return out.getvalue()


def _lines(lines: Iterable[Line], now: int) -> list[Json]:
    return [_line(line, now) for line in lines]


def _line(line: Line, now: int) -> Json:
    return {
        "kind": line.kind.value,
        "id": line.id,
        "label": line.label,
        "coupon": line.coupon,
        "state": line.state_word,
        "issued": line.issued,
        "active": line.count(State.ACTIVE),
        "used": line.used,
        "limit": line.limit,
        "left": line.left,
        "redeemed": line.count(State.REDEEMED),
        "expired": line.count(State.EXPIRED),
        "withdrawn": line.count(State.WITHDRAWN),
        "off": line.count(State.OFF),
        "switched_off": line.count(State.SWITCHED_OFF),
        "orphaned": line.count(State.ORPHANED),
        "used_codes": line.used_codes,
        "percent_used": line.percent_used,
        "ends": None if line.ends is None else iso(line.ends),
        "days_left": line.days_left(now),
        "drift": list(line.drift),
        "note": line.note,
        "in_file": line.in_file,
        "stripe_id": line.stripe_id,
    }


def _group(line: Line, now: int) -> Json:
    left_out = (
        "kind",
        "id",
        "label",
        "coupon",
        "state",
        "drift",
        "note",
        "in_file",
        "stripe_id",
        "ends",
        "days_left",
    )
    figures = {key: value for key, value in _line(line, now).items() if key not in left_out}
    return {"value": line.id.partition("=")[2], **figures}


def _since(since: Since) -> Json:
    return {
        "taken": iso(since.taken),
        "changes": [
            {
                "kind": change.kind.value,
                "id": change.id,
                "label": change.label,
                "before": change.before,
                "used": change.used,
                "since": change.since,
                "percent": None if change.percent is None else round(change.percent, 2),
            }
            for change in since.changes
        ],
        "alarms": [
            {"rule": alarm.rule, "kind": alarm.kind.value, "id": alarm.id, "message": alarm.message}
            for alarm in since.alarms
        ],
    }


def _over_time(over: OverTime) -> Json:
    return {
        "taken": [iso(moment) for moment in over.taken],
        "lines": [
            {"kind": one.kind.value, "id": one.id, "label": one.label, "used": list(one.used)} for one in over.courses
        ],
    }
