"""Products, which coupons may be limited to; prices are not modelled."""

from __future__ import annotations

import json
import sqlite3

from . import kind
from .call import Call, Json
from .errors import StripeError, exclusive
from .kind import EXPAND, Kind, equal
from .params import Boolean, Choice, Group, List, Metadata, Percent, Spec, Text, merge_metadata

_FEATURE = Group({"name": Text(longest=80, required=True)})
_SIZES = {name: Percent(required=True) for name in ("height", "length", "weight", "width")}
_TYPE = Choice(choices=("good", "service"))
LIST: Spec = {
    **kind.LIST,
    "active": Boolean(),
    "ids": List(Text()),
    "shippable": Boolean(),
    "type": _TYPE,
    "url": Text(),
}
UPDATE: Spec = {
    **EXPAND,
    "active": Boolean(),
    "description": Text(clear=True, longest=40000),
    "images": List(Text(), clear=True),
    "marketing_features": List(_FEATURE, clear=True),
    "metadata": Metadata(),
    "name": Text(),
    "package_dimensions": Group(_SIZES, clear=True),
    "shippable": Boolean(),
    "statement_descriptor": Text(longest=22, clear=True),
    "tax_code": Text(clear=True),
    "unit_label": Text(longest=12, clear=True),
    "url": Text(clear=True),
}
CREATE: Spec = {
    **UPDATE,
    "id": Text(),
    "images": List(Text()),
    "marketing_features": List(_FEATURE),
    "metadata": Metadata(clear=False),
    "name": Text(required=True),
    "package_dimensions": Group(_SIZES),
    "type": _TYPE,
}

# What is kept and shown as it was given.
_PLAIN = tuple(name for name in UPDATE if name not in ("expand", "active", "metadata"))


def _render(_call: Call, row: sqlite3.Row, data: Json, _wanted: Json) -> Json:
    return {
        "active": bool(row["active"]),
        "attributes": [],
        "default_price": None,
        **data,
    }


KIND = Kind("product", "id", _render)


def create(call: Call) -> Json:
    id = call.params.get("id")
    if id is not None and KIND.find(call, id) is not None:
        raise StripeError("Product already exists.", code="resource_already_exists")
    return KIND.created(call, insert(call, call.params, id or call.new_id("prod_")[:19], call.now))


def insert(call: Call, params: Json, id: str, created: int) -> sqlite3.Row:
    """Writes a product of typed parameters."""
    new: Json = {**dict.fromkeys(_PLAIN), "images": [], "marketing_features": [], "metadata": {}}
    data = json.dumps(_changed({**new, "type": params.get("type", "service")}, params, created))
    return KIND.make(call, id=id, created=created, active=params.get("active", True), data=data)


def _changed(data: Json, params: Json, now: int) -> Json:
    """What is kept of a product, after a change."""
    given = {name: params[name] for name in _PLAIN if name in params}
    if given.get("package_dimensions"):
        given["package_dimensions"] = {name: float(size) for name, size in given["package_dimensions"].items()}
    metadata = merge_metadata(data["metadata"], params.get("metadata", {}))
    return {**data, **given, "metadata": metadata, "updated": now}


def update(call: Call) -> Json:
    row, params = KIND.named(call), call.params
    data = json.dumps(_changed(json.loads(row["data"]), params, call.now))
    return KIND.change(call, row, active=params.get("active", row["active"]), data=data)


def list_all(call: Call) -> Json:
    params = call.params
    where = equal(params, "active")
    if "ids" in params:
        for cursor in ("starting_after", "ending_before"):
            if cursor in params:
                raise exclusive("ids", cursor)
        where.append(("id IN (SELECT value FROM json_each(?))", json.dumps(params["ids"])))
    for name in ("shippable", "type", "url"):
        if name in params:
            where.append((f"json_extract(data, '$.{name}') = ?", params[name]))
    return KIND.page(call, where)
