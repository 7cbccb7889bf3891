"""Snapshots show the uses since then, raise alarms, and contain no code."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promosync.model.live import Account
from promosync.model.ownership import Mode
from promosync.model.problems import ProblemsFound
from promosync.status.builder import Asked
from promosync.status.report import LineKind
from promosync.status.since import Limits, Snapshot, UsedSlots, mismatch
from promosync.status.snapshot_file import dump, parse, read

from .live import ACCOUNT, NOW, code, coupon, look, swapped, unique

SPRING = {"id": "spring", "percent_off": 20, "duration": "once", "metadata": {"campaign": "spring"}}
DOCUMENT = {
    "coupons": [SPRING],
    "promotion_codes": [{"id": "launch", "code": "LAUNCH", "coupon": "spring"}],
    "code_batches": [
        {"id": "vip", "coupon": "spring", "generate": {"count": 10, "length": 12}, "max_redemptions": 50}
    ],
}
LIVE = coupon("spring", metadata={"campaign": "spring"})


def before() -> Snapshot:
    codes = [code("launch", "LAUNCH", used=3)]
    codes += [unique("vip", slot, used=2, max_redemptions=50) for slot in range(10)]
    return look(DOCUMENT, [LIVE], codes)[1]


def test_what_was_used_since_per_code_batch_and_campaign() -> None:
    """A code that was recreated in between keeps its count."""
    codes = [code("launch", "LAUNCH", used=1, carried=7)]
    codes += [unique("vip", slot, used=2, max_redemptions=50) for slot in range(9)]
    codes += [
        unique("vip", 9, used=3, carried=9, max_redemptions=41, stripe_id="promo_leak"),
        unique("vip", 9, used=9, max_redemptions=50, **swapped(created=NOW - 99 * 86_400)),
    ]
    report, _ = look(DOCUMENT, [LIVE], codes, Asked(before=before(), limits=Limits(uses=9, share=1.5)))
    assert report.since is not None
    assert {(change.kind, change.id): change.since for change in report.since.changes} == {
        (LineKind.CODE, "launch"): 5,
        (LineKind.BATCH, "vip"): 10,
        (LineKind.GROUP, "campaign=spring"): 15,
    }
    assert [alarm.message for alarm in report.since.alarms] == [
        '2.0 % of batch "vip" was used (alarm above 1.5 %)',
        "batch vip: 1 code was used more than 9 times: slot 9 (promo_leak) 10 times",
    ]
    assert report.attention[0].startswith("alarm: ")


def test_a_key_that_nobody_counted_by_is_not_taken_for_unused() -> None:
    """Of its values nothing is said for the time before; of a new value of a key that was counted, all is new."""
    codes = [code("launch", "LAUNCH", used=8, metadata={"campaign": "new", "team": "blue"})]
    asked = Asked(("campaign", "team"), before(), earlier=(before(),))
    report, taken = look(DOCUMENT, [LIVE], codes, asked)
    assert report.since is not None
    changes = {change.id: change.since for change in report.since.changes if change.kind is LineKind.GROUP}
    assert changes == {"campaign=new": 8}
    assert report.over_time is not None
    used = {one.id: one.used for one in report.over_time.courses if one.kind is LineKind.GROUP}
    assert used == {"campaign=new": (0, 0, 8), "team=blue": (None, None, 8)}
    report, _ = look(DOCUMENT, [LIVE], codes, Asked(("team",), taken, earlier=(before(),)))
    assert report.over_time is not None
    assert [one.used for one in report.over_time.courses if one.kind is LineKind.GROUP] == [(None, 8, 8)]


@given(st.permutations(range(4)), st.lists(st.integers(0, 9), min_size=4, max_size=4))
def test_snapshots_are_sorted_by_their_time_and_only_the_latest_keeps_its_slots(
    order: list[int], used: list[int]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, at in enumerate(order):
            account = replace(ACCOUNT, now=NOW - 10 + at)
            taken = Snapshot(account, "shop", {(LineKind.CODE, "launch"): used[at]}, {"vip": UsedSlots([(at, 1)])})
            (Path(folder) / f"{name}.json").write_text(dump(taken), encoding="utf-8")
        found = read([folder], ACCOUNT, "shop")
    assert [one.account.now for one in found] == [NOW - 10 + at for at in range(4)]
    assert [one.lines[LineKind.CODE, "launch"] for one in found] == used
    assert [dict(one.slots) for one in found] == [{}, {}, {}, {"vip": UsedSlots([(3, 1)])}]


@pytest.mark.parametrize(("uses", "alarms"), [(4, 1), (5, 0)])
def test_the_alarm_is_above_the_number(uses: int, alarms: int) -> None:
    codes = [code("launch", "LAUNCH", used=8)]
    report, _ = look(DOCUMENT, [LIVE], codes, Asked(before=before(), limits=Limits(uses=uses)))
    assert report.since is not None
    assert len(report.since.alarms) == alarms


def test_a_batch_that_is_newer_than_the_snapshot_has_alarms_too() -> None:
    earlier = look(DOCUMENT, [LIVE], [])[1]
    codes = [unique("vip", 3, used=12, max_redemptions=50, stripe_id="promo_leak")]
    report, _ = look(DOCUMENT, [LIVE], codes, Asked(before=earlier, limits=Limits(uses=9)))
    assert report.since is not None
    assert [alarm.message for alarm in report.since.alarms] == [
        "batch vip: 1 code was used more than 9 times: slot 3 (promo_leak) 12 times"
    ]


def test_a_snapshot_holds_no_unique_code() -> None:
    codes = [unique("vip", slot, used=1, text=f"SECRET-{slot}") for slot in range(10)]
    codes += [code("vip", f"SECRET-PAPER-{n}", slot="import", used=1) for n in range(10)]
    text = dump(look(DOCUMENT, [LIVE], codes)[1])
    assert "SECRET" not in text.upper()
    assert "LAUNCH" not in text
    assert len(parse(text, "x").slots["vip"]) == 20


@given(
    st.dictionaries(
        st.text(min_size=1),
        st.dictionaries(st.integers(0, 2**64 - 1), st.integers(1, 2**62 - 1)),
    ),
    st.dictionaries(st.tuples(st.sampled_from(LineKind), st.text()), st.integers(0, 2**61)),
)
def test_a_snapshot_survives_its_file(
    slots: dict[str, dict[int, int]], lines: dict[tuple[LineKind, str], int]
) -> None:
    taken = Snapshot(ACCOUNT, "shop", lines, {batch: UsedSlots(used.items()) for batch, used in slots.items()})
    again = parse(dump(taken), "x")
    assert again == taken
    for batch, used in slots.items():
        assert {key: again.slots[batch].get(key) for key in used} == used
        assert again.slots[batch].get(2**64 - 2) == used.get(2**64 - 2, 0)


@pytest.mark.parametrize(
    "broken",
    ["", "[]", "null", "{}", '"x"', '{"promosync_snapshot": 2}', "[" * 100_000],
    ids=["empty", "list", "null", "nothing in it", "text", "newer", "deep"],
)
def test_what_is_no_snapshot_is_refused(broken: str) -> None:
    with pytest.raises(ProblemsFound, match=r"last\.json is not a snapshot"):
        parse(broken, "last.json")


@pytest.mark.parametrize("key", ["account", "mode", "owner", "taken_at", "used", "used_slots"])
@pytest.mark.parametrize("value", [None, 1.5, "x", [], {"promotion_code": 1}])
def test_a_snapshot_with_something_else_in_it_is_refused_or_read(key: str, value: object) -> None:
    """Never anything but that."""
    document = json.loads(dump(before()))
    document[key] = value
    try:
        parse(json.dumps(document), "x")
    except ProblemsFound:
        return
    assert key in ("account", "owner", "used_slots")


@pytest.mark.parametrize(
    ("account", "owner", "fits"),
    [
        (ACCOUNT, "shop", True),
        (Account(None, Mode.TEST, NOW), "shop", True),
        (Account("acct_2", Mode.TEST, NOW), "shop", False),
        (Account("acct_1", Mode.LIVE, NOW), "shop", False),
        (ACCOUNT, "other", False),
    ],
)
def test_a_snapshot_of_something_else_is_not_compared_with(account: Account, owner: str, fits: bool) -> None:
    assert (mismatch(Snapshot(ACCOUNT, "shop"), account, owner) is None) == fits


def test_it_is_told_whose_a_snapshot_is_and_whose_this_is() -> None:
    problem = mismatch(Snapshot(ACCOUNT, "shop"), Account(None, Mode.LIVE, NOW), "other")
    assert problem is not None
    assert "of acct_1, test mode, owner shop; this is an unknown account, live mode, owner other" in problem.message
    problem = mismatch(Snapshot(Account(None, Mode.TEST, NOW), "shop"), ACCOUNT, "other")
    assert problem is not None
    assert "of an unknown account, test mode, owner shop; this is acct_1, test mode" in problem.message
