"""Random histories of a shop whose account is never read completely: each plan equals the plan of a complete reading.

The shops of the other machines run, with edits, customers, the Dashboard, failures, kills and other tools. A plan
reads codes only by text and by coupon, and takes the rest from seals. Before each apply the plan is made both ways,
and after each undisturbed apply a complete reading finds nothing to do.

Changes that only ``--refresh`` finds do not happen here: nobody switches a code on again, and nobody deletes the last
coupon of the shop, because the uses of texts that are not in the file any more would be lost. That a code was
switched off by hand is noted on the code only when it is read.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from promosync.apply.outcome import Status
from promosync.plan.plan import Plan

from .by_need import Both, said
from .test_batch_machine import COUPONS, BatchShop
from .test_machine import Shop
from .world import Json, World

pytestmark = pytest.mark.usefixtures("never_in_full")


class SealedShop(Shop):
    """Single codes."""

    @rule(data=st.data(), times=st.integers(1, 3), on_whom=st.just(""))
    def customers_redeem(self, data: st.DataObject, times: int, on_whom: str) -> None:
        if on := self.world.codes(active=True):
            row = data.draw(st.sampled_from(on))
            self.world.control.redeem(row["id"], times=times, customer=row["customer"])

    @rule(data=st.data(), value=st.sampled_from(("", "1", "9")))
    def the_dashboard_is_used(self, data: st.DataObject, value: str) -> None:
        what = data.draw(st.sampled_from(("off", "delete", "edit coupon", "edit seal", "edit code")))
        coupons, codes = self.world.coupons(), self.world.codes(active=True)
        if what == "delete" and len(coupons) > 1:
            self._ask("delete", f"/v1/coupons/{data.draw(st.sampled_from(coupons))['id']}")
        elif what == "edit coupon" and coupons:
            row = data.draw(st.sampled_from(coupons))
            self._ask("post", f"/v1/coupons/{row['id']}", name=value, metadata={"a": value})
        elif what == "edit seal" and coupons:
            row, other = data.draw(st.sampled_from(coupons)), data.draw(st.sampled_from(coupons))
            copied = other["metadata"].get("promosync_seal", "")
            self._ask("post", f"/v1/coupons/{row['id']}", metadata={"promosync_seal": value or copied})
        elif what in ("off", "edit code") and codes:
            change = {"active": False} if what == "off" else {"metadata": {"a": value}}
            self._ask("post", f"/v1/promotion_codes/{data.draw(st.sampled_from(codes))['id']}", **change)

    def _plan(self) -> Plan | None:
        self.world.control.advance(1)  # objects of one second have no order that could be relied on
        return Both(lambda **policy: self.world.plan(self._content(), **policy)).plan()

    def _apply(self) -> None:
        plan = self._plan()
        if plan is None:
            return
        report = self.world.carry_out(plan, workers=1)
        assert [o.message for o in report.outcomes if o.status is not Status.DONE] == []
        assert self.world.plan(self._content(), refresh=True).actions == ()
        assert self.world.plan(self._content()).actions == ()

    def _apply_disturbed(
        self, order: Json | None = None, stop_after: int | None = None, die_after: int | None = None
    ) -> None:
        plan = self._plan()
        if plan is None:
            return
        if order is not None:
            self.world.control.faults(order)
        if die_after is not None:
            self.world.control.die_after(die_after)
        patience = self.world.client.patience
        self.world.client.patience = patience if die_after is None else 0.0
        self.world.carry_out(plan, workers=1, stop_after=stop_after)
        self.world.client.patience = patience
        self.world.control.clear_faults()


class SealedBatchShop(BatchShop):
    """Unique codes."""

    @rule(data=st.data(), what=st.sampled_from(("off", "off", "delete", "seal")))
    def the_dashboard_is_used(self, data: st.DataObject, what: str) -> None:
        coupons, codes = self.world.coupons(), self.world.codes(active=True)
        if what == "delete" and len(coupons) > 1:
            self._ask("delete", f"/v1/coupons/{data.draw(st.sampled_from(coupons))['id']}")
        elif what == "seal" and coupons:
            row, other = data.draw(st.sampled_from(coupons)), data.draw(st.sampled_from(coupons))
            copied = other["metadata"].get("promosync_seal", "")
            self._ask("post", f"/v1/coupons/{row['id']}", metadata={"promosync_seal": copied})
        elif what == "off" and codes:
            row = data.draw(st.sampled_from(codes))
            self._ask("post", f"/v1/promotion_codes/{row['id']}", active=False)

    @rule(data=st.data())
    def a_customer_redeems(self, data: st.DataObject) -> None:
        if on := self.world.codes(active=True):
            self.world.control.redeem(data.draw(st.sampled_from(on))["id"])

    @rule(data=st.data(), apply=st.booleans())
    def a_code_is_switched_off_and_its_coupon_is_deleted(self, data: st.DataObject, apply: bool) -> None:
        if (on := self.world.codes(active=True)) and len(self.world.coupons()) > 1:
            row = data.draw(st.sampled_from(on))
            self._ask("post", f"/v1/promotion_codes/{row['id']}", active=False)
            if apply:
                self._apply()
            row = next(one for one in self.world.codes() if one["id"] == row["id"])
            self._ask("delete", f"/v1/coupons/{row['promotion']['coupon']}")

    def _plan(self) -> Plan | None:
        self.world.control.advance(1)
        content = self._content()
        return Both(lambda **policy: self.shop.plan(content, **policy)).plan()

    def _apply(self) -> None:
        plan = self._plan()
        assert plan is not None
        outcomes = self.shop.carry_out(plan, workers=1).outcomes
        assert [(o.action.id, o.message) for o in outcomes if o.status is not Status.DONE] == []
        content = self._content()
        for refresh in (True, False):
            again = said(self.shop.plan(content, refresh=refresh))
            assert (again["actions"], again["batches"]) == ([], [])

    def _always(self) -> None:
        assert len({row["metadata"].get("promosync_id") for row in self.world.coupons()}) <= len(COUPONS)


@pytest.fixture(scope="module")
def quick() -> settings:
    return settings(max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))


def test_single_codes(shared_world: World, quick: settings) -> None:
    """After any history of single codes, a plan by need equals the plan of a complete reading."""
    machine = type("ThisShop", (SealedShop,), {"world": shared_world})
    run_state_machine_as_test(machine, settings=quick)


def test_unique_codes(shared_world: World, tmp_path: Path, quick: settings) -> None:
    """After any history of batches, a plan by need equals the plan of a complete reading."""
    machine = type("ThisShop", (SealedBatchShop,), {"world": shared_world, "folder": tmp_path})
    run_state_machine_as_test(machine, settings=quick)
