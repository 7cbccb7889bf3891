"""The results for programs: JSON and CSV, every figure as a field of its own."""

from __future__ import annotations

import csv
from decimal import Decimal
from io import StringIO
from typing import Any

from promosync.model.currency import decimals
from promosync.plan.fields import iso
from promosync.render.heads import json_head
from promosync.render.results_words import label, missing_words, notes, summary
from promosync.render.tables import csv_cell, title
from promosync.results.report import Counts, Figures, Line, Report, Sums

Json = dict[str, Any]


def results_json(report: Report) -> Json:
    """Return a report as JSON-like values: dates as ISO 8601, amounts in minor units of their currency."""
    span = report.asked.span
    return {
        **json_head(report.account, report.owner),
        "taken": iso(report.now),
        "from": None if span.since is None else iso(span.since),
        "until": None if span.until is None else iso(span.until),
        "zone": report.asked.zone,
        "every": report.every.value if report.every else None,
        "read_from": None if report.read_from is None else iso(report.read_from),
        "missing": [source.value for source in report.missing],
        "summary": summary(report),
        "notes": [*missing_words(report), *notes(report)],
        "total": _sums(report.total, report),
        "coupons": [_line(line, report) for line in report.coupons],
        "promotion_codes": [_line(line, report) for line in report.codes],
        "code_batches": [_line(line, report) for line in report.batches],
        "by": {
            key: [{"value": title(line.kind, line.id), **_sums(line, report)} for line in report.group(key)]
            for key in report.asked.by
        },
    }


def results_csv(report: Report) -> str:
    """Return a report as CSV (RFC 4180): a row for each line, period and currency.

    Amounts are decimals of the currency; ``period`` is empty in the rows for all periods. Text cannot run as a
    formula in a spreadsheet.
    """
    out = StringIO()
    writer = csv.writer(out)
    head = ["kind", "id", "label", "coupon", "in_file", "period", "currency"]
    writer.writerow([*head, *_counts(Counts()), *_amounts(Figures())])
    for line in (report.total, *report.entries, *report.groups):
        about = [line.kind.value if line.kind else "total", line.id, line.label, line.coupon, line.in_file]
        periods = {label(report.periods[at], report.every): sums for at, sums in line.periods.items()}
        for period, sums in {"": line.sums, **periods}.items():
            for currency, figures in sums.money.items():
                amounts = [Decimal(amount).scaleb(-decimals(currency)) for amount in _amounts(figures).values()]
                row = [*about, period, currency, *_counts(figures).values(), *amounts]
                writer.writerow([csv_cell(value) for value in row])
    return out.getvalue()


def _line(line: Line, report: Report) -> Json:
    about = {"id": line.id, "label": line.label, "coupon": line.coupon, "in_file": line.in_file}
    return {**about, **_sums(line, report)}


def _sums(line: Line, report: Report) -> Json:
    parts = [
        {
            "period": label(period, report.every),
            "from": iso(period.since),
            "until": iso(period.last + 1),
            **_money(line.periods[number]),
        }
        for number, period in enumerate(report.periods)
        if number in line.periods
    ]
    return {**_money(line.sums), **({"periods": parts} if report.every else {})}


def _money(sums: Sums) -> Json:
    by_currency = {currency: {**_counts(figures), **_amounts(figures)} for currency, figures in sums.money.items()}
    return {**_counts(sums.counts), "by_currency": by_currency}


def _counts(counts: Counts) -> dict[str, int]:
    return {
        "orders": counts.orders,
        "first_orders": counts.first_orders,
        "renewals": counts.renewals,
        "customers": counts.customers,
        "new_customers": counts.new,
        "returning_customers": counts.returning,
        "guest_orders": counts.guests,
    }


def _amounts(figures: Figures) -> dict[str, int]:
    return {
        "before_discount": figures.before,
        "discount": figures.discount,
        "other_discounts": figures.others,
        "after_discount": figures.after,
        "refunded": figures.refunded,
    }
