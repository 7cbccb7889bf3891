"""What a plan decides, row by row: live and file on one side, the decision on the other."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from promosync.model.account import Live
from promosync.model.configuration import Configuration
from promosync.model.ownership import Retired

from .values import (
    AHEAD,
    BEFORE,
    DAY,
    FARTHER,
    NOW,
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

PAIR = spring(), welcome()
OFF: dict[str, Any] = {"active": False, "tags": {"retired": Retired.OFF}}
BY_HAND: dict[str, Any] = {"active": False}
WITHDRAWN: dict[str, Any] = {"active": False, "tags": {"retired": Retired.WITHDRAWN}}
HALF_SWAPPED: dict[str, Any] = {"active": False, "tags": {"retired": Retired.SWAP}}

ROWS: list[tuple[str, Configuration, Live, list[str]]] = [
    # -- coupons ---------------------------------------------------------------------------------------------
    ("what is not there is created, the coupon first", file(*PAIR), account(), ["create spring", "create welcome"]),
    ("what is equal is not in the plan", file(*PAIR), account(its_coupon(), its_code()), []),
    (
        "percentages are decimals",
        file(spring(percent_off=Decimal("20.00"))),
        account(its_coupon(percent_off=Decimal("2E+1"))),
        [],
    ),
    (
        "a name, metadata and currencies are updated in place",
        file(spring(name="Sale", metadata={"a": "1"})),
        account(its_coupon(name="Old")),
        ["update spring"],
    ),
    (
        "a currency is added in place",
        file(spring(percent_off=None, amount_off=5, currency="usd", currency_options={"eur": 4, "gbp": 3})),
        account(its_coupon(percent_off=None, amount_off=5, currency="usd", currency_options={"eur": 4})),
        ["update spring"],
    ),
    (
        "a currency is removed by a recreate",
        file(spring(percent_off=None, amount_off=5, currency="usd")),
        account(its_coupon(percent_off=None, amount_off=5, currency="usd", currency_options={"eur": 4})),
        ["recreate spring"],
    ),
    (
        "and so are all of them",
        file(spring(percent_off=None, amount_off=5, currency="usd")),
        account(its_coupon(percent_off=None, amount_off=5, currency="usd", currency_options={"eur": 4, "gbp": 3})),
        ["recreate spring"],
    ),
    (
        "any other field recreates the coupon and the codes on it",
        file(spring(percent_off=Decimal(25)), welcome()),
        account(its_coupon(), its_code()),
        ["recreate spring", "recreate welcome"],
    ),
    (
        "products are a set",
        file(spring(applies_to=frozenset({"pro", "team"})), products={}),
        account(its_coupon(applies_to=frozenset({"team", "pro"})), products=frozenset({"pro", "team"})),
        [],
    ),
    (
        "what left the file goes, the codes before their coupon",
        file(),
        account(its_coupon(), its_code()),
        ["deactivate welcome", "delete spring"],
    ),
    (
        "a code that left the file and is off already is no longer looked at",
        file(spring()),
        account(its_coupon(), its_code(**BY_HAND)),
        [],
    ),
    ("a coupon that is over and not there stays away", file(spring(redeem_by=BEFORE)), account(), []),
    (
        "a coupon whose date in the file has passed is deleted while it works, its codes switched off",
        file(spring(redeem_by=BEFORE), welcome()),
        account(its_coupon(), its_code()),
        ["delete spring", "deactivate welcome"],
    ),
    (
        "a coupon that has ended by its own date is left",
        file(spring(redeem_by=BEFORE), welcome()),
        account(its_coupon(redeem_by=BEFORE, valid=False), its_code(active=False)),
        [],
    ),
    (
        "a date of this very second has passed",
        file(spring(redeem_by=NOW)),
        account(its_coupon(redeem_by=AHEAD)),
        ["delete spring"],
    ),
    (
        "a coupon that is used up is left, and its codes are",
        file(spring(max_redemptions=5), welcome()),
        account(its_coupon(max_redemptions=5, used=5, valid=False), its_code(active=False)),
        [],
    ),
    (
        "a used-up coupon whose limit is raised comes back, and its codes do",
        file(spring(max_redemptions=9), welcome()),
        account(its_coupon(max_redemptions=5, used=5, valid=False), its_code(active=False)),
        ["recreate spring", "recreate welcome"],
    ),
    (
        "a coupon deleted in the Dashboard is created again, and its codes recreated",
        file(*PAIR),
        account(its_code(active=False)),
        ["create spring", "recreate welcome"],
    ),
    (
        "codes of an earlier coupon of the same id are dead and made anew",
        file(*PAIR),
        account(its_code(active=False), its_coupon(created=NOW - DAY)),
        ["recreate welcome"],
    ),
    (
        "a coupon protected in the file alone gets its mark",
        file(spring(protect=True)),
        account(its_coupon()),
        ["update spring"],
    ),
    # -- codes -----------------------------------------------------------------------------------------------
    (
        "metadata of a code is updated in place",
        file(spring(), welcome(metadata={"a": "1"})),
        account(its_coupon(), its_code(metadata={"a": "0", "b": "1"})),
        ["update welcome"],
    ),
    ("case alone is no change of a text", file(spring(), welcome(code="wElCoMe")), account(its_coupon(), its_code()),
     []),
    ("another text recreates", file(spring(), welcome(code="HELLO")), account(its_coupon(), its_code()),
     ["recreate welcome"]),
    (
        "an end that Stripe filled in from the coupon is no change",
        file(spring(redeem_by=AHEAD), welcome()),
        account(its_coupon(redeem_by=AHEAD), its_code(expires_at=AHEAD)),
        [],
    ),
    (
        "an end of the code's own that is dropped is one",
        file(spring(redeem_by=FARTHER), welcome()),
        account(its_coupon(redeem_by=FARTHER), its_code(expires_at=AHEAD)),
        ["recreate welcome"],
    ),
    (
        "the coupon's end written out on the code is no change",
        file(spring(redeem_by=AHEAD), welcome(expires_at=AHEAD)),
        account(its_coupon(redeem_by=AHEAD), its_code(expires_at=AHEAD)),
        [],
    ),
    ("active: false is a deactivation", file(spring(), welcome(active=False)), account(its_coupon(), its_code()),
     ["deactivate welcome"]),
    ("active: false of what is off already is nothing", file(spring(), welcome(active=False)),
     account(its_coupon(), its_code(**OFF)), []),
    ("active: false of what was switched off by hand is nothing", file(spring(), welcome(active=False)),
     account(its_coupon(), its_code(**BY_HAND)), []),
    ("active: false of what is not there is created off", file(spring(), welcome(active=False)),
     account(its_coupon()), ["create welcome"]),
    ("a code off by hand that the file wants goes on again", file(*PAIR), account(its_coupon(), its_code(**BY_HAND)),
     ["update welcome"]),
    ("a withdrawn code that is back in the file goes on again", file(*PAIR),
     account(its_coupon(), its_code(**WITHDRAWN)), ["update welcome"]),
    ("a code we switched off that the file wants goes on again", file(*PAIR), account(its_coupon(), its_code(**OFF)),
     ["update welcome"]),
    ("a code caught half-swapped goes on again where nothing differs", file(*PAIR),
     account(its_coupon(), its_code(**HALF_SWAPPED)), ["update welcome"]),
    ("a code caught half-swapped is recreated where something does", file(spring(), welcome(max_redemptions=5)),
     account(its_coupon(), its_code(**HALF_SWAPPED)), ["recreate welcome"]),
    ("an off code whose coupon is recreated moves with it, off", file(spring(name="x", duration="forever"),
     welcome(active=False)), account(its_coupon(name="x"), its_code(**OFF)), ["recreate spring", "recreate welcome"]),
    ("a used-up code is left", file(spring(), welcome(max_redemptions=3)),
     account(its_coupon(), its_code(max_redemptions=3, used=3, active=False)), []),
    ("a used-up code comes back when its own limit is raised", file(spring(), welcome(max_redemptions=5)),
     account(its_coupon(), its_code(max_redemptions=3, used=3, active=False)), ["recreate welcome"]),
    ("a used-up code comes back when its own limit is dropped", file(*PAIR),
     account(its_coupon(), its_code(max_redemptions=3, used=3, active=False)), ["recreate welcome"]),
    ("a used-up code does not come back for other metadata", file(spring(), welcome(max_redemptions=3,
     metadata={"a": "1"})), account(its_coupon(), its_code(max_redemptions=3, used=3, active=False)), []),
    ("a limit lowered to what is used switches the code off", file(spring(), welcome(max_redemptions=3)),
     account(its_coupon(), its_code(max_redemptions=9, used=3)), ["deactivate welcome"]),
    ("an expired code is left", file(spring(), welcome(expires_at=BEFORE)),
     account(its_coupon(), its_code(expires_at=BEFORE, active=False)), []),
    ("an expired code comes back when its date is moved", file(spring(), welcome(expires_at=AHEAD)),
     account(its_coupon(), its_code(expires_at=BEFORE, active=False)), ["recreate welcome"]),
    ("a code whose date in the file has passed is switched off", file(spring(), welcome(expires_at=BEFORE)),
     account(its_coupon(), its_code(expires_at=AHEAD)), ["deactivate welcome"]),
    ("a code that is over and not there stays away", file(spring(), welcome(expires_at=BEFORE)),
     account(its_coupon()), []),
    ("a code moves to another coupon", file(spring(), spring("summer"), welcome(coupon="summer")),
     account(its_coupon(), its_coupon("summer", tags={"id": "summer"}), its_code()), ["recreate welcome"]),
    (
        "a code that moves to a used-up coupon stops working on the old one",
        file(spring(), spring("summer", max_redemptions=5), welcome(coupon="summer")),
        account(
            its_coupon(),
            its_coupon("summer", max_redemptions=5, used=5, valid=False, tags={"id": "summer"}),
            its_code(),
        ),
        ["deactivate welcome"],
    ),
    (
        "and so it does where the file wants it off",
        file(spring(), spring("summer", max_redemptions=5), welcome(coupon="summer", active=False)),
        account(
            its_coupon(),
            its_coupon("summer", max_redemptions=5, used=5, valid=False, tags={"id": "summer"}),
            its_code(),
        ),
        ["deactivate welcome"],
    ),
    # -- what an interrupted run left ------------------------------------------------------------------------
    ("an older coupon of an entry is retired", file(*PAIR),
     account(its_coupon(), its_coupon("spring_r2"), its_code(coupon="spring_r2")), ["retire spring"]),
    ("codes that are still on it move first", file(*PAIR),
     account(its_coupon(), its_coupon("spring_r2"), its_code()), ["recreate welcome", "retire spring"]),
    ("all older ones are", file(spring()),
     account(its_coupon(), its_coupon("spring_r2"), its_coupon("spring_r10"), its_coupon("spring_r9")),
     ["retire spring"] * 3),
    ("an older code that is still on is retired", file(*PAIR),
     account(its_coupon(), its_code("promo_1", code="OLD"), its_code("promo_2")), ["retire welcome"]),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "live", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_the_row_is_true(wanted: Configuration, live: Live, expected: list[str]) -> None:
    assert verbs(planned(wanted, live)) == expected


def test_of_several_coupons_the_newest_is_current() -> None:
    """Those of one second are told apart by their number: r10 comes after r9."""
    live = account(its_coupon(), its_coupon("spring_r10", used=1), its_coupon("spring_r9", used=1))
    plan = planned(file(spring()), live)
    assert [(action.stripe_id, action.new_id) for action in plan.actions] == [
        ("spring", "spring_r9"),
        ("spring_r9", "spring_r10"),
    ]
    newer = account(its_coupon(created=NOW), its_coupon("spring_r2"))
    assert [action.stripe_id for action in planned(file(spring()), newer).actions] == ["spring_r2"]


def test_of_several_codes_the_newest_active_one_is_current() -> None:
    """A newer one that is off does not count."""
    live = account(its_coupon(), its_code("promo_1"), its_code("promo_2", created=NOW, active=False))
    assert planned(file(*PAIR), live).empty


@pytest.mark.parametrize(
    ("limit", "carried", "used", "wanted", "rest"),
    [
        (100, 0, 37, 100, 63),
        (63, 37, 10, 100, 53),
        (63, 37, 10, 200, 153),
        (63, 37, 10, 48, 1),
        (None, 0, 37, 100, 63),
        (63, 37, 10, None, None),
        (None, 5, 5, None, None),
    ],
)
def test_what_is_carried_over(
    limit: int | None, carried: int, used: int, wanted: int | None, rest: int | None
) -> None:
    """A recreated coupon allows the file's limit minus all uses, those of earlier objects included."""
    live = account(its_coupon(max_redemptions=limit, used=used, tags={"carried": carried}))
    action = only(planned(file(spring(duration="forever", max_redemptions=wanted)), live))
    assert (action.after and action.after.max_redemptions, action.tags.carried) == (rest, carried + used)
    assert (action.carried, action.limit, action.new_id) == (carried + used, wanted, "spring_r2")


def test_a_carried_count_is_no_change() -> None:
    """63 allowed and 37 carried are the 100 of the file, for a coupon and for a code."""
    live = account(
        its_coupon(max_redemptions=63, tags={"carried": 37, "late": 2}),
        its_code(max_redemptions=8, tags={"carried": 2}),
    )
    assert planned(file(spring(max_redemptions=100), welcome(max_redemptions=10)), live).empty


def test_late_redemptions_are_carried_too() -> None:
    """Late uses of an earlier object count, also before they are written into the metadata."""
    written = account(its_coupon("spring_r2", max_redemptions=90, used=1, tags={"carried": 10, "late": 4}))
    not_yet = account(its_coupon(used=14), its_coupon("spring_r2", max_redemptions=90, used=1, tags={"carried": 10}))
    for live in (written, not_yet):
        actions = planned(file(spring(duration="forever", max_redemptions=100)), live).actions
        assert [action.carried for action in actions if action.verb == "recreate"] == [15]


@pytest.mark.parametrize(
    ("own", "of_coupon", "rest"), [(10, 100, 8), (10, 5, 5), (None, 5, None), (10, None, 8), (3, 5, 1)]
)
def test_a_new_code_allows_no_more_than_its_coupon(own: int | None, of_coupon: int | None, rest: int | None) -> None:
    """Stripe refuses a code with a higher limit than its coupon's; and then the plan is empty."""
    limit = None if of_coupon is None else of_coupon + 3
    live = account(its_coupon(max_redemptions=limit, used=3), its_code(used=2))
    wanted = file(spring(duration="forever", max_redemptions=limit), welcome(max_redemptions=own))
    code = planned(wanted, live).actions[1]
    assert code.after is not None
    assert (code.after.max_redemptions, code.carried) == (rest, 2)
    done = account(
        its_coupon("spring_r2", duration="forever", max_redemptions=of_coupon, tags={"carried": 3}),
        its_code(coupon="spring_r2", max_redemptions=rest, tags={"carried": 2}),
    )
    assert planned(wanted, done).empty


def test_nothing_left_of_a_coupon_is_an_error() -> None:
    """The limit is used up already: an error before any write, with the numbers and what to do."""
    live = account(its_coupon(max_redemptions=9, used=5, tags={"carried": 1}))
    [problem] = refused(file(spring(duration="forever", max_redemptions=6)), live)
    assert (problem.rule, problem.path) == ("nothing-left", ("coupons", 0, "max_redemptions"))
    assert "6 redemptions are used already and the file allows 6" in problem.message
    assert verbs(planned(file(spring(duration="forever", max_redemptions=7)), live)) == ["recreate spring"]


def test_a_coupon_deleted_in_the_dashboard_keeps_the_count_of_its_codes() -> None:
    """At least what our codes show was used, all of them: those that were swapped or withdrawn since, or moved on."""
    swapped: dict[str, Any] = {"active": False, "tags": {"retired": Retired.SWAP}}
    live = account(
        its_coupon("other", tags={"id": "other"}),
        its_code("promo_1", used=3, **swapped),
        its_code("promo_2", used=4, active=False, coupon="spring_r2", tags={"carried": 3}),
        its_code("promo_3", used=2, active=False, tags={"id": "gone", "retired": Retired.WITHDRAWN}),
        its_code("promo_4", used=1, active=False, tags={"owner": None, "id": None}),
        its_code("promo_5", used=5, active=False, tags={"id": "moved", "retired": Retired.SWAP}),
        its_code("promo_6", used=6, coupon="other", tags={"id": "moved", "carried": 5}),
    )
    wanted = file(
        spring(max_redemptions=100), spring("other"), welcome(), welcome("moved", code="MOVED", coupon="other")
    )
    live = Live(live.account, live.coupons, tuple(_named(code) for code in live.codes))
    create = planned(wanted, live).actions[0]
    assert (create.verb, create.carried, create.after and create.after.max_redemptions) == ("create", 14, 86)
    [problem] = refused(file(spring(max_redemptions=14), spring("other")), live)
    assert problem.rule == "nothing-left"


def _named(code: Any) -> Any:
    from dataclasses import replace

    return replace(code, spec=replace(code.spec, code="MOVED")) if code.tags.id == "moved" else code


def test_dates_beyond_five_years() -> None:
    """Stripe takes dates up to five years ahead."""
    far = NOW + 6 * 366 * DAY
    wanted = file(spring(redeem_by=far), welcome(expires_at=far))
    assert rules(refused(wanted, account())) == ["too-far-ahead"] * 2
    assert verbs(planned(file(spring(redeem_by=NOW + 4 * 365 * DAY)), account())) == ["create spring"]


def test_ignored_metadata_is_left_to_others() -> None:
    """Keys that match a pattern are not removed or changed, and a recreated object keeps them."""
    live = account(its_coupon(metadata={"crm_id": "7", "team": "a"}), its_code(metadata={"crm_id": "8"}))
    ignoring: Any = {"ignore_metadata": ("crm_*",)}
    assert planned(file(spring(metadata={"team": "a"}), welcome(), **ignoring), live).empty
    action = only(planned(file(spring(metadata={"team": "b"}), welcome(), **ignoring), live))
    assert [change.field for change in action.changes] == ["metadata.team"]
    assert action.after is not None
    assert action.after.metadata == {"crm_id": "7", "team": "b"}
    anew = planned(file(spring(duration="forever"), welcome(), **ignoring), live).actions
    assert [action.after and action.after.metadata for action in anew] == [{"crm_id": "7"}, {"crm_id": "8"}]


def test_each_action_says_why() -> None:
    """The fields before and after, those that force a recreate, the codes that move, the uses carried over."""
    live = account(its_coupon(used=3, name="Sale"), its_code(used=3))
    coupon, code = planned(file(spring(percent_off=Decimal(25), name="Big sale"), welcome()), live).actions
    assert [(c.field, c.before, c.after, c.forces_recreate) for c in coupon.changes] == [
        ("percent_off", Decimal(20), Decimal(25), True),
        ("name", "Sale", "Big sale", False),
    ]
    assert (coupon.riding, coupon.carried, code.carried, code.gap_requests) == (1, 3, 3, 1)
    assert "percent_off" in coupon.reason
    assert coupon.warnings == ("a larger discount: 20 % to 25 %",)
    assert coupon.requests + code.requests == 9


def test_what_is_switched_off_is_told_as_a_change() -> None:
    action = only(planned(file(spring()), account(its_coupon(), its_code())))
    assert [(change.field, change.before, change.after) for change in action.changes] == [("active", True, False)]


@pytest.mark.parametrize(
    ("texts", "waits"),
    [
        ({"a": "B", "b": "A"}, [3, 1]),  # both are off before one is made; A is in use again when b is made
        ({"a": "B", "b": "C", "c": "D"}, [4, 3, 2]),
        ({"a": "D", "n": "A"}, [1, 0]),
        ({"a": "D", "n": "E"}, [0, 0]),
    ],
)
def test_codes_that_take_over_texts_wait_for_each_other(texts: dict[str, str], waits: list[int]) -> None:
    """A recreated code is off after two requests: then the others are switched off, and all are made in turn."""
    live = account(
        its_coupon(), *(its_code(f"promo_{n}", code=n.upper(), tags={"id": n}) for n in texts if n in "abc")
    )
    plan = planned(file(spring(), *(welcome(name, code=text) for name, text in texts.items())), live)
    assert [action.waits for action in plan.actions] == waits


GENEROUS: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    ({"percent_off": Decimal(15)}, {"percent_off": Decimal(20)}, ["a larger discount: 15 % to 20 %"]),
    ({"percent_off": Decimal(20)}, {"percent_off": Decimal(15)}, []),
    ({}, {"percent_off": None, "amount_off": 5, "currency": "usd"}, ["a discount of another kind"]),
    ({"duration": "once"}, {"duration": "forever"}, ["a longer discount: once to forever"]),
    ({"duration": "forever"}, {"duration": "once"}, []),
    ({"max_redemptions": 5}, {"max_redemptions": 9}, ["a higher limit: 5 to 9"]),
    ({"max_redemptions": 5}, {}, ["no limit any more (was 5"]),
    ({"max_redemptions": 9}, {"max_redemptions": 5}, []),
    ({"redeem_by": AHEAD}, {"redeem_by": FARTHER}, ["a later end"]),
    ({"redeem_by": AHEAD}, {}, ["no end any more"]),
]


@pytest.mark.parametrize(("before", "after", "said"), GENEROUS)
def test_what_gives_more_away_is_said(before: dict[str, Any], after: dict[str, Any], said: list[str]) -> None:
    """A larger, longer or less limited discount has a warning; a smaller one has none."""
    action = only(planned(file(spring(**after)), account(its_coupon(**before))))
    assert len(action.warnings) == len(said)
    assert all(warning.startswith(start) for warning, start in zip(action.warnings, said, strict=True))


def test_the_worst_case_in_money_is_told_of_what_is_touched() -> None:
    """Limit times amount in each currency; "no limit" is shown, and unchanged coupons are not."""
    amount: dict[str, Any] = {"percent_off": None, "amount_off": 500, "currency": "usd"}
    limited = spring(**amount, currency_options={"eur": 450}, max_redemptions=100)
    assert [(one.coupon, one.amounts) for one in planned(file(limited, welcome()), account()).exposed] == [
        ("spring", {"eur": 45_000, "usd": 50_000})
    ]
    [endless] = planned(file(spring(**amount), welcome()), account()).exposed
    assert (endless.uses, endless.amounts) == (None, {"usd": None})
    [by_its_code] = planned(file(spring(**amount), welcome(max_redemptions=3)), account(its_coupon(**amount))).exposed
    assert (by_its_code.uses, by_its_code.amounts) == (3, {"usd": 1_500})
    assert planned(file(*PAIR), account()).exposed == ()
    assert planned(file(spring(**amount)), account(its_coupon(**amount))).exposed == ()
