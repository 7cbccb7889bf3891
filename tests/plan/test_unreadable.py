"""An overwritten key of promosync never stops a plan, is reported, and allows no further uses."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from math import inf
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from promosync.model.account import Live
from promosync.model.issued import IssuedBuilder
from promosync.model.life import rank
from promosync.model.live import LiveCode, LiveCoupon
from promosync.model.newest import Newest
from promosync.model.ownership import split_metadata
from promosync.model.problems import ProblemsFound
from promosync.plan.plan import Action, Kind, Plan, Verb
from promosync.status.tally import SlotKeys
from promosync.stripe_api import translate

from .values import DAY, NOW, account, file, its_code, its_coupon, planned, refused, rules, spring, verbs, welcome

KEYS = ("carried", "late", "retired", "protect", "slot", "email")
ABSURD = (
    "",
    " ",
    "-1",
    "+5",
    "1e3",
    "0x10",
    "1_000",
    "3.0",
    " 7",
    "7\n",
    "٣٧",
    "²",
    "NaN",
    "null",
    str(2**31),
    str(2**63 - 1),
    str(2**63),
    str(2**64),
    "9" * 10_000,
    "0" * 10_000,
    "TRUE",
    "handy",
    "\x00",
    "\x1b[31m",
)
anything = st.sampled_from(ABSURD) | st.text(max_size=30)


def row(kind: str, own: dict[str, str], **fields: Any) -> dict[str, Any]:
    """Return Stripe's answer for an object of the shop with these keys of promosync."""
    metadata = {"promosync_owner": "shop", "promosync_id": "vip"}
    metadata |= {f"promosync_{key}": text for key, text in own.items()}
    shared = {"id": "thing", "metadata": metadata, "created": NOW, "times_redeemed": 1, "max_redemptions": 5}
    if kind == "coupon":
        return {**shared, "percent_off": 20, "duration": "once", **fields}
    return {**shared, "code": "VIP", "active": False, "promotion": {"coupon": "spring"}, **fields}


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), anything), st.booleans())
@example(dict.fromkeys(KEYS, "9" * 10_000), True)
@example(dict.fromkeys(KEYS, str(2**63)), False)
def test_no_value_of_a_key_raises(own: dict[str, str], active: bool) -> None:
    """Neither where it is read, nor where the codes of a batch are kept, nor where slots are counted."""
    coupon = translate.coupon_from(row("coupon", own))
    code = translate.code_from(row("code", own, active=active))
    assert coupon.tags == code.tags
    assert set(code.tags.unreadable) <= set(own)
    assert 0 <= code.tags.carried < 10**12
    assert 0 <= code.tags.late < 10**12
    written = code.tags.to_metadata()
    for key, text in own.items():
        if key not in code.tags.unreadable and key in ("carried", "late"):
            assert int(text) == int(written.get(f"promosync_{key}", 0)), "what is not told is read"
        if key not in code.tags.unreadable and key in ("retired", "slot", "email"):
            assert written[f"promosync_{key}"] == text
    builder = IssuedBuilder()
    builder.add(code)
    [record] = builder.codes
    assert record.used == code.used
    assert builder.codes.live(0, "shop", "vip").tags.carried == code.tags.carried
    slots = Newest()
    slots.put(SlotKeys("shop", "vip")(code), rank(code.spec.active, code.created, code.tags.retired), code.used, 0)
    assert [slot.used for slot in slots] == [code.used]


@pytest.mark.parametrize("text", ABSURD)
def test_what_no_apply_has_written_is_told(text: str) -> None:
    """Of every key; and a protection that cannot be read is one."""
    tags, _ = split_metadata({f"promosync_{key}": text for key in KEYS})
    ordinary = {"0" * 10_000: (), str(2**31): ("carried", "late", "slot"), str(2**63 - 1): ()}.get(text, ())
    assert set(tags.unreadable) == set(KEYS) - set(ordinary)
    assert tags.protect


def with_key(thing: Any, key: str) -> Any:
    """The object with a key that cannot be read, as the translator gives it."""
    default = {"carried": 0, "late": 0, "retired": None, "protect": True}.get(key)
    return replace(thing, tags=replace(thing.tags, **{key: default}, unreadable=(key,)))


def allowed(plan: Plan, live: Live) -> dict[str, float]:
    """How often the object of each entry can be redeemed once the plan is carried out, by config id; on or off."""
    rest: dict[str, float] = {}
    things: list[LiveCoupon | LiveCode] = [*live.coupons, *live.codes]
    for thing in things:
        rest[thing.tags.id or ""] = left(thing.spec.max_redemptions, thing.times_redeemed)
    for action in plan.actions:
        if action.after is not None:
            stays = action.before is not None and action.verb is not Verb.RECREATE
            used = action.before.times_redeemed if action.before is not None and stays else 0
            rest[action.id] = left(action.after.max_redemptions, used)
    return rest


def left(limit: int | None, used: int) -> float:
    return inf if limit is None else limit - used


@settings(max_examples=400, deadline=None)
@given(
    own=st.sampled_from([(100, 0), (100, 37), (63, 37), (None, 0), (None, 37)]),
    code_own=st.sampled_from([(None, 0), (None, 12), (50, 0), (38, 12)]),
    wanted=st.tuples(
        st.sampled_from([None, 50, 63, 100, 200]), st.sampled_from([None, 20, 38, 50, 80]), st.booleans()
    ),
    used=st.integers(0, 38),
    key=st.sampled_from(["carried", "late"]),
    which=st.sampled_from(["coupon", "code", "both"]),
    state=st.sampled_from(["active", "off", "used up", "coupon gone"]),
    percent=st.sampled_from([Decimal(20), Decimal(25)]),
)
def test_an_unreadable_count_gives_nothing_away(
    own: tuple[int | None, int],
    code_own: tuple[int | None, int],
    wanted: tuple[int | None, int | None, bool],
    used: int,
    key: str,
    which: str,
    state: str,
    percent: Decimal,
) -> None:
    """There is no plan, or no object in it allows more than before, or more than the file's limit really leaves."""
    limit, carried = own
    code_limit, code_carried = code_own
    coupon = its_coupon(used=used, max_redemptions=limit, tags={"carried": carried})
    if limit is not None and used >= limit:
        coupon = replace(coupon, valid=False)
    full = state == "used up" and code_limit is not None
    code = its_code(
        used=code_limit if full and code_limit is not None else min(used, code_limit or used),
        max_redemptions=code_limit,
        active=state == "active",
        tags={"carried": code_carried},
    )
    content = file(
        spring(max_redemptions=wanted[0], percent_off=percent),
        welcome(max_redemptions=None if wanted[1] is None else min(wanted[1], wanted[0] or wanted[1])),
    )
    there: list[LiveCoupon | LiveCode] = [code] if state == "coupon gone" else [coupon, code]
    spoils = {"coupon": LiveCoupon, "code": LiveCode, "both": LiveCoupon | LiveCode}[which]
    true = account(*there)
    spoilt_things = [with_key(thing, key) if isinstance(thing, spoils) else thing for thing in there]
    spoilt = account(*spoilt_things)
    try:
        plan = planned(content, spoilt)
    except ProblemsFound:
        return
    assert not any(action.verb is Verb.RECREATE and uncounted(action) for action in plan.actions)
    told = [kept.reason for kept in plan.kept if f"promosync_{key} of " in kept.reason]
    assert len(told) == sum(thing.tags.uncounted for thing in spoilt_things)
    before = allowed(Plan(true.account, "shop"), true)
    coupon_used = coupon.used if coupon in there else code.times_redeemed  # Stripe forgets the count of what is gone
    by_the_file = {"spring": left(content.coupons[0].spec.max_redemptions, coupon_used)}
    by_the_file["welcome"] = left(content.codes[0].spec.max_redemptions, code.used)
    for name, rest in allowed(plan, spoilt).items():
        assert rest <= max(by_the_file[name], before.get(name, 0))


def uncounted(action: Action) -> bool:
    return action.before is not None and action.before.tags.uncounted


def test_a_coupon_is_as_the_file_says_where_its_limit_may_be() -> None:
    """63 of 100: its predecessor may have had 37. The note names the object; nothing is to be done."""
    live = account(with_key(its_coupon("spring_r2", max_redemptions=63), "carried"))
    plan = planned(file(spring(max_redemptions=100)), live)
    assert verbs(plan) == []
    [told] = plan.kept
    assert (told.kind, told.id, told.stripe_id, told.path) == (Kind.COUPON, "spring", "spring_r2", ("coupons", 0))
    assert told.reason.startswith("promosync_carried of spring_r2 cannot be read: ")


@pytest.mark.parametrize("wanted", [{"percent_off": Decimal(25)}, {"max_redemptions": 50}])
def test_what_cannot_be_counted_is_not_recreated(wanted: dict[str, Any]) -> None:
    """The plan is refused; the error names the object and says what to do."""
    live = account(with_key(its_coupon("spring_r2", max_redemptions=63), "carried"))
    [problem] = refused(file(spring(**{"max_redemptions": 100} | wanted)), live)
    assert problem.rule == "unreadable-key"
    assert problem.path == ("coupons", 0)
    assert "spring_r2" in problem.message
    assert "set the key" in problem.hint


def test_a_code_that_cannot_be_counted_does_not_move_to_another_coupon() -> None:
    code = with_key(its_code(max_redemptions=38), "carried")
    live = account(its_coupon(), code)
    assert rules(refused(file(spring(percent_off=Decimal(25)), welcome(max_redemptions=50)), live)) == [
        "unreadable-key"
    ]
    assert verbs(planned(file(spring(), welcome(max_redemptions=50)), live)) == []


def test_what_replaced_or_was_replaced_by_an_uncounted_coupon_stays() -> None:
    """Deleting it would write a wrong count of its uses."""
    old, new = (
        its_coupon(used=9, created=NOW - 200 * DAY),
        its_coupon("spring_r2", max_redemptions=91, tags={"carried": 9}),
    )
    content = file(spring(max_redemptions=100))
    assert verbs(planned(content, account(old, new))) == ["retire spring"]
    for spoilt in ((with_key(old, "carried"), new), (old, with_key(new, "carried")), (old, with_key(new, "late"))):
        assert "unreadable-key" in rules(refused(content, account(*spoilt)))


def test_a_used_up_code_that_cannot_be_counted_is_left_in_peace() -> None:
    """The file's 50 less its own 38 are taken for used before."""
    code = with_key(its_code(used=38, max_redemptions=38, active=False), "carried")
    plan = planned(file(spring(), welcome(max_redemptions=50)), account(its_coupon(), code))
    assert verbs(plan) == []


def test_a_key_of_another_owners_object_is_not_told() -> None:
    theirs = with_key(its_code(tags={"owner": "other", "id": "x"}, code="THEIRS"), "carried")
    assert planned(file(spring()), account(its_coupon(), theirs)).kept == ()


def test_why_a_code_was_off_does_not_matter_once_it_is_on() -> None:
    for active, told in ((True, 0), (False, 1)):
        code = with_key(its_code(active=active), "retired")
        plan = planned(file(spring(), welcome(active=active)), account(its_coupon(), code))
        assert len(plan.kept) == told
