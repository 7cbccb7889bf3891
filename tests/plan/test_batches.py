"""The plan of a batch whose codes exist already, belong to somebody else, or would be refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from promosync.model.configuration import BatchEntry, CodeEntry, Import
from promosync.model.live import LiveCode
from promosync.model.ownership import Tags
from promosync.model.problems import Problem, ProblemsFound
from promosync.model.promotions import PromotionCode
from promosync.plan.batch_rows import Rows
from promosync.plan.carry import carried
from promosync.plan.plan import BatchAction
from promosync.plan.planner import Policy, make_plan

from .values import NOBODYS, account, file, its_code, its_coupon, rules, spring, welcome

ONE, TWO, THREE = "ONE-7HK3Q9", "TWO-P4MX8D", "THREE-2VN6R"


def batch(**fields: Any) -> BatchEntry:
    spec = PromotionCode("", "spring", max_redemptions=1, **fields)
    return BatchEntry("vip", spec, Import("codes.csv"), ("code_batches", 0))


def nobodys(text: str, **fields: Any) -> LiveCode:
    return its_code(f"promo_{text}", code=text, max_redemptions=1, **NOBODYS, **fields)


def decided(entry: BatchEntry, *things: LiveCode | CodeEntry, **rows: Any) -> BatchAction:
    """What is done to a batch, with what its file says, codes in Stripe, and other entries."""
    configuration = replace(file(spring(), *(one for one in things if isinstance(one, CodeEntry))), batches=(entry,))
    live = account(its_coupon(), *(one for one in things if isinstance(one, LiveCode)))
    [action] = make_plan(configuration, live, Policy(), {"vip": Rows(**rows)}).batches
    return action


def problem(entry: BatchEntry, *things: LiveCode | CodeEntry, **rows: Any) -> Problem:
    with pytest.raises(ProblemsFound) as found:
        decided(entry, *things, **rows)
    [one] = found.value.problems
    return one


def test_what_is_adopted_is_not_added() -> None:
    found = decided(batch(), nobodys(ONE), codes=[ONE, TWO, THREE, "FOUR-B5TJ1W"])
    assert (found.added, found.adopted) == (3, 1)


def test_a_code_is_adopted_for_the_customer_of_its_row_alone() -> None:
    """Neither somebody else's nor everybody's is: to make another of its text Stripe would refuse."""
    rows: dict[str, Any] = {"codes": [ONE, TWO], "emails": ["ann@example.com", "bob@example.com"]}
    customers = {"ann@example.com": ("cus_ann",), "bob@example.com": ("cus_bob",)}
    found = decided(batch(), nobodys(ONE, customer="cus_ann"), customers=customers, **rows)
    assert (found.added, found.adopted) == (1, 1)
    for other in (nobodys(ONE), nobodys(ONE, customer="cus_bob")):
        assert rules([problem(batch(), other, customers=customers, **rows)]) == ["conflict"]


def test_what_has_a_text_already_is_named() -> None:
    assert "by promotion code 'welcome' of the file" in problem(batch(), welcome(code=ONE), codes=[ONE]).message
    taken = problem(batch(), nobodys(ONE, first_time_transaction=True), codes=[ONE.lower()])
    assert f"by the active code promo_{ONE}" in taken.message


def test_the_keys_of_metadata_are_counted_with_promosyncs_own() -> None:
    """Stripe takes fifty: owner and id are two, and what unique codes may have besides are four."""

    def keys(count: int) -> BatchEntry:
        return batch(metadata={f"key{number}": "x" for number in range(count)})

    assert decided(keys(44), codes=[ONE]).added == 1
    found = problem(keys(45), codes=[ONE])
    assert (found.path, found.rule) == (("code_batches", 0, "metadata"), "metadata-too-large")
    assert found.message.startswith("51 metadata keys")


def test_redemptions_of_predecessors_that_cannot_be_read_are_what_the_limits_make_of_them() -> None:
    """For a code that allowed 63 of 100 when it was made, 37 earlier uses are assumed."""
    unreadable = Tags("shop", "vip", unreadable=("carried",))
    assert carried(unreadable, 63, 100) == 37
    assert carried(unreadable, 63, 100, elsewhere=5) == 32
    assert carried(unreadable, 100, 63) == 0
    assert carried(Tags("shop", "vip", carried=4), 63, 100) == 4


def test_what_a_batch_takes_is_added_up() -> None:
    """Codes that stop, and requests: one a code and a customer, one more for a swap, and one to read a coupon."""
    action = decided(batch(), codes=[ONE, TWO, THREE])
    assert (action.removes, action.requests) == (0, 3)
    both = replace(action, withdrawn=3, switched_off=1)
    assert both.removes == 4
    assert both.requests == 7
    assert replace(action, swapped=3, recreated=3, customers=3, marked=5).requests == 3 + 3 + 3 + 3 + 5 + 1
