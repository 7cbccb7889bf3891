"""A shop with batches of unique codes: its file, the files beside it, and the account with its objects."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promosync.apply.engine import carry_out
from promosync.apply.outcome import Progress, Report, Status
from promosync.codes.listing import Listed
from promosync.model.life import State
from promosync.model.problems import Problem, ProblemsFound
from promosync.plan.plan import BatchAction, Plan
from promosync.plan.planner import Policy
from promosync.workflows import plan as planning
from promosync.workflows.batch_files import read_batch_files
from promosync.workflows.export_codes import read_codes_of

from .world import ID, Json, World, configured, coupon, document

RETIRED, SLOT, EMAIL = (f"promosync_{key}" for key in ("retired", "slot", "email"))


def batch(id: str = "vip", count: int = 5, **fields: Any) -> Json:
    """A batch on ``spring`` that draws this number of codes."""
    generate = {"count": count, "pattern": "SPR-####-####", "charset": "unambiguous"}
    return {"id": id, "coupon": "spring", "generate": generate} | fields


def mailed(id: str = "mail", file: str = "mail.csv", missing: str = "error", **fields: Any) -> Json:
    """A batch on ``spring`` with a code for each address of a file."""
    return {
        "id": id,
        "coupon": "spring",
        "generate": {"emails": file, "length": 10, "missing_customer": missing},
    } | fields


def printed(id: str = "print", file: str = "print.csv", **fields: Any) -> Json:
    """A batch on ``spring`` of the codes in a file."""
    return {"id": id, "coupon": "spring", "import": {"file": file}} | fields


def shop_file(
    *batches: Json, coupons: Iterable[Json] | None = None, codes: Iterable[Json] = (), **settings: Any
) -> Json:
    """A file's content, with the coupon ``spring`` unless others are given."""
    # Other tests are about the safety checks, which are in the command `apply` and not in the engine.
    return {**document([coupon()] if coupons is None else coupons, codes, **settings), "code_batches": list(batches)}


@dataclass
class Shop:
    """A world, and the folder of its file."""

    world: World
    folder: Path

    def write(self, name: str, *lines: str) -> None:
        (self.folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    def plan(self, content: Json, world: World | None = None, **policy: Any) -> Plan:
        world = world or self.world
        configuration = configured(content, world.now)
        return planning.make(
            configuration, world.stripe, Policy(**policy), read_batch_files(configuration, self.folder)
        )

    def problems(self, content: Json) -> list[Problem]:
        """Return why the file cannot be applied; nothing may be written."""
        before = self.world.writes
        try:
            plan = self.plan(content)
        except ProblemsFound as found:
            assert self.world.writes == before
            return list(found.problems)
        raise AssertionError(f"there is a plan: {plan}")

    def carry_out(
        self, plan: Plan, world: World | None = None, stop_after: int | None = None, workers: int = 8
    ) -> Report:
        """Carry a plan out; ``stop_after`` stops it like Ctrl-C after this number of codes."""
        stop = threading.Event()

        def further(progress: Progress) -> None:
            if stop_after is not None and progress.done >= stop_after:
                stop.set()

        return Report(
            carry_out(
                plan,
                (world or self.world).stripe,
                on_outcome=lambda outcome: None,
                on_progress=further,
                stopped=stop.is_set,
                workers=workers,
            )
        )

    def apply(self, content: Json, **policy: Any) -> Plan:
        """Plan and carry out; everything must be done."""
        return self.done(self.plan(content, **policy))

    def done(self, plan: Plan) -> Plan:
        """Carry a plan out; everything must be done."""
        outcomes = self.carry_out(plan).outcomes
        assert [(o.action.id, o.message) for o in outcomes if o.status is not Status.DONE] == []
        return plan

    def settle(self, content: Json) -> Plan:
        """Apply; then nothing is left to do, and no write."""
        plan = self.apply(content)
        self.rests(content)
        self.sound()
        return plan

    def rests(self, content: Json) -> None:
        before = self.world.writes
        again = self.plan(content)
        assert (again.actions, again.batches) == ((), ())
        assert self.world.writes == before

    def sound(self) -> None:
        """Assert that a slot has at most one active code, and active codes share no text (except by customer)."""
        active = [row for row in self.world.codes(active=True) if SLOT in row["metadata"]]
        slots = Counter(
            (row["metadata"][ID], row["metadata"][SLOT]) for row in active if row["metadata"][SLOT] != "import"
        )
        assert not [slot for slot, count in slots.items() if count > 1]
        assert len({row["code"].lower() for row in active}) == len(active)

    def working(self, id: str = "vip") -> set[str]:
        """The texts of a batch that customers can use now."""
        return {row["code"] for row in self.world.codes(id, active=True)}

    def by_customer(self, id: str = "mail") -> dict[str, str]:
        """The active code of each customer of a batch."""
        return {row["customer"]: row["code"] for row in self.world.codes(id, active=True)}

    def use(self, texts: Iterable[str], times: int = 1) -> None:
        for text in texts:
            row = next(row for row in self.world.codes(active=True) if row["code"] == text)
            answer = self.world.control.redeem(text, times=times, customer=row["customer"])
            assert answer["redeemed"] == times, answer

    def switch_off(self, texts: Iterable[str]) -> None:
        """As somebody does in the Dashboard."""
        for text in texts:
            [row] = [row for row in self.world.codes(active=True) if row["code"] == text]
            self.world.dashboard.call("post", f"/v1/promotion_codes/{row['id']}", active=False)

    def export(self, content: Json, *batches: str, status: Sequence[State] = ()) -> list[Listed]:
        found = read_codes_of(configured(content, self.world.now), self.folder, self.world.stripe, batches)
        return list(found.listed(status))


def one(plan: Plan, id: str = "vip") -> BatchAction:
    """The action on a batch."""
    [found] = [action for action in plan.batches if action.id == id]
    return found


def some(texts: Iterable[str], count: int) -> list[str]:
    """A few texts, the same in every run of a test."""
    return sorted(texts)[:count]
