"""A sandbox, a client and a clock for every journey, and a form in which the results of two journeys are compared."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar, cast

from promosync.apply.engine import carry_out as run_engine
from promosync.apply.outcome import Outcome, Report, Status
from promosync.apply.pacing import Pacer
from promosync.config import load
from promosync.model.configuration import Configuration
from promosync.model.ownership import Mode
from promosync.plan.plan import Plan
from promosync.plan.planner import Policy
from promosync.sandbox import Control, Sandbox
from promosync.stripe_api.account import StripeAccount
from promosync.stripe_api.client import Client
from promosync.stripe_api.transport import Transport
from promosync.workflows import plan as planning

Json = dict[str, Any]
T = TypeVar("T")

NOW = 1_800_000_000
"""2027-01-15T08:00:00Z: every journey begins here."""
PAST = "2027-01-10T00:00:00Z"
SOON = "2027-01-20T00:00:00Z"
LATER = "2027-06-01T00:00:00Z"
LATEST = "2028-01-01T00:00:00Z"
DAY = 86400

OWNER, ID, CARRIED, LATE = (f"promosync_{key}" for key in ("owner", "id", "carried", "late"))
_LEFT_OUT = ("id", "object", "created", "livemode", "times_redeemed", "valid")
_OWN_KEYS = (OWNER, ID, "promosync_protect")


def document(
    coupons: Iterable[Json] = (), codes: Iterable[Json] = (), products: Iterable[Json] = (), **settings: Any
) -> Json:
    """A file's content."""
    return {
        "coupons": list(coupons),
        "promotion_codes": list(codes),
        "products": list(products),
        "promosync": {"owner": "shop", **settings},
    }


def coupon(id: str = "spring", **fields: Any) -> Json:
    """A coupon of 20 %, or with what is given instead."""
    amount = {} if "amount_off" in fields else {"percent_off": 20}
    return {"id": id, "duration": "once"} | amount | fields


def code(id: str = "welcome", text: str | None = None, **fields: Any) -> Json:
    """A code on ``spring``; its text is its id in capitals unless given."""
    return {"id": id, "code": text or id.upper(), "coupon": "spring"} | fields


def configured(content: Json, now: int = NOW) -> Configuration:
    """The configuration of a file, read at a time to the minute; Refused when it is not valid."""
    return _loaded(json.dumps(content), now // 60)


@lru_cache(maxsize=64)
def _loaded(text: str, minute: int) -> Configuration:
    return load(text.encode(), "promosync.json", minute * 60).configuration


@dataclass
class World:
    """One account: promosync uses ``stripe``, over ``client``; everybody else uses the other methods.

    ``sandbox`` is None if it is in another process.
    """

    control: Control
    stripe: StripeAccount
    client: Client
    dashboard: Client
    sandbox: Sandbox | None = None
    _begun: dict[object, tuple[bytes, object]] = field(default_factory=dict)

    @property
    def now(self) -> int:
        return int(self.control.clock())

    def fresh(self) -> None:
        """Delete everything, and start again at NOW with the products and customers of the journeys."""
        self.control.reset()
        self.control.seed("product", [{"id": "pro"}, {"id": "team"}])
        customers = [{"id": "cus_ann", "email": "ann@example.com"}, {"id": "cus_bob", "email": "Bob@example.com"}]
        self.control.seed("customer", customers)

    def begin(self, how: Callable[[World], T]) -> T:
        """Begin again with what ``how`` makes in an empty account; return what it returns.

        It is called once: the next time the account is put back into the state that it left.
        """
        if self.sandbox is None:
            self.fresh()
            return how(self)
        store = self.sandbox.store
        if how not in self._begun:
            self.fresh()
            returned = how(self)
            with store._lock:
                self._begun[how] = store._db.serialize(), returned
        state, found = self._begun[how]
        with store._lock:
            store._db.deserialize(state)
        return cast(T, found)

    def plan(self, content: Json, **policy: Any) -> Plan:
        return planning.make(configured(content, self.now), self.stripe, Policy(**policy))

    def carry_out(
        self,
        plan: Plan,
        *,
        workers: int = 8,
        stop_after: int | None = None,
        on_outcome: Callable[[Outcome], None] = lambda outcome: None,
    ) -> Report:
        """Carry a plan out; ``stop_after`` ends it as Ctrl-C would once so many outcomes are there."""
        stop, seen = threading.Event(), 0
        if stop_after == 0:
            stop.set()

        def note(outcome: Outcome) -> None:
            nonlocal seen
            seen += 1
            if stop_after is not None and seen >= stop_after:
                stop.set()
            on_outcome(outcome)

        outcomes = run_engine(
            plan,
            self.stripe,
            on_outcome=note,
            on_progress=lambda progress: None,
            stopped=stop.is_set,
            workers=workers,
        )
        return Report(outcomes)

    def apply(self, content: Json, *, workers: int = 8, **policy: Any) -> Plan:
        """Plan and carry out; everything must be done. The plan is returned."""
        plan = self.plan(content, **policy)
        report = self.carry_out(plan, workers=workers)
        bad = [
            (outcome.action.id, outcome.message) for outcome in report.outcomes if outcome.status is not Status.DONE
        ]
        assert not bad
        return plan

    def settle(self, content: Json) -> Plan:
        """Apply; then nothing is left to do, and doing it again writes nothing."""
        plan = self.apply(content)
        self.rests(content)
        return plan

    def rests(self, content: Json) -> None:
        """Assert that the account is as the file says: an empty plan, and no write."""
        before = self.writes
        again = self.plan(content)
        assert again.actions == ()
        self.carry_out(again)
        assert self.writes == before

    @property
    def writes(self) -> int:
        return int(self.control.counters()["writes"])

    def coupons(self, config_id: str | None = None) -> list[Json]:
        """Our coupons, oldest first."""
        return [row for row in self.control.dump()["coupons"] if _ours(row, config_id)]

    def codes(self, config_id: str | None = None, *, active: bool | None = None) -> list[Json]:
        """Our codes, oldest first."""
        rows = [row for row in self.control.dump()["promotion_codes"] if _ours(row, config_id)]
        return [row for row in rows if active is None or row["active"] is active]

    def one_coupon(self, config_id: str = "spring") -> Json:
        [row] = self.coupons(config_id)
        return row

    def one_code(self, config_id: str = "welcome") -> Json:
        """The active code of an entry, of which there is one."""
        [row] = self.codes(config_id, active=True)
        return row

    def others(self) -> Json:
        """Everything that is not ours."""
        everything = self.control.dump()
        return {kind: [row for row in rows if not _ours(row, None)] for kind, rows in everything.items()}

    def normal_form(self, content: Json) -> tuple[dict[str, Json], dict[str, Json]]:
        """What customers and the file can tell apart: without Stripe's ids, dates of creation, and counts.

        Of a code entry that is on, its active object; of one that is off in the file and not over, its newest.
        Nothing else that is off counts: Stripe keeps every code there ever was.
        """
        coupons: dict[str, Json] = {}
        homes = {}
        for row in self.coupons():
            config_id = row["metadata"][ID]
            assert config_id not in coupons, f"two coupons of {config_id}"
            coupons[config_id] = _plain(row)
            homes[row["id"]] = config_id
        over = {entry["id"] for entry in content["coupons"] if _has_passed(entry.get("redeem_by"), self.now)}
        off = {
            entry["id"]
            for entry in content["promotion_codes"]
            if not entry.get("active", True)
            and entry["coupon"] not in over
            and not _has_passed(entry.get("expires_at"), self.now)
        }
        codes: dict[str, Json] = {}
        for row in self.codes():
            config_id = row["metadata"][ID]
            if row["active"]:
                assert not codes.get(config_id, {}).get("active"), f"two active codes of {config_id}"
            if row["active"] or config_id in off:
                codes[config_id] = {**_plain(row), "promotion": homes.get(row["promotion"]["coupon"])}
        return coupons, codes


def open_world(url: str, control: Control, sandbox: Sandbox | None = None) -> World:
    """A client that does not wait between tries; with the sandbox, an account can be built once (``World.begin``)."""

    def client() -> Client:
        transport = Transport(Pacer(None, None), 16, loopback=True)
        return Client("sk_test_journeys", transport, url, patience=0.5, backoff=0.001)

    ours = client()
    return World(control, StripeAccount(ours, Mode.TEST), ours, client(), sandbox)


def _ours(row: Json, config_id: str | None) -> bool:
    metadata = row.get("metadata") or {}
    return metadata.get(OWNER) == "shop" and (config_id is None or metadata[ID] == config_id)


def _has_passed(date: str | None, now: int) -> bool:
    return date is not None and datetime.fromisoformat(date).timestamp() <= now


def _plain(row: Json) -> Json:
    shown = {key: value for key, value in row.items() if key not in _LEFT_OUT}
    shown["metadata"] = {
        key: value for key, value in row["metadata"].items() if not key.startswith("promosync_") or key in _OWN_KEYS
    }
    return shown
