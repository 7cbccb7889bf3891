"""Idempotency keys: the first answer is the answer, for a day."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from dataclasses import dataclass

from .errors import StripeError, key_in_use, key_reused

KEPT = 86400  # seconds on the sandbox's clock


@dataclass(frozen=True)
class Stored:
    status: int
    body: bytes
    request_id: str


def fingerprint(method: str, path: str, pairs: list[tuple[str, str]]) -> str:
    """Equal for requests of the same parameters, in whatever order they were sent."""
    return hashlib.sha256(json.dumps([method, path, sorted(pairs)]).encode()).hexdigest()


def recall(db: sqlite3.Connection, scope: int, key: str, mark: str, *, now: int, wall: float) -> Stored | None:
    """The stored answer; refuses a key of other parameters, or whose first request is still being answered.

    `now` is the sandbox's clock, by which keys are forgotten; `wall` the real one, by which answers take time.
    """
    if len(key) > 255:
        raise StripeError(
            f"Idempotency keys can have up to 255 characters, but you passed one of {len(key)} characters."
        )
    row = db.execute("SELECT * FROM idempotency WHERE scope = ? AND key = ?", (scope, key)).fetchone()
    if row is None:
        return None
    if row["created"] + KEPT <= now:
        db.execute("DELETE FROM idempotency WHERE scope = ? AND key = ?", (scope, key))
        return None
    if row["fingerprint"] != mark:
        raise key_reused(key)
    if row["busy_until"] > wall:
        raise key_in_use()
    return Stored(row["status"], row["body"], row["request_id"])


def remember(
    db: sqlite3.Connection, scope: int, key: str, mark: str, answer: Stored, *, now: int, busy_until: float
) -> None:
    db.execute(
        "INSERT INTO idempotency (scope, key, fingerprint, created, busy_until, request_id, status, body) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (scope, key, mark, now, busy_until, answer.request_id, answer.status, answer.body),
    )
