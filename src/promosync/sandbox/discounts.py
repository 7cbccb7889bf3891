"""What invoices and checkout sessions show of a discount, of its code and of a customer, expanded or not."""

from __future__ import annotations

from . import coupons, customers, promotion_codes
from .call import Call, Json


def discount(call: Call, given: Json, customer: str | None, wanted: Json) -> Json:
    """Return a discount as Stripe shows it, with what is wanted of it expanded."""
    return {
        "id": given["id"],
        "object": "discount",
        "checkout_session": given["checkout_session"],
        "customer": shown_customer(call, customer, wanted),
        "customer_account": None,
        "end": given["end"],
        "invoice": None,
        "invoice_item": None,
        "promotion_code": shown_code(call, given["promotion_code"], wanted),
        "source": {"coupon": shown_coupon(call, given, wanted.get("source", {})), "type": "coupon"},
        "start": given["start"],
        "subscription": given["subscription"],
        "subscription_item": None,
    }


def shown_coupon(call: Call, given: Json, wanted: Json) -> Json | str:
    """Return the coupon of a discount as its id, or in full where it is wanted so, though it be deleted."""
    if "coupon" not in wanted:
        return str(given["coupon"])
    row = call.db.execute("SELECT * FROM coupons WHERE seq = ?", (given["coupon_seq"],)).fetchone()
    return coupons.render(call, row, wanted["coupon"])


def shown_code(call: Call, code: str | None, wanted: Json) -> Json | str | None:
    """Return a promotion code as its id, or in full where it is wanted so."""
    if code is None or "promotion_code" not in wanted:
        return code
    return promotion_codes.render(call, call.need("promotion_codes", "", code, ""), wanted["promotion_code"])


def shown_customer(call: Call, customer: str | None, wanted: Json) -> Json | str | None:
    """Return a customer as its id, or in full where it is wanted so."""
    if customer is None or "customer" not in wanted:
        return customer
    holder = call.find("customers", customer, deleted=True)
    return customer if holder is None else customers.render(call, holder)
