"""A change that does everything at once: it creates, updates, swaps, deletes, withdraws and issues."""

from __future__ import annotations

from typing import Any

from tests.journeys.world import ID, OWNER, Json, World, code, coupon, document

SLOT, CARRIED = "promosync_slot", "promosync_carried"


def batch(id: str, home: str, count: int, **fields: Any) -> Json:
    generate = {"count": count, "pattern": "SPR-####-####", "charset": "unambiguous"}
    return {"id": id, "coupon": home, "generate": generate} | fields


def before() -> Json:
    content = document(
        [coupon("swapped", max_redemptions=100), coupon("renamed", name="Old"), coupon("gone"), coupon("kept")],
        [
            code("one", coupon="swapped", max_redemptions=10),
            code("two", coupon="swapped"),
            code("off", coupon="gone"),
            code("left", "RIGHT", coupon="kept"),
            code("right", "LEFT", coupon="kept"),
        ],
        max_removal_percent=100,
    )
    return {**content, "code_batches": [batch("vip", "swapped", 4), batch("stray", "kept", 2)]}


def after() -> Json:
    content = document(
        [
            coupon("swapped", max_redemptions=100, percent_off=25),
            coupon("renamed", name="New"),
            coupon("kept"),
            coupon("new"),
        ],
        [
            code("one", coupon="swapped", max_redemptions=10),
            code("two", coupon="swapped", metadata={"a": "1"}),
            code("left", coupon="kept"),
            code("right", coupon="kept"),
            code("fresh", coupon="new"),
        ],
        max_removal_percent=100,
    )
    return {**content, "code_batches": [batch("vip", "swapped", 3), batch("more", "new", 3)]}


def begin(world: World) -> dict[str, str]:
    """Bring the account to where the change begins, with some redemptions; return the texts of the batch."""
    world.apply(before())
    assert world.control.redeem("ONE", times=3)["redeemed"] == 3
    assert world.control.redeem("TWO", times=1)["redeemed"] == 1
    return texts_of(world, "vip")


def texts_of(world: World, name: str) -> dict[str, str]:
    """The active texts of a batch, by slot; two codes of one slot would be one too many."""
    rows = world.codes(name, active=True)
    texts = {row["metadata"][SLOT]: row["code"] for row in rows}
    assert len(texts) == len(rows)
    return texts


def end(world: World) -> Json:
    """Return the result without ids and drawn texts."""
    homes = {row["id"]: row["metadata"][ID] for row in world.coupons()}
    assert len(set(homes.values())) == len(homes), "a coupon is there twice"
    coupons = {
        row["metadata"][ID]: (row["percent_off"], row["name"], row["max_redemptions"], row["metadata"].get(CARRIED))
        for row in world.coupons()
    }
    codes = sorted(
        (
            row["metadata"][ID],
            row["metadata"].get(SLOT, row["code"]),
            homes[row["promotion"]["coupon"]],
            str(row["max_redemptions"]),
            row["metadata"].get(CARRIED, "0"),
            row["metadata"].get("a", ""),
        )
        for row in world.codes(active=True)
    )
    assert len(set(codes)) == len(codes), "a code is there twice"
    assert all(row["metadata"][OWNER] == "shop" for row in world.coupons())
    return {"coupons": coupons, "codes": codes}


def rests(world: World, content: Json) -> None:
    """Assert that the next plan is empty."""
    plan = world.plan(content)
    assert (plan.actions, plan.batches) == ((), ())
