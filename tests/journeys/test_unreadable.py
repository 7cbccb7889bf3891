"""Somebody overwrites a key of promosync in the Dashboard: plans still work, report it, and allow no further uses."""

from __future__ import annotations

from pathlib import Path

import pytest

from .batch_shop import EMAIL, Shop, batch, mailed, one, shop_file, some
from .world import CARRIED, LATER, LATEST, Json, World, code, coupon

TOO_LARGE = str(2**63)


@pytest.fixture
def shop(world: World, tmp_path: Path) -> Shop:
    return Shop(world, tmp_path)


def write_over(shop: Shop, row: Json, key: str, text: str) -> None:
    kind = {"coupon": "coupons", "promotion_code": "promotion_codes"}[row["object"]]
    shop.world.dashboard.call("post", f"/v1/{kind}/{row['id']}", metadata={key: text})


def test_a_count_that_is_none_is_told_and_keeps_its_objects(shop: Shop) -> None:
    """A coupon, a code and a unique code, all recreated once; with the key corrected, all move with the uses left."""
    batches = [batch(count=3, max_redemptions=5)]
    codes = [code(max_redemptions=50)]
    before = shop_file(*batches, coupons=[coupon(max_redemptions=100)], codes=codes)
    now = shop_file(*batches, coupons=[coupon(max_redemptions=100, percent_off=25)], codes=codes)
    later = shop_file(*batches, coupons=[coupon(max_redemptions=100, percent_off=30)], codes=codes)
    shop.settle(before)
    [text] = some(shop.working(), 1)
    shop.use([text], times=2)
    shop.world.control.redeem("WELCOME", times=10)
    shop.settle(now)
    rows = [shop.world.one_coupon(), shop.world.one_code()]
    rows += [row for row in shop.world.codes("vip", active=True) if row["code"] == text]
    assert [row["metadata"][CARRIED] for row in rows] == ["12", "10", "2"]
    for row in rows:
        write_over(shop, row, CARRIED, TOO_LARGE)
    shop.rests(now)
    told = shop.plan(now).kept
    assert sorted((kept.id, kept.path) for kept in told) == [
        ("spring", ("coupons", 0)),
        ("vip", ("code_batches", 0)),
        ("welcome", ("promotion_codes", 0)),
    ]
    for row in rows:
        assert sum(f"{CARRIED} of {row['id']} cannot be read" in kept.reason for kept in told) == 1
    problems = shop.problems(later)
    assert {problem.rule for problem in problems} == {"unreadable-key"}
    for row in rows:
        assert sum(row["id"] in problem.message for problem in problems) == 1
    for row, count in zip(rows, ("12", "10", "2"), strict=True):
        write_over(shop, row, CARRIED, count)
    shop.settle(later)
    assert shop.world.one_coupon()["max_redemptions"] == 88
    assert shop.world.one_code()["max_redemptions"] == 40
    [used] = [row for row in shop.world.codes("vip", active=True) if row["code"] == text]
    assert used["max_redemptions"] == 3


def test_a_code_of_a_batch_that_cannot_be_counted_is_used(shop: Shop) -> None:
    """It may be used: so it is not withdrawn or changed with the others, and counts as issued."""
    shop.settle(shop_file(batch(count=4, expires_at=LATER)))
    row = shop.world.codes("vip")[-1]
    write_over(shop, row, CARRIED, "many")
    shop.settle(shop_file(batch(count=2, expires_at=LATER)))
    assert row["code"] in shop.working()
    assert len(shop.working()) == 2
    plan = shop.settle(shop_file(batch(count=2, expires_at=LATEST)))
    assert one(plan).recreated == 1
    assert row["code"] in shop.working()


def test_a_code_that_cannot_be_counted_is_not_made_anew_in_passing(shop: Shop) -> None:
    """It was off by the file, and Stripe refuses to switch it on: then apply would make a new code."""
    content = shop_file(batch(count=1, max_redemptions=3))
    shop.settle(content)
    shop.settle(shop_file(batch(count=1, max_redemptions=3, active=False)))
    [row] = shop.world.codes("vip")
    write_over(shop, row, CARRIED, TOO_LARGE)
    plan = shop.plan(content)
    assert one(plan).restored == 1
    refused = {"fault": "400", "match": {"path": f"/v1/promotion_codes/{row['id']}"}}
    shop.world.control.faults(refused)
    try:
        shop.carry_out(plan)
    finally:
        shop.world.control.clear_faults()
    assert [there["id"] for there in shop.world.codes("vip")] == [row["id"]]


def test_an_address_that_cannot_be_read_gets_no_second_code(shop: Shop) -> None:
    """Ann has used her code. While the key that names her is unreadable, no address gets a new code."""
    shop.write("mail.csv", "ann@example.com")
    shop.settle(shop_file(mailed()))
    [row] = shop.world.codes("mail")
    shop.use([row["code"]])
    hashed = row["metadata"][EMAIL]
    write_over(shop, row, EMAIL, "ann")
    [problem] = shop.problems(shop_file(mailed()))
    assert (problem.rule, problem.path) == ("unreadable-key", ("code_batches", 0))
    assert row["id"] in problem.message
    assert row["code"] not in problem.message
    write_over(shop, row, EMAIL, hashed)
    shop.rests(shop_file(mailed()))
