"""The endpoints: one row each, with what it takes, may expand and needs permission for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
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
from .kind import EXPAND, LIST
from .params import Spec


@dataclass(frozen=True)
class Route:
    """`run` carries the request out; `listed` answers keep their objects under `data`."""

    run: Callable[[Call], Json]
    permission: str
    params: Spec
    root: Node = NOTHING
    listed: bool = False

    def at(self, day: str) -> Route:
        """The route as it is in the version of the API of that day."""
        if self.root is not PROMOTION_CODE or day >= promotion_codes.POLYMORPHIC_SINCE:
            return self
        params = promotion_codes.OLD_CREATE if self.params is promotion_codes.CREATE else self.params
        return replace(self, params=params, root=OLD_PROMOTION_CODE)


ROUTES: Mapping[tuple[str, str], Route] = {
    ("GET", "/v1/coupons"): Route(coupons.KIND.page, "coupon_read", LIST, COUPON, True),
    ("POST", "/v1/coupons"): Route(coupons.create, "coupon_write", coupons.CREATE, COUPON),
    ("GET", "/v1/coupons/{id}"): Route(coupons.KIND.retrieve, "coupon_read", EXPAND, COUPON),
    ("POST", "/v1/coupons/{id}"): Route(coupons.update, "coupon_write", coupons.UPDATE, COUPON),
    ("DELETE", "/v1/coupons/{id}"): Route(coupons.delete, "coupon_write", {}),
    ("GET", "/v1/promotion_codes"): Route(
        promotion_codes.list_all, "promotion_code_read", promotion_codes.LIST, PROMOTION_CODE, True
    ),
    ("POST", "/v1/promotion_codes"): Route(
        promotion_codes.create, "promotion_code_write", promotion_codes.CREATE, PROMOTION_CODE
    ),
    ("GET", "/v1/promotion_codes/{id}"): Route(
        promotion_codes.KIND.retrieve, "promotion_code_read", EXPAND, PROMOTION_CODE
    ),
    ("POST", "/v1/promotion_codes/{id}"): Route(
        promotion_codes.update, "promotion_code_write", promotion_codes.UPDATE, PROMOTION_CODE
    ),
    ("GET", "/v1/products"): Route(products.list_all, "product_read", products.LIST, PRODUCT, True),
    ("POST", "/v1/products"): Route(products.create, "product_write", products.CREATE, PRODUCT),
    ("GET", "/v1/products/search"): Route(search.search_products, "product_read", search.SEARCH, PRODUCT, True),
    ("GET", "/v1/products/{id}"): Route(products.KIND.retrieve, "product_read", EXPAND, PRODUCT),
    ("POST", "/v1/products/{id}"): Route(products.update, "product_write", products.UPDATE, PRODUCT),
    ("DELETE", "/v1/products/{id}"): Route(products.KIND.delete, "product_write", {}),
    ("GET", "/v1/customers"): Route(customers.list_all, "customer_read", customers.LIST, CUSTOMER, True),
    ("POST", "/v1/customers"): Route(customers.create, "customer_write", customers.WRITE, CUSTOMER),
    ("GET", "/v1/customers/search"): Route(search.search_customers, "customer_read", search.SEARCH, CUSTOMER, True),
    ("GET", "/v1/customers/{id}"): Route(customers.retrieve, "customer_read", EXPAND, CUSTOMER),
    ("POST", "/v1/customers/{id}"): Route(customers.update, "customer_write", customers.WRITE, CUSTOMER),
    ("DELETE", "/v1/customers/{id}"): Route(customers.KIND.delete, "customer_write", {}),
    ("GET", "/v1/invoices"): Route(invoices.list_all, "invoice_read", invoices.LIST, INVOICE, True),
    ("GET", "/v1/invoices/{id}"): Route(invoices.KIND.retrieve, "invoice_read", EXPAND, INVOICE),
    ("GET", "/v1/checkout/sessions"): Route(
        checkout_sessions.list_all, "checkout_session_read", checkout_sessions.LIST, CHECKOUT_SESSION, True
    ),
    ("GET", "/v1/checkout/sessions/{id}"): Route(
        checkout_sessions.KIND.retrieve, "checkout_session_read", EXPAND, CHECKOUT_SESSION
    ),
    ("GET", "/v1/events"): Route(events.list_all, "event_read", events.LIST, listed=True),
    ("GET", "/v1/events/{id}"): Route(events.KIND.retrieve, "event_read", EXPAND),
    ("GET", "/v1/account"): Route(events.account, "connected_account_read", EXPAND),
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
