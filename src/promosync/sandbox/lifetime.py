"""When a coupon or a promotion code is over: by time, by use, or with its coupon; and that for good."""

from __future__ import annotations

import sqlite3

from . import coupons, orders


def settle(db: sqlite3.Connection, now: int) -> None:
    """Writes down what time has ended, so that moving the clock back does not bring it to life again."""
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
