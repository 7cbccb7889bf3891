"""Each row of the table in ``slots`` is true, and a second plan is empty."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promosync.codes.slots import Addition, Replacement, SlotPlan, Standing, Wanted, decide
from promosync.model.issued import IssuedCode, IssuedCodes
from promosync.model.life import State
from promosync.model.ownership import Retired
from tests.codes.batches import carry_out, settle, use, working

STATES: dict[str, dict[str, Any]] = {
    "working": {},
    "working, changed": {"current": False},
    "swapped": {"active": False, "retired": Retired.SWAP},
    "swapped, changed": {"active": False, "retired": Retired.SWAP, "current": False},
    "off": {"active": False, "retired": Retired.OFF},
    "off, changed": {"active": False, "retired": Retired.OFF, "current": False},
    "ended, changed": {"active": False, "ended": True, "current": False},
    "withdrawn": {"active": False, "retired": Retired.WITHDRAWN},
    "withdrawn, changed": {"active": False, "retired": Retired.WITHDRAWN, "current": False},
    "withdrawn, ended": {"active": False, "retired": Retired.WITHDRAWN, "ended": True},
    "used, active": {"used": 2},
    "used, active, changed": {"used": 2, "current": False},
    "used, active, moves": {"used": 2, "current": False, "moves": True},
    "used up": {"used": 1, "active": False, "ended": True},
    "used up, changed": {"used": 1, "active": False, "ended": True, "current": False, "moves": True},
    "used, swapped": {"used": 2, "active": False, "retired": Retired.SWAP},
    "used, swapped, moves": {"used": 2, "active": False, "retired": Retired.SWAP, "moves": True},
    "used, off": {"used": 2, "active": False, "retired": Retired.OFF},
    "used, withdrawn": {"used": 2, "active": False, "retired": Retired.WITHDRAWN, "moves": True},
    "by hand": {"active": False},
    "by hand, changed": {"active": False, "current": False, "moves": True},
    "by hand, marked": {"active": False, "retired": Retired.HAND, "current": False, "gone": True},
    "stranded": {"active": False, "current": False, "gone": True},
    "used, stranded": {"used": 2, "active": False, "current": False, "gone": True},
    "used up, stranded": {"used": 1, "active": False, "ended": True, "current": False, "gone": True},
    "used, by hand": {"used": 2, "active": False},
    "used, by hand, moves": {"used": 2, "active": False, "moves": True},
    "ended": {"active": False, "ended": True},
    "ended, swapped": {"active": False, "ended": True, "retired": Retired.SWAP},
}
TABLE = [  # state, what is done when wanted, when not wanted, whether it counts before a working one
    ("working", "", "withdraw", True),
    ("working, changed", "recreate", "withdraw", True),
    ("swapped", "restore", "withdraw", True),
    ("swapped, changed", "recreate", "withdraw", True),
    ("off", "restore", "", False),
    ("off, changed", "recreate", "", False),
    ("ended, changed", "recreate", "", False),
    ("withdrawn", "restore", "", False),
    ("withdrawn, changed", "recreate", "", False),
    ("withdrawn, ended", "recreate", "", False),
    ("used, active", "", "", True),
    ("used, active, changed", "", "", True),
    ("used, active, moves", "recreate", "recreate", True),
    ("used up", "", "", True),
    ("used up, changed", "", "", True),
    ("used, swapped", "restore", "restore", True),
    ("used, swapped, moves", "recreate", "recreate", True),
    ("used, off", "restore", "restore", True),
    ("used, withdrawn", "", "", True),
    ("by hand", "mark", "mark", True),
    ("by hand, changed", "mark", "mark", True),
    ("by hand, marked", "", "", True),
    ("stranded", "recreate", "", True),
    ("used, stranded", "recreate", "recreate", True),
    ("used up, stranded", "", "", True),
    ("used, by hand", "mark", "mark", True),
    ("used, by hand, moves", "mark", "mark", True),
    ("ended", "", "", True),
    ("ended, swapped", "", "", True),
]


def issued(number: int = 0, **fields: Any) -> IssuedCode:
    slot = fields.pop("slot", number)
    return IssuedCode(f"promo_old{number}", f"C{number}", slot, created=number, **fields)


def done(plan: SlotPlan) -> str:
    """Return the names of what a plan does with existing codes."""
    named = {
        "withdraw": len(plan.withdraw),
        "switch off": len(plan.switch_off),
        "mark": len(plan.mark),
        "restore": len(plan.restore),
        "recreate": plan.recreated,
    }
    return " ".join(name for name, number in named.items() for _ in range(number))


def test_the_table_has_a_row_for_every_state() -> None:
    assert [row[0] for row in TABLE] == list(STATES)


@pytest.mark.parametrize(("state", "wanted", "unwanted", "counts"), TABLE)
@pytest.mark.parametrize("kind", ["count", "import", "emails"])
def test_the_table_holds(state: str, wanted: str, unwanted: str, counts: bool, kind: str) -> None:
    record = issued(**STATES[state], email="hash" if kind == "emails" else None)
    one = {"count": Wanted(count=1), "import": Wanted(codes=["c0"]), "emails": Wanted(emails=["hash"])}[kind]
    none = {"count": Wanted(count=0), "import": Wanted(codes=["x"]), "emails": Wanted(emails=["other"])}[kind]
    plan = decide(one, [record])
    assert (done(plan), plan.added) == (wanted, 0)
    plan = decide(none, [record])
    assert (done(plan), plan.added) == (unwanted, 0 if kind == "count" else 1)
    if kind == "count":
        more = decide(Wanted(count=1), [record, issued(1)])
        assert ("withdraw" in done(more)) == counts, "then the working one is too many"


@pytest.mark.parametrize(("state", "fields"), STATES.items())
def test_a_batch_that_is_off_over_or_removed_leaves_nothing_active(state: str, fields: dict[str, Any]) -> None:
    record = issued(**fields)
    for standing in (Standing.OFF, Standing.OVER, Standing.REMOVED):
        for wanted in (Wanted(count=1), Wanted(codes=["C0"])):
            after = settle(replace(wanted, standing=standing), [record])
            assert working(after) == []
            assert len(after) == 1, "nothing is made for a batch that is not on"
            if standing is Standing.REMOVED and record.active:
                assert after[0].retired is Retired.WITHDRAWN
            elif record.active:
                assert after[0].retired is Retired.OFF


@pytest.mark.parametrize("standing", [Standing.OFF, Standing.OVER, Standing.REMOVED])
def test_what_was_off_as_a_whole_comes_back_with_its_texts(standing: Standing) -> None:
    records = settle(Wanted(count=20), [])
    use(records[3])
    before = working(records)
    records = settle(Wanted(count=20, standing=standing), records)
    assert working(settle(Wanted(count=20), records)) == before


def test_a_batch_that_is_off_is_made_inactive_and_switched_on_later() -> None:
    records = settle(Wanted(count=5, standing=Standing.OFF), [])
    assert [(record.active, record.retired) for record in records] == [(False, Retired.OFF)] * 5
    assert len(working(settle(Wanted(count=5), records))) == 5


def test_grown_and_shrunk_ends_with_the_original_texts() -> None:
    """300 grown to 420 and shrunk to 200 with 50 used ends at 150 working codes of the original 300."""
    records = settle(Wanted(count=300), [])
    original = working(records)
    records = settle(Wanted(count=420), records)
    assert working(records)[:300] == original
    for record in random.Random(7).sample(records, 50):
        use(record)
    records = settle(Wanted(count=200), records)
    left = working(records)
    assert len(left) == 150
    assert set(left) <= set(original)


def test_growing_again_gives_back_withdrawn_texts_before_new_ones() -> None:
    records = settle(Wanted(count=10), [])
    before = working(records)
    records = settle(Wanted(count=4), records)
    assert working(records) == before[:4]
    records = settle(Wanted(count=12), records)
    assert working(records)[:10] == before
    assert len(records) == 12


def test_a_withdrawn_text_that_somebody_else_has_now_is_not_given_back() -> None:
    records = [issued(0), issued(1, **STATES["withdrawn"]), issued(2, **STATES["withdrawn"])]
    plan = decide(Wanted(count=3), records, {"c1"}.__contains__)
    assert list(plan.restore) == [2]
    assert list(plan.additions()) == [Addition(3, None)]
    by_email = [replace(record, email=f"h{record.slot}") for record in records]
    plan = decide(Wanted(emails=["h0", "h1"]), by_email, {"c1"}.__contains__)
    assert list(plan.additions()) == [Addition(3, 1)]


def test_a_changed_field_recreates_the_unused_with_the_same_text() -> None:
    records = settle(Wanted(count=10), [])
    for record in records[:3]:
        use(record)
    records[3].active = False  # by hand
    before = working(records)
    for record in records:
        record.current = False
    records = settle(Wanted(count=10), records)
    assert working(records) == before
    assert all(record.current for record in records if record.active)
    assert len(records) == 10 + 6


def test_one_switched_off_by_hand_stays_off_and_counts() -> None:
    records = settle(Wanted(count=3), [])
    records[1].active = False
    plan = decide(Wanted(count=3), records)
    assert (done(plan), list(plan.mark)) == ("mark", [1])
    records = settle(Wanted(count=3), records)
    assert records[1].retired is Retired.HAND
    assert decide(Wanted(count=3), records).issued == {State.ACTIVE: 2, State.SWITCHED_OFF: 1}
    assert decide(Wanted(count=4), records).added == 1


@pytest.mark.parametrize("used", [0, 1])
def test_a_mark_wins_over_the_end_of_the_coupon_and_what_is_on_again_is_on(used: int) -> None:
    """If its coupon is gone, a marked code stays off, the others come back; switched on again, it comes back too."""
    records = settle(Wanted(count=3), [])
    records[1].active, records[1].used = False, used
    records = settle(Wanted(count=3), records)
    deleted = [replace(record, active=False, current=False, gone=True) for record in records]
    assert [replacement.at for replacement in decide(Wanted(count=3), deleted).replacements()] == [0, 2]
    records[1].active = True
    assert decide(Wanted(count=3), records).issued[State.SWITCHED_OFF] == 0
    assert len(working(settle(Wanted(count=3), records))) == 3


@pytest.mark.parametrize(("limit", "comes_back"), [(None, True), (2, True), (1, False)])
def test_a_used_code_of_a_deleted_coupon_comes_back_while_it_has_uses_left(
    limit: int | None, comes_back: bool
) -> None:
    """Otherwise a code for which the file's limit leaves no use would be planned again and again."""
    [record] = settle(Wanted(count=1), [])
    gone = replace(record, active=False, current=False, gone=True, used=1)
    assert bool(decide(Wanted(count=1, limit=limit), [gone]).recreated) is comes_back


@pytest.mark.parametrize("state", ["used up", "ended", "used up, changed", "ended, changed", "stranded"])
@pytest.mark.parametrize("standing", list(Standing))
def test_what_has_ended_by_itself_is_not_marked(state: str, standing: Standing) -> None:
    record = issued(**STATES[state])
    for wanted in (Wanted(count=1, standing=standing), Wanted(count=0, standing=standing)):
        assert not decide(wanted, [record]).mark


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_of_one_second_the_one_whose_coupon_is_there_is_the_newer(order: int) -> None:
    """The older one was withdrawn with its coupon; its successor was then switched off by hand, and stays off."""
    before = IssuedCode(
        "promo_1", "CARD", active=False, retired=Retired.WITHDRAWN, current=False, gone=True, created=5
    )
    after = IssuedCode("promo_2", "CARD", active=False, created=5)
    plan = decide(Wanted(codes=["CARD"]), [before, after][::order])
    assert (done(plan), plan.added) == ("mark", 0)


def test_lost_creates_get_their_slots_again() -> None:
    records = [issued(0), issued(2), issued(5, used=1)]
    assert [a.slot for a in decide(Wanted(count=6), records).additions()] == [1, 3, 4]
    far = [*records, issued(9, slot=10**15, **STATES["withdrawn"]), issued(10, slot=0)]
    assert [a.slot for a in decide(Wanted(count=8), far).additions()] == [1, 3, 4, 6]


def test_a_swap_cut_short_comes_back_in_either_half() -> None:
    old = issued(0, **STATES["swapped, changed"])
    assert list(decide(Wanted(count=1), [old]).replacements()) == [Replacement(0, None)]
    new = issued(0)
    assert decide(Wanted(count=1), [old, new]).empty, "made in the same second"
    assert decide(Wanted(count=1), [new, old]).empty
    by_hand = replace(new, active=False)
    assert done(decide(Wanted(count=1), [old, by_hand])) == "mark", "the new one was switched off by hand since"


def test_two_active_codes_of_one_slot_leave_the_newest() -> None:
    plan = decide(Wanted(count=1), [issued(8, slot=0), issued(9, slot=0)])
    assert list(plan.withdraw) == [0]
    used = decide(Wanted(count=1), [issued(8, slot=0, used=1), issued(9, slot=0)])
    assert used.empty
    unwanted = decide(Wanted(count=0), [issued(8, slot=0, used=1), issued(9, slot=0)])
    assert unwanted.issued == {State.ACTIVE: 1}, "a redemption of either uses the slot"
    for standing in (Standing.OFF, Standing.OVER, Standing.REMOVED):
        assert (
            working(settle(Wanted(count=1, standing=standing), [issued(8, slot=0, used=1), issued(9, slot=0)])) == []
        )


def test_the_newer_code_that_somebody_went_back_from_is_withdrawn() -> None:
    """It was switched off by hand, and the older one on again; if that one is off too, the newer one counts."""
    older, newer = issued(1, slot=0), issued(2, slot=0, active=False)
    for records in ([older, newer], [newer, older]):
        plan = decide(Wanted(count=1), records)
        assert (done(plan), [records[at] for at in plan.withdraw]) == ("withdraw", [newer])
    assert done(decide(Wanted(count=1), [older, replace(newer, used=1)])) == "mark", "what was used is not"
    assert decide(Wanted(count=1), [older, replace(newer, retired=Retired.WITHDRAWN)]).empty


def test_an_import_goes_by_text_whatever_its_case_and_order() -> None:
    records = settle(Wanted(codes=["a", "B", "c"]), [])
    records = settle(Wanted(codes=["C", "A", "b", "d"]), records)
    assert [record.code for record in records] == ["a", "B", "c", "d"]
    records = settle(Wanted(codes=["D"]), records)
    assert working(records) == ["d"]
    assert all(record.slot is None for record in records)


def test_an_imported_code_gets_its_rows_address() -> None:
    records = settle(Wanted(codes=["a", "b", "c"], emails=["h1", "h2", "h3"]), [])
    use(records[2])
    plan = decide(Wanted(codes=["b", "a", "c"], emails=["h2", "h9", "h7"]), records)
    assert list(plan.replacements()) == [Replacement(0, 1)]
    assert len(working(settle(Wanted(codes=["b", "a", "c"]), records))) == 2, "and loses it with the column"


def test_a_file_of_addresses_may_be_reordered_extended_and_cut() -> None:
    records = settle(Wanted(emails=["h1", "h2", "h3"]), [])
    codes = {record.email: record.code for record in records}
    assert decide(Wanted(emails=["h3", "h1", "h2"]), records).empty
    records = settle(Wanted(emails=["h4", "h3", "h1", "h2"]), records)
    assert {email: code for email, code in codes.items() if code in working(records)} == codes
    use(records[0])
    records = settle(Wanted(emails=["h4"]), records)
    assert [record.email for record in records if record.active] == ["h4"]
    records = settle(Wanted(emails=["h2", "h4", "h1"]), records)
    assert {r.email: r.code for r in records if r.active}["h2"] == codes["h2"]
    assert len(records) == 4, "h1 has had its code, and used it"


def test_a_batch_may_change_its_kind() -> None:
    records = settle(Wanted(count=4), [])
    texts = working(records)
    imported = settle(Wanted(codes=texts[:2]), records)
    assert working(imported) == texts[:2]
    mailed = settle(Wanted(emails=["h1"]), imported)
    assert [record.email for record in mailed if record.active] == ["h1"]
    counted = settle(Wanted(count=1), mailed)
    assert len(working(counted)) == 1
    assert all(record.email is None for record in counted if record.active)
    unplaced = settle(Wanted(codes=["p", "q"]), [])
    assert working(settle(Wanted(count=2), unplaced)) == ["p", "q"], "people hold printed codes"


def random_records() -> st.SearchStrategy[list[IssuedCode]]:
    """Draw a history: several records of a slot, of any state and age; a text is active at most once."""

    def made(rows: list[tuple[int, str, int, bool]]) -> list[IssuedCode]:
        records: list[IssuedCode] = []
        live: set[int] = set()
        for number, (slot, state, created, placed) in enumerate(rows):
            fields = dict(STATES[state])
            if fields.get("active", True) and slot in live:
                fields = STATES["by hand"]
            live.update({slot} if fields.get("active", True) else ())
            records.append(
                IssuedCode(
                    f"promo_{number}",
                    f"C{slot}",
                    slot if placed else None,
                    **fields,
                    email=f"h{slot}" if slot % 2 else None,
                    created=created,
                )
            )
        return records

    row = st.tuples(st.integers(0, 12), st.sampled_from(list(STATES)), st.integers(0, 3), st.booleans())
    return st.lists(row, max_size=20).map(made)


wishes = st.one_of(
    st.builds(Wanted, count=st.integers(0, 16), standing=st.sampled_from(Standing)),
    st.builds(
        Wanted,
        codes=st.lists(st.integers(0, 16), unique=True).map(lambda slots: [f"c{slot}" for slot in slots]),
        standing=st.sampled_from(Standing),
    ),
    st.builds(
        Wanted,
        emails=st.lists(st.integers(0, 16), unique=True).map(lambda slots: [f"h{slot}" for slot in slots]),
        standing=st.sampled_from(Standing),
    ),
)


@given(wishes, random_records())
@settings(max_examples=400, deadline=None)
def test_twice_makes_zero_whatever_happened_before(wanted: Wanted, records: list[IssuedCode]) -> None:
    settle(wanted, records)


@given(wishes, random_records(), st.randoms())
@settings(max_examples=150, deadline=None)
def test_nothing_is_done_twice_or_to_what_is_not_for_it(
    wanted: Wanted, records: list[IssuedCode], shuffle: random.Random
) -> None:
    plan = decide(wanted, records)
    touched = [*plan.withdraw, *plan.switch_off, *plan.mark, *plan.restore, *(r.at for r in plan.replacements())]
    assert len(touched) == len(set(touched))
    assert all(records[index].active for index in plan.switch_off)
    assert not any(records[index].active for index in plan.restore)
    back = [*plan.restore, *(r.at for r in plan.replacements())]
    for record in (records[index] for index in back):
        ours = record.retired in (Retired.SWAP, Retired.OFF) or (record.retired is None and record.gone)
        assert not record.used or (record.moves and record.active) or (ours and not record.ended)
        assert record.retired is not Retired.HAND
        assert record.active or record.retired or record.ended or record.gone, "off by hand stays off"
    slots = [a.slot for a in plan.additions() if a.slot is not None]
    assert not set(slots) & {record.slot for record in records}
    assert len(slots) == len(set(slots))
    compact = decide(wanted, IssuedCodes(records))
    assert (compact.withdraw, compact.restore, compact.issued) == (plan.withdraw, plan.restore, plan.issued)


@given(st.integers(0, 16), random_records())
@settings(max_examples=150, deadline=None)
def test_the_count_is_what_is_issued(count: int, records: list[IssuedCode]) -> None:
    plan = decide(Wanted(count=count), records)
    fixed = decide(Wanted(count=0), records).issued.total()
    assert plan.issued.total() + plan.added == max(count, fixed)
    again = decide(Wanted(count=count), carry_out(Wanted(count=count), records, plan))
    assert again.issued.total() == max(count, fixed)


@given(st.lists(st.integers(0, 12), unique=True), random_records(), st.randoms())
@settings(max_examples=100, deadline=None)
def test_the_order_of_a_file_of_addresses_moves_no_code(
    slots: list[int], records: list[IssuedCode], shuffle: random.Random
) -> None:
    emails = [f"h{slot}" for slot in slots]
    shuffled = shuffle.sample(emails, len(emails))
    one, other = decide(Wanted(emails=emails), records), decide(Wanted(emails=shuffled), records)
    assert sorted(one.withdraw) == sorted(other.withdraw)
    assert sorted(one.restore) == sorted(other.restore)
    assert {r.at for r in one.replacements()} == {r.at for r in other.replacements()}
    assert Counter(emails[a.row] for a in one.additions() if a.row is not None) == Counter(
        shuffled[a.row] for a in other.additions() if a.row is not None
    )
