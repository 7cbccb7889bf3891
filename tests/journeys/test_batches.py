"""Batches of unique codes over the real SDK: customers always keep the texts that they hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promosync.model.life import State
from promosync.plan.plan import Kind, Verb

from .batch_shop import RETIRED, SLOT, Shop, batch, mailed, one, printed, shop_file, some
from .world import CARRIED, DAY, LATE, LATER, LATEST, SOON, Json, World, code, coupon


@pytest.fixture
def shop(world: World, tmp_path: Path) -> Shop:
    return Shop(world, tmp_path)


def test_the_three_kinds_apply_settle_and_export(shop: Shop) -> None:
    """As in the guide: a pattern, a file of addresses, a file of codes."""
    shop.write("mail.csv", "email", "ANN@example.com", "bob@example.com", "new@example.com")
    shop.write("print.csv", "Code1", "Code2", "Code3")
    content = shop_file(
        batch(count=20, expires_at=LATER, metadata={"campaign": "x"}), mailed(missing="create"), printed()
    )
    plan = shop.settle(content)
    assert [(action.id, action.added, action.customers) for action in plan.batches] == [
        ("vip", 20, 0),
        ("mail", 3, 1),
        ("print", 3, 0),
    ]
    assert plan.requests == 1 + 20 + 3 + 1 + 3
    assert shop.working("print") == {"Code1", "Code2", "Code3"}
    rows = shop.export(content)
    assert len(rows) == 26
    assert {row.status for row in rows} == {State.ACTIVE}
    assert [row.email for row in rows if row.batch == "mail"] == [
        "ANN@example.com",
        "bob@example.com",
        "new@example.com",
    ]
    assert {row.live.spec.code for row in rows if row.batch == "vip"} == shop.working("vip")
    assert {row.live.spec.metadata["campaign"] for row in rows if row.batch == "vip"} == {"x"}


def test_grown_shrunk_used_changed_and_on_another_coupon_the_texts_stay(shop: Shop) -> None:
    """30 grown to 42 and shrunk to 20 with 5 used leaves 15 of the first texts."""
    coupons = [coupon(), coupon("summer")]
    shop.settle(shop_file(batch(count=30, expires_at=LATER), coupons=coupons))
    first = shop.working()
    shop.settle(shop_file(batch(count=42, expires_at=LATER), coupons=coupons))
    assert first < shop.working()
    used = some(shop.working(), 5)
    shop.use(used)
    plan = shop.settle(shop_file(batch(count=20, expires_at=LATER), coupons=coupons))
    assert one(plan).issued == {"active": 15, "redeemed": 5}
    left = shop.working()
    assert len(left) == 15
    assert left <= first

    plan = shop.settle(shop_file(batch(count=20, expires_at=LATEST), coupons=coupons))
    assert (one(plan).recreated, one(plan).swapped) == (15, 15)
    assert [change.field for change in one(plan).changes] == ["expires_at"]
    assert shop.working() == left
    shop.settle(shop_file(batch(count=20, expires_at=LATEST, coupon="summer"), coupons=coupons))
    assert shop.working() == left
    assert {row["promotion"]["coupon"] for row in shop.world.codes("vip", active=True)} == {"summer"}
    plan = shop.settle(
        shop_file(batch(count=20, expires_at=LATEST, coupon="summer", metadata={"a": "1"}), coupons=coupons)
    )
    assert (one(plan).updated, one(plan).recreated) == (15, 0)
    plan = shop.settle(shop_file(coupons=coupons))
    assert one(plan).withdrawn == 15
    assert shop.working() == set()
    plan = shop.settle(
        shop_file(batch(count=20, expires_at=LATEST, coupon="summer", metadata={"a": "1"}), coupons=coupons)
    )
    assert one(plan).restored == 15
    assert shop.working() == left
    assert not set(used) & shop.working()


@pytest.mark.parametrize("change", [{"percent_off": 25}, {"max_redemptions": 50}, {"redeem_by": LATEST}])
def test_a_recreated_coupon_takes_its_batches_along(shop: Shop, change: dict[str, Any]) -> None:
    shop.write("mail.csv", "ann@example.com", "bob@example.com")
    shop.write("print.csv", "Code1", "Code2")
    batches = batch(), mailed(), printed()
    shop.settle(shop_file(*batches))
    before = {id: shop.working(id) for id in ("vip", "mail", "print")}
    customers = shop.by_customer()
    plan = shop.settle(shop_file(*batches, coupons=[coupon(**change)]))
    [recreate] = plan.actions
    assert (recreate.verb, recreate.riding) == (Verb.RECREATE, 9)
    assert {id: shop.working(id) for id in before} == before
    assert shop.by_customer() == customers
    assert len(shop.world.coupons()) == 1


def test_what_is_off_by_hand_stays_off_and_counts_whatever_happens_to_its_coupon(shop: Shop) -> None:
    shop.settle(shop_file(batch(count=6)))
    off = some(shop.working(), 2)
    shop.switch_off(off)
    rest = shop.working()
    plan = shop.settle(shop_file(batch(count=6), coupons=[coupon(percent_off=30)]))
    assert (one(plan).recreated, one(plan).marked) == (4, 2)
    assert shop.working() == rest
    shop.settle(shop_file(batch(count=6), coupons=[coupon(percent_off=31)]))
    assert shop.working() == rest
    shop.settle(shop_file(batch(count=6, coupon="summer"), coupons=[coupon("summer")]))
    assert shop.working() == rest
    shop.settle(shop_file())
    shop.settle(shop_file(batch(count=6)))
    assert shop.working() == rest
    plan = shop.settle(shop_file(batch(count=7)))
    assert one(plan).added == 1


def test_a_coupon_deleted_in_the_dashboard_comes_back_with_its_codes(shop: Shop) -> None:
    """And the limit of the coupon counts what its codes were used."""
    shop.write("mail.csv", "ann@example.com")
    content = shop_file(batch(count=6), mailed(), coupons=[coupon(max_redemptions=100)])
    shop.settle(content)
    used = some(shop.working(), 2)
    shop.use(used)
    left, customers = shop.working(), shop.by_customer()
    for _ in range(2):
        shop.world.control.advance(60)
        shop.world.dashboard.call("delete", f"/v1/coupons/{shop.world.one_coupon()['id']}")
        assert shop.working() == set()
        plan = shop.settle(content)
        assert (one(plan).recreated, one(plan).swapped) == (4, 0)
        assert plan.actions[0].carried == 2
        assert (shop.working(), shop.by_customer()) == (left, customers)
        assert shop.world.one_coupon()["max_redemptions"] == 98


def test_codes_for_several_uses_carry_what_is_left_over_to_the_next_coupon(shop: Shop) -> None:
    limit: Json = {"max_redemptions": 5}
    shop.settle(shop_file(batch(count=3, **limit)))
    text, other, spent = some(shop.working(), 3)
    shop.use([text], 2)
    shop.use([spent], 5)
    shop.settle(shop_file(batch(count=3, **limit), coupons=[coupon(percent_off=40)]))
    shop.use([text])
    shop.settle(shop_file(batch(count=3, **limit), coupons=[coupon(percent_off=50)]))
    left = {row["code"]: row["max_redemptions"] for row in shop.world.codes("vip", active=True)}
    assert left == {text: 2, other: 5}
    [row] = [row for row in shop.export(shop_file(batch(count=3, **limit))) if row.live.spec.code == text]
    assert (row.used, row.status) == (3, State.ACTIVE)
    shop.world.control.advance(60)
    shop.world.dashboard.call("delete", f"/v1/coupons/{shop.world.one_coupon()['id']}")
    shop.settle(shop_file(batch(count=3, **limit), coupons=[coupon(percent_off=50)]))
    assert {row["code"]: row["max_redemptions"] for row in shop.world.codes("vip", active=True)} == left


def test_a_used_code_keeps_its_old_terms(shop: Shop) -> None:
    shop.settle(shop_file(batch(count=2, max_redemptions=5, expires_at=SOON)))
    used = some(shop.working(), 1)
    shop.use(used)
    plan = shop.settle(shop_file(batch(count=2, max_redemptions=5, expires_at=LATER)))
    assert (one(plan).recreated, one(plan).issued) == (1, {"active": 2})
    ends = {row["code"]: row["expires_at"] for row in shop.world.codes("vip", active=True)}
    assert len(set(ends.values())) == 2


def test_a_batch_can_be_made_off_switched_on_and_off(shop: Shop) -> None:
    shop.settle(shop_file(batch(active=False)))
    assert shop.working() == set()
    made = {row["code"] for row in shop.world.codes("vip")}
    assert len(made) == 5
    plan = shop.settle(shop_file(batch()))
    assert one(plan).restored == 5
    assert shop.working() == made
    shop.switch_off(some(made, 1))
    plan = shop.settle(shop_file(batch(active=False)))
    assert one(plan).switched_off == 4
    shop.settle(shop_file(batch()))
    assert shop.working() == made - set(some(made, 1))


def test_a_batch_whose_date_has_passed_is_over_and_comes_back_with_a_later_one(shop: Shop) -> None:
    shop.write("mail.csv", "ann@example.com")
    content = shop_file(batch(expires_at=SOON), mailed(expires_at=SOON))
    shop.settle(content)
    before = shop.working()
    shop.world.control.advance(6 * DAY)
    shop.write("mail.csv", "ann@example.com", "nobody@example.com")
    plan = shop.plan(content)
    assert {(kept.kind, kept.id) for kept in plan.kept} == {(Kind.BATCH, "vip"), (Kind.BATCH, "mail")}
    shop.rests(content)
    assert {row.status for row in shop.export(content, "vip")} == {State.EXPIRED}
    shop.settle(shop_file(batch(expires_at=LATER)))
    assert shop.working() == before


def test_reordering_extending_and_cutting_a_list_of_addresses_moves_no_code(shop: Shop) -> None:
    content = shop_file(mailed(missing="create"))
    shop.write("mail.csv", "ann@example.com", "bob@example.com", "c@example.com")
    shop.settle(content)
    codes = shop.by_customer()
    shop.write("mail.csv", "C@EXAMPLE.com", "BOB@example.com", "Ann@example.com")
    shop.rests(content)
    shop.write("mail.csv", "d@example.com", "C@EXAMPLE.com", "BOB@example.com", "Ann@example.com")
    assert one(shop.settle(content), "mail").added == 1
    assert codes.items() < shop.by_customer().items()
    shop.write("mail.csv", "d@example.com", "ann@example.com")
    assert one(shop.settle(content), "mail").withdrawn == 2
    shop.write("mail.csv", "bob@example.com", "c@example.com", "d@example.com", "ann@example.com")
    assert one(shop.settle(content), "mail").restored == 2
    assert codes.items() < shop.by_customer().items()
    emails = sorted(row["email"].lower() for row in shop.world.control.dump()["customers"])
    assert len(emails) == len(set(emails)) == 4


def test_few_requests_find_many_customers_and_none_is_asked_for_twice(shop: Shop) -> None:
    addresses = [f"Person{number}@example.com" for number in range(60)]
    shop.world.control.seed("customer", [{"email": address.upper()} for address in addresses])
    shop.write("mail.csv", *addresses)
    content = shop_file(mailed())
    shop.world.control.clear_counters()
    shop.plan(content)
    asked = shop.world.control.counters()["requests"]
    assert sum(count for name, count in asked.items() if "customers" in name) <= 7
    shop.settle(content)
    shop.world.control.clear_counters()
    shop.rests(content)
    assert not [name for name in shop.world.control.counters()["requests"] if "customers" in name]


def test_a_missing_customer_is_refused_skipped_or_created(shop: Shop) -> None:
    shop.write("mail.csv", "email", "ann@example.com", "gone@example.com", "lost@example.com")
    [problem] = shop.problems(shop_file(mailed()))
    assert "2 addresses have no customer in Stripe: line 3, 4" in problem.message
    skipping = shop_file(mailed(missing="skip"))
    plan = shop.settle(skipping)
    assert (one(plan, "mail").added, one(plan, "mail").skipped) == (1, 2)
    [kept] = shop.plan(skipping).kept
    assert "2 addresses without a customer" in kept.reason
    shop.world.control.seed("customer", [{"id": "cus_lost", "email": "LOST@example.com"}])
    assert one(shop.settle(skipping), "mail").added == 1
    plan = shop.settle(shop_file(mailed(missing="create")))
    assert (one(plan, "mail").added, one(plan, "mail").customers) == (1, 1)
    assert len(shop.by_customer()) == 3


def test_one_address_of_several_customers_is_told_with_their_ids(shop: Shop) -> None:
    shop.world.control.seed("customer", [{"id": "cus_ann2", "email": "Ann@Example.com"}])
    shop.write("mail.csv", "bob@example.com", "ann@example.com")
    for missing in ("error", "skip", "create"):
        [problem] = shop.problems(shop_file(mailed(missing=missing)))
        assert "line 2 (cus_ann, cus_ann2)" in problem.message
        assert "example.com" not in problem.message


def test_a_list_of_addresses_becomes_a_count_and_an_import_loses_its_addresses(shop: Shop) -> None:
    shop.write("mail.csv", "ann@example.com", "bob@example.com")
    shop.write("print.csv", "Code1,ann@example.com", "Code2,bob@example.com")
    shop.settle(shop_file(mailed(), printed()))
    assert {row["customer"] for row in shop.world.codes("print", active=True)} == {"cus_ann", "cus_bob"}
    texts = shop.working("mail")
    shop.write("print.csv", "Code1", "Code2")
    shop.settle(shop_file(batch("mail", 2), printed()))
    assert shop.working("mail") == texts
    assert {row["customer"] for row in shop.world.codes(active=True)} == {None}
    shop.write("print.csv", "Code1,bob@example.com", "Code2,bob@example.com")
    shop.settle(shop_file(batch("mail", 2), printed()))
    assert {row["customer"] for row in shop.world.codes("print", active=True)} == {"cus_bob"}


def test_metadata_of_others_stays_on_every_code(shop: Shop) -> None:
    content = shop_file(batch(count=3, metadata={"a": "1"}), ignore_metadata=["crm_*"])
    shop.settle(content)
    for number, row in enumerate(shop.world.codes("vip")):
        shop.world.dashboard.call("post", f"/v1/promotion_codes/{row['id']}", metadata={"crm_id": str(number)})
    shop.rests(content)
    crm = {row["code"]: row["metadata"]["crm_id"] for row in shop.world.codes("vip", active=True)}
    shop.settle(shop_file(batch(count=3, metadata={"a": "2"}, expires_at=LATER), ignore_metadata=["crm_*"]))
    assert {row["code"]: row["metadata"]["crm_id"] for row in shop.world.codes("vip", active=True)} == crm
    assert {row["metadata"]["a"] for row in shop.world.codes("vip", active=True)} == {"2"}
    shop.settle(shop_file(batch(count=3, metadata={"a": "2"}, expires_at=LATER)))
    assert not [row for row in shop.world.codes("vip", active=True) if "crm_id" in row["metadata"]]


def test_a_protected_batch_grows_but_is_never_withdrawn_or_recreated(shop: Shop) -> None:
    shop.settle(shop_file(batch(protect=True)))
    shop.settle(shop_file(batch(count=7, protect=True)))
    for content in (
        shop_file(),
        shop_file(batch(count=6, protect=True)),
        shop_file(batch(count=6)),
        shop_file(batch(count=7, protect=True, expires_at=LATER)),
        shop_file(batch(count=7, protect=True), coupons=[coupon(percent_off=1)]),
    ):
        assert {problem.rule for problem in shop.problems(content)} == {"protected"}
    shop.settle(shop_file(batch(count=7)))
    shop.settle(shop_file(batch(count=6)))
    shop.settle(shop_file())
    assert shop.working() == set()


def test_a_target_and_no_prune_leave_other_batches_alone(shop: Shop) -> None:
    content = shop_file(batch(), batch("other"))
    shop.apply(content, targets=("vip",))
    assert (len(shop.working()), len(shop.working("other"))) == (5, 0)
    shop.settle(content)
    plan = shop.apply(shop_file(batch()), prune=False)
    assert plan.empty
    assert len(shop.working("other")) == 5


def test_unique_codes_and_single_codes_live_side_by_side(shop: Shop) -> None:
    content = shop_file(batch(), codes=[code()])
    shop.settle(content)
    assert all(SLOT not in row["metadata"] for row in shop.world.codes("welcome"))
    assert all(RETIRED not in row["metadata"] for row in shop.world.codes("vip"))
    text = some(shop.working(), 1)[0]
    [problem] = shop.problems(shop_file(batch(), codes=[code(), code("taken", text)]))
    assert problem.rule == "conflict"


def test_uses_on_a_coupon_that_was_deleted_by_hand_in_between_are_counted(shop: Shop) -> None:
    """A recreate is interrupted, customers use both coupons, somebody deletes one: its codes show its uses."""
    limited = shop_file(batch(count=6), coupons=[coupon(max_redemptions=10)])
    for gone, left, known in (("spring_r2", 8, (2, 0)), ("spring", 10, (0, 1))):
        shop.world.fresh()
        shop.settle(shop_file(batch(count=6)))
        match = {"method": "POST", "path": "/v1/promotion_codes", "body_contains": "metadata[promosync_slot]=3"}
        shop.world.control.faults({"match": match, "fault": "400", "times": 9})
        shop.world.control.advance(1)  # objects of one second have no order that could be relied on
        shop.carry_out(shop.plan(limited))
        shop.world.control.clear_faults()
        moved = [row["code"] for row in shop.world.codes("vip", active=True)]
        on_old = [
            row["code"] for row in shop.world.codes("vip", active=True) if row["promotion"]["coupon"] == "spring"
        ]
        assert (len(moved), len(on_old)) == (6, 1)
        for text in on_old if gone == "spring" else sorted({*moved} - {*on_old})[:2]:
            assert shop.world.control.redeem(text)["redeemed"] == 1
        shop.world.dashboard.once("delete", f"/v1/coupons/{gone}")
        shop.world.control.advance(1)
        shop.settle(limited)
        [home] = shop.world.coupons()
        carried, late = (int(home["metadata"].get(key, 0)) for key in (CARRIED, LATE))
        assert (home["max_redemptions"], (carried, late)) == (left, known)


def test_what_is_off_since_its_coupon_is_used_up_is_not_noted(shop: Shop) -> None:
    """Nothing is done while the coupon stays so; once its limit is raised, the codes come back."""
    content = shop_file(batch(count=3), coupons=[coupon(max_redemptions=1)])
    shop.settle(content)
    used, *rest = some(shop.working(), 3)
    shop.use([used])
    assert not shop.working()
    shop.rests(content)
    shop.settle(shop_file(batch(count=3), coupons=[coupon(max_redemptions=9)]))
    assert shop.working() == set(rest)


def test_an_import_adopts_what_nobody_manages(shop: Shop) -> None:
    """A code of the file that is in Stripe already becomes the batch's, as the object it is; the rest is made."""
    shop.apply(shop_file())
    promotion = {"type": "coupon", "coupon": "spring"}
    there = shop.world.dashboard.once(
        "post", "/v1/promotion_codes", promotion=promotion, code="CARD1", max_redemptions=1
    )
    shop.write("print.csv", "CARD1", "CARD2")
    plan = shop.settle(shop_file(printed()))
    assert [(batch.adopted, batch.added) for batch in plan.batches] == [(1, 1)]
    on = {row["code"]: row for row in shop.world.codes("print", active=True)}
    assert on.keys() == {"CARD1", "CARD2"}
    assert on["CARD1"]["id"] == there["id"]
