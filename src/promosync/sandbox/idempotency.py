"""Idempotency keys: for a day, a request that is repeated gets the first answer again."""

from __future__ import annotations

import hashlib
import json
import sqlite3

from .call import Call
from .errors import StripeError, key_in_use, key_reused

KEPT = 86400  # seconds on the sandbox's clock


def fingerprint(method: str, path: str, pairs: list[tuple[str, str]]) -> str:
    """A text that is equal for requests with the same parameters, in any order."""
    return hashlib.sha256(json.dumps([method, path, sorted(pairs)]).encode()).hexdigest()


def recall(call: Call, key: str, mark: str, wall: float) -> sqlite3.Row | None:
    """The stored answer, or None; refuses a key with other parameters, or with an answer that is still under way.

    A key is kept for a day of the sandbox's clock, while an answer takes real time: `wall` is the real time.
    """
    if len(key) > 255:
        raise StripeError(
            f"Idempotency keys can have up to 255 characters, but you passed one of {len(key)} characters."
        )
    row: sqlite3.Row | None = call.db.execute(
        "SELECT * FROM idempotency WHERE scope = ? AND key = ?", (call.scope, key)
    ).fetchone()
    if row is None:
        return None
    if row["created"] + KEPT <= call.now:
        call.db.execute("DELETE FROM idempotency WHERE scope = ? AND key = ?", (call.scope, key))
        return None
    if row["fingerprint"] != mark:
        raise key_reused(key)
    if row["busy_until"] > wall:
        raise key_in_use()
    return row


def remember(call: Call, key: str, mark: str, status: int, body: bytes, busy_until: float) -> None:
    call.db.execute(
        "INSERT INTO idempotency (scope, key, fingerprint, created, busy_until, request_id, status, body) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (call.scope, key, mark, call.now, busy_until, call.request_id, status, body),
    )
