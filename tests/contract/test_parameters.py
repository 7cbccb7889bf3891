"""The sandbox knows the parameters, and the fields to expand, that Stripe's own validator and spec know."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from promosync.sandbox.expanding import COUPON, CUSTOMER, PRODUCT, PROMOTION_CODE, Node
from promosync.sandbox.params import (
    Boolean,
    ByCurrency,
    Choice,
    Created,
    Currency,
    Group,
    Integer,
    List,
    Metadata,
    Param,
    Percent,
    Text,
)
from promosync.sandbox.routes import ROUTES

from .spec import Json, Spec
from .validator import Validator

OURS = [(method, path) for method, path in ROUTES if path.startswith(("/v1/coupons", "/v1/promotion_codes"))]

UNLISTED = {"/v1/products": {"type"}}
"""Parameters that Stripe's SDK knows and its spec does not list."""


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("clear", [False, True], ids=["filled", "cleared"])
def test_the_validator_knows_every_parameter(method: str, path: str, clear: bool, validator: Validator) -> None:
    """Emptied too, where it may be; ``expand`` is looked at below."""
    left_out = {"expand"} | UNLISTED.get(path, set())
    known = [each for each in ROUTES[method, path].params.items() if each[0] not in left_out]
    pairs = [pair for name, param in known for pair in written(name, param, clear)]
    assert validator.refusal(f"{method} {path}", *in_place(method, urlencode(pairs))) is None


@pytest.mark.parametrize(("method", "path"), OURS)
def test_the_sandbox_knows_every_parameter_of_coupons_and_codes(method: str, path: str, spec: Spec) -> None:
    assert set(ROUTES[method, path].params) == spec.parameters(f"{method} {path}")


@pytest.mark.parametrize(
    ("schema", "node"),
    [("coupon", COUPON), ("promotion_code", PROMOTION_CODE), ("product", PRODUCT), ("customer", CUSTOMER)],
)
def test_what_the_sandbox_expands_can_be_expanded(schema: str, node: Node, spec: Spec) -> None:
    """The validator accepts most values of ``expand``; the spec lists the allowed ones."""
    assert list(not_expandable(spec, spec.schemas[schema], node)) == []


@pytest.mark.parametrize(
    ("endpoint", "form"),
    [
        ("POST /v1/coupons", "percent_of=20"),
        ("POST /v1/coupons", "percent_off=much"),
        ("POST /v1/coupons", "percent_off=20&duration=always"),
        ("POST /v1/promotion_codes", "coupon=spring"),
        ("POST /v1/promotion_codes", "promotion[coupon]=spring"),
        ("POST /v1/promotion_codes/{id}", "code=OTHER"),
        ("GET /v1/promotion_codes", "text=SPRING"),
        ("GET /v1/coupons", "limit=many"),
        ("GET /v1/vouchers", ""),
    ],
)
def test_the_validator_refuses_what_is_wrong(endpoint: str, form: str, validator: Validator) -> None:
    refusal = validator.refusal(endpoint, *in_place(endpoint.split()[0], form))
    assert refusal is not None
    assert refusal.startswith("4")


def in_place(method: str, form: str) -> tuple[str, str]:
    """A form as the query and the body of a request."""
    return ("", form) if method == "POST" else (form, "")


def written(name: str, param: Param, clear: bool) -> Iterator[tuple[str, str]]:
    """A parameter as the form has it, with values that it takes; empty with `clear` where it may be."""
    if clear and getattr(param, "clear", False):
        yield name, ""
        return
    match param:
        case Group(fields=fields):
            for inner, each in fields.items():
                yield from written(f"{name}[{inner}]", each, clear)
        case List(item=item):
            yield from written(f"{name}[0]", item, clear)
        case ByCurrency(amount=amount):
            yield f"{name}[eur][{amount}]", "450"
        case Created(operators=operators):
            for operator in operators:
                yield f"{name}[{operator}]", "1800000000"
        case Metadata():
            yield f"{name}[key]", "value"
        case Choice(choices=choices):
            yield name, choices[0]
        case _:
            texts: dict[type, str] = {Boolean: "true", Currency: "usd", Integer: "7", Percent: "12.5", Text: "text"}
            yield name, texts[type(param)]


def not_expandable(spec: Spec, schema: Json, node: Node) -> Iterator[str]:
    """The fields below `node` that the spec does not let be expanded."""
    for name, below in node.fields.items():
        if name not in schema["x-expandableFields"]:
            yield name
        else:
            for inner in objects(spec, schema["properties"][name]):
                yield from (f"{name}.{each}" for each in not_expandable(spec, inner, below))


def objects(spec: Spec, field: Json) -> Iterator[Json]:
    """The schemas of a field's value when it is expanded, without those of deleted objects."""
    for each in (field, *field.get("anyOf", ())):
        name = each.get("$ref", "deleted_").rpartition("/")[2]
        if not name.startswith("deleted_"):
            yield spec.schemas[name]
