"""Seals: their content on a coupon, what a plan reads because of them, and their state after failures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from promosync.apply.outcome import Status
from promosync.model import seal
from promosync.plan.plan import Plan
from promosync.stripe_api.account import StripeAccount

from .batch_shop import Shop, batch, mailed, printed, shop_file
from .by_need import Both, said
from .test_at_once import Between
from .world import Json, World, code, coupon, document

pytestmark = pytest.mark.usefixtures("never_in_full")

SEAL = "promosync_seal"
SHOP = shop_file(batch(count=7), codes=[code(), code("insider", "VIP10")])


@pytest.fixture
def shop(world: World, tmp_path: Path) -> Shop:
    """A shop beside codes of others, with its file applied."""
    world.control.seed("coupon", [{"id": "rewards", "percent_off": 5, "duration": "once"}])
    world.control.seed("promotion_code", count=20, template={"coupon": "rewards", "code": "RWD-{n}"})
    made = Shop(world, tmp_path)
    made.apply(SHOP)
    return made


def sealed(world: World, name: str = "spring") -> seal.Seal | None:
    """Return the seal of a coupon; None if it has no valid seal."""
    row = next(row for row in world.control.dump()["coupons"] if row["id"] == name)
    text = "".join(row["metadata"].get(key, "") for key in (SEAL, f"{SEAL}_2"))
    assert all(len(value) <= 500 for value in row["metadata"].values())
    return seal.read(text, "shop", name, row["created"])


def closed(world: World, name: str = "spring") -> bool:
    found = sealed(world, name)
    return found is not None and found.mark is None


def both(shop: Shop, content: Json) -> Plan:
    """Return the plan by need, which equals the plan of a complete reading."""
    plan = Both(lambda **policy: shop.plan(content, **policy)).plan()
    assert plan is not None
    return plan


def asked(world: World, content: Json, shop: Shop) -> list[str]:
    """What a plan asks of promotion codes: texts, coupons, or the list of all."""
    last = world.control.log()[-1]["number"]
    shop.plan(content)
    log = [entry for entry in world.control.log() if entry["number"] > last]
    return [entry["query"] for entry in log if entry["path"] == "/v1/promotion_codes"]


def edit(world: World, name: str, **metadata: str) -> None:
    world.dashboard.once("post", f"/v1/coupons/{name}", metadata=metadata)


def test_an_apply_leaves_closed_seals_and_the_next_plan_reads_no_batch(shop: Shop) -> None:
    """A plan of an unchanged file asks for its single code by text, and for nothing else."""
    content = shop_file(batch(count=7), codes=[code()])
    shop.apply(content)
    assert closed(shop.world)
    plan = both(shop, content)
    assert plan.empty
    [trusted] = plan.trusted
    assert (trusted.id, trusted.issued, trusted.active, trusted.since) == ("vip", 7, 7, shop.world.now)
    [query] = asked(shop.world, content, shop)
    assert "code=WELCOME" in query
    assert "coupon=" not in query


def test_codes_that_move_are_read_with_their_coupon(shop: Shop) -> None:
    """A coupon that is recreated is read as a whole: none of its codes is asked for by its text."""
    queries = asked(shop.world, CHANGES["its coupon is recreated"], shop)
    assert len(queries) == 1
    assert "coupon=spring" in queries[0]


def test_of_an_import_that_grows_only_the_new_texts_are_asked_for(shop: Shop) -> None:
    """Its own codes are read with their coupon first, a hundred a request."""
    content = shop_file(batch(count=7), printed(), codes=SHOP["promotion_codes"])
    shop.write("print.csv", *(f"CARD{n}" for n in range(9)))
    shop.apply(content)
    shop.write("print.csv", *(f"CARD{n}" for n in range(10)))
    queries = asked(shop.world, content, shop)
    assert [query for query in queries if "code=CARD" in query] == [
        query for query in queries if "code=CARD9" in query
    ]
    assert any("coupon=spring" in query for query in queries)
    assert any("code=CARD9" in query for query in queries)


@pytest.mark.parametrize("what", ["removed", "edited", "cut", "of another coupon", "of another time"])
def test_a_seal_that_somebody_touched_is_none(shop: Shop, what: str) -> None:
    """If somebody changes a seal in the Dashboard, the codes are read, and the plan is the same."""
    content = shop_file(batch(count=7), coupons=[coupon(), coupon("summer")], codes=SHOP["promotion_codes"])
    shop.apply(content)
    world = shop.world
    rows = {row["id"]: row for row in world.control.dump()["coupons"]}
    text = rows["spring"]["metadata"][SEAL]
    touched = {
        "removed": "",
        "edited": text.replace("7", "8", 1),
        "cut": text[:-5],
        "of another coupon": rows["summer"]["metadata"][SEAL],
        "of another time": text,
    }
    if what == "of another time":
        world.dashboard.once("delete", "/v1/coupons/spring")
        world.control.advance(5)
        metadata = rows["spring"]["metadata"]
        world.dashboard.once("post", "/v1/coupons", id="spring", percent_off=20, duration="once", metadata=metadata)
    else:
        edit(world, "spring", **{SEAL: touched[what]})
    assert sealed(world) is None
    plan = both(shop, content)
    assert plan.in_full
    assert plan.empty == (what != "of another time")


CHANGES: dict[str, Json] = {
    "it grows": shop_file(batch(count=9), codes=SHOP["promotion_codes"]),
    "it shrinks": shop_file(batch(count=3), codes=SHOP["promotion_codes"]),
    "its coupon is recreated": shop_file(
        batch(count=7), coupons=[coupon(percent_off=25)], codes=SHOP["promotion_codes"]
    ),
    "its coupon and all of it goes": shop_file(coupons=[coupon("summer")]),
    "it moves": shop_file(
        batch(count=7, coupon="summer"), coupons=[coupon(), coupon("summer")], codes=SHOP["promotion_codes"]
    ),
    "it is taken out": shop_file(codes=SHOP["promotion_codes"]),
    "a code is taken out": shop_file(batch(count=7), codes=SHOP["promotion_codes"][:1]),
    "a code gets another text": shop_file(batch(count=7), codes=[code(text="HELLO"), code("insider", "VIP10")]),
    "a code is added": shop_file(batch(count=7), codes=[*SHOP["promotion_codes"], code("new", "NEW")]),
    "a batch is added": shop_file(batch(count=7), batch("more", 4), codes=SHOP["promotion_codes"]),
    "an import is added": shop_file(batch(count=7), printed(), codes=SHOP["promotion_codes"]),
    "addresses are added": shop_file(batch(count=7), mailed(missing="create"), codes=SHOP["promotion_codes"]),
    "the coupon has another name": shop_file(
        batch(count=7), coupons=[coupon(name="Sale")], codes=SHOP["promotion_codes"]
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_is_read_first_and_sealed_again(shop: Shop, change: str) -> None:
    """Each change has the plan of a complete reading; after the apply, the seals are closed and true."""
    shop.write("print.csv", "CARD1", "CARD2")
    shop.write("mail.csv", "ann@example.com", "new@example.com")
    shop.world.control.advance(1)
    content = CHANGES[change]
    plan = both(shop, content)
    before = shop.world.control.counters()["total"]
    outcomes = shop.carry_out(plan).outcomes
    assert {outcome.status for outcome in outcomes} == {Status.DONE}
    assert shop.world.control.counters()["total"] - before == plan.requests
    for row in shop.world.coupons():
        assert closed(shop.world, row["id"])
    assert both(shop, content).empty


@pytest.mark.parametrize("change", CHANGES)
def test_a_crash_between_any_two_requests(shop: Shop, change: str) -> None:
    """After a crash at any write, the next plan equals that of a complete reading, and does the rest."""
    shop.write("print.csv", "CARD1", "CARD2")
    shop.write("mail.csv", "ann@example.com", "new@example.com")
    world, content, dies, done = shop.world, CHANGES[change], 0, False
    while not done:
        world.control.advance(1)
        plan = shop.plan(content)
        world.control.die_after(dies)
        patience, world.client.patience = world.client.patience, 0.0
        shop.carry_out(plan, workers=1)
        world.client.patience = patience
        world.control.clear_faults()
        world.control.advance(1)
        repair = both(shop, content)
        both(shop, SHOP)  # and if the change is reverted
        shop.done(repair)
        assert both(shop, content).empty
        done, dies = dies > plan.requests, dies + 1
        world.control.advance(1)
        shop.apply(SHOP)


def test_codes_left_on_a_deleted_coupon_are_found_after_a_crash(shop: Shop) -> None:
    """A coupon is deleted by hand, and the apply that brings its codes back dies: the others come back, too."""
    world, dies, done = shop.world, 0, False
    while not done:
        # Recreated before the batch is made, so that its codes are on one coupon only, and the next has another id.
        homes = [coupon(percent_off=21 + dies), coupon("summer")]
        shop.apply(shop_file(coupons=homes))
        world.control.advance(1)
        content = shop_file(batch(f"vip{dies}", 4), coupons=homes, codes=[code(text=f"TEXT{dies}")])
        shop.apply(content)
        world.control.advance(1)
        [home] = world.coupons("spring")
        world.dashboard.once("delete", f"/v1/coupons/{home['id']}")
        changed = {**content, "promotion_codes": [code(text=f"NEXT{dies}")]}
        plan = both(shop, changed)
        world.control.die_after(dies)
        patience, world.client.patience = world.client.patience, 0.0
        shop.carry_out(plan, workers=1)
        world.client.patience = patience
        world.control.clear_faults()
        world.control.advance(1)
        shop.done(both(shop, changed))
        assert both(shop, changed).empty
        assert len(shop.working(f"vip{dies}")) == 4
        done, dies = dies > plan.requests, dies + 1
        world.control.advance(1)


@pytest.mark.parametrize(
    "change", ["it grows", "it shrinks", "it moves", "its coupon is recreated", "a code gets another text"]
)
def test_another_apply_in_between(shop: Shop, change: str) -> None:
    """One apply between any two requests of another with another file: seals are open, or true for both files."""
    world, other = shop.world, shop_file(batch(count=8), codes=[code(text="OTHER"), code("insider", "VIP10")])
    at, happened = 0, True
    while happened:
        world.control.advance(1)
        plan = shop.plan(CHANGES[change])
        between = Between(world.stripe, at, lambda: shop.carry_out(shop.plan(other), workers=1))
        shop.carry_out(plan, replace(world, stripe=cast(StripeAccount, between)), workers=1)
        happened, at = between.happened, at + 1
        world.control.advance(1)
        for content in (CHANGES[change], other):
            Both(lambda content=content, **policy: shop.plan(content, **policy)).plan()
        shop.done(both(shop, SHOP))


def test_a_coupon_without_room_is_not_sealed_and_that_is_told(shop: Shop) -> None:
    """Where the metadata is full everything is read, and the report says why."""
    world = shop.world
    content = {**SHOP, "promosync": {"owner": "shop", "ignore_metadata": ["x*"]}}
    edit(world, "spring", **{SEAL: ""}, **{f"x{n}": "theirs" for n in range(47)})
    plan = shop.plan({**CHANGES["it grows"], "promosync": content["promosync"]})
    [sentence] = plan.unsealed
    assert sentence == "the coupon 'spring' has no room for a seal in its metadata: each plan reads all codes"
    shop.carry_out(plan)
    assert sealed(world) is None
    assert both(shop, {**CHANGES["it grows"], "promosync": content["promosync"]}).in_full


def test_a_seal_that_stripe_does_not_take_is_no_failure(shop: Shop) -> None:
    """An update that Stripe refuses leaves the seal open, says so, and the work is done."""
    world, content = shop.world, CHANGES["it grows"]
    plan, notes = shop.plan(content), list[str]()
    # The first write on the coupon opens its seal, the second closes it.
    world.control.faults({"match": {"method": "POST", "path": "/v1/coupons/spring"}, "fault": "400", "skip": 1})
    from promosync.apply.engine import carry_out

    outcomes = carry_out(
        plan,
        world.stripe,
        on_outcome=lambda outcome: None,
        on_progress=lambda progress: None,
        stopped=lambda: False,
        on_note=notes.append,
    )
    world.control.clear_faults()
    assert {outcome.status for outcome in outcomes} == {Status.DONE}
    [note] = notes
    assert note.startswith("the coupon 'spring' is not sealed, so its codes are read again: ")
    assert not closed(world)
    assert both(shop, content).empty


def test_codes_are_not_written_under_a_seal_that_cannot_be_opened(shop: Shop) -> None:
    """If Stripe refuses to open a seal, the codes of its coupon are unchanged; otherwise the seal would be false."""
    world = shop.world
    plan = shop.plan(CHANGES["it grows"])
    world.control.faults({"match": {"method": "POST", "path": "/v1/coupons/spring"}, "fault": "400"})
    outcomes = shop.carry_out(plan).outcomes
    world.control.clear_faults()
    assert [outcome.status for outcome in outcomes] == [Status.FAILED]
    assert outcomes[0].message.startswith("the seal of its coupon 'spring' cannot be opened: ")
    assert len(world.codes("vip")) == 7
    assert closed(world)


@pytest.mark.parametrize("policy", [{"targets": ("vip",)}, {"prune": False}], ids=str)
def test_a_narrowed_apply_leaves_seals_open(shop: Shop, policy: dict[str, Any]) -> None:
    """An apply with --target or --no-prune opens seals and closes none."""
    content = CHANGES["it shrinks"]
    shop.apply(content, **policy)
    found = sealed(shop.world)
    assert found is not None
    assert found.mark is not None
    assert both(shop, content).empty
    assert said(shop.plan(content, refresh=True)) == said(shop.plan(content))


def test_refresh_seals_an_account_that_has_none(shop: Shop) -> None:
    """Seals are no change: where there is nothing to do only an apply that read everything writes them."""
    world = shop.world
    edit(world, "spring", **{SEAL: "", f"{SEAL}_2": ""})
    writes = world.writes
    shop.apply(SHOP)
    assert world.writes == writes
    assert not closed(world)
    plan = shop.apply(SHOP, refresh=True)
    assert plan.empty
    assert closed(world)
    assert world.writes == writes + 1


def test_two_owners_do_not_see_each_others_seals(shop: Shop) -> None:
    """The seals of each owner depend only on that owner's coupons."""
    other = {**document([coupon("theirs")], [code("c", "THEIRS", coupon="theirs")]), "promosync": {"owner": "two"}}
    shop.apply(other)
    assert closed(shop.world)
    for content in (SHOP, other):
        plan = both(shop, content)
        assert plan.empty
        assert not plan.in_full
    shop.world.dashboard.once("delete", "/v1/coupons/theirs")
    assert not shop.plan(SHOP).in_full
    assert both(shop, other).actions


def test_a_stray_is_found_though_nobody_lists_the_account(shop: Shop) -> None:
    """A coupon, a code and a batch that are taken out of the file are withdrawn."""
    plan = both(shop, shop_file(coupons=[]))
    assert [action.verb.value for action in plan.actions] == ["deactivate", "deactivate", "delete"]
    assert [batch.withdrawn for batch in plan.batches] == [7]
    assert not plan.in_full


def test_a_share_that_is_taken_away_is_counted(shop: Shop) -> None:
    """If a plan removes something, all objects are counted: the safety checks do not use a seal."""
    many = [code(f"c{n}", f"C{n}") for n in range(5)]
    shop.apply(shop_file(batch(count=7), codes=many))
    for row in shop.world.codes("vip", active=True):
        shop.world.dashboard.once("post", f"/v1/promotion_codes/{row['id']}", active=False)
    plan = both(shop, shop_file(batch(count=7), codes=many[:2]))
    assert plan.ours == 1 + 5
    assert plan.brakes == ()


def test_a_deleted_coupon_is_told_by_its_codes(shop: Shop) -> None:
    """If the only coupon of a shop is deleted by hand, its uses are still counted."""
    content = document([coupon(max_redemptions=9)], [code()])
    shop.apply({**content, "code_batches": []})
    [row] = shop.world.codes("welcome", active=True)
    shop.world.control.redeem(row["id"], times=4)
    [home] = shop.world.coupons("spring")
    shop.world.dashboard.once("delete", f"/v1/coupons/{home['id']}")
    plan = both(shop, {**content, "code_batches": []})
    assert plan.actions[0].carried == 4
