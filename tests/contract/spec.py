"""Checks answers with Stripe's OpenAPI spec, a little stricter than the spec, as Stripe's real answers are."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from .exchange import Exchange

Json = dict[str, Any]

UNLISTED = {"product": ("attributes", "type")}
"""Fields that Stripe shows and its spec does not list."""

_URI = "urn:spec"


class Spec:
    """The spec in a file. Endpoints are named as the sandbox does: ``GET /v1/coupons/{id}``."""

    def __init__(self, file: Path) -> None:
        self._raw: Json = json.loads(file.read_text(encoding="utf-8"))
        self.schemas: Json = self._raw["components"]["schemas"]
        for name, fields in UNLISTED.items():
            self.schemas[name]["properties"] |= {field: {} for field in fields}
        self._paths = {re.sub(r"{\w+}", "{id}", path): path for path in self._raw["paths"]}
        resource = DRAFT202012.create_resource(_strict(self._raw))
        self._registry: Registry[Any] = Registry().with_resource(_URI, resource)
        self._validator = cache(self._made)

    def fault(self, exchange: Exchange) -> str | None:
        """Return the error in the answer of an exchange; None if there is none."""
        answer = json.loads(exchange.answer)
        if exchange.status != 200:
            return self.fault_of("error", answer)
        path = self._paths[exchange.endpoint.split()[1]].replace("/", "~1")
        responses = f"/paths/{path}/{exchange.method.lower()}/responses"
        return self._fault(f"{responses}/200/content/application~1json/schema", answer)

    def fault_of(self, schema: str, value: object) -> str | None:
        """Return the error in a value that must be such an object; None if there is none."""
        return self._fault(f"/components/schemas/{schema}", value)

    def parameters(self, endpoint: str) -> set[str]:
        """The names of an endpoint's parameters, without those in its path."""
        method, path = endpoint.split()
        operation = self._raw["paths"][self._paths[path]][method.lower()]
        [content] = operation["requestBody"]["content"].values()
        in_query = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"}
        return in_query | set(content["schema"]["properties"])

    def _fault(self, pointer: str, value: object) -> str | None:
        error = best_match(self._validator(pointer).iter_errors(value))
        return None if error is None else f"{error.json_path}: {error.message[:300]}"

    def _made(self, pointer: str) -> Draft202012Validator:
        return Draft202012Validator({"$ref": f"{_URI}#{pointer}"}, registry=self._registry)


def _strict(node: Any) -> Any:
    """The JSON Schema of a part of an OpenAPI 3.0 document.

    An object has no fields that are not listed. Stripe shows what is not set as null; of fields that may be null
    only objects, which come expanded or not at all, are left out.
    """
    if isinstance(node, list):
        return [_strict(each) for each in node]
    if not isinstance(node, dict):
        return node
    made = {key: _strict(value) for key, value in node.items()}
    fields = node.get("properties")
    if node.get("type") == "object" and isinstance(fields, dict):
        made.setdefault("additionalProperties", False)
        made["required"] = sorted({*node.get("required", ()), *filter(lambda name: _is_shown(fields[name]), fields)})
    return {"anyOf": [{"type": "null"}, made]} if node.get("nullable") is True else made


def _is_shown(field: Mapping[str, Any]) -> bool:
    return field.get("nullable") is True and ("type" in field or "x-expansionResources" in field)
