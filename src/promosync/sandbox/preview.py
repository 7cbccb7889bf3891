"""Fields that only some accounts have, such as those that joined a preview: they are shown, and never taken."""

from __future__ import annotations

import json
from typing import Any

from .call import Call, Json

_KEY = "preview"


def give(call: Call, id: str, fields: Json) -> None:
    """Have the coupon or code of this id show `fields` from now on, also in place of what it shows by itself.

    What is an object on both sides is merged. ValueError where there is none of that id.
    """
    for table in ("coupons", "promotion_codes"):
        row = call.find(table, id)
        if row is not None:
            data = json.dumps({**json.loads(row["data"]), _KEY: fields})
            call.db.execute(f"UPDATE {table} SET data = ? WHERE seq = ?", (data, row["seq"]))  # noqa: S608
            return
    raise ValueError(f"there is no coupon and no promotion code {id!r}")


def with_preview(shown: Json, data: Json) -> Json:
    """`shown` with the fields that :func:`give` put into the object's stored `data`."""
    return _merged(shown, data[_KEY]) if _KEY in data else shown


def _merged(shown: Any, more: Any) -> Any:
    if not (isinstance(shown, dict) and isinstance(more, dict)):
        return more
    return {**shown, **{name: _merged(shown.get(name), value) for name, value in more.items()}}
