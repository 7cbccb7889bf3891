"""A saved plan is applied only if the account and the files have not changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from promosync.model.live import Account
from promosync.model.ownership import Mode
from promosync.stripe_api.account import StripeAccount
from tests.journeys.world import DAY, SOON, World, code, coupon, document

from .drawer import Json, all_done, apply, refusal, save

BEFORE = document(
    [coupon(max_redemptions=10, name="Spring"), coupon("winter"), coupon("old")],
    [
        code(max_redemptions=5),
        code("plain", metadata={"a": "1"}),
        code("gone"),
        code("cold", coupon="winter"),
        code("off", active=False),
    ],
)
AFTER = document(
    [coupon(max_redemptions=10, name="Spring", percent_off=30), coupon("winter", name="Winter")],
    [
        code(max_redemptions=5),
        code("plain", metadata={"a": "2"}),
        code("cold", coupon="winter"),
        code("fresh", coupon="winter", expires_at=SOON),
        code("off"),
    ],
)
"""Recreates a coupon with three codes, updates, switches on, creates, deactivates, deletes: every verb but adopt."""


def begun(world: World) -> str:
    world.settle(BEFORE)
    return save(world, AFTER)


def test_a_saved_plan_does_what_the_plan_does(world: World) -> None:
    """Without the file, in another process for all it knows; and then there is nothing left to do."""
    text = begun(world)
    assert all_done(apply(world, text))
    world.rests(AFTER)


def test_a_plan_is_applied_once(world: World) -> None:
    """The second time says so, rather than that everything moved."""
    text = begun(world)
    apply(world, text)
    assert refusal(world, text) == ["this plan was applied already: everything in it is done"]


def test_what_another_apply_has_done_is_done(world: World) -> None:
    """The same plan saved twice, by two people."""
    text = begun(world)
    world.apply(AFTER)
    assert refusal(world, text) == ["this plan was applied already: everything in it is done"]


def test_what_is_done_is_done_whoever_did_it(world: World) -> None:
    """The account does not show who deleted a coupon: it is gone, as the plan requires."""
    text = begun(world)
    delete("old")(world)
    touch("coupons", "winter", name="Winter")(world)
    assert all_done(apply(world, text))
    world.rests(AFTER)


def test_an_empty_plan_is_applied_any_time(world: World) -> None:
    world.settle(BEFORE)
    text = save(world, BEFORE)
    world.apply(AFTER)
    assert apply(world, text).outcomes == ()


def test_redemptions_are_no_move(world: World) -> None:
    """They count: the new coupon allows what is left."""
    text = begun(world)
    assert world.control.redeem("WELCOME", times=2)["redeemed"] == 2
    assert world.control.redeem("COLD")["redeemed"] == 1
    assert all_done(apply(world, text))
    assert world.one_coupon()["max_redemptions"] == 8
    assert world.one_code()["max_redemptions"] == 3
    world.rests(AFTER)


def test_a_code_that_is_used_up_is_no_move(world: World) -> None:
    """Stripe switched it off, and nobody else."""
    text = begun(world)
    assert world.control.redeem("WELCOME", times=5)["redeemed"] == 5
    report = apply(world, text)
    assert not report.failed
    assert not world.codes("welcome", active=True)


def test_a_coupon_that_is_used_up_takes_its_codes_with_it(world: World) -> None:
    """All of them are off by use, and only the action on the coupon itself has nothing left to do."""
    text = begun(world)
    assert world.control.redeem("PLAIN", times=10)["redeemed"] == 10
    report = apply(world, text)
    [failed] = [outcome for outcome in report.outcomes if outcome.status == "failed"]
    assert failed.action.id == "spring"
    assert "all 10 redemptions were used" in failed.message


def test_a_field_that_nobody_knows_and_that_came_since_is_a_move(world: World) -> None:
    """A recreate would lose it: nothing of the plan is carried out, not even the coupon's new object."""
    text = begun(world)
    world.control.preview(world.one_code()["id"], restrictions={"countries": ["DE"]})
    assert any("restrictions.countries" in message for message in refusal(world, text))


def row(world: World, kind: str, config_id: str) -> str:
    rows = world.coupons(config_id) if kind == "coupons" else world.codes(config_id)
    return f"/v1/{kind}/{rows[-1]['id']}"


def touch(kind: str, config_id: str, **params: object) -> Callable[[World], object]:
    return lambda world: world.dashboard.once("post", row(world, kind, config_id), **params)


def delete(config_id: str) -> Callable[[World], object]:
    return lambda world: world.dashboard.once("delete", row(world, "coupons", config_id))


def make_code(text: str, on: str = "winter", **params: object) -> Callable[[World], object]:
    def make(world: World) -> None:
        promotion = {"type": "coupon", "coupon": on}
        world.dashboard.once("post", "/v1/promotion_codes", promotion=promotion, code=text, **params)

    return make


def made_anew(world: World) -> None:
    world.control.advance(5)
    delete("winter")(world)
    world.dashboard.once(
        "post",
        "/v1/coupons",
        id="winter",
        percent_off=90,
        duration="once",
        metadata={"promosync_owner": "shop", "promosync_id": "winter"},
    )


MOVES: dict[str, tuple[Callable[[World], object], list[str]]] = {
    "a name": (touch("coupons", "winter", name="Sommer"), ["coupon 'winter'", "changed in Stripe: name"]),
    "metadata": (touch("promotion_codes", "plain", metadata={"b": "3"}), ["'plain'", "metadata.b"]),
    "metadata of what is recreated": (
        touch("promotion_codes", "welcome", metadata={"b": "3"}),
        ["'welcome'", "metadata.b"],
    ),
    "switched off": (touch("promotion_codes", "welcome", active=False), ["promotion code 'welcome'", "active"]),
    "switched on": (touch("promotion_codes", "off", active=True), ["promotion code 'off'", "active"]),
    "off already": (touch("promotion_codes", "gone", active=False), ["promotion code 'gone'", "active"]),
    "our own keys": (
        touch("coupons", "spring", metadata={"promosync_carried": "7"}),
        ["coupon 'spring'", "promosync_carried"],
    ),
    "taken away from us": (
        touch("promotion_codes", "plain", metadata={"promosync_owner": ""}),
        ["'plain'", "promosync_owner"],
    ),
    "a coupon deleted that is renamed": (delete("winter"), ["coupon 'winter'", "no longer in Stripe"]),
    "a coupon deleted": (delete("spring"), ["coupon 'spring'", "no longer in Stripe"]),
    "a coupon made anew": (made_anew, ["coupon 'winter'", "made anew"]),
    "a text taken": (make_code("Fresh"), ["'FRESH' is in use", "does not manage"]),
    "an entry made": (
        make_code("FRESH", metadata={"promosync_owner": "shop", "promosync_id": "fresh"}),
        ["promotion code 'fresh'", "it is in Stripe now"],
    ),
    "an id taken": (
        lambda world: world.dashboard.once("post", "/v1/coupons", id="spring_r2", percent_off=1, duration="once"),
        ["coupon 'spring'", "'spring_r2' is taken"],
    ),
    "somebody's code on it": (
        make_code("THEIRS", "spring"),
        ["coupon 'spring'", "would end codes that are not promosync's"],
    ),
    "a code of ours on it": (
        make_code("OURS", "old", metadata={"promosync_owner": "shop", "promosync_id": "later"}),
        ["promotion code 'later'", "more is to be done now"],
    ),
    "time": (lambda world: world.control.advance(6 * DAY), ["promotion code 'fresh'", "its date has passed"]),
}


@pytest.mark.parametrize("what", MOVES)
def test_what_moved_is_named(world: World, what: str) -> None:
    """Before the first write; and planning again ends where the file says."""
    text = begun(world)
    move, words = MOVES[what]
    move(world)
    said = refusal(world, text)
    assert any(all(word in message for word in words) for message in said), said


def test_everything_that_moved_is_named(world: World) -> None:
    text = begun(world)
    touch("coupons", "winter", name="Sommer")(world)
    touch("promotion_codes", "plain", metadata={"b": "3"})(world)
    assert len(refusal(world, text)) == 2


def test_what_the_plan_does_not_touch_may_move(world: World) -> None:
    """A change of another entry does not stop a plan for one entry."""
    world.settle(BEFORE)
    text = save(world, AFTER, targets=("winter",))
    touch("promotion_codes", "plain", metadata={"b": "3"})(world)
    assert all_done(apply(world, text))


def test_a_coupon_that_codes_hang_on_is_looked_at(world: World) -> None:
    """The plan makes a code on a coupon it leaves alone: were that another one now, the code would give more."""
    world.settle(document([coupon("winter")]))
    text = save(world, document([coupon("winter")], [code("cold", coupon="winter")]))
    made_anew(world)
    said = refusal(world, text)
    assert any("more is to be done now than the plan says: coupon 'winter'" in message for message in said)


def test_products_and_customers_are_looked_at(world: World) -> None:
    content = document([coupon(applies_to=["pro"])], [code(customer="cus_ann")])
    text = save(world, content)
    world.control.reset()
    said = refusal(world, text)
    assert any("product 'pro'" in message for message in said)
    assert any("no such customer" in message for message in said)


def seen_as(world: World, account: Account) -> World:
    """The same objects, seen with another key."""
    stripe = StripeAccount(world.client, account.mode)
    stripe.account = account
    return replace(world, stripe=stripe)


@pytest.mark.parametrize(
    ("here", "words"),
    [
        (Account("acct_1Other", Mode.TEST, 0), "and the key belongs to acct_1Other"),
        (Account(None, Mode.TEST, 0), "and the key may not read which account it belongs to"),
        (Account("acct_1PromosyncSandbox", Mode.LIVE, 0), "made with a test key, and this one is for live mode"),
    ],
)
def test_a_plan_belongs_to_an_account_and_a_mode(world: World, here: Account, words: str) -> None:
    text = begun(world)
    [said] = refusal(seen_as(world, here), text)
    assert words in said


def test_a_plan_of_an_account_that_could_not_be_read(world: World) -> None:
    """It fits a key that may not read it either; with one that may, nobody knows whether it fits."""
    blind = seen_as(world, Account(None, Mode.TEST, 0))
    blind.settle(BEFORE)
    text = save(blind, AFTER)
    [said] = refusal(world, text)
    assert "made with a key that may not read which account it belongs to" in said
    assert all_done(apply(blind, text))


def test_a_configuration_that_is_named_is_the_same(world: World) -> None:
    """Of a plan with a batch, too."""
    content: Json = batches(20)
    text = save(world, content)
    assert any("not the one the plan was made of" in message for message in refusal(world, text, batches(21)))
    assert all_done(apply(world, text, content))
    world.rests(content)
    assert refusal(world, text, content) == ["this plan was applied already: everything in it is done"]


def batches(count: int, **fields: object) -> Json:
    generate = {"count": count, "length": 12}
    return {
        **document([coupon()]),
        "code_batches": [{"id": "vip", "coupon": "spring", "generate": generate, **fields}],
    }


def test_no_unique_code_is_in_a_plan(world: World) -> None:
    world.settle(batches(10))
    text = save(world, batches(4, metadata={"x": "y"}))
    texts = [row["code"] for row in world.codes("vip")]
    assert len(texts) == 10
    assert not any(one.lower() in text.lower() for one in texts)


def test_redemptions_of_unique_codes_are_no_move(world: World) -> None:
    """A used one counts as issued and is not brought back: the rest of the plan is carried out."""
    world.settle(batches(10))
    content = batches(10, expires_at=SOON)
    text = save(world, content)
    world.control.redeem(world.codes("vip")[0]["code"])
    assert all_done(apply(world, text, content))
    world.rests(content)


def test_unique_codes_that_moved_are_a_move(world: World) -> None:
    world.settle(batches(10))
    content = batches(10, expires_at=SOON)
    text = save(world, content)
    touch("promotion_codes", "vip", active=False)(world)
    [said] = refusal(world, text, content)
    assert "code batch 'vip'" in said
