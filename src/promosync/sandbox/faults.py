"""Faults that are ordered: which requests go wrong, and how."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

# What a rule may have under `fault`.
KINDS = {
    "429": "refused by a rate limiter, `reason` in the header",
    "429_lock_timeout": "refused because the object is locked",
    "409": "refused because the idempotency key is in use",
    "400": "refused with `message`",
    "403": "refused with `message`",
    "500": "fails without effect; stored under the idempotency key, as Stripe does",
    "503": "fails without effect before anything is stored",
    "500_after": "carried out, answered with a 500 that is stored under the idempotency key",
    "500_after_unstored": "carried out, answered with a 500, nothing stored: a repeat is carried out again",
    "reset": "connection dropped before anything is done",
    "reset_after": "carried out and stored, connection dropped",
    "slow": "carried out, answered after `seconds`",
    "timeout": "carried out and stored, connection dropped after `seconds`",
    "html": "a proxy's 502 page, nothing done",
    "half": "carried out and stored, the answer cut in the middle",
}
RULE_KEYS = frozenset(
    {"match", "skip", "times", "probability", "seed", "fault", "reason", "message", "code", "param", "seconds"}
)
MATCH_KEYS = frozenset({"method", "path", "body_contains"})


@dataclass(frozen=True)
class Fault:
    """The fault of a request, by the rule that ordered it."""

    kind: str
    rule: Mapping[str, Any]

    @property
    def seconds(self) -> float:
        return float(self.rule.get("seconds", 1.0)) if self.kind in ("slow", "timeout") else 0.0


def order(db: sqlite3.Connection, rule: Mapping[str, Any]) -> None:
    """Adds a rule; ValueError says what is wrong with it."""
    if rule.get("fault") not in KINDS:
        raise ValueError(f"unknown fault {rule.get('fault')!r}; known: {', '.join(KINDS)}")
    strange = [*(set(rule) - RULE_KEYS), *(set(rule.get("match", {})) - MATCH_KEYS)]
    if strange:
        raise ValueError(f"unknown keys in a fault: {', '.join(sorted(strange))}")
    db.execute("INSERT INTO faults (rule) VALUES (?)", (json.dumps(rule),))


def ordered(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """The rules, oldest first, each with how many requests it has `seen` and how often it `fired`."""
    rows = db.execute("SELECT * FROM faults ORDER BY id").fetchall()
    return [{**json.loads(row["rule"]), "seen": row["seen"], "fired": row["fired"]} for row in rows]


def due(db: sqlite3.Connection, method: str, path: str, pairs: list[tuple[str, str]]) -> Fault | None:
    """The fault of the first rule that fires; a rule sees only the requests for which no earlier one fired."""
    for row in db.execute("SELECT * FROM faults ORDER BY id").fetchall():
        rule = json.loads(row["rule"])
        if not _matches(rule.get("match", {}), method, path, pairs):
            continue
        db.execute("UPDATE faults SET seen = seen + 1 WHERE id = ?", (row["id"],))
        if row["seen"] < rule.get("skip", 0) or row["fired"] >= rule.get("times", float("inf")):
            continue
        # Drawn from the counts, so that it is the same after a restart.
        chance = random.Random(f"{rule.get('seed', 0)}/{row['id']}/{row['seen']}").random()
        if chance < rule.get("probability", 1.0):
            db.execute("UPDATE faults SET fired = fired + 1 WHERE id = ?", (row["id"],))
            return Fault(rule["fault"], rule)
    return None


def _matches(match: Mapping[str, str], method: str, path: str, pairs: list[tuple[str, str]]) -> bool:
    wanted = match.get("body_contains")
    return (
        match.get("method", method).upper() == method
        and fnmatchcase(path, match.get("path", "*"))
        and (wanted is None or wanted in (f"{name}={value}" for name, value in pairs))
    )
