"""Everything one account and mode holds, in full, for a test to compare."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping

from . import checkout_sessions, coupons, customers, invoices, products, promotion_codes
from .call import Call, Json

_IN_FULL: Mapping[str, Callable[[Call, sqlite3.Row], Json]] = {
    coupons.TABLE: lambda call, row: coupons.render(call, row, {"applies_to": {}, "currency_options": {}}),
    promotion_codes.TABLE: lambda call, row: promotion_codes.render(
        call, row, {"restrictions": {"currency_options": {}}}
    ),
    products.TABLE: products.render,
    customers.TABLE: customers.render,
    invoices.TABLE: lambda call, row: invoices.render(call, row, {"total_discount_amounts": {"discount": {}}}),
    checkout_sessions.TABLE: lambda call, row: checkout_sessions.render(
        call, row, {"total_details": {"breakdown": {}}}
    ),
}


def dump(call: Call) -> Json:
    """The living objects of each kind in the order made, every expandable field of their own shown."""
    shown: Json = {}
    for table, render in _IN_FULL.items():
        rows = call.db.execute(
            f"SELECT * FROM {table} WHERE scope = ? AND deleted = 0 ORDER BY created, seq",  # noqa: S608
            (call.scope,),
        )
        shown[table] = [render(call, row) for row in rows.fetchall()]
    return shown
