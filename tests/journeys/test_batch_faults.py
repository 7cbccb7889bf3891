"""Two applies at once, lost answers, crashes: in the end each slot has one code, and no text has changed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import stripe

from promosync.apply.outcome import Report, Status
from promosync.render.outcomes import report_text
from promosync.sandbox import running

from .batch_shop import RETIRED, SLOT, Shop, batch, mailed, printed, shop_file, some
from .world import LATER, LATEST, Json, World, coupon, open_world


@pytest.fixture
def shop(world: World, tmp_path: Path) -> Shop:
    return Shop(world, tmp_path)


@pytest.fixture(scope="module")
def two_worlds() -> Iterator[tuple[World, World]]:
    """Two clients of one account, as two machines have them."""
    patch = pytest.MonkeyPatch()
    patch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.0)
    patch.setattr(stripe.HTTPClient, "MAX_DELAY", 0.0)
    try:
        with running() as handle:
            yield open_world(handle.url, handle.control), open_world(handle.url, handle.control)
    finally:
        patch.undo()


def at_once(shop: Shop, content: Json, *worlds: World) -> list[Report]:
    """Plan with each client, then carry all plans out at the same time."""
    plans = [shop.plan(content, world) for world in worlds]
    reports: list[Report] = []
    threads = [
        threading.Thread(target=lambda plan=plan, world=world: reports.append(shop.carry_out(plan, world)))
        for plan, world in zip(plans, worlds, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(reports) == len(worlds)
    return reports


def test_two_applies_at_once_make_one_batch(two_worlds: tuple[World, World], tmp_path: Path) -> None:
    one, other = two_worlds
    shop = Shop(one, tmp_path)
    one.fresh()
    shop.write("mail.csv", "ann@example.com", *(f"new{n}@example.com" for n in range(8)))
    shop.write("print.csv", *(f"Code{n}" for n in range(12)))
    shop.settle(shop_file())
    content = shop_file(batch(count=60), mailed(missing="create"), printed())
    for report in at_once(shop, content, one, other):
        assert {outcome.status for outcome in report.outcomes} == {Status.DONE}
    shop.rests(content)
    shop.sound()
    counts = {id: len(one.codes(id)) for id in ("vip", "mail", "print")}
    assert counts == {"vip": 60, "mail": 9, "print": 12}
    assert sorted(int(row["metadata"][SLOT]) for row in one.codes("vip")) == list(range(60))
    addresses = [row["email"].lower() for row in one.control.dump()["customers"]]
    assert len(addresses) == len(set(addresses)) == 10


def test_two_applies_at_once_recreate_each_code_once(two_worlds: tuple[World, World], tmp_path: Path) -> None:
    one, other = two_worlds
    shop = Shop(one, tmp_path)
    one.fresh()
    shop.settle(shop_file(batch(count=40, expires_at=LATER)))
    texts = shop.working()
    content = shop_file(batch(count=40, expires_at=LATEST))
    for report in at_once(shop, content, one, other):
        assert {outcome.status for outcome in report.outcomes} == {Status.DONE}
    shop.rests(content)
    shop.sound()
    assert shop.working() == texts
    assert len(one.codes("vip")) == 80


def test_two_applies_at_once_fill_a_space_to_its_last_code(two_worlds: tuple[World, World], tmp_path: Path) -> None:
    """Each draws all 81 codes for all 81 slots, so they take each other's texts all the time."""
    one, other = two_worlds
    shop = Shop(one, tmp_path)
    one.fresh()
    shop.settle(shop_file())
    generate = {"count": 81, "length": 4, "charset": "ABC"}
    content = shop_file(batch(generate=generate, allow_guessable=True))
    at_once(shop, content, one, other)
    shop.apply(content)
    shop.rests(content)
    shop.sound()
    assert len(one.codes("vip")) == len(shop.working()) == 81


FAULTS = ("500", "500_after", "reset", "reset_after", "409", "429", "503", "half")


@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_makes_a_second_code_or_loses_a_text(shop: Shop, fault: str) -> None:
    """Every third request goes wrong that way."""
    content = shop_file(batch(count=20, expires_at=LATER))
    rule = {"fault": fault, "probability": 0.34, "times": 30, "match": {"method": "POST"}}
    shop.world.control.faults({**rule, "reason": "endpoint-rate"} if fault == "429" else rule)
    shop.carry_out(shop.plan(content))
    shop.world.control.clear_faults()
    shop.apply(content)
    shop.rests(content)
    shop.sound()
    texts = shop.working()
    assert len(texts) == 20
    changed = shop_file(batch(count=20, expires_at=LATEST), coupons=[coupon(percent_off=30)])
    shop.world.control.faults({**rule, "reason": "endpoint-rate"} if fault == "429" else rule)
    shop.carry_out(shop.plan(changed))
    shop.world.control.clear_faults()
    shop.apply(changed)
    shop.rests(changed)
    shop.sound()
    assert shop.working() == texts


@pytest.mark.parametrize("writes", [0, 1, 2, 3, 5, 8, 13, 14, 15])
def test_killed_anywhere_the_next_apply_ends_in_the_same_place(shop: Shop, writes: int) -> None:
    """A coupon with 6 codes is recreated, one code used in part and one off by hand: 14 writes."""
    before = shop_file(batch(count=6, max_redemptions=3), coupons=[coupon()])
    after = shop_file(batch(count=6, max_redemptions=3), coupons=[coupon(percent_off=30)])
    shop.settle(before)
    used, off = some(shop.working(), 2)
    shop.use([used])
    shop.switch_off([off])
    left = shop.working()
    plan = shop.plan(after)
    shop.world.control.die_after(writes)
    try:
        shop.carry_out(plan)
    finally:
        shop.world.control.clear_faults()
    shop.settle(after)
    shop.settle(after)
    assert shop.working() == left
    limits = {row["code"]: row["max_redemptions"] for row in shop.world.codes("vip", active=True)}
    assert limits[used] == 2
    [by_hand] = [row for row in shop.world.codes("vip") if row["code"] == off]
    assert by_hand["metadata"][RETIRED] == "hand"


@pytest.mark.parametrize("stop_after", [1, 7, 19])
def test_stopped_in_the_middle_and_resumed_twice_there_are_exactly_so_many(shop: Shop, stop_after: int) -> None:
    content = shop_file(batch(count=60))
    shop.settle(shop_file())
    for _ in range(2):
        before = len(shop.world.codes("vip"))
        report = shop.carry_out(shop.plan(content), stop_after=stop_after)
        [outcome] = report.outcomes
        made, left = len(shop.world.codes("vip")) - before, 60 - before
        assert outcome.status is Status.PARTIAL
        assert outcome.codes == made > 0
        assert outcome.message == f"{made} of {left} made, then apply was stopped; the next one goes on from there"
        assert f"Apply: 0 done, {made} of {left} unique codes made." in "".join(map(str, report_text(report, 200)))
    shop.settle(content)
    assert len(shop.world.codes("vip")) == 60


def test_a_text_that_is_taken_after_the_plan_was_made_is_drawn_anew(shop: Shop) -> None:
    """Half of a small space is taken by somebody between plan and apply."""
    generate = {"count": 20, "length": 3, "charset": "ABCD"}
    content = shop_file(batch(generate=generate, allow_guessable=True))
    shop.settle(shop_file())
    plan = shop.plan(content)
    shop.world.dashboard.call("post", "/v1/coupons", id="theirs", percent_off=5, duration="once")
    promotion = {"type": "coupon", "coupon": "theirs"}
    for first in "AB":
        for second in "ABCD":
            for third in "ABCD":
                shop.world.dashboard.call(
                    "post", "/v1/promotion_codes", promotion=promotion, code=first + second + third
                )
    [outcome] = shop.carry_out(plan).outcomes
    assert outcome.status is Status.DONE
    shop.rests(content)
    assert {text[0] for text in shop.working()} == {"C", "D"}


def test_a_code_used_between_plan_and_apply_is_used(shop: Shop) -> None:
    shop.settle(shop_file(batch(count=4, expires_at=LATER)))
    content = shop_file(batch(count=4, expires_at=LATEST))
    plan = shop.plan(content)
    used = some(shop.working(), 1)
    shop.use(used)
    left = shop.working()
    shop.carry_out(plan)
    shop.rests(content)
    assert shop.working() == left
    assert not set(used) & left


def test_many_failures_are_one_line_each_cause_and_name_no_code(shop: Shop) -> None:
    shop.settle(shop_file())
    plan = shop.plan(shop_file(batch(count=30)))
    message = "No such thing: 'SPR-SECRET'"
    shop.world.control.faults({"fault": "400", "message": message, "match": {"path": "/v1/promotion_codes"}})
    try:
        [outcome] = shop.carry_out(plan).outcomes
    finally:
        shop.world.control.clear_faults()
    assert outcome.status is Status.FAILED
    assert outcome.message == "30 of 30 codes: 30 No such thing:"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Having the 'rak_promotion_code_write' permission would allow it.", '"Promotion Codes: write"'),
        ("The key may not do this.", "a permission for POST /v1/promotion_codes"),
    ],
)
def test_a_batch_says_which_permission_the_key_lacks(shop: Shop, said: str, told: str) -> None:
    """With the same message as for a single code; texts that Stripe's message quotes are left out."""
    shop.settle(shop_file())
    plan = shop.plan(shop_file(batch(count=3)))
    refused = {"code": "more_permissions_required", "message": f"{said} 'SPR-SECRET'"}
    shop.world.control.faults({"fault": "403", "match": {"path": "/v1/promotion_codes"}, **refused})
    try:
        [outcome] = shop.carry_out(plan).outcomes
    finally:
        shop.world.control.clear_faults()
    assert outcome.status is Status.FAILED
    assert outcome.message.startswith("3 of 3 codes: 3 the key lacks ")
    assert f" {told}: add it to the restricted key" in outcome.message
    assert "SECRET" not in outcome.message
