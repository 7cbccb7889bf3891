"""An object with a field that promosync does not know is never recreated, so the field is not lost."""

from __future__ import annotations

import pytest

from promosync.apply.outcome import Status
from promosync.export.proposal import Wishes
from promosync.model.problems import ProblemsFound
from promosync.plan.plan import Kind, Plan, Verb
from promosync.workflows import export as exporting
from promosync.workflows.check import ask
from promosync.workflows.export import Selection
from tests.journeys.world import Json, World, code, coupon, document

UNKNOWN: dict[str, tuple[Json, str]] = {
    "script": ({"script": {"id": "scr_1", "configuration": {}}}, "script"),
    "type": ({"type": "script"}, "type"),
    "service_period": ({"service_period": {"interval": "month", "interval_count": 3}}, "service_period"),
    "a duration": ({"duration": "service_period"}, "duration"),
}
NO_UNKNOWN: dict[str, Json] = {
    "null": {"script": None},
    "empty": {"script": {}, "a": [], "b": ""},
    "false": {"stackable": False},
    "nothing in it": {"script": {"id": None, "lines": []}},
    "a currency where there is no amount": {"currency": "usd"},
    "months where they do not count": {"duration_in_months": 3},
}


def hold(world: World, name: str, fields: Json) -> None:
    """Have Stripe show these fields on an object, named by its id or its text."""
    ids = {row["code"]: row["id"] for row in world.control.dump()["promotion_codes"]}
    world.control.preview(ids.get(name, name), **fields)


def refused(world: World, content: Json) -> list[tuple[str, str]]:
    before = world.writes
    with pytest.raises(ProblemsFound) as found:
        world.plan(content)
    assert world.writes == before
    return [(problem.rule, problem.message) for problem in found.value.problems]


@pytest.mark.parametrize("what", UNKNOWN)
def test_a_coupon_is_not_recreated_without_it(world: World, what: str) -> None:
    """The plan is refused before the first write, with the field and the object; changes in place go on."""
    fields, name = UNKNOWN[what]
    content = document([coupon(name="Sale")], [code()])
    world.settle(content)
    hold(world, "spring", fields)
    if what != "a duration":  # that is a difference itself
        world.rests(content)
        world.apply(document([coupon(name="Big sale")], [code()]))
        world.apply(document([coupon(name="Big sale")], [code(active=False)]))
    [(rule, message)] = refused(world, document([coupon(percent_off=25)], [code()]))
    assert rule == "unknown-field"
    assert "'spring'" in message
    assert name in message


@pytest.mark.parametrize("what", NO_UNKNOWN)
def test_what_says_nothing_is_no_field(world: World, what: str) -> None:
    """A field with a value that means nothing is no difference, and no reason to refuse a plan."""
    content = document([coupon()], [code()])
    world.settle(content)
    hold(world, "spring", NO_UNKNOWN[what])
    world.rests(content)
    assert world.plan(document([coupon(percent_off=25)], [code()])).counts[Verb.RECREATE] == 2


def test_what_is_shown_without_meaning_is_adopted_and_exported(world: World) -> None:
    world.dashboard.call("post", "/v1/coupons", id="spring", percent_off=20, duration="once")
    hold(world, "spring", {"currency": "usd", "duration_in_months": 3})
    export = exporting.make(world.stripe, Selection())
    assert [entry.id for entry in export.configuration.coupons] == ["spring"]
    assert world.apply(document([coupon()])).counts == {Verb.ADOPT: 1}


@pytest.mark.parametrize("how", ["its own change", "its coupon's"])
def test_a_code_with_a_restriction_that_nobody_knows_is_not_recreated(world: World, how: str) -> None:
    content = document([coupon()], [code()])
    world.settle(content)
    hold(world, "WELCOME", {"restrictions": {"countries": ["DE"]}})
    world.rests(content)
    after = [coupon(percent_off=25)] if how == "its coupon's" else [coupon()]
    changed = code(max_redemptions=5) if how == "its own change" else code()
    [(rule, message)] = refused(world, document(after, [changed]))
    assert rule == "unknown-field"
    assert "restrictions.countries" in message
    assert world.one_code()["id"] in message


def test_unique_codes_are_not_recreated_without_it(world: World) -> None:
    """One such code is enough; the message counts these codes and does not name them."""
    batch = {"id": "vip", "coupon": "spring", "generate": {"count": 3, "pattern": "VIP-####-####"}}
    content = {**document([coupon()]), "code_batches": [batch]}
    world.settle(content)
    text = world.codes("vip")[1]["code"]
    hold(world, text, {"restrictions": {"countries": ["DE"]}})
    world.rests(content)
    [(rule, message)] = refused(world, {**document([coupon(percent_off=25)]), "code_batches": [batch]})
    assert (rule, text in message) == ("unknown-field", False)
    assert "1 code of the batch 'vip'" in message
    assert "restrictions.countries" in message


def test_what_came_after_the_plan_stops_the_swap(world: World) -> None:
    """The object is read again before it is taken off; it works as before."""
    world.settle(document([coupon()], [code()]))
    plan = world.plan(document([coupon()], [code(max_redemptions=5)]))
    hold(world, "WELCOME", {"restrictions": {"countries": ["DE"]}})
    [outcome] = world.carry_out(plan).outcomes
    assert outcome.status is Status.FAILED
    assert "countries" in outcome.message
    assert world.one_code()["max_redemptions"] is None


def test_export_leaves_it_out_and_says_why(world: World) -> None:
    for name in ("spring", "summer"):
        world.dashboard.call("post", "/v1/coupons", id=name, percent_off=20, duration="once")
    for text, home in (("ONE", "spring"), ("TWO", "summer"), ("THREE", "summer")):
        world.dashboard.call("post", "/v1/promotion_codes", code=text, promotion={"type": "coupon", "coupon": home})
    hold(world, "spring", {"script": {"id": "scr_1"}})
    hold(world, "TWO", {"restrictions": {"countries": ["DE"]}})
    export = exporting.make(world.stripe, Selection())
    assert [entry.id for entry in export.configuration.coupons] == ["summer"]
    assert [entry.spec.code for entry in export.configuration.codes] == ["THREE"]
    reasons = {(left.kind, left.reason.partition(": ")[2] or left.reason) for left in export.left_out}
    assert reasons == {
        (Kind.COUPON, "script"),
        (Kind.CODE, "its coupon is left out"),
        (Kind.CODE, "restrictions.countries"),
    }


def test_an_owners_export_says_that_the_coupon_is_left_out(world: World) -> None:
    """Of its single and its unique codes alike: the coupon is there, and it is current."""
    batch = {"id": "vip", "coupon": "spring", "generate": {"count": 3, "pattern": "VIP-####-####"}}
    world.settle({**document([coupon()], [code()]), "code_batches": [batch]})
    hold(world, "spring", {"script": {"id": "scr_1"}})
    export = exporting.make(world.stripe, Selection(owner="shop", wishes=Wishes(files_from=1)))
    assert [(left.kind, left.reason, left.count) for left in export.left_out] == [
        (Kind.COUPON, "it has fields that no file can hold: script", 1),
        (Kind.CODE, "its coupon is left out", 4),
    ]


def test_check_says_that_there_is_more(world: World) -> None:
    from promosync.plan.checkout import Order, Verdict

    world.settle(document([coupon()], [code()]))
    hold(world, "WELCOME", {"restrictions": {"countries": ["DE"]}})
    [rule] = [rule for rule in ask("welcome", Order(), world.stripe).rules if rule.name == "unknown"]
    assert rule.verdict is Verdict.OPEN
    assert "restrictions.countries" in rule.message


# -- a code that names no coupon -------------------------------------------------------------------------


def test_a_code_without_a_coupon_is_made_again_and_told_in_words(world: World) -> None:
    """`promotion.coupon` may be null: such a code is dead."""
    from promosync.plan.checkout import Order

    world.settle(document([coupon()], [code()]))
    hold(world, "WELCOME", {"promotion": {"type": "coupon", "coupon": None}, "active": False})
    checked = ask("welcome", Order(), world.stripe)
    assert "Stripe names no coupon for it" in "".join(rule.message for rule in checked.rules)
    [action] = world.plan(document([coupon()], [code()])).actions
    assert (action.verb, next((change.field, change.before) for change in action.changes)) == (
        Verb.RECREATE,
        ("coupon", None),
    )
    export = exporting.make(world.stripe, Selection(owner="shop"))
    assert not export.configuration.codes


# -- a coupon id that Stripe keeps for itself -------------------------------------------------------------


def keep(world: World, *ids: str) -> None:
    """Have Stripe say of these ids that they are taken, as it may of a deleted coupon's."""
    for stripe_id in ids:
        match = {"method": "POST", "path": "/v1/coupons", "body_contains": f"id={stripe_id}"}
        fault = {"fault": "400", "message": "Coupon already exists.", "code": "resource_already_exists"}
        world.control.faults({"match": match, **fault})


def ends(plan: Plan, world: World, content: Json, stripe_id: str) -> None:
    report = world.carry_out(plan)
    assert {outcome.status for outcome in report.outcomes} == {Status.DONE}
    [home] = world.coupons("spring")
    assert home["id"] == stripe_id
    assert {row["promotion"]["coupon"] for row in world.codes(active=True)} == {stripe_id}
    [made] = [outcome for outcome in report.outcomes if outcome.action.kind is Kind.COUPON]
    assert made.stripe_id == stripe_id
    world.control.clear_faults()
    world.rests(content)


@pytest.mark.parametrize("kept", [("spring",), ("spring", "spring_r2", "spring_r3")])
def test_an_id_that_is_taken_though_nothing_is_there_is_passed_over(world: World, kept: tuple[str, ...]) -> None:
    """The next one is taken, and codes and batches hang on the coupon that was really made."""
    keep(world, *kept)
    batch = {"id": "vip", "coupon": "spring", "generate": {"count": 3, "pattern": "VIP-####-####"}}
    content = {**document([coupon(max_redemptions=9)], [code()]), "code_batches": [batch]}
    ends(world.plan(content), world, content, f"spring_r{len(kept) + 1}")


def test_a_recreate_passes_it_over_too(world: World) -> None:
    """Redemptions that come in meanwhile are counted on the coupon that was really made."""
    before = document([coupon(max_redemptions=9)], [code(), code("more")])
    world.settle(before)
    world.control.redeem("WELCOME", times=2)
    keep(world, "spring_r2", "spring_r3")
    content = document([coupon(percent_off=25, max_redemptions=9)], [code(), code("more")])
    ends(world.plan(content), world, content, "spring_r4")
    assert world.one_coupon()["max_redemptions"] == 7


def test_somebody_elses_coupon_of_that_id_is_not_taken_for_ours(world: World) -> None:
    """It was made after the plan: no code is made on it."""
    plan = world.plan(document([coupon()], [code()]))
    world.dashboard.call("post", "/v1/coupons", id="spring", percent_off=20, duration="once")
    report = world.carry_out(plan)
    assert [outcome.status for outcome in report.outcomes] == [Status.FAILED, Status.SKIPPED]
    assert "appeared in Stripe" in report.outcomes[0].message
    assert not world.codes()


def test_a_strangers_coupon_at_a_later_id_is_passed_over(world: World) -> None:
    """It was there when the plan was made, and no plan of ours would ever have taken that id."""
    world.dashboard.call("post", "/v1/coupons", id="spring_r2", percent_off=20, duration="once")
    keep(world, "spring")
    content = document([coupon()], [code()])
    ends(world.plan(content), world, content, "spring_r3")


def test_two_applies_that_pass_an_id_over_make_one_coupon(world: World) -> None:
    """The second apply finds the coupon that the first has made, and uses it."""
    keep(world, "spring", "spring_r2")
    content = document([coupon()], [code()])
    for plan in [world.plan(content), world.plan(content)]:
        report = world.carry_out(plan)
        assert [outcome.status for outcome in report.outcomes] == [Status.DONE, Status.DONE]
        assert report.outcomes[0].stripe_id == "spring_r3"
    assert len(world.coupons("spring")) == 1
    assert len(world.codes(active=True)) == 1
