"""The status report for programs: JSON and CSV, every figure as a field of its own."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

from promosync.model.life import State
from promosync.plan.fields import iso
from promosync.render.heads import json_head
from promosync.render.plan_json import worst_case_json
from promosync.render.status_words import summary
from promosync.render.tables import csv_cell, title
from promosync.render.values import worst_words
from promosync.status.report import Line, OverTime, Report, Since

Json = dict[str, Any]

_FIGURES = (
    "issued", "active", "used", "limit", "left", "redeemed", "expired", "withdrawn", "off", "switched_off",
    "orphaned", "used_codes", "percent_used",
)  # fmt: skip
_FIELDS = (
    "kind", "id", "label", "coupon", "state", *_FIGURES, "ends", "days_left", "drift", "note", "in_file", "stripe_id",
)  # fmt: skip


def status_json(report: Report) -> Json:
    """Return a report as JSON-like values: dates as ISO 8601, amounts in minor units, None for "no limit"."""
    return {
        **json_head(report.account, report.owner),
        "taken": iso(report.now),
        "summary": summary(report),
        "attention": list(report.attention),
        "coupons": [_line(line, report.now) for line in report.coupons],
        "promotion_codes": [_line(line, report.now) for line in report.codes],
        "code_batches": [_line(line, report.now) for line in report.batches],
        "by": {key: [_group(line, report.now) for line in report.groups if line.label == key] for key in report.by},
        "worst_case": worst_case_json(report.worst),
        "since": _since(report.since) if report.since else None,
        "over_time": _over_time(report.over_time) if report.over_time else None,
    }


def status_csv(report: Report) -> str:
    """Return a report as CSV (RFC 4180), a row for each line; text cannot run as a formula in a spreadsheet."""
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


def _line(line: Line, now: int) -> Json:
    worked_out = {
        **{state.name.lower(): line.count(state) for state in State},
        "kind": line.kind.value,
        "state": line.state_word,
        "ends": None if line.ends is None else iso(line.ends),
        "days_left": line.days_left(now),
        "drift": list(line.drift),
    }
    return {name: worked_out[name] if name in worked_out else getattr(line, name) for name in _FIELDS}


def _group(line: Line, now: int) -> Json:
    row = _line(line, now)
    return {"value": title(line.kind, line.id), **{name: row[name] for name in _FIGURES}}


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
