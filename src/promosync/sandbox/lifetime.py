"""When a coupon or a promotion code is over: by time, by use, or with its coupon; and that for good."""

from __future__ import annotations

import sqlite3

from . import orders


def settle(db: sqlite3.Connection, now: int) -> None:
    """Writes down what time has ended, so that moving the clock back does not bring it to life again."""
    over = db.execute(
        "SELECT seq FROM coupons WHERE valid = 1 AND redeem_by IS NOT NULL AND redeem_by <= ?", (now,)
    ).fetchall()
    for coupon in over:
        end_coupon(db, coupon["seq"])
    db.execute(
        "UPDATE promotion_codes SET active = 0, dead = 1 "
        "WHERE dead = 0 AND expires_at IS NOT NULL AND expires_at <= ?",
        (now,),
    )
    orders.renew(db, now)


def end_coupon(db: sqlite3.Connection, seq: int) -> None:
    """A coupon that is no longer valid takes every one of its codes with it."""
    db.execute("UPDATE coupons SET valid = 0 WHERE seq = ?", (seq,))
    db.execute("UPDATE promotion_codes SET active = 0, dead = 1 WHERE coupon_seq = ? AND dead = 0", (seq,))


def end_code(db: sqlite3.Connection, seq: int) -> None:
    db.execute("UPDATE promotion_codes SET active = 0, dead = 1 WHERE seq = ?", (seq,))
