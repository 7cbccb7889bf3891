"""The endpoints: one row each, with what it takes, may expand and needs permission for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from . import checkout_sessions, coupons, customers, events, invoices, products, promotion_codes, search
from .call import Call, Json
from .expanding import (
    CHECKOUT_SESSION,
    COUPON,
    CUSTOMER,
    INVOICE,
    NOTHING,
    OLD_PROMOTION_CODE,
    PRODUCT,
    PROMOTION_CODE,
    Node,
)
from .listing import EXPAND
from .params import Spec
from .promotion_codes import POLYMORPHIC_SINCE

READ: Spec = {**EXPAND}
NONE: Spec = {}


@dataclass(frozen=True)
class Route:
    """`run` carries the request out; `listed` answers keep their objects under `data`."""

    run: Callable[[Call], Json]
    permission: str
    params: Spec
    root: Node = NOTHING
    listed: bool = False
    old_params: Spec | None = None
    old_root: Node | None = None

    def params_at(self, day: str) -> Spec:
        return self.old_params if self.old_params is not None and day < POLYMORPHIC_SINCE else self.params

    def root_at(self, day: str) -> Node:
        return self.old_root if self.old_root is not None and day < POLYMORPHIC_SINCE else self.root


def _code(
    run: Callable[[Call], Json],
    permission: str,
    params: Spec,
    *,
    listed: bool = False,
    old_params: Spec | None = None,
) -> Route:
    return Route(
        run,
        f"promotion_code_{permission}",
        params,
        PROMOTION_CODE,
        listed,
        old_params=old_params,
        old_root=OLD_PROMOTION_CODE,
    )


ROUTES: Mapping[tuple[str, str], Route] = {
    ("GET", "/v1/coupons"): Route(coupons.list_all, "coupon_read", coupons.LIST, COUPON, True),
    ("POST", "/v1/coupons"): Route(coupons.create, "coupon_write", coupons.CREATE, COUPON),
    ("GET", "/v1/coupons/{id}"): Route(coupons.retrieve, "coupon_read", READ, COUPON),
    ("POST", "/v1/coupons/{id}"): Route(coupons.update, "coupon_write", coupons.UPDATE, COUPON),
    ("DELETE", "/v1/coupons/{id}"): Route(coupons.delete, "coupon_write", NONE),
    ("GET", "/v1/promotion_codes"): _code(promotion_codes.list_all, "read", promotion_codes.LIST, listed=True),
    ("POST", "/v1/promotion_codes"): _code(
        promotion_codes.create, "write", promotion_codes.CREATE, old_params=promotion_codes.OLD_CREATE
    ),
    ("GET", "/v1/promotion_codes/{id}"): _code(promotion_codes.retrieve, "read", READ),
    ("POST", "/v1/promotion_codes/{id}"): _code(promotion_codes.update, "write", promotion_codes.UPDATE),
    ("GET", "/v1/products"): Route(products.list_all, "product_read", products.LIST, PRODUCT, True),
    ("POST", "/v1/products"): Route(products.create, "product_write", products.CREATE, PRODUCT),
    ("GET", "/v1/products/search"): Route(search.search_products, "product_read", search.SEARCH, PRODUCT, True),
    ("GET", "/v1/products/{id}"): Route(products.retrieve, "product_read", READ, PRODUCT),
    ("POST", "/v1/products/{id}"): Route(products.update, "product_write", products.UPDATE, PRODUCT),
    ("DELETE", "/v1/products/{id}"): Route(products.delete, "product_write", NONE),
    ("GET", "/v1/customers"): Route(customers.list_all, "customer_read", customers.LIST, CUSTOMER, True),
    ("POST", "/v1/customers"): Route(customers.create, "customer_write", customers.WRITE, CUSTOMER),
    ("GET", "/v1/customers/search"): Route(search.search_customers, "customer_read", search.SEARCH, CUSTOMER, True),
    ("GET", "/v1/customers/{id}"): Route(customers.retrieve, "customer_read", READ, CUSTOMER),
    ("POST", "/v1/customers/{id}"): Route(customers.update, "customer_write", customers.WRITE, CUSTOMER),
    ("DELETE", "/v1/customers/{id}"): Route(customers.delete, "customer_write", NONE),
    ("GET", "/v1/invoices"): Route(invoices.list_all, "invoice_read", invoices.LIST, INVOICE, True),
    ("GET", "/v1/invoices/{id}"): Route(invoices.retrieve, "invoice_read", READ, INVOICE),
    ("GET", "/v1/checkout/sessions"): Route(
        checkout_sessions.list_all, "checkout_session_read", checkout_sessions.LIST, CHECKOUT_SESSION, True
    ),
    ("GET", "/v1/checkout/sessions/{id}"): Route(
        checkout_sessions.retrieve, "checkout_session_read", READ, CHECKOUT_SESSION
    ),
    ("GET", "/v1/events"): Route(events.list_all, "event_read", events.LIST, listed=True),
    ("GET", "/v1/events/{id}"): Route(events.retrieve, "event_read", READ),
    ("GET", "/v1/account"): Route(events.account, "connected_account_read", READ),
}


def find(method: str, path: str) -> tuple[str, Route | None, str]:
    """The template that `path` (percent-encoded) fits, its route, and the id in it."""
    route = ROUTES.get((method, path))
    if route is not None:
        return path, route, ""
    parent, _, last = path.rpartition("/")
    template = parent + "/{id}"
    route = ROUTES.get((method, template)) if last else None
    return (path, None, "") if route is None else (template, route, unquote(last))
