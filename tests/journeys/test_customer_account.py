"""A code for one account that is a customer (`customer_account`) keeps its account through every change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promosync.export.proposal import Wishes
from promosync.model.problems import ProblemsFound
from promosync.plan.checkout import Order
from promosync.plan.plan import Verb
from promosync.plan.planner import Policy
from promosync.render.check import check_json, check_text
from promosync.workflows import export as exporting
from promosync.workflows import plan as planning
from promosync.workflows.batch_files import read_batch_files
from promosync.workflows.check import ask
from promosync.workflows.export import Selection
from tests.journeys.world import Json, World, code, configured, coupon, document

ACME = {"customer_account": "acct_acme"}


def by_hand(world: World, **fields: Any) -> None:
    world.dashboard.call("post", "/v1/coupons", id="spring", percent_off=100, duration="once")
    home = {"type": "coupon", "coupon": "spring"}
    world.dashboard.call("post", "/v1/promotion_codes", code="WELCOME", promotion=home, **fields)


def test_it_is_created_adopted_and_recreated_for_that_account(world: World) -> None:
    by_hand(world, **ACME)
    content = document([coupon(percent_off=100)], [code(**ACME)])
    assert world.settle(content).counts == {Verb.ADOPT: 2}
    world.settle(document([coupon(percent_off=50)], [code(**ACME)]))
    assert world.one_code()["customer_account"] == "acct_acme"
    assert not world.control.redeem("WELCOME", customer="cus_ann")["redeemed"]
    assert world.control.redeem("WELCOME", customer="acct_acme")["redeemed"] == 1


@pytest.mark.parametrize(("before", "after"), [(ACME, {}), ({}, ACME), (ACME, {"customer": "cus_ann"})])
def test_another_holder_is_a_recreate(world: World, before: Json, after: Json) -> None:
    world.settle(document([coupon()], [code(**before)]))
    [action] = world.settle(document([coupon()], [code(**after)])).actions
    assert action.verb is Verb.RECREATE
    assert bool(action.warnings) is (after == {}), "for every customer now"
    assert world.one_code()["customer_account"] == after.get("customer_account")


def test_a_file_that_leaves_it_out_does_not_adopt_it(world: World) -> None:
    """The entry is for everybody: the code with that text is a conflict."""
    by_hand(world, **ACME)
    with pytest.raises(ProblemsFound) as found:
        world.plan(document([coupon(percent_off=100)], [code()]))
    assert [problem.rule for problem in found.value.problems] == ["conflict"]


def test_codes_of_one_text_for_different_holders_stand_beside_each_other(world: World) -> None:
    people = [ACME, {"customer_account": "acct_other"}, {"customer": "cus_ann"}]
    codes = [code(f"c{at}", "SAME", **whom) for at, whom in enumerate(people)]
    world.settle(document([coupon()], codes))
    assert len(world.codes(active=True)) == 3


def test_check_says_for_whom_it_is(world: World) -> None:
    world.settle(document([coupon()], [code(**ACME)]))
    assert not ask("welcome", Order(), world.stripe).valid
    assert not ask("welcome", Order(customer="cus_ann"), world.stripe).valid
    asked = ask("welcome", Order(customer="acct_acme"), world.stripe)
    assert asked.valid
    assert "it is for acct_acme, who asks" in [rule.message for rule in asked.rules]


def test_check_says_for_whom_the_others_of_the_text_are(world: World) -> None:
    world.settle(document([coupon()], [code("a", "SAME", **ACME), code("b", "SAME", customer="cus_ann")]))
    checked = ask("same", Order(customer="cus_ann"), world.stripe)
    assert "active, for acct_acme, made" in "".join(str(line) for line in check_text(checked, None, "", 200))
    [other] = check_json(checked, None, None)["others"]
    assert (other["customer"], other["customer_account"]) == (None, "acct_acme")


def test_export_keeps_it(world: World) -> None:
    by_hand(world, **ACME)
    for selection in (Selection(), Selection(owner="shop")):
        [entry] = exporting.make(world.stripe, selection).configuration.codes
        assert entry.spec.customer_account == "acct_acme"
        world.settle(document([coupon(percent_off=100)], [code(**ACME)]))


def test_no_file_of_unique_codes_takes_it_in(world: World) -> None:
    """A batch has no account, so the restriction would be lost: the code becomes a separate entry."""
    by_hand(world, **ACME, max_redemptions=1)
    export = exporting.make(world.stripe, Selection(wishes=Wishes(files_from=1)))
    assert [(entry.spec.code, entry.spec.customer_account) for entry in export.configuration.codes] == [
        ("WELCOME", "acct_acme")
    ]
    assert not export.configuration.batches


def test_an_import_does_not_adopt_it(world: World, tmp_path: Path) -> None:
    """The text is in use: nothing is made, and nothing is taken over."""
    by_hand(world, **ACME, max_redemptions=1)
    (tmp_path / "codes.csv").write_text("WELCOME\n", encoding="utf-8")
    batch = {"id": "vip", "coupon": "spring", "import": {"file": "codes.csv"}}
    configuration = configured({**document([coupon(percent_off=100)]), "code_batches": [batch]})
    with pytest.raises(ProblemsFound) as found:
        planning.make(configuration, world.stripe, Policy(), read_batch_files(configuration, tmp_path))
    assert [problem.rule for problem in found.value.problems] == ["conflict"]
