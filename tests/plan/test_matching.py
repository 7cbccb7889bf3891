"""Which object belongs to an entry: by keys, stripe_id, id or text; objects of others are unchanged."""

from __future__ import annotations

from typing import Any

import pytest

from promosync.model.account import Live
from promosync.model.configuration import Configuration
from promosync.model.ownership import Mode, Retired

from .values import (
    DAY,
    NOBODYS,
    NOW,
    OTHERS,
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

HALF_SWAPPED: dict[str, Any] = {"active": False, "tags": {"retired": Retired.SWAP}}


def test_the_keys_go_before_the_stripe_id() -> None:
    """An entry whose object we know keeps it, whatever its Stripe id is."""
    live = account(its_coupon("elsewhere"), its_coupon("spring", **NOBODYS))
    assert planned(file(spring()), live).empty


def test_a_stripe_id_adopts_nobodys_object() -> None:
    """Shown as an adoption; what must change on it is changed at once."""
    live = account(its_coupon("old", **NOBODYS), its_code("promo_old", code="OTHER", coupon="old", **NOBODYS))
    plan = planned(file(spring(stripe_id="old"), welcome(stripe_id="promo_old", code="OTHER")), live)
    assert verbs(plan) == ["adopt spring", "adopt welcome"]
    assert [(action.tags.owner, action.tags.id) for action in plan.actions] == [
        ("shop", "spring"),
        ("shop", "welcome"),
    ]
    recreate = planned(file(spring(stripe_id="old", duration="forever")), account(live.coupons[0]))
    assert only(recreate).new_id == "spring_r2"


def test_a_stripe_id_is_of_one_mode() -> None:
    """The id for live mode means nothing in test mode."""
    wanted = file(spring(stripe_id={Mode.LIVE: "old"}))
    old = its_coupon("old", **NOBODYS)
    assert verbs(planned(wanted, account(old, mode=Mode.LIVE))) == ["adopt spring"]
    assert verbs(planned(wanted, account(old, mode=Mode.TEST))) == ["create spring"]


def test_a_stripe_id_that_is_not_there() -> None:
    """An error, unless the entry has an object by now: that was recreated under another id."""
    wanted = file(spring(stripe_id="old"), welcome(stripe_id="promo_old"))
    assert rules(refused(wanted, account())) == ["missing-stripe-id"] * 2
    there = account(its_coupon("spring_r2"), its_code("promo_2", coupon="spring_r2"))
    assert planned(wanted, there).empty


def test_a_stripe_id_of_another_owner_is_a_conflict() -> None:
    live = account(its_coupon("old", **OTHERS), its_code("promo_old", **OTHERS))
    wanted = file(spring(stripe_id="old"), welcome(stripe_id="promo_old", code="X"))
    assert rules(refused(wanted, live)) == ["conflict"] * 2


@pytest.mark.parametrize("older", [True, False])
@pytest.mark.parametrize("tags", [NOBODYS, {"tags": {"id": "gone"}}], ids=["nobody's", "ours"])
def test_an_entry_that_has_an_object_can_name_no_other(older: bool, tags: dict[str, Any]) -> None:
    """One of the two would be removed, and no safety check would count it: an error with both ids, no plan."""
    made: dict[str, Any] = {"created": NOW - (200 if older else 1) * DAY}
    named = its_coupon("old", **tags, **made), its_code("promo_old", coupon="old", code="OLD", **tags, **made)
    live = account(its_coupon(), its_code(), *named)
    wanted = file(spring(stripe_id="old"), welcome(stripe_id="promo_old"))
    problems = refused(wanted, live)
    assert [(problem.rule, problem.path) for problem in problems] == [
        ("conflict", ("coupons", 0, "stripe_id")),
        ("conflict", ("promotion_codes", 0, "stripe_id")),
    ]
    for problem, ids in zip(problems, (("old", "spring"), ("promo_old", "promo_1")), strict=True):
        assert all(repr(id) in problem.message for id in ids)
        assert "leave stripe_id out" in problem.hint
    assert planned(file(spring(stripe_id={Mode.LIVE: "old"}), welcome()), live, prune=False).empty


def test_an_object_of_another_entry_of_the_file_is_not_for_the_taking() -> None:
    """The other entry would start again at 0 uses. It gives the object up if it is removed or names another."""
    live = account(its_coupon("summer_r2", tags={"id": "summer"}), its_code(coupon="summer_r2", tags={"id": "hello"}))
    coupons, codes = (
        (spring(stripe_id="summer_r2"), spring("summer")),
        (welcome("hello", coupon="summer", active=False),),
    )
    taking = welcome(stripe_id="promo_1")
    problems = refused(file(*coupons, *codes, taking), live)
    assert rules(problems) == ["conflict"] * 2
    assert ["'summer'" in problem.message or "'hello'" in problem.message for problem in problems] == [True] * 2
    assert verbs(planned(file(coupons[0], taking), live)) == ["update spring", "update welcome"]


def test_what_an_entry_names_is_nobody_elses_match() -> None:
    """Another entry that wants the text of the named code gets a code of its own."""
    live = account(its_coupon(), its_code("promo_x", **NOBODYS))
    wanted = file(spring(), welcome("a", stripe_id="promo_x", code="OTHER"), welcome("b"))
    assert verbs(planned(wanted, live)) == ["recreate a", "create b"]


def test_uses_of_a_coupon_that_is_gone_are_of_one_mode_too() -> None:
    """What the id for live mode names has nothing to do with a coupon of that id in test mode."""
    live = account(its_code(coupon="old", active=False, used=3, tags={"id": "x"}))
    action = only(planned(file(spring(max_redemptions=5, stripe_id={Mode.LIVE: "old"})), live))
    assert (action.verb, action.carried, action.after and action.after.max_redemptions) == ("create", 0, 5)


def test_a_coupon_of_the_same_id_is_adopted_if_it_agrees() -> None:
    """Only fields that Stripe can change may differ; otherwise it is a conflict that says how to adopt it."""
    live = account(its_coupon(name="Mine", **NOBODYS))
    assert verbs(planned(file(spring(name="Ours")), live)) == ["adopt spring"]
    [problem] = refused(file(spring(duration="forever")), live)
    assert (problem.rule, problem.path) == ("conflict", ("coupons", 0))
    assert '"stripe_id": "spring"' in problem.hint
    assert "duration" in problem.message


def test_a_code_of_the_same_text_and_customer_is_adopted_if_it_agrees() -> None:
    """In any case; off or for another customer it is another code."""
    ours = its_coupon()
    same = its_code(code="welcome", **NOBODYS)
    assert verbs(planned(file(spring(), welcome()), account(ours, same))) == ["adopt welcome"]
    assert only(planned(file(spring(), welcome()), account(ours, same))).after == same.spec
    differs = its_code(code="welcome", max_redemptions=3, **NOBODYS)
    [problem] = refused(file(spring(), welcome()), account(ours, differs))
    assert problem.rule == "conflict"
    assert '"stripe_id": "promo_1"' in problem.hint
    off = its_code(active=False, **NOBODYS)
    assert verbs(planned(file(spring(), welcome()), account(ours, off))) == ["create welcome"]


def test_what_is_another_owners_is_a_conflict_whatever_it_is() -> None:
    """Even where every field agrees."""
    live = account(its_coupon(**OTHERS), its_code(**OTHERS))
    problems = refused(file(spring(), welcome()), live)
    assert rules(problems) == ["conflict"] * len(problems)
    assert {problem.path[0] for problem in problems} == {"coupons", "promotion_codes"}
    assert all("other-shop" in problem.message for problem in problems)


@pytest.mark.parametrize("tags", [NOBODYS, OTHERS])
def test_no_plan_mentions_others(tags: dict[str, Any]) -> None:
    """Neither their coupons, nor their codes on them."""
    live = account(its_coupon("theirs", **tags), its_code(coupon="theirs", code="THEIRS", **tags))
    assert planned(file(), live).empty
    assert verbs(planned(file(spring(), welcome()), live)) == ["create spring", "create welcome"]


@pytest.mark.parametrize("wanted", [file(spring(duration="forever"), welcome()), file()], ids=["recreate", "delete"])
@pytest.mark.parametrize("tags", [NOBODYS, OTHERS])
def test_others_codes_on_our_coupon_keep_it(wanted: Configuration, tags: dict[str, Any]) -> None:
    """Refused before the first write, with the codes; what is off does not ride."""
    riding = its_code("promo_theirs", code="THEIRS", **tags)
    [problem] = refused(wanted, account(its_coupon(), its_code(), riding))
    assert problem.rule == "codes-of-others"
    assert "promo_theirs" in problem.message
    off = its_code("promo_theirs", code="THEIRS", active=False, **tags)
    assert not planned(wanted, account(its_coupon(), its_code(), off)).empty


def test_others_codes_on_a_leftover_keep_it_too() -> None:
    """A coupon that an interrupted run left is not deleted while somebody else's code is on it."""
    live = account(its_coupon(), its_coupon("spring_r2"), its_code(code="THEIRS", **NOBODYS))
    assert rules(refused(file(spring()), live)) == ["codes-of-others"]


def test_a_renamed_code_keeps_its_object_and_its_count() -> None:
    """The text is what customers hold; the entry's name is ours."""
    live = account(its_coupon(), its_code(used=3, max_redemptions=9))
    action = only(planned(file(spring(), welcome("hello", max_redemptions=9)), live))
    assert (action.verb, action.id, action.stripe_id, action.tags.id) == ("update", "hello", "promo_1", "hello")


def test_a_renamed_coupon_is_a_new_one() -> None:
    """Its codes move with what they have left; the old one goes. ``stripe_id`` carries it over instead."""
    live = account(its_coupon(used=5, max_redemptions=9), its_code(used=5, max_redemptions=9))
    renamed = welcome(coupon="summer", max_redemptions=9)
    plan = planned(file(spring("summer", max_redemptions=9), renamed), live)
    assert verbs(plan) == ["create summer", "recreate welcome", "delete spring"]
    assert [action.after and action.after.max_redemptions for action in plan.actions[:2]] == [9, 4]
    kept = planned(file(spring("summer", stripe_id="spring", max_redemptions=9), renamed), live)
    assert verbs(kept) == ["update summer"]


def test_two_entries_swap_their_objects() -> None:
    """Each names the other's: neither is made anew."""
    live = account(its_coupon(), its_coupon("summer", tags={"id": "summer"}))
    wanted = file(spring(stripe_id="summer"), spring("summer", stripe_id="spring"))
    assert verbs(planned(wanted, live)) == ["update spring", "update summer"]


def test_a_new_coupon_never_takes_an_id_that_is_there() -> None:
    """``_r2`` may be somebody else's: then the next one."""
    live = account(its_coupon(), its_coupon("spring_r2", **NOBODYS), its_coupon("spring_r7", **OTHERS))
    assert only(planned(file(spring(duration="forever")), live)).new_id == "spring_r8"


TAKEN: list[tuple[str, Configuration, Live]] = [
    (
        "a text that an entry keeps, under one that is new",
        file(spring(), welcome("a", code="SAME", customer="cus_1"), welcome("b", code="same", customer="cus_1")),
        account(its_coupon(), its_code(code="SAME", customer="cus_1", metadata={"a": "1"}, tags={"id": "b"})),
    ),
    (
        "a text that somebody else's code has for one customer",
        file(spring(), welcome()),
        account(its_coupon(), its_code(customer="cus_1", **NOBODYS)),
    ),
    (
        "a text that another owner's code has for everybody",
        file(spring(), welcome(customer="cus_1")),
        account(its_coupon(), its_code(**OTHERS)),
    ),
    (
        "a text that went to somebody else while a code was off",
        file(spring(), welcome()),
        account(its_coupon(), its_code(**HALF_SWAPPED), its_code("promo_2", customer="cus_1", **NOBODYS)),
    ),
]


@pytest.mark.parametrize(("wanted", "live"), [row[1:] for row in TAKEN], ids=[row[0] for row in TAKEN])
def test_a_text_that_is_taken(wanted: Configuration, live: Live) -> None:
    """Refused before the first write, at the place of the code."""
    live = Live(live.account, live.coupons, live.codes, customers={"cus_1": ("cus_1",)})
    problems = refused(wanted, live)
    assert rules(problems) == ["conflict"]
    assert problems[0].path[0] == "promotion_codes"


def test_one_text_for_two_customers() -> None:
    """Stripe allows it."""
    wanted = file(spring(), welcome("a", customer="cus_1"), welcome("b", customer="cus_2"))
    customers = {"cus_1": ("cus_1",), "cus_2": ("cus_2",)}
    plan = planned(wanted, account(its_coupon(), customers=customers))
    assert verbs(plan) == ["create a", "create b"]


def test_a_new_name_of_an_entry_is_told_and_the_first_one_is_not() -> None:
    renamed = only(planned(file(spring(), welcome("hello")), account(its_coupon(), its_code())))
    assert [(change.field, change.before, change.after) for change in renamed.changes] == [("id", "welcome", "hello")]
    adopted = only(planned(file(spring(), welcome()), account(its_coupon(), its_code(**NOBODYS))))
    assert adopted.changes == ()


def test_customers_and_products_that_are_missing() -> None:
    """All of them at once: none, or more than one of an address; a product by its id or by what stands for it."""
    wanted = file(
        spring(applies_to=frozenset({"pro", "team"})),
        welcome("a", code="A", customer="cus_gone"),
        welcome("b", code="B", email="nobody@example.com"),
        welcome("c", code="C", email="two@example.com"),
        products={"team": {Mode.TEST: "prod_team"}},
    )
    live = account(customers={"two@example.com": ("cus_1", "cus_2")})
    problems = refused(wanted, live)
    assert sorted(rules(problems)) == ["missing-customer"] * 3 + ["missing-product"] * 2
    text = " ".join(problem.message for problem in problems)
    assert all(word in text for word in ("'pro'", "'prod_team'", "cus_1, cus_2"))
    keys = [problem.path[-1] for problem in problems if problem.rule == "missing-customer"]
    assert sorted(keys) == ["customer", "customer_email", "customer_email"]
