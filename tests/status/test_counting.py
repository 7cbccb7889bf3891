"""Every code is counted once, whatever became of it and however often it was recreated."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promosync.model.life import State
from promosync.model.live import LiveCode
from promosync.model.newest import Newest
from promosync.model.ownership import Retired
from promosync.status.attention import attention
from promosync.status.builder import Asked

from .live import DAY, NOW, code, coupon, line, look, swapped, unique

SPRING = {"id": "spring", "percent_off": 20, "duration": "once", "max_redemptions": 100}
BATCH = {"id": "vip", "coupon": "spring", "generate": {"count": 4, "length": 12}}


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, 1, 2, 7, 8, 1 << 63, (1 << 63) + 5, 10**17]),
            st.integers(0, 1 << 63),
            st.integers(0, 1 << 65),
            st.integers(0, 9),
        )
    )
)
def test_slots_are_a_dictionary_of_the_highest_rank_and_the_most_uses(puts: list[tuple[int, int, int, int]]) -> None:
    """Of equal ranks the first counts."""
    slots, expected = Newest(), dict[int, tuple[int, int, int]]()
    for key, rank, used, cell in puts:
        slots.put(key, rank, used, cell)
        most = min(used, 1 << 62)
        if key not in expected:
            expected[key] = (rank, most, cell)
        else:
            old_rank, old_used, old_cell = expected[key]
            expected[key] = (
                max(rank, old_rank),
                max(old_used, most),
                cell if rank > old_rank else old_cell,
            )
    assert {slot.key: (slot.used, slot.cell) for slot in slots} == {
        key: (used, cell) for key, (_, used, cell) in expected.items()
    }
    assert len(slots) == len(expected)


def test_redemptions_carry_over_recreates_of_a_coupon() -> None:
    """37 on the first, 5 late, 10 on the second: 52 of the file's 100."""
    second = coupon("spring", stripe_id="spring_r2", used=10, carried=37, late=5, max_redemptions=63)
    report, _ = look({"coupons": [SPRING]}, [second], [])
    spring = line(report, "spring")
    assert (spring.used, spring.limit, spring.left, spring.percent_used) == (52, 100, 48, 52)


def test_a_coupon_that_is_still_being_replaced_counts_both() -> None:
    """The old one goes on being used until it is deleted."""
    old = coupon("spring", used=40, max_redemptions=100, created=NOW - 110 * DAY)
    new = coupon("spring", stripe_id="spring_r2", used=3, carried=37, max_redemptions=63)
    report, _ = look({"coupons": [SPRING]}, [new, old], [])
    assert line(report, "spring").used == 43


def test_a_code_knows_its_predecessors_and_the_files_limit() -> None:
    entry = {"id": "launch", "code": "LAUNCH", "coupon": "spring", "max_redemptions": 50}
    codes = [
        code("launch", "LAUNCH", used=2, carried=11, max_redemptions=39),
        code("launch", "LAUNCH", stripe_id="promo_old", used=11, created=NOW - 60 * DAY, **swapped()),
    ]
    report, _ = look(
        {"coupons": [SPRING], "promotion_codes": [entry]}, [coupon("spring", max_redemptions=100)], codes
    )
    launch = line(report, "launch")
    assert (launch.used, launch.limit, launch.left, launch.issued, launch.drift) == (13, 50, 37, 1, ())
    assert launch.used_codes == 1


def test_a_code_has_no_more_left_than_its_coupon() -> None:
    entry = {"id": "launch", "code": "LAUNCH", "coupon": "spring"}
    live = coupon("spring", used=97, max_redemptions=100)
    report, _ = look({"coupons": [SPRING], "promotion_codes": [entry]}, [live], [code("launch", "LAUNCH")])
    assert (line(report, "launch").left, line(report, "launch").used_codes) == (3, 0)


def test_a_batch_counts_slots_not_objects() -> None:
    """A swapped code and its successor are one; a swap that was cut short is one, and off."""
    codes = [
        unique("vip", 0, stripe_id="promo_new"),
        unique("vip", 0, stripe_id="promo_old", created=NOW - 60 * DAY, **swapped()),
        unique("vip", 1, **swapped()),
        unique("vip", 2, used=1, active=False),
        unique("vip", 3, active=False, expires_at=NOW - 1),
        unique("vip", 4, active=False, retired=Retired.WITHDRAWN),
        unique("vip", 5, active=False),
        unique("vip", 6, active=False, on="deleted"),
    ]
    report, _ = look({"coupons": [SPRING], "code_batches": [BATCH]}, [coupon("spring", max_redemptions=100)], codes)
    vip = line(report, "vip")
    assert vip.states == {
        State.ACTIVE: 1,
        State.OFF: 1,
        State.SWITCHED_OFF: 1,
        State.REDEEMED: 1,
        State.EXPIRED: 1,
        State.WITHDRAWN: 1,
        State.ORPHANED: 1,
    }
    assert (vip.issued, vip.used, vip.used_codes, vip.limit, vip.left) == (7, 1, 1, 6, 1)
    assert line(report, "spring").states == vip.states


def test_imported_codes_share_a_slot_by_text() -> None:
    batch = {"id": "printed", "coupon": "spring", "generate": {"count": 2, "length": 12}}
    codes = [
        code("printed", "Paper1", slot="import", max_redemptions=3, used=1, carried=1),
        code("printed", "PAPER1", slot="import", stripe_id="p", used=1, created=NOW - 60 * DAY, **swapped()),
        code("printed", "Paper2", slot="import", max_redemptions=3),
    ]
    report, _ = look({"coupons": [SPRING], "code_batches": [batch]}, [coupon("spring", max_redemptions=100)], codes)
    printed = line(report, "printed")
    assert (printed.issued, printed.used, printed.used_codes) == (2, 2, 1)


def test_others_codes_are_not_counted() -> None:
    foreign = LiveCode("promo_x", code("a", "THEIRS").spec, code("a", "THEIRS").tags.__class__(), NOW, 99)
    report, _ = look({"coupons": [SPRING]}, [coupon("spring", max_redemptions=100)], [foreign])
    assert line(report, "spring").issued == 0


def test_metadata_of_a_code_comes_before_its_coupons() -> None:
    live = coupon("spring", max_redemptions=100, metadata={"campaign": "spring"})
    codes = [
        code("a", "AAA", used=3, metadata={"campaign": "radio"}),
        code("b", "BBB", used=4),
        *(unique("vip", slot, used=slot % 2) for slot in range(4)),
    ]
    entries = [{"id": name, "code": name.upper() * 3, "coupon": "spring"} for name in "ab"]
    document = {"coupons": [SPRING], "promotion_codes": entries, "code_batches": [BATCH]}
    report, _ = look(document, [live], codes, Asked(by=("campaign", "source")))
    figures = [(group.id, group.issued, group.used) for group in report.groups]
    assert figures == [("campaign=spring", 5, 6), ("campaign=radio", 1, 3), ("source=(none)", 6, 9)]


def test_of_a_key_with_too_many_values_a_thousand_are_told_apart() -> None:
    """A key may hold an id of each customer: memory must not grow with the account."""
    document = {"coupons": [SPRING], "code_batches": [BATCH]}
    codes = [unique("vip", slot, metadata={"customer": f"c{slot}"}) for slot in range(1003)]
    report, _ = look(document, [coupon("spring", max_redemptions=100)], codes, Asked(by=("customer",)))
    assert len(report.groups) == 1001
    assert line(report, "customer=c999").issued == 1
    assert line(report, "customer=(other values)").issued == 3


def test_codes_of_a_deleted_coupon_count_for_the_campaign_that_the_file_gives_it() -> None:
    codes = [unique("vip", slot, used=1) for slot in range(4)]
    document = {"coupons": [{**SPRING, "metadata": {"campaign": "spring"}}], "code_batches": [BATCH]}
    report, _ = look(document, [], codes, Asked(by=("campaign",)))
    assert [(group.id, group.issued, group.used) for group in report.groups] == [("campaign=spring", 4, 4)]


def test_a_coupon_that_has_ended_has_nothing_left() -> None:
    live = coupon("spring", used=92, max_redemptions=100, redeem_by=NOW - 1, valid=False)
    assert line(look({"coupons": [SPRING]}, [live], [])[0], "spring").left == 0


@pytest.mark.parametrize(("each", "own"), [(None, 100), (80, 100), (20, 60)])
def test_what_codes_of_one_coupon_share_is_counted_once(each: int | None, own: int) -> None:
    """Three codes of one campaign on a coupon of 100, and a coupon of 10 beside it: 110, or what the codes allow."""
    radio = {"campaign": "radio"}
    limit = {} if each is None else {"max_redemptions": each}
    coupons = [SPRING, {"id": "autumn", "percent_off": 20, "duration": "once", "max_redemptions": 10}]
    homes = {"aaa": "spring", "bbb": "spring", "ccc": "spring", "ddd": "autumn"}
    entries = [
        {"id": id, "code": id.upper(), "coupon": home} | (limit if home == "spring" else {})
        for id, home in homes.items()
    ]
    live = [coupon("spring", max_redemptions=100), coupon("autumn", max_redemptions=10)]
    there = [
        code(id, id.upper(), home, metadata=radio, **limit if home == "spring" else {}) for id, home in homes.items()
    ]
    report, _ = look({"coupons": coupons, "promotion_codes": entries}, live, there, Asked(by=("campaign",)))
    [group] = report.groups
    assert (group.left, group.limit) == (own + 10, own + 10)


def test_used_codes_of_a_coupon_that_was_replaced_count_towards_the_same_limit() -> None:
    """30 of 100 were used on the old coupon: 200 codes cannot be used more than 100 times in all."""
    batch = {**BATCH, "generate": {"count": 200, "length": 12}}
    live = coupon("spring", stripe_id="spring_r2", carried=30, max_redemptions=70)
    codes = [
        unique("vip", slot, used=slot < 30, active=slot >= 30, on="spring" if slot < 30 else "spring_r2")
        for slot in range(200)
    ]
    report, _ = look({"coupons": [SPRING], "code_batches": [batch]}, [live], codes, Asked(by=("campaign",)))
    [group] = report.groups
    assert (group.used, group.limit, group.left, group.percent_used) == (30, 100, 70, 30)
    vip = line(report, "vip")
    assert (vip.limit, vip.left) == (200, 70), "the limit of a batch is the file's own"


def test_a_batch_on_two_coupons_has_what_each_of_them_has_left() -> None:
    """As after a recreate that was cut short, in whatever order its codes are read."""
    live = [coupon("spring", stripe_id="spring_r2", max_redemptions=2), coupon("spring", max_redemptions=100)]
    codes = [unique("vip", slot, on="spring" if slot % 2 else "spring_r2") for slot in range(10)]
    for read in (codes, codes[::-1]):
        report, _ = look({"coupons": [SPRING], "code_batches": [BATCH]}, live, read)
        assert line(report, "vip").left == 2 + 5


@pytest.mark.parametrize(
    ("live", "drift"),
    [
        ({}, ("percent_off",)),
        ({"percent_off": Decimal(25), "max_redemptions": 100, "name": "Old"}, ("name",)),
        ({"percent_off": Decimal(25), "max_redemptions": 63, "stripe_id": "spring_r2", "carried": 37}, ()),
    ],
)
def test_drift_names_the_fields(live: dict[str, Any], drift: tuple[str, ...]) -> None:
    wanted = {**SPRING, "percent_off": 25}
    report, _ = look({"coupons": [wanted]}, [coupon("spring", **{"max_redemptions": 100} | live)], [])
    assert line(report, "spring").drift == drift


def test_drift_of_a_batch_counts_codes_and_tells_how_many_are_missing() -> None:
    codes = [unique("vip", slot, metadata={"campaign": "old"} if slot else {}) for slot in range(3)]
    report, _ = look({"coupons": [SPRING], "code_batches": [BATCH]}, [coupon("spring", max_redemptions=100)], codes)
    assert line(report, "vip").drift == ("1 of 4 not in Stripe", "2 differ in metadata.campaign")


@pytest.mark.parametrize(("active", "drift"), [(True, ("not in Stripe",)), (False, ())])
def test_a_batch_without_a_code_is_missing_if_it_is_on(active: bool, drift: tuple[str, ...]) -> None:
    report, _ = look({"coupons": [SPRING], "code_batches": [{**BATCH, "active": active}]}, [coupon("spring")], [])
    assert line(report, "vip").drift == drift


def test_what_a_plan_would_refuse_of_a_code_is_its_drift() -> None:
    """It is another fault than a missing object, which may only not be read yet."""
    entry = {"id": "launch", "code": "LAUNCH", "coupon": "spring", "customer": "cus_nobody"}
    live = [coupon("spring", max_redemptions=100)]
    report, _ = look({"coupons": [SPRING], "promotion_codes": [entry]}, live, [code("launch", "LAUNCH")])
    [drift] = line(report, "launch").drift
    assert drift == "no such customer in Stripe (test mode)"


def test_what_left_the_file_is_still_told() -> None:
    away = coupon("away", stripe_id="away_r2")
    codes = [code("gone", "GONE", used=2), *(unique("old", slot) for slot in range(2))]
    report, _ = look({"coupons": [SPRING]}, [coupon("spring", max_redemptions=100), away], codes)
    assert {found.id: (found.in_file, found.drift) for found in report.entries} == {
        "spring": (True, ()),
        "away": (False, ("not in the file",)),
        "gone": (False, ("not in the file",)),
        "old": (False, ("2 active, not in the file",)),
    }


def test_the_summary_can_be_acted_on() -> None:
    document = {
        "coupons": [{**SPRING, "redeem_by": "2027-02-01T00:00:00Z"}],
        "promotion_codes": [
            {"id": name, "code": name.upper() * 3, "coupon": "spring", "expires_at": "2027-01-20T00:00:00Z"}
            for name in "abc"
        ],
    }
    end = NOW + 4 * DAY + 16 * 3600
    live = coupon("spring", used=92, max_redemptions=100, redeem_by=NOW + 16 * DAY + 16 * 3600)
    codes = [code(name, name.upper() * 3, expires_at=end) for name in "abc"]
    report, _ = look(document, [live], codes)
    assert attention(report) == ("3 codes end within 7 days", "1 coupon is 92 % used (spring)")
    assert line(report, "a").days_left(report.now) == 4


def test_the_worst_case_is_the_limit_times_the_amount() -> None:
    """Without a limit there is none; what went through a code that has ended is in it."""
    coupons = [
        {"id": "ten", "amount_off": 1000, "currency": "usd", "duration": "once", "max_redemptions": 50},
        {"id": "open", "amount_off": 500, "currency": "eur", "duration": "once"},
        {"id": "ways", "amount_off": 100, "currency": "eur", "duration": "once"},
    ]
    codes = [
        {"id": "over", "code": "OVER", "coupon": "ways", "expires_at": "2027-01-01T00:00:00Z"},
        {"id": "limited", "code": "LIMITED", "coupon": "ways", "max_redemptions": 10},
    ]
    live = [
        coupon("ten", amount_off=1000, currency="usd", max_redemptions=50, used=46),
        coupon("open", amount_off=500, currency="eur"),
        coupon("ways", amount_off=100, currency="eur", used=34),
    ]
    there = [
        code("over", "OVER", "ways", used=30, active=False, expires_at=NOW - 14 * DAY),
        code("limited", "LIMITED", "ways", used=4, max_redemptions=10),
    ]
    report, _ = look({"coupons": coupons, "promotion_codes": codes}, live, there)
    assert {one.coupon: (one.uses, dict(one.amounts)) for one in report.worst} == {
        "ten": (50, {"usd": 50_000}),
        "open": (None, {"eur": None}),
        "ways": (40, {"eur": 4_000}),
    }


def test_hundreds_of_thousands_of_codes_take_a_few_megabytes() -> None:
    """Every code costs less than a hundred bytes, though each has metadata of its own from elsewhere."""

    def codes(count: int) -> Iterator[LiveCode]:
        for slot in range(count):
            yield unique("vip", slot, used=slot % 2, active=not slot % 2, metadata={"campaign": f"{slot}"})

    def peak(count: int) -> int:
        tracemalloc.start()
        try:
            batch = {**BATCH, "generate": {"count": count, "length": 20}}
            settings_ = {"owner": "shop", "ignore_metadata": ["campaign"]}
            document = {"promosync": settings_, "coupons": [SPRING], "code_batches": [batch]}
            report, _ = look(document, [coupon("spring", max_redemptions=100)], codes(count))
            assert line(report, "vip").used == count // 2
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few, many = 5_000, 45_000
    assert (peak(many) - peak(few)) / (many - few) < 100
