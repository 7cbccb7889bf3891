"""Which fields `expand[]` may name, and Stripe's refusal of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .errors import StripeError

DEEPEST = 4


@dataclass(frozen=True)
class Node:
    """A field; where it is not `expandable` itself, there are expandable ones among its `fields`."""

    expandable: bool = True
    fields: Mapping[str, Node] = field(default_factory=dict)


CUSTOMER = Node()
PRODUCT = Node(fields={"default_price": Node(), "tax_code": Node()})
COUPON = Node(fields={"applies_to": Node(), "currency_options": Node()})
_CODE_FIELDS = {
    "customer": CUSTOMER,
    "restrictions": Node(expandable=False, fields={"currency_options": Node()}),
}
PROMOTION_CODE = Node(fields={**_CODE_FIELDS, "promotion": Node(expandable=False, fields={"coupon": COUPON})})
# Before 2025-09-30 the coupon was always there in full; only its own fields were left to expand.
OLD_PROMOTION_CODE = Node(fields={**_CODE_FIELDS, "coupon": Node(fields=COUPON.fields)})
NOTHING = Node()

_DISCOUNT = Node(
    fields={
        "customer": CUSTOMER,
        "promotion_code": PROMOTION_CODE,
        "source": Node(expandable=False, fields={"coupon": COUPON}),
    }
)
INVOICE = Node(
    fields={
        "customer": CUSTOMER,
        "discounts": _DISCOUNT,
        "total_discount_amounts": Node(expandable=False, fields={"discount": _DISCOUNT}),
    }
)
CHECKOUT_SESSION = Node(
    fields={
        "customer": CUSTOMER,
        "discounts": Node(expandable=False, fields={"coupon": COUPON, "promotion_code": PROMOTION_CODE}),
        "invoice": INVOICE,
        "total_details": Node(expandable=False, fields={"breakdown": Node()}),
    }
)


def expansion(paths: Sequence[str], root: Node, *, listed: bool) -> dict[str, Any]:
    """The wanted fields as nested dicts, relative to one object even when `listed` under `data`."""
    wanted: dict[str, Any] = {}
    for path in paths:
        parts = path.split(".")
        if len(parts) > DEEPEST:
            raise StripeError(f"You cannot expand more than {DEEPEST} levels of a property. Property: {path}")
        if listed:
            if parts[0] != "data" or len(parts) == 1:
                raise _refusal(parts[0], f"data.{path}" if _reaches(parts, root) else None)
            parts = parts[1:]
        if not _reaches(parts, root):
            raise _refusal(path, None)
        into = wanted
        for part in parts:
            into = into.setdefault(part, {})
    return wanted


def _reaches(parts: Sequence[str], node: Node) -> bool:
    for part in parts:
        if part not in node.fields:
            return False
        node = node.fields[part]
    return node.expandable


def _refusal(name: str, better: str | None) -> StripeError:
    hint = f" You may want to try expanding '{better}' instead." if better else ""
    return StripeError(f"This property cannot be expanded ({name}).{hint}")
