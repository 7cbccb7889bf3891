"""A plan is a pure function: the same values give the same plan, and the order of the file does not matter."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from promosync.model.account import Live
from promosync.model.configuration import Configuration
from promosync.model.live import LiveCode, LiveCoupon
from promosync.model.ownership import Retired, Tags
from promosync.model.problems import ProblemsFound
from promosync.plan import codes
from promosync.plan.plan import Action, Kept, Plan
from promosync.plan.planner import Policy, make_plan

from .values import AHEAD, BEFORE, DAY, FARTHER, NOW, account, file, its_code, its_coupon, spring, welcome

COUPONS, CODES = ("spring", "summer"), ("a", "b", "c")
STRIPE_IDS = (*COUPONS, "spring_r2", "gone")
PROMOS = tuple(f"promo_{number}" for number in range(5))

limits = st.sampled_from((None, None, 3, 5))
dates = st.sampled_from((None, None, BEFORE, AHEAD, FARTHER))
maps = st.dictionaries(st.sampled_from(("x", "y", "keep")), st.sampled_from(("1", "2")), max_size=2)
customers = st.sampled_from((None, None, "cus_1"))
accounts_of_customers = st.sampled_from((None, None, None, "acct_1"))
currencies = st.dictionaries(
    st.sampled_from(("eur", "gbp", "cad", "chf", "jpy")), st.sampled_from((40, 45)), max_size=5
)
coupon_fields: dict[str, Any] = {
    "percent_off": st.sampled_from((Decimal(20), Decimal("20.0"), Decimal(25))),
    "currency_options": currencies,
    "duration": st.sampled_from(("once", "forever")),
    "max_redemptions": limits,
    "redeem_by": dates,
    "name": st.sampled_from((None, "Sale")),
    "metadata": maps,
}
code_fields: dict[str, Any] = {
    "code": st.sampled_from(("A", "a", "B", "C", "D")),
    "coupon": st.sampled_from(COUPONS),
    "active": st.booleans(),
    "max_redemptions": limits,
    "expires_at": dates,
    "customer": customers,
    "customer_account": accounts_of_customers,
    "currency_options": currencies,
    "metadata": maps,
}
counts = st.integers(0, 5)
tags: dict[str, Any] = {
    "owner": st.sampled_from(("shop", "shop", "shop", None, "other-shop")),
    "carried": st.integers(0, 3),
    "retired": st.sampled_from((None, None, *Retired)),
    "protect": st.integers(0, 15).map(lambda drawn: drawn == 15),
}


@st.composite
def configurations(draw: st.DrawFn, live: Live | None = None) -> Configuration:
    """A file; texts may clash, as they may for a customer named by address. Some entries name objects of ``live``."""

    def named(ids: tuple[str, ...], of: Sequence[LiveCoupon] | Sequence[LiveCode]) -> dict[str, str]:
        found = draw(st.permutations([thing.stripe_id for thing in of]))
        return {id: name for id, name in zip(ids, found, strict=False) if draw(st.booleans())}

    names = named(COUPONS, live.coupons if live else ())
    names = {id: name for id, name in names.items() if name not in COUPONS or name in names}  # as a file must be
    homes = [
        spring(
            id,
            protect=draw(tags["protect"]),
            stripe_id=names.get(id, ""),
            **draw(st.fixed_dictionaries(coupon_fields)),
        )
        for id in COUPONS
    ]
    ids = draw(st.lists(st.sampled_from(CODES), unique=True))
    names = named(CODES, live.codes if live else ())
    entries = [welcome(id, stripe_id=names.get(id, ""), **draw(st.fixed_dictionaries(code_fields))) for id in ids]
    return file(*homes, *entries, ignore_metadata=draw(st.sampled_from(((), ("k*",)))))


@st.composite
def accounts(draw: st.DrawFn) -> Live:
    """An account with whatever may be there, in a state that Stripe allows."""
    things: list[LiveCoupon | LiveCode] = []
    stripe_ids = draw(st.lists(st.sampled_from(STRIPE_IDS), unique=True))
    for stripe_id in stripe_ids:
        marks = {**draw(st.fixed_dictionaries(tags)), "id": stripe_id.split("_")[0]}
        fields = draw(st.fixed_dictionaries(coupon_fields))
        used = draw(counts)
        valid = not (fields["redeem_by"] == BEFORE or (fields["max_redemptions"] or 9) <= used)
        created = NOW - draw(st.sampled_from((1, 2))) * DAY
        things.append(its_coupon(stripe_id, used=used, valid=valid, tags=marks, created=created, **fields))
    working = {thing.stripe_id for thing in things if isinstance(thing, LiveCoupon) and thing.valid}
    texts: set[str] = set()
    for promo in PROMOS[: draw(st.integers(0, 5))]:
        marks = {**draw(st.fixed_dictionaries(tags)), "id": draw(st.sampled_from((*CODES, "gone")))}
        fields = draw(st.fixed_dictionaries(code_fields))
        used, text = draw(counts), fields["code"].lower()
        ended = fields["expires_at"] == BEFORE or (fields["max_redemptions"] or 9) <= used
        fields["active"] = fields["active"] and not ended and fields["coupon"] in working and text not in texts
        if fields["active"]:
            texts.add(text)
        created = NOW - draw(st.sampled_from((0, 1))) * DAY
        things.append(its_code(promo, used=used, tags=marks, created=created, **fields))
    return account(*things, customers={"cus_1": ("cus_1",)})


@st.composite
def drawn(draw: st.DrawFn) -> tuple[Configuration, Live]:
    """An account, and a file that may name objects of it."""
    live = draw(accounts())
    return draw(configurations(live)), live


def outcome(configuration: Configuration, live: Live) -> Plan | frozenset[Any]:
    """The plan, or the problems, which have no order."""
    try:
        return make_plan(configuration, live, Policy())
    except ProblemsFound as found:
        return frozenset((problem.rule, problem.message.split(" in use ")[0]) for problem in found.problems)


@settings(deadline=None)
@given(drawn())
def test_the_same_values_give_the_same_plan(pair: tuple[Configuration, Live]) -> None:
    """A plan has one result for every entry: an action, a reason, or unchanged."""
    configuration, live = pair
    plan = outcome(configuration, live)
    assert outcome(configuration, live) == plan
    if isinstance(plan, Plan):
        decided: list[Action | Kept] = [*plan.actions, *plan.kept]
        said = {result.path for result in decided if result.path}
        entries = len(configuration.coupons) + len(configuration.codes)
        assert len(said) + plan.unchanged == entries


@st.composite
def settled(draw: st.DrawFn) -> tuple[Configuration, Live]:
    """A file and an account that is as it says, but for what may have become of one field of a code."""
    configuration = draw(configurations())
    things: list[LiveCoupon | LiveCode] = [
        LiveCoupon(entry.id, entry.spec, Tags("shop", entry.id, protect=entry.protect), NOW - 9 * DAY)
        for entry in configuration.coupons
    ]
    for number, entry in enumerate(configuration.codes):
        marks: dict[str, Any] = {"owner": "shop", "id": entry.id, "protect": entry.protect}
        changed = draw(st.sampled_from((*code_fields, "tags", "tags", "used", "created", "older", "older", "")))
        if changed == "tags":
            name = draw(st.sampled_from(sorted(tags)))
            marks[name] = draw(tags[name])
        limit = entry.spec.max_redemptions
        rest = None if limit is None else max(1, limit - marks.get("carried", 0))
        spec = replace(entry.spec, max_redemptions=rest)
        if changed in code_fields:
            spec = replace(spec, **{changed: draw(code_fields[changed])})
        used = draw(counts) if changed == "used" else 0
        created = NOW - (99 if changed == "created" else 1) * DAY
        if changed == "older":  # and used more often than the current one's metadata says
            before = Tags("shop", entry.id, retired=Retired.SWAP)
            there = replace(entry.spec, active=False)
            things.append(LiveCode(f"promo_{number}_0", there, before, created - DAY, draw(counts)))
        things.append(LiveCode(f"promo_{number}", spec, Tags(**marks), created, used))
    return configuration, account(*things, customers={"cus_1": ("cus_1",)})


@settings(deadline=None, max_examples=600)
@given(settled())
def test_a_glance_sees_no_more_than_a_close_look(pair: tuple[Configuration, Live]) -> None:
    """The plan is the same without the shortcut for unchanged codes."""
    with patch.object(codes, "_is_as_wanted", return_value=False):
        closely = outcome(*pair)
    assert outcome(*pair) == closely


@settings(deadline=None)
@given(drawn(), st.integers())
def test_the_order_of_the_file_does_not_matter(pair: tuple[Configuration, Live], seed: int) -> None:
    """Shuffled entries give the same actions, whatever order they come in."""
    configuration, live = pair
    shuffler = random.Random(seed)
    homes, entries = list(configuration.coupons), list(configuration.codes)
    shuffler.shuffle(homes)
    shuffler.shuffle(entries)
    shuffled = replace(configuration, coupons=tuple(homes), codes=tuple(entries))
    one, other = outcome(configuration, live), outcome(shuffled, live)
    if isinstance(one, Plan) and isinstance(other, Plan):
        assert Counter(map(repr, one.actions)) == Counter(map(repr, other.actions))
        assert Counter(map(repr, one.kept)) == Counter(map(repr, other.kept))
        assert (one.unchanged, one.ours, one.brakes) == (other.unchanged, other.ours, other.brakes)
    else:
        assert type(one) is type(other)


@settings(deadline=None, max_examples=300)
@given(drawn())
def test_no_plan_writes_to_others(pair: tuple[Configuration, Live]) -> None:
    """A plan changes only objects of this owner or adopted ones, and ends nothing with active codes of others."""
    configuration, live = pair
    plan = outcome(configuration, live)
    if not isinstance(plan, Plan):
        return
    named = {entry.stripe_id.get(live.account.mode) for entry in configuration.coupons}
    named |= {entry.stripe_id.get(live.account.mode) for entry in configuration.codes}
    ended = set()
    touched = [(action.kind, action.stripe_id) for action in plan.actions if action.before is not None]
    assert len(set(touched)) == len(touched)
    for action in plan.actions:
        if action.before is not None:
            owner = action.before.tags.owner
            adopted = owner is None and (action.verb == "adopt" or action.stripe_id in named)
            assert owner == "shop" or adopted
            if action.verb == "retire":  # the object that an entry names is its current object, or was its own before
                assert (owner, action.before.tags.id) == ("shop", action.id)
        if isinstance(action.before, LiveCoupon) and action.verb in ("recreate", "delete", "retire"):
            ended.add(action.stripe_id)
    for code in live.codes:
        if code.spec.active and code.spec.coupon in ended:
            adopted = any(action.stripe_id == code.stripe_id for action in plan.actions)
            assert code.tags.owner == "shop" or adopted


@settings(deadline=None)
@given(drawn())
def test_no_plan_allows_more_than_the_file(pair: tuple[Configuration, Live]) -> None:
    """A new object and its earlier uses allow no more than the entry; a used-up object is not made."""
    configuration, live = pair
    plan = outcome(configuration, live)
    if not isinstance(plan, Plan):
        return
    for action in plan.actions:
        if action.limit is not None and action.after is not None and action.verb in ("create", "recreate"):
            assert action.after.max_redemptions is not None
            assert 0 < action.after.max_redemptions <= action.limit - action.carried
