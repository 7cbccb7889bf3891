"""What an endpoint knows about the request that it carries out."""

from __future__ import annotations

import json
import random
import sqlite3
import string
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .errors import StripeError

NEWEST_VERSION = "2026-10-28.endive"
ALPHANUMERIC = string.ascii_letters + string.digits
CODE_LETTERS = string.ascii_uppercase + string.digits

Json = dict[str, Any]


def random_text(rng: random.Random, length: int, alphabet: str = ALPHANUMERIC) -> str:
    return "".join(rng.choices(alphabet, k=length))


@dataclass
class Call:
    """One request in one transaction; `now` in whole seconds of the sandbox's clock, `id` from the path."""

    db: sqlite3.Connection
    rng: random.Random
    now: int
    scope: int = 0
    account: str = ""
    livemode: bool = False
    version: str = NEWEST_VERSION
    request_id: str = ""
    idempotency_key: str | None = None
    id: str = ""
    params: Json = field(default_factory=dict)
    expand: Json = field(default_factory=dict)

    @property
    def day(self) -> str:
        """The date of the API version, on which the shape of objects depends."""
        return self.version[:10]

    def new_id(self, prefix: str) -> str:
        return prefix + random_text(self.rng, 24)

    def emit(self, type: str, snapshot: Json, previous: Json | None = None) -> None:
        """Writes an event: the object as it is now, and the old values of the fields that changed."""
        data: Json = {"object": snapshot}
        if previous is not None:
            data["previous_attributes"] = previous
        body = {
            "api_version": self.version,
            "data": data,
            "pending_webhooks": 0,
            "request": {"id": self.request_id or None, "idempotency_key": self.idempotency_key},
        }
        self.db.execute(
            "INSERT INTO events (scope, id, created, type, data) VALUES (?, ?, ?, ?, ?)",
            (self.scope, self.new_id("evt_"), self.now, type, json.dumps(body)),
        )

    def check_future(self, moment: int, param: str) -> None:
        """Refuses a moment that is past or more than five years ahead."""
        if moment <= self.now:
            raise StripeError(
                f"The parameter `{param}` expects a unix timestamp representing a date and time in the "
                f"future. You specified the value `{moment}` which is in the past.",
                param=param,
            )
        today = datetime.fromtimestamp(self.now, UTC)
        try:
            last = today.replace(year=today.year + 5)
        except ValueError:  # the 29th of February
            last = today.replace(year=today.year + 5, month=3, day=1)
        if moment > int(last.timestamp()):
            raise StripeError("Invalid timestamp: can be no more than five years in the future.", param=param)
