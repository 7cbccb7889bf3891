"""After any edits and applies, the report counts exactly the real redemptions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promosync.model.life import State
from promosync.model.problems import ProblemsFound
from promosync.sandbox import Sandbox, running
from promosync.status.builder import ALWAYS, Asked
from promosync.status.report import LineKind
from promosync.status.since import Snapshot
from promosync.workflows.status import look
from tests.journeys.world import NOW, World, configured, document, open_world

Json = dict[str, Any]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    sandbox = Sandbox(clock=lambda: float(NOW))
    with running(sandbox=sandbox) as handle:
        yield open_world(handle.url, handle.control)
    sandbox.close()


shops = st.fixed_dictionaries(
    {
        "percent": st.sampled_from([10, 20, 30]),
        "limit": st.sampled_from([None, 40, 60]),
        "metadata": st.sampled_from([{}, {"campaign": "a"}, {"campaign": "b"}, {"team": "x"}]),
        "code_limit": st.sampled_from([None, 25, 30]),
        "on": st.booleans(),
        "hello": st.booleans(),
        "campaign": st.sampled_from([{}, {"campaign": "a"}, {"campaign": "b"}]),
        "count": st.integers(1, 6),
        "each": st.sampled_from([1, 3]),
    }
)
keys = st.sampled_from([(), ("team",)])
"""What is counted by besides what every snapshot counts by."""
uses = st.lists(st.tuples(st.integers(0, 12), st.integers(1, 2)), max_size=5)


def shop(made: Json) -> Json:
    spring: Json = {"id": "spring", "percent_off": made["percent"], "duration": "once", "metadata": made["metadata"]}
    welcome: Json = {"id": "welcome", "code": "WELCOME", "coupon": "spring", "active": made["on"]}
    if made["limit"] is not None:
        spring["max_redemptions"] = made["limit"]
    if made["code_limit"] is not None:
        welcome["max_redemptions"] = made["code_limit"]
    codes = [welcome]
    if made["hello"]:
        codes.append({"id": "hello", "code": "HELLO", "coupon": "spring", "metadata": made["campaign"]})
    batch = {
        "id": "vip",
        "coupon": "spring",
        "generate": {"count": made["count"], "length": 14},
        "max_redemptions": made["each"],
        "metadata": made["campaign"],
    }
    return document([spring], codes) | {"code_batches": [batch]}


def redeem(world: World, which: int, times: int, counted: Counter[str]) -> None:
    """Use the code with that number among those that work, and note what was used."""
    rows = [row for row in world.control.dump()["promotion_codes"] if row["active"]]
    if not rows:
        return
    row = rows[which % len(rows)]
    done = world.control.redeem(row["id"], times=times)["redeemed"]
    counted[row["metadata"]["promosync_id"]] += done
    counted["spring"] += done


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(shops, uses, keys), min_size=1, max_size=4))
def test_the_report_counts_what_was_redeemed(
    world: World, days: list[tuple[Json, list[tuple[int, int]], tuple[str, ...]]]
) -> None:
    """After every apply and every use; what it says since a snapshot is the difference; so it is over all of them."""
    world.fresh()
    counted: Counter[str] = Counter()
    kept: list[Snapshot] = []
    history: list[tuple[Counter[str], set[str]]] = []
    for made, used, by in days:
        content = shop(made)
        try:
            world.apply(content)
        except ProblemsFound as found:
            if any(problem.rule != "nothing-left" for problem in found.problems):
                raise
            continue  # the limit is below what is used already
        for which, times in used:
            redeem(world, which, times, counted)
        report, taken = look(configured(content), {}, world.stripe, asked_of(by, kept))
        lines = {line.id: line for line in report.entries}
        expected = {name: counted[name] for name in ("spring", "welcome", "vip")}
        if "hello" in lines:  # an entry that was removed from the file is reported while it works, or if it was used
            expected["hello"] = counted["hello"]
        assert {name: line.used for name, line in lines.items()} == expected
        spring, vip = lines["spring"], lines["vip"]
        if made["limit"] is not None:
            assert spring.limit == made["limit"]
            assert spring.left == (made["limit"] - counted["spring"])
        active = sum(row["active"] for row in world.codes("vip"))
        assert vip.count(State.ACTIVE) == active <= vip.issued
        if report.since is not None:
            then, known = history[-1]
            went = {change.id: change.since for change in report.since.changes if "=" not in change.id}
            assert went == {name: counted[name] - then[name] for name in counted if counted[name] > then[name]}
            told = {change.id.partition("=")[0] for change in report.since.changes if "=" in change.id}
            assert told <= known
        history.append((counted.copy(), {*by, *ALWAYS}))
        for course in report.over_time.courses if report.over_time else ():
            if course.kind is LineKind.GROUP:
                assert [used is not None for used in course.used] == [course.label in known for _, known in history]
            else:
                assert course.used == tuple(then[course.id] for then, _ in history)
        kept.append(taken)


def asked_of(by: tuple[str, ...], kept: list[Snapshot]) -> Asked:
    """A comparison with all snapshots so far."""
    return Asked(by, kept[-1], earlier=tuple(kept[:-1])) if kept else Asked(by)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shops, uses, shops, st.integers(0, 2))
def test_what_a_group_has_left_is_what_can_be_redeemed(
    world: World, made: Json, used: list[tuple[int, int]], later: Json, which_group: int
) -> None:
    """Customers use the codes of one campaign for as long as Stripe takes them."""
    world.fresh()
    world.apply(shop(made))
    for number, times in used:
        redeem(world, number, times, Counter())
    try:
        world.apply(content := shop(later))
    except ProblemsFound:
        content = shop(made)
    report, _ = look(configured(content), {}, world.stripe, Asked(by=("campaign",)))
    group = report.groups[which_group % len(report.groups)]
    coupons = {row["id"]: row["metadata"].get("campaign") for row in world.coupons()}
    rows = [
        row
        for row in world.codes(active=True)
        if f"campaign={row['metadata'].get('campaign') or coupons[row['promotion']['coupon']] or '(none)'}"
        == group.id
    ]
    went = sum(world.control.redeem(row["id"], times=100)["redeemed"] for row in rows)
    if group.left is None:
        assert went >= 100
    else:
        assert went == group.left
        assert group.limit is None or group.used + went <= group.limit
