"""Random histories of unique codes: batches that grow, shrink and change, customers, the Dashboard, failures.

True after every undisturbed apply (``_apply``):

1. There is a plan, everything in it is done, the next plan is empty, and applying that writes nothing.
2. The active codes are those of the file, on the entry's current coupon: as many as the count, or the lines of the
   import. A code of the file may be off only if it was used or switched off by hand. A further code, or a code on an
   earlier coupon of the entry, may be active only if it was used.
3. A code that was switched off by hand is off. The exception: its coupon was deleted by hand before an apply found
   the code off, because all codes of a deleted coupon are off. A code that an apply found off by hand stays off until
   somebody switches it on.
4. The uses of a code and the uses that it still allows are together never above the file's limit. For a used code,
   which keeps its terms, they are never above the largest limit that the file ever had.

A second passes before each apply, because objects of one second have no reliable order.

Always true, also after an interrupted apply: a slot keeps its text; at most one code of a slot or a text is active;
and uses and allowed uses together are never above the largest limit since the last undisturbed apply.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from promosync.apply.gateway import Fault, StripeFault
from promosync.apply.outcome import Status

from .batch_shop import RETIRED, SLOT, Shop, batch, printed, shop_file
from .documents import MINIMUMS
from .world import ID, LATER, LATEST, Json, World, coupon

TEXTS = ("CARD1", "CARD2", "CARD3", "card4")
COUPONS = ("spring", "summer")
FAULTS = ("400", "500", "500_after", "reset", "reset_after", "409", "429", "503", "half")

batch_fields = {
    "coupon": st.sampled_from(COUPONS),
    "max_redemptions": st.sampled_from((1, 1, 2, 3)),
    "expires_at": st.sampled_from((None, None, LATER, LATEST)),
    "active": st.sampled_from((True, True, True, False)),
    "metadata": st.sampled_from(({}, {"a": "1"}, {"a": "2"})),
    "minimum": st.one_of(st.just({}), MINIMUMS),
    "there": st.sampled_from((True, True, True, False)),
}
Key = tuple[str, str]
"""A batch, and a slot of it; for an imported code, its text."""


def key_of(row: Json) -> Key:
    slot = row["metadata"][SLOT]
    return row["metadata"][ID], row["code"].lower() if slot == "import" else slot


class BatchShop(RuleBasedStateMachine):
    """One shop with a batch that draws and one that is imported, on two coupons."""

    world: World
    folder: Path

    @initialize(count=st.integers(1, 4))
    def opens(self, count: int) -> None:
        self.world.fresh()
        self.shop = Shop(self.world, self.folder)
        self.percents = dict.fromkeys(COUPONS, 20)
        plain = {
            "coupon": "spring",
            "max_redemptions": 1,
            "expires_at": None,
            "active": True,
            "metadata": {},
            "minimum": {},
        }
        self.batches: dict[str, Json] = {id: {**plain, "there": True} for id in ("vip", "print")}
        self.count, self.lines = count, [*TEXTS[:2]]
        self.used: Counter[Key] = Counter()
        self.off: set[Key] = set()  # by hand
        self.noted: set[Key] = set()  # those of them that an apply has found off
        self.maybe: set[Key] = set()  # off by hand, or because its coupon was deleted: this cannot be known
        self.texts: dict[Key, str] = {}
        self.limits: dict[str, int] = {}
        self.largest: dict[str, int] = {}
        self._apply()

    # -- the file ----------------------------------------------------------------------------------------

    @rule(data=st.data(), edits=st.integers(1, 2), apply=st.sampled_from(("", "in peace", "disturbed", "disturbed")))
    def the_team_works(self, data: st.DataObject, edits: int, apply: str) -> None:
        for _ in range(edits):
            what = data.draw(st.sampled_from(("count", "lines", "percent", *batch_fields)))
            if what == "count":
                self.count = data.draw(st.integers(1, 5))
            elif what == "lines":
                self.lines = data.draw(st.lists(st.sampled_from(TEXTS), min_size=1, unique=True))
            elif what == "percent":
                self.percents[data.draw(st.sampled_from(COUPONS))] = data.draw(st.sampled_from((10, 20)))
            else:
                self.batches[data.draw(st.sampled_from(("vip", "print")))][what] = data.draw(batch_fields[what])
        if apply == "in peace":
            self._apply()
        elif apply:
            self._disturb(data)

    def _content(self) -> Json:
        self.shop.write("print.csv", *self.lines)
        entries = []
        for id, fields in self.batches.items():
            given = {name: value for name, value in fields.items() if value is not None and name != "there"}
            given |= given.pop("minimum")
            if fields["there"]:
                entries.append(batch(id, self.count, **given) if id == "vip" else printed(id, **given))
        homes = [coupon(id, percent_off=percent) for id, percent in self.percents.items()]
        return shop_file(*entries, coupons=homes)

    # -- customers, and the Dashboard ----------------------------------------------------------------------

    @rule(data=st.data())
    def a_customer_redeems(self, data: st.DataObject) -> None:
        if on := self.world.codes(active=True):
            row = data.draw(st.sampled_from(on))
            done = self.world.control.redeem(row["id"])["redeemed"]
            assert done
            self.used[key_of(row)] += done

    @rule(data=st.data(), what=st.sampled_from(("off", "off", "on", "delete")))
    def the_dashboard_is_used(self, data: st.DataObject, what: str) -> None:
        if what == "delete":
            if homes := self.world.coupons():
                self._delete(data.draw(st.sampled_from(homes))["id"])
            return
        newest = {key_of(row): row for row in self.world.codes()}
        rows = [row for row in newest.values() if row["active"] is (what == "off")]
        if not rows:
            return
        row = data.draw(st.sampled_from(rows))
        if what == "off":
            self._switch_off(row)
            return
        self._ask("post", f"/v1/promotion_codes/{row['id']}", active=True)
        if next(one for one in self.world.codes() if one["id"] == row["id"])["active"]:
            for keys in (self.off, self.noted, self.maybe):
                keys.discard(key_of(row))

    @rule(data=st.data(), apply=st.booleans())
    def a_code_is_switched_off_and_its_coupon_is_deleted(self, data: st.DataObject, apply: bool) -> None:
        if on := self.world.codes(active=True):
            row = data.draw(st.sampled_from(on))
            self._switch_off(row)
            if apply:
                self._apply()
            self._delete(next(one for one in self.world.codes() if one["id"] == row["id"])["promotion"]["coupon"])

    def _switch_off(self, row: Json) -> None:
        self._ask("post", f"/v1/promotion_codes/{row['id']}", active=False)
        self.off.add(key_of(row))

    def _delete(self, home: str) -> None:
        # On again, but no apply has seen it: its mark says that it was off.
        back_on = {key_of(row) for row in self.world.codes(active=True) if row["metadata"].get(RETIRED) == "hand"}
        self._ask("delete", f"/v1/coupons/{home}")
        gone = {key_of(row) for row in self.world.codes() if row["promotion"]["coupon"] == home}
        self.maybe |= gone & (self.off - self.noted | back_on)
        self.off -= gone - self.noted

    @rule(seconds=st.sampled_from((0, 1, 60)))
    def time_passes(self, seconds: int) -> None:
        self.world.control.advance(seconds)

    def _ask(self, method: str, path: str, **params: Any) -> None:
        """Send one request past promosync; Stripe may refuse it."""
        try:
            self.world.dashboard.once(method, path, **params)
        except StripeFault as fault:
            if fault.fault not in (Fault.REFUSED, Fault.TEXT_TAKEN, Fault.NOT_FOUND):
                raise

    # -- promosync -----------------------------------------------------------------------------------------

    @rule()
    def applies(self) -> None:
        self._apply()

    def _apply(self) -> None:
        self.world.control.advance(1)
        content = self._content()
        outcomes = self.shop.carry_out(self.shop.plan(content), workers=1).outcomes
        assert [(o.action.id, o.message) for o in outcomes if o.status is not Status.DONE] == []
        self.shop.rests(content)
        self.noted |= self.off
        self.limits = {}
        self._always()
        self._as_the_file_says()

    def _disturb(self, data: st.DataObject) -> None:
        self.world.control.advance(1)
        plan = self.shop.plan(self._content())
        patience = self.world.client.patience
        what = data.draw(st.sampled_from(("fault", "fault", "stop", "die")))
        if what == "fault":
            order = {
                "match": {"method": data.draw(st.sampled_from(("POST", "POST", "DELETE", "GET")))},
                "fault": data.draw(st.sampled_from(FAULTS)),
                "skip": data.draw(st.integers(0, 8)),
                "times": data.draw(st.integers(1, 4)),
            }
            self.world.control.faults(order)
        elif what == "die":
            self.world.control.die_after(data.draw(st.integers(0, 10)))
            self.world.client.patience = 0.0
        stop_after = data.draw(st.integers(0, 6)) if what == "stop" else None
        self.shop.carry_out(plan, stop_after=stop_after, workers=1)
        self.world.client.patience = patience
        self.world.control.clear_faults()
        self._always()

    # -- the invariants --------------------------------------------------------------------------------------

    def _always(self) -> None:
        on = Counter(key_of(row) for row in self.world.codes(active=True))
        assert [key for key, times in on.items() if times > 1] == []
        self.shop.sound()
        for row in self.world.codes():
            assert self.texts.setdefault(key_of(row), row["code"].lower()) == row["code"].lower()
        for id, fields in self.batches.items():
            self.limits[id] = max(fields["max_redemptions"], self.limits.get(id, 0))
            self.largest[id] = max(fields["max_redemptions"], self.largest.get(id, 0))
        for row in self.world.codes(active=True):
            used, id = self.used.get(key_of(row), 0), row["metadata"][ID]
            limit = self.largest[id] if used else self.limits[id]
            assert used + row["max_redemptions"] - row["times_redeemed"] <= limit

    def _as_the_file_says(self) -> None:
        homes = {row["metadata"][ID]: row["id"] for row in self.world.coupons()}
        assert sorted(homes) == sorted(COUPONS)
        assert len(self.world.coupons()) == len(COUPONS)
        on = {key_of(row): row for row in self.world.codes(active=True)}
        assert not set(on) & self.off
        excused = self.off | self.maybe | set(self.used)
        for id, fields in self.batches.items():
            mine = {key for key in on if key[0] == id}
            if not (fields["there"] and fields["active"]):
                assert mine == set()
            elif id == "print":
                lines = {(id, text.lower()) for text in self.lines}
                assert mine - set(self.used) <= lines
                assert lines - mine <= excused
            else:  # as many are issued as the file says, whatever their slots
                assert self.count - sum(key[0] == id for key in excused) <= len(mine)
                assert len(mine - set(self.used)) <= self.count
            for key in mine:
                allowed = set(homes.values()) if key in self.used else {homes[fields["coupon"]]}
                assert on[key]["promotion"]["coupon"] in allowed


@pytest.mark.parametrize("steps", [25])
def test_the_batch_machine(shared_world: World, tmp_path: Path, steps: int) -> None:
    """The invariants are true after any history of batches, customers, the Dashboard and Stripe."""
    machine = type("ThisShop", (BatchShop,), {"world": shared_world, "folder": tmp_path})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=10,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
