"""A coupon's percentage changes while customers hold its codes: no code is lost, and no code allows more uses."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from promosync.apply.outcome import Report, Status
from promosync.model.problems import ProblemsFound
from promosync.plan.plan import Kind, Verb

from .world import CARRIED, LATE, OWNER, Json, World, code, coupon, document

COUNT = 20


def shop(
    percent: int = 20, limit: int | None = 1000, own: int | None = 10, count: int = COUNT, **fields: Any
) -> Json:
    """A coupon and its codes, each with its own limit."""
    limits: Json = {"max_redemptions": own} if own else {}
    of_coupon: Json = {"max_redemptions": limit} if limit else {}
    home = coupon(percent_off=percent, **of_coupon, **fields)
    return document([home], [code(f"code{n:02}", **limits) for n in range(count)])


def left(row: Json) -> int:
    return int(row["max_redemptions"]) - int(row["times_redeemed"])


def used_shop(world: World) -> list[int]:
    """A settled shop in which code N was redeemed so often; code 4 is used up."""
    world.settle(shop())
    used = [n % 5 if n != 4 else 10 for n in range(COUNT)]
    for n, times in enumerate(used):
        assert world.control.redeem(f"code{n:02}", times=times)["redeemed"] == times
    return used


def test_every_code_works_with_exactly_what_was_left(world: World) -> None:
    """After a recreate each code, except the used-up one, works on the new coupon with the uses that it had left."""
    strangers(world)
    before = world.others()
    used = used_shop(world)

    plan = world.settle(shop(25))

    assert plan.actions[0].riding == COUNT - 1
    assert plan.actions[0].carried == sum(used)
    [home] = world.coupons()
    assert (home["id"], home["percent_off"]) == ("spring_r2", 25)
    assert home["max_redemptions"] == 1000 - sum(used)
    assert home["metadata"][CARRIED] == str(sum(used))
    for n, times in enumerate(used):
        rows = world.codes(f"code{n:02}", active=True)
        if n == 4:
            assert rows == []
            continue
        [row] = rows
        assert (row["promotion"]["coupon"], left(row)) == ("spring_r2", 10 - times)
        assert world.control.redeem(row["code"].lower(), times=20)["redeemed"] == 10 - times
    assert world.others() == before


def strangers(world: World) -> None:
    """Return the objects that must be unchanged: those of another owner, and those of nobody."""
    world.control.seed("coupon", [{"id": "theirs", "percent_off": 5, "duration": "once"}])
    mine = {OWNER: "other-shop", "promosync_id": "code00"}
    world.control.seed("coupon", [{"id": "spring_b", "percent_off": 5, "duration": "once", "metadata": mine}])
    world.control.seed("promotion_code", [{"coupon": "theirs", "code": "THEIRS"}])
    world.control.seed("promotion_code", [{"coupon": "spring_b", "code": "OTHERS", "metadata": mine}])


@pytest.mark.parametrize("workers", [1, 16])
def test_the_gap_is_one_request(world: World, workers: int) -> None:
    """Between the deactivation of a code and the create that replaces it, no other request is about that code."""
    world.settle(shop())
    plan = world.plan(shop(25))
    begun = len(world.control.log())
    world.carry_out(plan, workers=workers)
    lines = world.control.log()[begun:]
    writes = [line for line in lines if line["method"] == "POST" and line["path"].startswith("/v1/promotion_codes")]
    if workers == 1:
        offs = [at for at, line in enumerate(lines) if re.match("/v1/promotion_codes/.", line["path"])
                and line["method"] == "POST"]  # fmt: skip
        assert len(offs) == COUNT
        for at in offs:
            following = lines[at + 1]
            assert (following["method"], following["path"]) == ("POST", "/v1/promotion_codes")
    assert len(writes) == 2 * COUNT
    assert sum(action.gap_requests for action in plan.actions) == COUNT
    assert len(lines) == plan.requests
    assert all(line["status"] == 200 for line in lines)


def test_a_refused_create_leaves_its_code_as_it_was(world: World) -> None:
    """When Stripe refuses one new code, the old one works as before, the others move, and the next apply finishes."""
    world.settle(shop())
    [old] = world.codes("code07")
    refuse(world, "CODE07")

    report = world.carry_out(world.plan(shop(25)))

    failed = {outcome.action.id: outcome.message for outcome in report.outcomes if outcome.status is Status.FAILED}
    assert set(failed) == {"code07", "spring"}
    assert "works as before" in failed["code07"]
    assert "code07" in failed["spring"]
    [still] = world.codes("code07")
    assert still == old
    assert world.control.redeem("CODE07")["redeemed"] == 1
    assert {row["promotion"]["coupon"] for row in world.codes(active=True) if row != world.one_code("code07")} == {
        "spring_r2"
    }
    world.control.clear_faults()
    plan = world.settle(shop(25))
    assert [(action.verb, action.id) for action in plan.actions] == [
        (Verb.RECREATE, "code07"),
        (Verb.RETIRE, "spring"),
    ]
    assert left(world.one_code("code07")) == 9
    assert [row["id"] for row in world.coupons()] == ["spring_r2"]


def refuse(world: World, text: str) -> None:
    """Have Stripe refuse to create a code of this text."""
    match = {"method": "POST", "path": "/v1/promotion_codes", "body_contains": f"code={text}"}
    world.control.faults({"match": match, "fault": "400", "message": "Not today."})


def test_neither_code_of_a_swap_can_be_made(world: World) -> None:
    """Two entries exchange their texts and Stripe refuses both creates: both old codes work as before."""
    before = document([coupon()], [code("a", "ONE"), code("b", "TWO")])
    after = document([coupon()], [code("a", "TWO"), code("b", "one")])
    world.settle(before)
    rows = world.codes()
    for text in ("TWO", "one"):
        refuse(world, text)
    report = world.carry_out(world.plan(after))
    assert [outcome.status for outcome in report.outcomes] == [Status.FAILED] * 2
    assert world.codes() == rows
    world.control.clear_faults()
    world.settle(after)
    assert {row["metadata"]["promosync_id"]: row["code"] for row in world.codes(active=True)} == {
        "a": "TWO",
        "b": "one",
    }


def test_a_redemption_between_plan_and_apply_counts(world: World) -> None:
    """What customers use after the plan was shown is carried over too, for the code and for the coupon."""
    world.settle(shop(limit=50))
    world.control.redeem("CODE03", times=2)
    plan = world.plan(shop(25, limit=50))
    world.control.redeem("CODE03", times=3)
    world.control.redeem("CODE05", times=10)  # used up since
    world.carry_out(plan)
    assert left(world.one_code("code03")) == 5
    assert world.codes("code05", active=True) == []
    assert left(world.one_coupon()) == 35
    world.rests(shop(25, limit=50))


def test_the_whole_limit_is_used_between_plan_and_apply(world: World) -> None:
    """Nothing is left of the coupon when apply comes to it: it stays as it is, and the next plan says why."""
    world.settle(shop(limit=10, own=None, count=2))
    plan = world.plan(shop(25, limit=10, own=None, count=2))
    world.control.redeem("CODE00", times=10)
    report = world.carry_out(plan)
    assert {outcome.status for outcome in report.outcomes} == {Status.FAILED, Status.SKIPPED}
    assert [row["id"] for row in world.coupons()] == ["spring"]
    with pytest.raises(ProblemsFound) as found:
        world.plan(shop(25, limit=10, own=None, count=2))
    assert [problem.rule for problem in found.value.problems] == ["nothing-left"]


def test_a_late_redemption_is_counted_and_told(world: World) -> None:
    """A customer uses the old coupon after its successor was made: ``promosync_late`` counts it, for good."""
    world.settle(shop(limit=100, own=None, count=2))
    world.control.redeem("CODE00", times=5)
    report = interrupted_after(world, shop(25, limit=100, own=None, count=2), writes=1)  # the new coupon stands
    assert report.failed
    world.control.redeem("CODE01", times=4)
    plan = world.plan(shop(25, limit=100, own=None, count=2))
    report = world.carry_out(plan)
    assert not report.failed
    assert any("4 redemptions" in outcome.message for outcome in report.outcomes)
    home = world.one_coupon()
    assert (home["metadata"][CARRIED], home["metadata"][LATE], home["max_redemptions"]) == ("5", "4", 95)
    world.rests(shop(25, limit=100, own=None, count=2))
    world.control.redeem("CODE01", times=1)
    world.settle(shop(30, limit=100, own=None, count=2))  # now the limit is as the file says again
    home = world.one_coupon()
    assert (home["id"], home["metadata"][CARRIED], left(home)) == ("spring_r3", "10", 90)
    assert LATE not in home["metadata"]


def interrupted_after(world: World, content: Json, writes: int) -> Report:
    """Carry out the plan of a file; after this number of writes nothing answers any more."""
    plan = world.plan(content)
    world.control.die_after(writes)
    patience, world.client.patience = world.client.patience, 0.0
    report = world.carry_out(plan, workers=1)
    world.client.patience = patience
    world.control.clear_faults()
    return report


def test_the_oldest_coupon_of_an_entry_ends_first(world: World) -> None:
    """Two of its coupons are deleted at once: late uses of the oldest are counted on the next, and on the new one."""
    world.settle(shop(count=3))
    interrupted_after(world, shop(25, count=3), writes=1)
    plan = world.plan(shop(30, count=3))
    assert [(action.verb, action.id) for action in plan.actions if action.kind is Kind.COUPON] == [
        (Verb.RECREATE, "spring"),
        (Verb.RETIRE, "spring"),
    ]
    world.control.redeem("CODE01", times=2)
    assert {outcome.status for outcome in world.carry_out(plan).outcomes} == {Status.DONE}
    assert world.one_coupon()["metadata"][LATE] == "2"
    world.rests(shop(30, count=3))


def test_counts_add_up_over_many_recreates(world: World) -> None:
    """Five recreates with customers in between: coupon and code allow exactly the file's limit in total."""
    total = 0
    for round_ in range(5):
        world.settle(shop(20 + round_, limit=30, own=20, count=2))
        for text, times in (("CODE00", 3), ("CODE01", 1)):
            total += world.control.redeem(text, times=times)["redeemed"]
        assert left(world.one_code("code00")) == 20 - 3 * (round_ + 1)
        assert left(world.one_coupon()) == 30 - total
    assert world.one_coupon()["id"] == "spring_r5"
    total += world.control.redeem("CODE00", times=20)["redeemed"]
    total += world.control.redeem("CODE01", times=20)["redeemed"]
    assert total == 30


@pytest.mark.parametrize(
    ("limit", "own", "coupon_left", "code_left"),
    [(200, 10, 187, 7), (50, 10, 37, 7), (14, 10, 1, 1), (None, 10, None, 7), (100, 30, 87, 27), (100, 4, 87, 1)],
)
def test_limits_raised_and_lowered(
    world: World, limit: int | None, own: int, coupon_left: int | None, code_left: int
) -> None:
    """After 13 uses of 100, 3 of them by a code with 10: a new limit leaves its number minus the uses."""
    world.settle(shop(limit=100, count=3))
    world.control.redeem("CODE00", times=3)
    world.control.redeem("CODE01", times=10)
    world.settle(shop(limit=limit, own=own, count=3))
    home = world.one_coupon()
    assert (None if coupon_left is None else left(home)) == coupon_left
    assert left(world.one_code("code00")) == code_left


def test_a_limit_dropped_and_set_again(world: World) -> None:
    """A count survives a time without a limit."""
    world.settle(shop(limit=10, own=5, count=1))
    world.control.redeem("CODE00", times=3)
    world.settle(shop(limit=None, own=None, count=1))
    assert world.one_coupon()["max_redemptions"] is None
    world.control.redeem("CODE00", times=2)
    world.settle(shop(limit=10, own=6, count=1))
    assert (left(world.one_coupon()), left(world.one_code("code00"))) == (5, 1)


def test_a_limit_below_what_is_used(world: World) -> None:
    """A coupon's is an error before any write; a code's switches the code off, and raising it brings it back."""
    world.settle(shop(limit=100, count=2))
    world.control.redeem("CODE00", times=6)
    writes = world.writes
    with pytest.raises(ProblemsFound) as found:
        world.plan(document([coupon(max_redemptions=6)], [code("code00", max_redemptions=6), code("code01")]))
    assert [problem.rule for problem in found.value.problems] == ["nothing-left"]
    assert "6 redemptions are used" in str(found.value)
    assert world.writes == writes
    lower = document([coupon(max_redemptions=100)], [code("code00", max_redemptions=6), code("code01")])
    plan = world.settle(lower)
    assert [(action.verb, action.removes) for action in plan.actions if action.id == "code00"] == [
        (Verb.DEACTIVATE, True)
    ]
    higher = document([coupon(max_redemptions=100)], [code("code00", max_redemptions=8), code("code01")])
    world.settle(higher)
    assert left(world.one_code("code00")) == 2


def _undisturbed(world: World) -> None:
    world.settle(shop(limit=100, count=4))
    world.control.redeem("CODE00", times=4)
    world.control.redeem("CODE01", times=10)


KILLED: dict[str, Callable[[], Json]] = {
    "a percentage changes": lambda: shop(25, limit=100, count=4),
    "the entry is renamed": lambda: document(
        [coupon("summer", max_redemptions=100)],
        [code(f"code{n:02}", max_redemptions=10, coupon="summer") for n in range(4)],
    ),
    "texts move on": lambda: document(
        [coupon(max_redemptions=100)],
        [code(f"code{n:02}", f"CODE{(n + 1) % 4:02}", max_redemptions=10) for n in range(4)],
    ),
    "everything goes": lambda: document(),
}


@pytest.mark.parametrize("case", KILLED)
def test_killed_after_every_write(world: World, case: str) -> None:
    """After a crash at any write, the next apply has the same result as an undisturbed one."""
    after = KILLED[case]()
    world.begin(_undisturbed)
    begun = world.writes
    world.settle(after)
    writes, wanted = world.writes - begun, world.normal_form(after)
    assert writes >= 4
    for died_at in range(writes):
        world.begin(_undisturbed)
        report = interrupted_after(world, after, died_at)
        assert report.failed
        plan = world.settle(after)
        assert {action.kind for action in plan.actions} <= set(Kind)
        assert world.normal_form(after) == wanted, f"killed after {died_at} writes"


def test_killed_while_nobodys_coupon_is_recreated(world: World) -> None:
    """A coupon that ``stripe_id`` names is the entry's from the first write on: the next apply ends it."""
    written = 0
    for died_at in range(10):
        world.fresh()
        world.control.seed("coupon", [{"id": "a", "percent_off": 5, "duration": "once"}])
        world.control.seed("promotion_code", [{"coupon": "a", "code": "ONE"}])
        [row] = world.others()["promotion_codes"]
        after = document([coupon(stripe_id="a")], [code("one", stripe_id=row["id"])])
        begun = world.writes
        report = interrupted_after(world, after, died_at)
        world.settle(after)
        assert [row["id"] for row in world.control.dump()["coupons"]] == ["spring_r2"]
        assert [row["code"] for row in world.control.dump()["promotion_codes"] if row["active"]] == ["ONE"]
        if not report.failed:
            written = world.writes - begun
            break
    assert written == died_at == 5


def test_a_code_that_was_used_up_after_the_plan_does_not_come_back(world: World) -> None:
    """Somebody switched it on before the apply, and customers used it up: no new code is made."""
    content = shop(own=10, count=1)
    world.settle(content)
    world.control.redeem("CODE00", times=3)
    [row] = world.codes()
    switch = {"method": "post", "path": f"/v1/promotion_codes/{row['id']}"}
    world.dashboard.once(**switch, active=False)
    plan = world.plan(content)
    assert [action.verb for action in plan.actions] == [Verb.UPDATE]
    world.dashboard.once(**switch, active=True)
    world.control.redeem("CODE00", times=7)
    report = world.carry_out(plan)
    assert not report.failed
    assert world.codes(active=True) == []
    world.rests(content)


@pytest.mark.parametrize("percent", [20, 25], ids=["back to the old file", "on to the new one"])
def test_the_new_coupon_is_deleted_by_hand_before_the_old_one_went(world: World, percent: int) -> None:
    """What customers used on the new coupon counts, though only the old one is left to ask."""
    world.settle(shop(limit=10, own=None, count=1))
    world.control.advance(5)
    interrupted_after(world, shop(25, limit=10, own=None, count=1), writes=3)
    assert [row["id"] for row in world.coupons()] == ["spring", "spring_r2"]
    assert world.control.redeem("CODE00", times=4)["redeemed"] == 4
    world.dashboard.once("delete", "/v1/coupons/spring_r2")
    world.control.advance(5)
    world.settle(shop(percent, limit=10, own=None, count=1))
    assert world.control.redeem("CODE00", times=20)["redeemed"] == 6


def test_somebody_goes_back_to_an_old_code(world: World) -> None:
    """The new code is switched off by hand and the one it replaced on again: both count, and one of them works."""
    world.settle(shop(own=10, count=1))
    world.control.redeem("CODE00", times=3)
    world.control.advance(5)
    world.settle(shop(25, own=10, count=1))
    world.control.redeem("CODE00", times=4)
    world.control.advance(5)
    changed = document([coupon(percent_off=25, max_redemptions=1000)], [code("code00", "OTHER", max_redemptions=10)])
    world.settle(changed)
    [_, older, newest] = world.codes()
    world.dashboard.once("post", f"/v1/promotion_codes/{older['id']}", active=True)
    assert world.control.redeem("CODE00")["redeemed"] == 1
    world.settle(changed)
    assert left(world.one_code("code00")) == 2
    [*_, newest] = world.codes()
    world.dashboard.once("post", f"/v1/promotion_codes/{newest['id']}", active=False)
    world.dashboard.once("post", f"/v1/promotion_codes/{older['id']}", active=True)
    world.settle(changed)
    assert (world.one_code("code00")["code"], left(world.one_code("code00"))) == ("OTHER", 2)


def test_what_came_in_on_a_coupon_that_was_then_deleted_by_hand_is_counted(world: World) -> None:
    """A recreate is interrupted, customers use the old coupon, somebody deletes it: its codes still show the uses."""
    world.settle(shop(limit=None, own=None, count=3))
    refuse(world, "CODE01")
    world.carry_out(world.plan(shop(limit=6, own=None, count=3)))
    world.control.clear_faults()
    [old, new] = world.coupons()
    assert (old["id"], new["id"], new["max_redemptions"]) == ("spring", "spring_r2", 6)
    assert world.control.redeem("CODE01", times=2)["redeemed"] == 2
    world.dashboard.once("delete", "/v1/coupons/spring")

    plan = world.settle(shop(limit=6, own=None, count=3))

    [counted, moved] = plan.actions
    assert (counted.verb, counted.kind, counted.tags.late) == (Verb.UPDATE, Kind.COUPON, 2)
    assert [(change.field, change.before, change.after) for change in counted.changes] == [("late", 0, 2)]
    assert (moved.verb, moved.id) == (Verb.RECREATE, "code01")
    [home] = world.coupons()
    assert (home["max_redemptions"], home["metadata"][LATE]) == (6, "2")

    lowered = world.settle(shop(limit=5, own=None, count=3))

    assert lowered.actions[0].carried == 2
    [home] = world.coupons()
    assert (home["max_redemptions"], home["metadata"][CARRIED]) == (3, "2")


@pytest.mark.parametrize("seconds", [0, 1])
def test_what_was_used_of_a_new_coupon_that_was_deleted_by_hand_is_counted(world: World, seconds: int) -> None:
    """A recreate is interrupted, its new coupon is deleted: in the second in which the old one was made, or later."""
    world.settle(shop(limit=None, own=None, count=3))
    world.control.advance(seconds)
    refuse(world, "CODE02")
    world.carry_out(world.plan(shop(limit=6, own=None, count=3)))
    world.control.clear_faults()
    assert world.control.redeem("CODE00", times=2)["redeemed"] == 2
    world.dashboard.once("delete", "/v1/coupons/spring_r2")

    world.settle(shop(limit=6, own=None, count=3))

    [home] = world.coupons()
    assert (home["max_redemptions"], home["metadata"][CARRIED]) == (4, "2")
