"""Stripe's search language for customers and products, turned into SQL."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from . import customers, products
from .call import Call, Json
from .errors import StripeError
from .kind import EXPAND, Kind, clamp
from .params import Integer, Spec, Text

SEARCH: Spec = {**EXPAND, "limit": Integer(), "page": Text(), "query": Text(required=True)}

_CLAUSE = re.compile(
    r"""\s*(?P<minus>-)?(?P<field>[a-z_]+)(?:\[(?P<q>["'])(?P<key>.*?)(?P=q)\])?\s*
    (?P<operator><=|>=|[:~<>])\s*
    (?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'|(?P<bare>-?\w+))\s*""",
    re.VERBOSE,
)
_JOIN = re.compile(r"(AND|OR)\b|(?=\S)", re.IGNORECASE)

_CUSTOMER_FIELDS = {
    "created": "created",
    "email": "email_key",
    "name": "lower(json_extract(data, '$.name'))",
    "phone": "lower(json_extract(data, '$.phone'))",
}
_PRODUCT_FIELDS = {
    "active": "iif(active, 'true', 'false')",
    "created": "created",
    "description": "lower(json_extract(data, '$.description'))",
    "name": "lower(json_extract(data, '$.name'))",
    "shippable": "iif(json_extract(data, '$.shippable'), 'true', 'false')",
    "url": "lower(json_extract(data, '$.url'))",
}


def search_customers(call: Call) -> Json:
    return _search(call, customers.KIND, _CUSTOMER_FIELDS)


def search_products(call: Call) -> Json:
    return _search(call, products.KIND, _PRODUCT_FIELDS)


def _search(call: Call, kind: Kind, fields: Mapping[str, str]) -> Json:
    limit = clamp(call.params.get("limit"))
    skipped = _opened(call.params["page"]) if "page" in call.params else 0
    condition, values = translate(call.params["query"], fields)
    rows = call.db.execute(
        f"SELECT * FROM {kind.table} WHERE scope = ? AND deleted = 0 AND ({condition}) "  # noqa: S608
        "ORDER BY created DESC, seq DESC LIMIT ? OFFSET ?",
        (call.scope, *values, limit + 1, skipped),
    ).fetchall()
    more = len(rows) > limit
    return {
        "object": "search_result",
        "data": [kind.show(call, row, call.expand) for row in rows[:limit]],
        "has_more": more,
        "next_page": _sealed(skipped + limit) if more else None,
        "url": f"{kind.url}/search",
    }


def _sealed(skipped: int) -> str:
    return urlsafe_b64encode(f"skip {skipped}".encode()).decode()


def _opened(cursor: str) -> int:
    try:
        text = urlsafe_b64decode(cursor.encode()).decode()
        return int(text.removeprefix("skip "))
    except ValueError:
        raise StripeError(f"Invalid page: {cursor}", param="page") from None


def translate(query: str, fields: Mapping[str, str]) -> tuple[str, list[Any]]:
    """The SQL condition and its values.

    `field:"v"` ignores case, `~` means "contains" and `-` "not"; AND and OR cannot be mixed.
    """
    clauses: list[str] = []
    values: list[Any] = []
    joins: set[str] = set()
    at = 0
    while at < len(query):
        if clauses:
            join = _JOIN.match(query, at)
            assert join is not None
            joins.add((join[1] or "AND").upper())
            at = join.end()
        clause = _CLAUSE.match(query, at)
        if clause is None:
            raise _unreadable(query)
        sql, value = _clause(clause, fields)
        clauses.append(sql)
        values += value
        at = clause.end()
    if not clauses:
        raise _unreadable(query)
    if len(joins) > 1:
        raise StripeError("You cannot combine AND and OR in one search query.", param="query")
    return f" {joins.pop() if joins else 'AND'} ".join(clauses), values


def _clause(clause: re.Match[str], fields: Mapping[str, str]) -> tuple[str, list[Any]]:
    name, key, operator = clause["field"], clause["key"], clause["operator"]
    quoted = clause["double"] if clause["double"] is not None else clause["single"]
    value = clause["bare"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
    values: list[Any] = []
    if name == "metadata" and key is not None:
        column = "(SELECT lower(value) FROM json_each(data, '$.metadata') WHERE key = ?)"
        values.append(key)
    elif name in fields and key is None:
        column = fields[name]
    else:
        raise StripeError(f"Field `{name}` is an unsupported search field for this resource.", param="query")
    if value == "null" and quoted is None:
        sql = f"{column} IS NULL"
    elif column == "created":
        if not re.fullmatch(r"[0-9]{1,15}", value) or operator == "~":
            raise StripeError(f"Invalid value for the field `created`: {value}", param="query")
        sql, values = f"created {'=' if operator == ':' else operator} ?", [int(value)]
    elif operator == "~":
        sql = f"instr({column}, ?) > 0"
        values.append(value.lower())
    elif operator == ":":
        sql = f"{column} = ?"
        values.append(value.lower())
    else:
        raise StripeError(f"Field `{name}` does not support the operator {operator}.", param="query")
    # In SQL a comparison with NULL is neither true nor false; Stripe's minus means "all others".
    return (f"({sql}) IS NOT 1" if clause["minus"] else sql), values


def _unreadable(query: str) -> StripeError:
    return StripeError(
        'We were unable to parse your search query. Try using the format `metadata["key"]:"value"` to '
        f'query for metadata or key:"value" to query for other fields. (query: {query})',
        param="query",
    )
