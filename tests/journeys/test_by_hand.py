"""After the next apply, a unique code that somebody switched off stays off, even if its coupon is deleted."""

from __future__ import annotations

from pathlib import Path

import pytest

from promosync.apply.outcome import Status
from promosync.render.facts import Pace
from promosync.render.plan_json import plan_json
from promosync.render.plan_text import plan_text

from .batch_shop import RETIRED, Shop, batch, one, printed, shop_file, some
from .world import DAY, SOON, World, coupon

CONTENT = shop_file(batch(count=4))


@pytest.fixture
def shop(world: World, tmp_path: Path) -> Shop:
    return Shop(world, tmp_path)


def delete_coupon(shop: Shop) -> None:
    """Switch a code off in the Dashboard, a second after the last event."""
    shop.world.control.advance(1)
    [row] = shop.world.coupons()
    shop.world.dashboard.once("delete", f"/v1/coupons/{row['id']}")
    shop.world.control.advance(1)


def reasons(shop: Shop, text: str) -> list[str | None]:
    return [row["metadata"].get(RETIRED) for row in shop.world.codes("vip") if row["code"] == text]


@pytest.mark.parametrize("uses", [0, 1])
def test_it_is_noted_once_and_then_nothing_brings_it_back(shop: Shop, uses: int) -> None:
    """Also where it was used in part before; the others come back with their coupon, each time."""
    content = shop_file(batch(count=4, max_redemptions=3))
    shop.settle(content)
    [off] = some(shop.working(), 1)
    if uses:
        shop.use([off])
    shop.switch_off([off])
    rest = shop.working()
    plan = shop.plan(content)
    shown = "\n".join(line.plain for line in plan_text(plan, 100, Pace(20, 80)))
    assert "  ~ code batch vip\n      note 1 code as switched off by hand: so that nothing brings it back" in shown
    assert "1 unique code to note as switched off by hand" in shown
    assert off not in shown
    [told] = plan_json(plan, Pace(20, 80))["batches"]
    assert (told["marked"], told["removes"], told["gap"]) == (1, 0, 0)
    before = shop.world.writes
    shop.settle(content)
    assert shop.world.writes == before + 1
    assert reasons(shop, off) == ["hand"]
    for _ in range(2):
        delete_coupon(shop)
        plan = shop.settle(content)
        assert one(plan).recreated == 3
        assert shop.working() == rest
    assert reasons(shop, off) == ["hand"]


def test_what_no_apply_has_noted_comes_back_and_the_plan_says_so(shop: Shop) -> None:
    shop.settle(CONTENT)
    every = shop.working()
    shop.switch_off(some(every, 1))
    delete_coupon(shop)
    plan = shop.settle(CONTENT)
    assert one(plan).warnings == (
        "4 codes of a deleted coupon come back, also what was switched off by hand since the last apply",
    )
    assert shop.working() == every


def test_what_is_on_again_is_like_the_others(shop: Shop) -> None:
    """If somebody switches it on again, the note is removed, and the code comes back like any other."""
    shop.settle(CONTENT)
    every = shop.working()
    [off] = some(every, 1)
    shop.switch_off([off])
    shop.settle(CONTENT)
    [row] = [row for row in shop.world.codes("vip") if row["code"] == off]
    shop.world.dashboard.call("post", f"/v1/promotion_codes/{row['id']}", active=True)
    plan = shop.settle(CONTENT)
    assert (one(plan).updated, one(plan).codes) == (1, 1)
    assert reasons(shop, off) == [None]
    delete_coupon(shop)
    shop.settle(CONTENT)
    assert shop.working() == every


@pytest.mark.parametrize("ended", ["deleted", "deleted and made anew", "used up"])
def test_the_end_of_a_coupon_between_plan_and_apply_is_not_taken_for_a_hand(shop: Shop, ended: str) -> None:
    """All codes are off then: the apply notes none, says so, and the next plan finds that the coupon is gone."""
    content = shop_file(batch(count=4), coupons=[coupon(max_redemptions=9)])
    shop.settle(content)
    shop.world.control.advance(1)
    off = some(shop.working(), 2)
    shop.switch_off(off)
    plan = shop.plan(content)
    assert one(plan).marked == 2
    if ended == "used up":
        [row] = shop.world.coupons()
        shop.world.dashboard.call(
            "post", "/v1/promotion_codes", promotion={"type": "coupon", "coupon": row["id"]}, code="OTHERS"
        )
        shop.world.control.redeem("OTHERS", times=9)
    else:
        delete_coupon(shop)
    if ended == "deleted and made anew":
        shop.world.dashboard.call("post", "/v1/coupons", id="spring", percent_off=20, duration="once")
    [outcome] = shop.carry_out(plan).outcomes
    assert outcome.status is Status.FAILED
    assert outcome.message.startswith("2 of 2 codes: 2 their coupon has ended since the plan was made: plan again")
    assert {reason for text in off for reason in reasons(shop, text)} == {None}


def test_what_ended_by_itself_is_not_noted(shop: Shop) -> None:
    """Used up, or past its date: not while its batch is in the file, and not after it was removed."""
    shop.write("print.csv", "Paper1", "Paper2")
    content = shop_file(batch(count=2), printed(expires_at=SOON))
    shop.settle(content)
    shop.use(some(shop.working(), 1))
    shop.world.control.advance(10 * DAY)
    shop.settle(content)
    shop.settle(shop_file())
    shop.settle(shop_file(batch(count=2)))
    assert "hand" not in {row["metadata"].get(RETIRED) for row in shop.world.codes()}


@pytest.mark.parametrize("then", ["removed", "switched off"])
def test_it_is_noted_whatever_the_file_says_of_its_batch(shop: Shop, then: str) -> None:
    shop.settle(CONTENT)
    [off] = some(shop.working(), 1)
    shop.switch_off([off])
    rest = shop.working()
    shop.settle(shop_file() if then == "removed" else shop_file(batch(count=4, active=False)))
    assert reasons(shop, off) == ["hand"]
    delete_coupon(shop)
    shop.settle(CONTENT)
    assert shop.working() == rest
