"""Products, which coupons may be limited to; prices are not modelled."""

from __future__ import annotations

import json
import sqlite3

from .call import Call, Json, changes
from .errors import StripeError, exclusive
from .listing import ACTIVE, CREATED, EXPAND, PAGING, Condition, page
from .params import Boolean, Choice, Group, List, Metadata, Percent, Spec, Text, merge_metadata

TABLE, TITLE, URL = "products", "product", "/v1/products"

_FEATURE = Group({"name": Text(longest=80, required=True)})
_SIZES = {name: Percent(required=True) for name in ("height", "length", "weight", "width")}
_TYPE = Choice(choices=("good", "service"))
LIST: Spec = {
    **PAGING,
    **CREATED,
    **ACTIVE,
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

_PLAIN = (
    "description",
    "images",
    "marketing_features",
    "name",
    "package_dimensions",
    "shippable",
    "statement_descriptor",
    "tax_code",
    "unit_label",
    "url",
)


def render(call: Call, row: sqlite3.Row) -> Json:
    return {
        "id": row["id"],
        "object": "product",
        "active": bool(row["active"]),
        "attributes": [],
        "created": row["created"],
        "default_price": None,
        "livemode": call.livemode,
        **json.loads(row["data"]),
    }


def create(call: Call) -> Json:
    id = call.params.get("id")
    if id is not None and call.find(TABLE, id) is not None:
        raise StripeError("Product already exists.", code="resource_already_exists")
    row = insert(call, call.params, id or call.new_id("prod_")[:19], call.now)
    call.emit("product.created", render(call, row))
    return render(call, row)


def insert(call: Call, params: Json, id: str, created: int) -> sqlite3.Row:
    data = dict.fromkeys(_PLAIN) | {"images": [], "marketing_features": []}
    data |= _plain(params)
    data["metadata"] = merge_metadata({}, params.get("metadata", {}))
    data["type"] = params.get("type", "service")
    data["updated"] = created
    call.db.execute(
        "INSERT INTO products (scope, id, created, active, data) VALUES (?, ?, ?, ?, ?)",
        (call.scope, id, created, params.get("active", True), json.dumps(data)),
    )
    return call.need(TABLE, TITLE, id, "id")


def _plain(params: Json) -> Json:
    plain = {name: params[name] for name in _PLAIN if name in params}
    if plain.get("package_dimensions"):
        sizes = plain["package_dimensions"].items()
        plain["package_dimensions"] = {name: float(size) for name, size in sizes}
    return plain


def retrieve(call: Call) -> Json:
    return render(call, call.need(TABLE, TITLE, call.id, "id", status=404))


def update(call: Call) -> Json:
    row, params = call.need(TABLE, TITLE, call.id, "id", status=404), call.params
    before, data = render(call, row), json.loads(row["data"])
    data |= _plain(params)
    if "metadata" in params:
        data["metadata"] = merge_metadata(data["metadata"], params["metadata"])
    data["updated"] = call.now
    call.db.execute(
        "UPDATE products SET active = ?, data = ? WHERE seq = ?",
        (params.get("active", row["active"]), json.dumps(data), row["seq"]),
    )
    after = render(call, call.need(TABLE, TITLE, call.id, "id"))
    call.emit("product.updated", after, changes(before, after))
    return after


def delete(call: Call) -> Json:
    row = call.need(TABLE, TITLE, call.id, "id", status=404)
    call.emit("product.deleted", render(call, row))
    call.db.execute("UPDATE products SET deleted = 1 WHERE seq = ?", (row["seq"],))
    return {"id": call.id, "object": "product", "deleted": True}


def list_all(call: Call) -> Json:
    params = call.params
    where: list[Condition] = []
    if "ids" in params:
        for cursor in ("starting_after", "ending_before"):
            if cursor in params:
                raise exclusive("ids", cursor)
        where.append(("id IN (SELECT value FROM json_each(?))", json.dumps(params["ids"])))
    if "active" in params:
        where.append(("active = ?", params["active"]))
    where += [
        (f"json_extract(data, '$.{name}') = ?", params[name])
        for name in ("shippable", "type", "url")
        if name in params
    ]
    return page(call, table=TABLE, title=TITLE, url=URL, render=render, where=where)
