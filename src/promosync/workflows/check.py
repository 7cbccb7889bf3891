"""Asking whether Stripe would accept a code: read the codes of that text, and the coupon of the one that counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promosync.plan.checkout import Checked, Order, candidates, check

if TYPE_CHECKING:
    from promosync.model.configuration import Configuration
    from promosync.stripe_api.account import StripeAccount


def ask(text: str, order: Order, stripe: StripeAccount, configuration: Configuration | None = None) -> Checked:
    """Return whether Stripe would accept a text at checkout; a ``promo_`` id stands for the text of its code.

    ``configuration`` is for hints.
    """
    codes = list(stripe.codes_of(text)) if text.strip() else []
    if not codes and text.startswith("promo_"):
        named = stripe.read_code(text)
        codes = [named] if named else []
    found = candidates(text, codes, order.customer)
    coupon = stripe.read_coupon(found[0].spec.coupon) if found and found[0].spec.coupon else None
    there = {coupon.stripe_id: coupon} if coupon else {}
    return check(text, codes, there, order, stripe.now, configuration)
