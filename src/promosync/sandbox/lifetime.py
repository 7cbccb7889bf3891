"""What changes as time passes: coupons and promotion codes end, and subscriptions renew."""

from __future__ import annotations

import sqlite3

from . import coupons, orders


def settle(db: sqlite3.Connection, now: int) -> None:
    """Writes what has ended by `now`, so that it stays so when the clock is moved back; writes renewals too."""
    over = db.execute(
        "SELECT seq FROM coupons WHERE valid = 1 AND redeem_by IS NOT NULL AND redeem_by <= ?", (now,)
    ).fetchall()
    for coupon in over:
        coupons.end(db, coupon["seq"])
    db.execute(
        "UPDATE promotion_codes SET active = 0, dead = 1 "
        "WHERE dead = 0 AND expires_at IS NOT NULL AND expires_at <= ?",
        (now,),
    )
    orders.renew(db, now)
