"""Random histories of a shop: edits, customers, Dashboard, other tools, failures, kills, and time.

True after every undisturbed apply with a possible plan (``_apply``):

1. The next plan is empty, and applying it writes nothing.
2. The uses of an entry, plus the uses that its current object still allows, are never above the file's limit. The
   only exception is reported: if an apply is interrupted after it made a new coupon, customers can still use the old
   one, and the count on the new one is already fixed. ``promosync_late`` on the coupon counts these uses, and is
   never too high.
3. A code of the file is active if its date and its coupon's date are in the future, and if it and its coupon have
   uses left. It has its text, customer and terms, and is on the current coupon of its entry. No other code of this
   owner is active, and this owner has no other coupon.
4. Objects of another owner or of nobody are unchanged. If they were adopted, only promosync's keys are new.

True after every apply, also an interrupted one (``_apply_disturbed``): rule 4. And for a code with a limit, the uses
and allowed uses together are never above the larger of its old limit and its new limit, or above their earlier value
(if somebody switched an old code on by hand). Then a coupon may exist twice, so rule 2 is not checked.

A plan may be impossible: a limited coupon has no use left, a text or an id belongs to somebody else, or somebody
else's code is on our coupon. The test's own records must have the cause of each such error, and nothing is written.

The records: ``used`` counts the redemptions of each entry. They are kept when a coupon is deleted, because its codes
still show its uses; a coupon that is made again does not start at 0.
"""

from __future__ import annotations

import copy
import math
from collections import Counter
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from promosync.apply.gateway import Fault, StripeFault
from promosync.apply.outcome import Status
from promosync.config import Refused
from promosync.model.problems import ProblemsFound

from .documents import AMOUNTS, MINIMUMS
from .world import CARRIED, DAY, ID, LATE, LATER, LATEST, NOW, OWNER, PAST, SOON, Json, World, configured, document

COUPON_IDS, CODE_IDS = ("spring", "summer", "vip"), ("alpha", "beta", "gamma", "delta")
TEXTS = ("SAVE", "save", "MORE", "More", "LESS", "Less", "ZERO")
DATES = (None, None, None, None, None, None, PAST, SOON, LATER, LATEST)
LIMITS = (None, None, 2, 4, 6, 9, 12)
METADATA: tuple[Json, ...] = ({}, {"a": "1"}, {"a": "2"}, {"b": "1"})
TIMES = {date: int(datetime.fromisoformat(date).timestamp()) for date in (PAST, SOON, LATER, LATEST)}

coupon_entries = st.fixed_dictionaries(
    {
        "discount": st.one_of(st.sampled_from(({"percent_off": 10}, {"percent_off": 20})), AMOUNTS),
        "duration": st.sampled_from(("once", "forever")),
        "max_redemptions": st.sampled_from(LIMITS),
        "redeem_by": st.sampled_from(DATES),
        "name": st.sampled_from((None, "Sale", "Big sale")),
        "applies_to": st.sampled_from((None, ["pro"], ["team", "pro"])),
        "metadata": st.sampled_from(METADATA),
    }
)
code_entries = st.fixed_dictionaries(
    {
        "code": st.sampled_from(TEXTS),
        "coupon": st.sampled_from(COUPON_IDS),
        "active": st.sampled_from((True, True, True, False)),
        "max_redemptions": st.sampled_from(LIMITS),
        "expires_at": st.sampled_from(DATES),
        "first_time_transaction": st.sampled_from((False, False, True)),
        "minimum": st.one_of(st.just({}), MINIMUMS),
        "customer": st.sampled_from((None, None, "cus_ann", "cus_bob")),
        "metadata": st.sampled_from(METADATA),
    }
)
coupon_ids, code_ids = st.sampled_from(COUPON_IDS), st.sampled_from(CODE_IDS)
FAULTS = ("400", "500", "500_after", "reset", "reset_after", "409", "429", "503", "half")


class Shop(RuleBasedStateMachine):
    """One shop, one file, and everybody who changes the account."""

    world: World

    @initialize(data=st.data())
    def opens(self, data: st.DataObject) -> None:
        self.world.fresh()
        self.coupons: dict[str, Json] = {}
        self.codes: dict[str, Json] = {}
        self.used: Counter[str] = Counter()
        self.late: Counter[str] = Counter()
        self.limits: dict[str, int | None] = {}
        for id in COUPON_IDS:
            self._edit({**self.coupons, id: {**data.draw(coupon_entries), "redeem_by": None}}, self.codes)
        for id, text in zip(CODE_IDS, TEXTS[::2], strict=True):
            self._edit(self.coupons, {**self.codes, id: {**data.draw(code_entries), "code": text}})
        self._apply()

    # -- the file ----------------------------------------------------------------------------------------

    @rule(
        data=st.data(),
        edits=st.integers(1, 3),
        apply=st.sampled_from(("", "undisturbed", "in bad weather", "in bad weather")),
    )
    def the_team_works(self, data: st.DataObject, edits: int, apply: str) -> None:
        for _ in range(edits):
            kind = data.draw(st.sampled_from(("coupon field", "code field") * 3 + ("coupon", "code", "swap", "out")))
            if kind == "coupon":
                self._edit({**self.coupons, data.draw(coupon_ids): data.draw(coupon_entries)}, self.codes)
            elif kind == "code":
                self._edit(self.coupons, {**self.codes, data.draw(code_ids): data.draw(code_entries)})
            elif kind == "coupon field" and self.coupons:
                self._edit(self._one_field(data, self.coupons, coupon_entries), self.codes)
            elif kind == "code field" and self.codes:
                self._edit(self.coupons, self._one_field(data, self.codes, code_entries))
            elif kind == "swap":
                self._swap_texts(data.draw(code_ids), data.draw(code_ids))
            else:
                gone = data.draw(st.sampled_from((*COUPON_IDS, *CODE_IDS, *CODE_IDS)))
                coupons = {id: entry for id, entry in self.coupons.items() if id != gone}
                codes = {id: entry for id, entry in self.codes.items() if gone not in (id, entry["coupon"])}
                self._edit(coupons, codes)
        if apply == "undisturbed":
            self._apply()
        elif apply:
            self._disturb(data)

    def _one_field(self, data: st.DataObject, entries: dict[str, Json], drawn: Any) -> dict[str, Json]:
        id = data.draw(st.sampled_from(sorted(entries)))
        fields = data.draw(drawn)
        name = data.draw(st.sampled_from(sorted(fields)))
        return {**entries, id: {**entries[id], name: fields[name]}}

    def _swap_texts(self, one: str, other: str) -> None:
        if {one, other} <= set(self.codes):
            codes = copy.deepcopy(self.codes)
            codes[one]["code"], codes[other]["code"] = codes[other]["code"], codes[one]["code"]
            self._edit(self.coupons, codes)

    def _edit(self, coupons: dict[str, Json], codes: dict[str, Json]) -> None:
        """Make an edit if the file stays valid; remove a code's limit or date if it is beyond the coupon's."""
        codes = copy.deepcopy(codes)
        for entry in codes.values():
            home = coupons.get(entry["coupon"], {})
            if home.get("max_redemptions") and (entry["max_redemptions"] or 0) > home["max_redemptions"]:
                entry["max_redemptions"] = None
            if home.get("redeem_by") and entry["expires_at"] and entry["expires_at"] > home["redeem_by"]:
                entry["expires_at"] = None
        before = self.coupons, self.codes
        self.coupons, self.codes = coupons, codes
        try:
            configured(self._content(), self.world.now)
        except Refused:
            self.coupons, self.codes = before

    def _content(self) -> Json:
        def entries(of: dict[str, Json]) -> list[Json]:
            found = []
            for id, entry in of.items():
                given = {key: value for key, value in entry.items() if value is not None}
                found.append({"id": id, **given.pop("discount", {}), **given.pop("minimum", {}), **given})
            return found

        return document(entries(self.coupons), entries(self.codes))

    # -- customers, the Dashboard, others, time ------------------------------------------------------------

    @rule(data=st.data(), times=st.integers(1, 3), on_whom=st.sampled_from(CODE_IDS))
    def customers_redeem(self, data: st.DataObject, times: int, on_whom: str) -> None:
        on = self.world.codes(on_whom, active=True) or self.world.codes(active=True)
        if not on:
            return
        row = data.draw(st.sampled_from(on))
        done = self.world.control.redeem(row["id"], times=times, customer=row["customer"])["redeemed"]
        assert done
        self.used["code " + row["metadata"][ID]] += done
        homes = {home["id"]: home for home in self.world.coupons()}
        home = homes.get(row["promotion"]["coupon"])
        if home is not None:
            id = home["metadata"][ID]
            self.used["coupon " + id] += done
            if home != self.world.coupons(id)[-1]:
                self.late[id] += done

    @rule(data=st.data(), value=st.sampled_from(("", "1", "9")))
    def the_dashboard_is_used(self, data: st.DataObject, value: str) -> None:
        what = data.draw(st.sampled_from(("switch", "switch", "delete", "delete", "edit coupon", "edit code")))
        rows = self.world.coupons() if what in ("edit coupon", "delete") else self.world.codes()
        if not rows:
            return
        row = data.draw(st.sampled_from(rows))
        if what == "delete":
            self._ask("delete", f"/v1/coupons/{row['id']}")
        elif what == "edit coupon":
            self._ask("post", f"/v1/coupons/{row['id']}", name=value, metadata={"a": value})
        elif what == "edit code":
            self._ask("post", f"/v1/promotion_codes/{row['id']}", metadata={"a": value})
        else:
            self._ask("post", f"/v1/promotion_codes/{row['id']}", active=not row["active"])

    @rule(data=st.data(), owner=st.sampled_from((None, "other-shop")))
    def strangers_come_and_go(self, data: st.DataObject, owner: str | None) -> None:
        metadata = {} if owner is None else {OWNER: owner, ID: "x"}
        everything, theirs = self.world.control.dump(), self.world.others()
        what = data.draw(st.sampled_from(("coupon", "code", "go", "go")))
        if what == "coupon":
            id = data.draw(st.sampled_from((*COUPON_IDS, "theirs", "spring_r2")))
            self._ask("post", "/v1/coupons", id=id, percent_off=20, duration="once", metadata=metadata)
        elif what == "code" and everything["coupons"]:
            home = data.draw(st.sampled_from([row["id"] for row in everything["coupons"]]))
            text = data.draw(st.sampled_from((*TEXTS, "THEIRS", "THEIRS")))
            promotion = {"type": "coupon", "coupon": home}
            self._ask("post", "/v1/promotion_codes", promotion=promotion, code=text, metadata=metadata)
        elif what == "go":
            for row in theirs["coupons"]:
                self._ask("delete", f"/v1/coupons/{row['id']}")
            for row in theirs["promotion_codes"]:
                self._ask("post", f"/v1/promotion_codes/{row['id']}", active=False)

    @rule(seconds=st.sampled_from((0, 1, 1, 1, DAY, 6 * DAY, 150 * DAY)))
    def time_passes(self, seconds: int) -> None:
        if self.world.now < NOW + 360 * DAY:
            self.world.control.advance(seconds)

    def _ask(self, method: str, path: str, **params: Any) -> None:
        """Send one request past promosync; Stripe may refuse it."""
        try:
            self.world.dashboard.once(method, path, **params)
        except StripeFault as fault:
            if fault.fault not in (Fault.REFUSED, Fault.ID_TAKEN, Fault.TEXT_TAKEN):
                raise

    # -- promosync -----------------------------------------------------------------------------------------

    @rule()
    def applies(self) -> None:
        self._apply()

    def _disturb(self, data: st.DataObject) -> None:
        what = data.draw(st.sampled_from(("fault", "fault", "stop", "die")))
        if what == "stop":
            self._apply_disturbed(stop_after=data.draw(st.integers(0, 4)))
        elif what == "die":
            self._apply_disturbed(die_after=data.draw(st.integers(0, 8)))
        else:
            order = {
                "match": {"method": data.draw(st.sampled_from(("POST", "POST", "DELETE", "GET")))},
                "fault": data.draw(st.sampled_from(FAULTS)),
                "skip": data.draw(st.integers(0, 6)),
                "times": data.draw(st.integers(1, 4)),
            }
            self._apply_disturbed(order=order)

    def _plan(self) -> Any:
        """Return the plan, or None if there is a good reason that it is impossible; then nothing was written."""
        writes = self.world.writes
        try:
            return self.world.plan(self._content())
        except ProblemsFound as found:
            assert self.world.writes == writes
            for problem in found.problems:
                self._explain(problem)
            return None

    def _explain(self, problem: Any) -> None:
        if not problem.path:  # about a coupon that has left the file
            assert problem.rule == "codes-of-others"
            everything, others = self.world.control.dump(), self.world.others()
            theirs = {row["id"] for row in others["coupons"]}
            left = {row["id"] for row in everything["coupons"] if row["id"] not in theirs}
            left -= {row["id"] for id in self.coupons for row in self.world.coupons(id)}
            ridden = {row["promotion"]["coupon"] for row in others["promotion_codes"] if row["active"]}
            assert left & ridden
            return
        section, index = problem.path[:2]
        id = list(self.coupons if section == "coupons" else self.codes)[index]
        if problem.rule == "nothing-left":
            limit = self.coupons[id]["max_redemptions"]
            assert limit is not None
            assert self.used["coupon " + id] >= limit
        elif problem.rule == "codes-of-others":
            ours = {row["id"] for row in self.world.coupons(id)}
            riders = [row for row in self.world.others()["promotion_codes"] if row["promotion"]["coupon"] in ours]
            assert any(row["active"] for row in riders)
        else:
            assert problem.rule == "conflict"
            others = self.world.others()
            if section == "coupons":
                assert id in {row["id"] for row in others["coupons"]}
            else:
                text = self.codes[id]["code"].lower()
                assert text in {row["code"].lower() for row in others["promotion_codes"] if row["active"]}

    def _apply(self) -> None:
        before = self.world.others()
        plan = self._plan()
        if plan is None:
            return
        report = self.world.carry_out(plan, workers=1)
        bad = [outcome for outcome in report.outcomes if outcome.status is not Status.DONE]
        assert not bad, [(outcome.action.id, outcome.action.reason, outcome.message) for outcome in bad]
        self.world.rests(self._content())
        self._strangers_are_as_they_were(before)
        self._coupons_are_as_the_file_says()
        self._codes_are_as_the_file_says()
        self.limits = {id: entry["max_redemptions"] for id, entry in self.codes.items()}

    def _apply_disturbed(
        self, order: Json | None = None, stop_after: int | None = None, die_after: int | None = None
    ) -> None:
        before = self.world.others()
        plan = self._plan()
        if plan is None:
            return
        open_before = {id: self._open(id) for id in self.codes}
        if order is not None:
            self.world.control.faults(order)
        if die_after is not None:
            self.world.control.die_after(die_after)
        patience = self.world.client.patience
        self.world.client.patience = patience if die_after is None else 0.0
        self.world.carry_out(plan, workers=1, stop_after=stop_after)
        self.world.client.patience = patience
        self.world.control.clear_faults()
        self._strangers_are_as_they_were(before)
        for id, entry in self.codes.items():
            limits = (entry["max_redemptions"], self.limits.get(id, entry["max_redemptions"]))
            if None not in limits:
                # A code that somebody switched on by hand may still be active, if Stripe refused to switch it off.
                assert self._open(id) <= max(open_before[id], max(limits) - self.used["code " + id], 0)
            self.limits[id] = None if None in limits else max(limits)

    def _open(self, id: str) -> float:
        """How many redemptions the active codes of an entry still allow."""
        rows = self.world.codes(id, active=True)
        return sum(
            math.inf if row["max_redemptions"] is None else row["max_redemptions"] - row["times_redeemed"]
            for row in rows
        )

    # -- the invariants --------------------------------------------------------------------------------------

    def _strangers_are_as_they_were(self, before: Json) -> None:
        after = self.world.control.dump()
        for kind, rows in before.items():
            now = {row["id"]: row for row in after[kind]}
            for row in rows:
                there = now[row["id"]]
                if there != row:  # adopted, or switched off since by the file that adopted it
                    assert row.get("metadata", {}).get(OWNER) is None
                    assert there["metadata"][OWNER] == "shop"
                    free = ("metadata", "name", "active", "valid")
                    assert {k: v for k, v in there.items() if k not in free} == {
                        k: v for k, v in row.items() if k not in free
                    }

    def _coupons_are_as_the_file_says(self) -> None:
        wanted = {id for id, entry in self.coupons.items() if self._ahead(entry["redeem_by"])}
        usable = [row["metadata"][ID] for row in self.world.coupons() if row["valid"]]
        assert len(set(usable)) == len(usable)
        assert set(usable) <= wanted
        for id in wanted:
            [row] = self.world.coupons(id)
            limit, used = self.coupons[id]["max_redemptions"], self.used["coupon " + id]
            late = int(row["metadata"].get(LATE, 0))
            assert late <= self.late[id]
            if limit is None:
                assert row["max_redemptions"] is None
                assert row["valid"]
                continue
            rest = row["max_redemptions"] - row["times_redeemed"] if row["valid"] else 0
            assert used + rest <= max(limit, used) + late
            assert row["valid"] or used >= limit

    def _codes_are_as_the_file_says(self) -> None:
        on = {row["metadata"][ID]: row for row in self.world.codes(active=True)}
        assert len(on) == len(self.world.codes(active=True))
        for id, entry in self.codes.items():
            home = self.coupons[entry["coupon"]]
            limit, used = entry["max_redemptions"], self.used["code " + id]
            of_coupon, used_of_coupon = home["max_redemptions"], self.used["coupon " + entry["coupon"]]
            ahead = self._ahead(entry["expires_at"]) and self._ahead(home["redeem_by"])
            left = (limit is None or used < limit) and (of_coupon is None or used_of_coupon < of_coupon)
            row = on.pop(id, None)
            if entry["active"] and ahead and left:
                assert row is not None, f"{id} is off"
            if row is None:
                continue
            assert entry["active"]
            assert ahead
            assert row["code"].lower() == entry["code"].lower()
            assert row["customer"] == entry["customer"]
            [current] = self.world.coupons(entry["coupon"])
            assert row["promotion"]["coupon"] == current["id"]
            if limit is not None:
                assert used + row["max_redemptions"] - row["times_redeemed"] <= limit
                assert used == int(row["metadata"].get(CARRIED, 0)) + row["times_redeemed"]
        assert on == {}

    def _ahead(self, date: str | None) -> bool:
        return date is None or TIMES[date] > self.world.now


@pytest.mark.parametrize("steps", [25])
def test_the_machine(shared_world: World, steps: int) -> None:
    """The invariants are true after any history of the shop, its customers, other people and Stripe."""
    machine = type("ThisShop", (Shop,), {"world": shared_world})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=15,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
