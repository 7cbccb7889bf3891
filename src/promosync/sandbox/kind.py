"""What all kinds of Stripe objects have in common: how one is found, shown, listed, changed and deleted."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from . import store
from .call import Call, Json
from .errors import exclusive, no_such
from .params import Created, Integer, List, Spec, Text

EXPAND: Spec = {"expand": List(Text())}
LIST: Spec = {
    **EXPAND,
    "limit": Integer(),
    "starting_after": Text(),
    "ending_before": Text(),
    "created": Created(),
}

PREVIEW = "preview"
"""The key, in an object's stored data, of fields that only some accounts have; no parameter sets them."""

_PARSER = json.JSONDecoder()  # lists of many objects are faster with it than with json.loads

Condition = tuple[str, Any]
"""SQL with one `?`, and its value."""


@dataclass(frozen=True, eq=False)
class Kind:
    """One kind of object.

    `name` is what its objects have under `object`, and `param` what refusals call the id in a path. `render` makes
    what Stripe shows of a row, its parsed `data`, and what is wanted expanded, except the fields of all kinds.
    `own` is the expansion of all that an object holds itself.
    """

    name: str
    param: str
    render: Callable[[Call, sqlite3.Row, Json, Json], Json]
    own: Json = field(default_factory=dict)

    @cached_property
    def table(self) -> str:
        return self.name.replace(".", "_") + "s"

    @cached_property
    def url(self) -> str:
        """The path of its list."""
        return f"/v1/{self.name.replace('.', '/')}s"

    def at(self, call: Call, seq: int) -> sqlite3.Row:
        """The object in the row of this number, which no other object gets."""
        row: sqlite3.Row = call.db.execute(
            f"SELECT * FROM {self.table} WHERE seq = ?",  # noqa: S608 - our own names
            (seq,),
        ).fetchone()
        return row

    def find(self, call: Call, id: str, *, deleted: bool = False) -> sqlite3.Row | None:
        """The object of this id; with `deleted` the newest of this id, deleted or not."""
        alive = "" if deleted else "AND deleted = 0"
        row: sqlite3.Row | None = call.db.execute(
            f"SELECT * FROM {self.table} WHERE scope = ? AND id = ? {alive} "  # noqa: S608 - our own names
            "ORDER BY deleted, seq DESC LIMIT 1",
            (call.scope, id),
        ).fetchone()
        return row

    def need(self, call: Call, id: str, param: str, *, status: int = 400) -> sqlite3.Row:
        """The object of this id, or Stripe's refusal, which also says that the other mode has the id."""
        row = self.find(call, id)
        if row is not None:
            return row
        other = call.db.execute(
            f"SELECT 1 FROM {self.table} JOIN scopes USING (scope) "  # noqa: S608 - our own names
            "WHERE id = ? AND deleted = 0 AND account = ? AND livemode = ?",
            (id, call.account, not call.livemode),
        ).fetchone()
        elsewhere = None if other is None else ("test" if call.livemode else "live")
        raise self.no_such(id, param, status=status, elsewhere=elsewhere)

    def no_such(self, id: str, param: str, *, status: int = 400, elsewhere: str | None = None) -> Exception:
        return no_such(self.name.replace("_", " "), id, param, status=status, elsewhere=elsewhere)

    def named(self, call: Call) -> sqlite3.Row:
        """The object that the path of the request names."""
        return self.need(call, call.id, self.param, status=404)

    def show(self, call: Call, row: sqlite3.Row, wanted: Json) -> Json:
        """The object as Stripe shows it."""
        data = _PARSER.raw_decode(row["data"])[0]
        preview = data.pop(PREVIEW, None)
        shown = {
            "id": row["id"],
            "object": self.name,
            "created": row["created"],
            "livemode": call.livemode,
            **self.render(call, row, data, wanted),
        }
        return shown if preview is None else _merged(shown, preview)

    def show_inside(self, call: Call, id: str | None, wanted: Json, seq: int | None = None) -> Json | str | None:
        """The id, or where it is `wanted` the object, as a field of another object.

        `seq` is the number of its row, where another object may have the id by now; then it is shown in full, also
        when it has been deleted.
        """
        if id is None or self.name not in wanted:
            return id
        row = self.find(call, id, deleted=True) if seq is None else self.at(call, seq)
        if row is None:
            return id
        if row["deleted"] and seq is None:
            return self.show_deleted(id)
        return self.show(call, row, wanted[self.name])

    def show_deleted(self, id: str) -> Json:
        return {"id": id, "object": self.name, "deleted": True}

    def created(self, call: Call, row: sqlite3.Row) -> Json:
        """The answer about a new object; writes the event."""
        shown = self.show(call, row, {})
        call.emit(f"{self.name}.created", shown)
        return self.show(call, row, call.expand) if call.expand else shown

    def updated(self, call: Call, before: sqlite3.Row) -> Json:
        """The answer about an object that was changed; writes the event, with the old values."""
        after = self.at(call, before["seq"])
        old, new = self.show(call, before, self.own), self.show(call, after, self.own)
        previous = {name: old.get(name) for name in old | new if old.get(name) != new.get(name)}
        call.emit(f"{self.name}.updated", self.show(call, after, {}), previous)
        return self.show(call, after, call.expand)

    def make(self, call: Call, **columns: Any) -> sqlite3.Row:
        """Writes an object of the call's account and mode."""
        return self.at(call, store.insert(call.db, self.table, {"scope": call.scope, **columns}))

    def write(self, call: Call, seq: int, **columns: Any) -> None:
        names = ", ".join(f"{name} = ?" for name in columns)
        sql = f"UPDATE {self.table} SET {names} WHERE seq = ?"  # noqa: S608 - our own names
        call.db.execute(sql, (*columns.values(), seq))

    def change(self, call: Call, row: sqlite3.Row, **columns: Any) -> Json:
        """Writes columns of an object, and returns the answer."""
        self.write(call, row["seq"], **columns)
        return self.updated(call, row)

    def retrieve(self, call: Call) -> Json:
        return self.show(call, self.named(call), call.expand)

    def delete(self, call: Call) -> Json:
        row = self.named(call)
        call.emit(f"{self.name}.deleted", self.show(call, row, {}))
        self.write(call, row["seq"], deleted=1)
        return self.show_deleted(call.id)

    def page(self, call: Call, where: Iterable[Condition] = (), index: str = "created") -> Json:
        """One page of the objects that meet the conditions, newest first; a cursor may name a deleted object.

        `index` is named to SQLite, which has no statistics to choose by.
        """
        params = call.params
        limit = clamp(params.get("limit"))
        after, before = params.get("starting_after"), params.get("ending_before")
        if after is not None and before is not None:
            raise exclusive("starting_after", "ending_before")
        conditions = [("scope = ?", call.scope), *where]
        conditions += [(f"created {operator} ?", moment) for operator, moment in params.get("created", {}).items()]
        clauses = [clause for clause, _ in conditions]
        values = [value for _, value in conditions]
        cursor, param = (before, "ending_before") if before is not None else (after, "starting_after")
        if cursor is not None:
            found = self.find(call, cursor, deleted=True)
            if found is None:
                raise self.no_such(cursor, param)
            clauses.append(f"(created, seq) {'>' if before is not None else '<'} (?, ?)")
            values += [found["created"], found["seq"]]
        order = "ASC" if before is not None else "DESC"
        rows = call.db.execute(
            f"SELECT * FROM {self.table} INDEXED BY {self.table}_{index} "  # noqa: S608 - our own names
            f"WHERE deleted = 0 AND {' AND '.join(clauses)} "
            f"ORDER BY created {order}, seq {order} LIMIT ?",
            (*values, limit + 1),
        ).fetchall()
        shown = rows[:limit]
        if before is not None:
            shown.reverse()
        return {
            "object": "list",
            "data": [self.show(call, row, call.expand) for row in shown],
            "has_more": len(rows) > limit,
            "url": self.url,
        }


def equal(params: Json, *names: str) -> list[Condition]:
    """The conditions that columns have the values of the parameters of the same name, where these are given."""
    return [(f"{name} = ?", params[name]) for name in names if name in params]


def clamp(limit: int | None) -> int:
    """Stripe takes any limit and answers with 1 to 100 objects."""
    return 10 if limit is None else max(1, min(100, limit))


def _merged(shown: Any, more: Any) -> Any:
    if not (isinstance(shown, dict) and isinstance(more, dict)):
        return more
    return {**shown, **{name: _merged(shown.get(name), value) for name, value in more.items()}}
