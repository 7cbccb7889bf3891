"""Stripe's lists: newest first, in pages, with cursors that outlive their object."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any

from .call import Call, Json
from .errors import exclusive, no_such
from .params import Boolean, Created, Integer, List, Spec, Text

EXPAND = {"expand": List(Text())}
PAGING: Spec = {
    **EXPAND,
    "limit": Integer(),
    "starting_after": Text(),
    "ending_before": Text(),
}
CREATED: Spec = {"created": Created()}
ACTIVE: Spec = {"active": Boolean()}

Condition = tuple[str, Any]


def page(
    call: Call,
    *,
    table: str,
    title: str,
    url: str,
    render: Callable[[Call, sqlite3.Row], Json],
    where: Iterable[Condition] = (),
    index: str | None = None,
) -> Json:
    """One page of the living objects that meet the conditions (SQL with one `?`, and its value).

    `index` is named to SQLite, which has no statistics to choose by.
    """
    params = call.params
    limit = clamp(params.get("limit"))
    after, before = params.get("starting_after"), params.get("ending_before")
    if after is not None and before is not None:
        raise exclusive("starting_after", "ending_before")
    conditions: list[Condition] = [("scope = ?", call.scope), *where]
    for operator, moment in params.get("created", {}).items():
        conditions.append((f"created {operator} ?", moment))
    clauses = [clause for clause, _ in conditions]
    values = [value for _, value in conditions]
    cursor, param = (before, "ending_before") if before is not None else (after, "starting_after")
    if cursor is not None:
        found = call.find(table, cursor, deleted=True)
        if found is None:
            raise no_such(title, cursor, param, status=400)
        clauses.append(f"(created, seq) {'>' if before is not None else '<'} (?, ?)")
        values += [found["created"], found["seq"]]
    order = "ASC" if before is not None else "DESC"
    rows = call.db.execute(
        f"SELECT * FROM {table} INDEXED BY {index or table + '_created'} "  # noqa: S608 - our own names
        f"WHERE deleted = 0 AND {' AND '.join(clauses)} "
        f"ORDER BY created {order}, seq {order} LIMIT ?",
        (*values, limit + 1),
    ).fetchall()
    shown = rows[:limit]
    if before is not None:
        shown.reverse()
    return {
        "object": "list",
        "data": [render(call, row) for row in shown],
        "has_more": len(rows) > limit,
        "url": url,
    }


def clamp(limit: int | None) -> int:
    """Stripe takes any limit and answers with 1 to 100 objects."""
    return 10 if limit is None else max(1, min(100, limit))
