"""The objects that a plan may remove: protected objects, the share of removals, --target and --no-prune."""

from __future__ import annotations

from typing import Any

import pytest

from promosync.model.problems import ProblemsFound
from promosync.plan.planner import Policy, make_plan

from .values import (
    AHEAD,
    BEFORE,
    account,
    file,
    its_code,
    its_coupon,
    only,
    planned,
    refused,
    rules,
    spring,
    verbs,
    welcome,
)

GUARDED: dict[str, Any] = {"tags": {"protect": True}}


def many(codes: int) -> Any:
    """An account with one coupon and so many codes on it."""
    return account(
        its_coupon(), *(its_code(f"promo_{n}", code=f"CODE{n}", tags={"id": f"code{n}"}) for n in range(codes))
    )


def entries(numbers: range, **fields: Any) -> Any:
    return file(spring(), *(welcome(f"code{n}", code=f"CODE{n}") for n in numbers), **fields)


@pytest.mark.parametrize(
    ("there", "gone", "percent", "stopped"),
    [
        (9, 3, 30, False),  # 3 of 10 are 30 %: not more than 30
        (9, 4, 30, True),
        (8, 8, 30, False),  # 8 of 9: below ten objects the share is not checked
        (9, 1, 9, True),
        (9, 1, 10, False),
        (19, 0, 0, False),
        (19, 1, 0, True),
        (19, 19, 100, False),
    ],
)
def test_the_share_of_removals(there: int, gone: int, percent: int, stopped: bool) -> None:
    """A plan that removes more than the file's share of ten or more objects in use is marked, with the numbers."""
    plan = planned(entries(range(gone, there), max_removal_percent=percent), many(there))
    assert len(plan.actions) == gone
    assert bool(plan.brakes) is stopped
    if stopped:
        assert f"{gone} of {there + 1} objects" in plan.brakes[0]


def test_taking_away_everything_is_marked() -> None:
    """However few there are: it is what happens when two files share one owner."""
    plan = planned(file(spring("mine")), account(its_coupon(), its_code()))
    assert verbs(plan) == ["create mine", "deactivate welcome", "delete spring"]
    assert "all 2 objects" in plan.brakes[0]
    assert not planned(file(spring()), account(its_coupon(), its_code())).brakes
    assert not planned(file(spring("mine")), account()).brakes


def test_what_is_recreated_is_not_removed() -> None:
    """A coupon with twenty codes is recreated without a brake."""
    live = many(20)
    wanted = file(spring(duration="forever"), *(welcome(f"code{n}", code=f"CODE{n}") for n in range(20)))
    plan = planned(wanted, live)
    assert len(plan.actions) == 21
    assert plan.brakes == ()


def test_switching_off_counts_as_removal() -> None:
    """By ``active: false`` and by a date too."""
    codes = [
        welcome(f"code{n}", code=f"CODE{n}", active=n > 1, expires_at=BEFORE if n == 2 else None) for n in range(9)
    ]
    plan = planned(file(spring(), *codes, max_removal_percent=29), many(9))
    assert [action.verb for action in plan.actions] == ["deactivate"] * 3
    assert "3 of 10" in plan.brakes[0]


PROTECTED: list[tuple[str, Any, Any]] = [
    ("recreating a protected coupon", file(spring(protect=True, duration="forever")), account(its_coupon(**GUARDED))),
    ("lifting and recreating at once", file(spring(duration="forever")), account(its_coupon(**GUARDED))),
    ("protecting and recreating at once", file(spring(protect=True, duration="forever")), account(its_coupon())),
    ("deleting one whose entry left the file", file(), account(its_coupon(**GUARDED))),
    ("recreating a protected code", file(spring(), welcome(max_redemptions=5, protect=True)),
     account(its_coupon(), its_code(**GUARDED))),
    ("recreating its coupon", file(spring(duration="forever"), welcome(protect=True)),
     account(its_coupon(), its_code(**GUARDED))),
    ("withdrawing one whose entry left the file", file(spring()), account(its_coupon(), its_code(**GUARDED))),
    ("lowering its limit to what is used", file(spring(), welcome(protect=True, max_redemptions=3)),
     account(its_coupon(), its_code(used=3, **GUARDED))),
    ("deleting one whose predecessor is protected", file(),
     account(its_coupon(**GUARDED), its_coupon("spring_r2"))),
    ("lifting and recreating a code at once", file(spring(), welcome(max_redemptions=5)),
     account(its_coupon(), its_code(**GUARDED))),
    ("protecting and recreating a code at once", file(spring(), welcome(max_redemptions=5, protect=True)),
     account(its_coupon(), its_code())),
    ("lifting and lowering a limit at once", file(spring(), welcome(max_redemptions=3)),
     account(its_coupon(), its_code(used=3, **GUARDED))),
    ("protecting and lowering a limit at once", file(spring(), welcome(protect=True, max_redemptions=3)),
     account(its_coupon(), its_code(used=3))),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "live"), [row[1:] for row in PROTECTED], ids=[row[0] for row in PROTECTED])
def test_protected(wanted: Any, live: Any) -> None:
    assert "protected" in rules(refused(wanted, live))


def test_what_protection_allows() -> None:
    """To be changed in place, to be switched off by name, to be lifted, to outlive its date."""
    live = account(its_coupon(**GUARDED), its_code(**GUARDED))
    both = spring(protect=True), welcome(protect=True)
    assert planned(file(*both), live).empty
    assert verbs(planned(file(spring(protect=True, name="Sale"), both[1]), live)) == ["update spring"]
    assert verbs(planned(file(both[0], welcome(protect=True, active=False)), live)) == ["deactivate welcome"]
    assert verbs(planned(file(spring(), welcome()), live)) == ["update spring", "update welcome"]
    over = planned(file(spring(protect=True, redeem_by=BEFORE), both[1]), live)
    assert over.empty
    assert ["protected" in kept.reason for kept in over.kept] == [True, True]


def test_a_protected_code_keeps_its_coupon_beyond_its_date() -> None:
    """A coupon with an active code is not deleted, as apply could not do it; one whose codes are off is deleted."""
    live = account(its_coupon(redeem_by=AHEAD), its_code(**GUARDED))
    wanted = file(spring(redeem_by=BEFORE), welcome(protect=True))
    assert planned(wanted, live).empty
    off = account(its_coupon(redeem_by=AHEAD), its_code(active=False, **GUARDED))
    assert verbs(planned(wanted, off)) == ["delete spring"]


@pytest.mark.parametrize(("in_file", "in_stripe"), [(True, False), (False, True)], ids=["file", "Stripe"])
def test_protection_counts_whichever_side_says_it(in_file: bool, in_stripe: bool) -> None:
    """What has passed its date stays: a code, a coupon, and the coupon of a code."""
    mark: dict[str, Any] = {"tags": {"protect": in_stripe}}
    coupon, ends = its_coupon(redeem_by=AHEAD), spring(redeem_by=BEFORE)
    code = file(spring(), welcome(expires_at=BEFORE, protect=in_file))
    assert planned(code, account(its_coupon(), its_code(expires_at=AHEAD, **mark))).empty
    marked = account(its_coupon(redeem_by=AHEAD, **mark))
    assert planned(file(spring(redeem_by=BEFORE, protect=in_file)), marked).empty
    assert planned(file(ends, welcome(protect=in_file)), account(coupon, its_code(**mark))).empty


def test_without_pruning_what_is_not_in_the_file_stays() -> None:
    """Leftovers of an entry of the file are still retired, unless a code that stays is on them."""
    coupons = its_coupon(), its_coupon("spring_r2"), its_coupon("old", tags={"id": "old"})
    live = account(*coupons, its_code(coupon="spring_r2"))
    assert verbs(planned(file(spring()), live, prune=False)) == ["retire spring"]
    plan = planned(file(spring()), account(*coupons, its_code()), prune=False)
    assert (plan.actions, [kept.stripe_id for kept in plan.kept]) == ((), ["spring"])
    assert "codes that are not in the file are on it" in plan.kept[0].reason
    assert verbs(planned(file(spring("new")), live, prune=False)) == ["create new"]


def test_targets_take_what_they_need() -> None:
    """A code includes its coupon; a coupon that is recreated includes its codes; all other entries are left out."""
    wanted = file(spring(), spring("summer"), welcome("a", code="A"), welcome("b", code="B", coupon="summer"))
    assert verbs(planned(wanted, account(), targets=("a",))) == ["create spring", "create a"]
    assert verbs(planned(wanted, account(), targets=("summer",))) == ["create summer"]
    live = account(its_coupon(), its_code(code="A", tags={"id": "a"}), its_code("p2", code="X", tags={"id": "x"}))
    changed = file(spring(duration="forever"), spring("summer"), welcome("a", code="A"), welcome("c", code="C"))
    plan = planned(changed, live, targets=("spring",))
    assert verbs(plan) == ["recreate spring", "recreate a", "create c", "deactivate x"]
    assert verbs(planned(changed, live, targets=("x",))) == ["deactivate x"]


def test_a_target_that_nobody_knows() -> None:
    with pytest.raises(ProblemsFound) as found:
        make_plan(file(spring()), account(), Policy(targets=("sprng",)))
    assert "did you mean 'spring'?" in found.value.problems[0].hint


def test_problems_outside_the_targets_do_not_matter() -> None:
    """A missing product of another entry is not asked for."""
    wanted = file(spring(), spring("summer", applies_to=frozenset({"gone"})))
    assert only(planned(wanted, account(), targets=("spring",))).id == "spring"
    assert rules(refused(wanted, account(), targets=("summer",))) == ["missing-product"]
