"""The file of a saved plan: everything that the applier needs, nothing secret, and no undetected change."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

import pytest

from promosync.model.live import LiveCode, LiveCoupon
from promosync.model.ownership import Retired, Tags
from promosync.model.problems import ProblemsFound
from promosync.model.promotions import Coupon, PromotionCode
from promosync.plan.plan import Action, BatchAction, FieldChange, Kind, Plan, Verb
from promosync.plan.planner import Policy
from promosync.plan.saved import FORMAT, File, Saved, dump, load
from tests.render.plans import PLANS, TEST

from .forging import forged

SOUND = sorted(set(PLANS) - {"hostile"})  # half a character is in no Stripe object


def saved(plan: Plan, **more: Any) -> Saved:
    return Saved(plan, {"shop/a.json": File('{"coupons": []}\n'), "b.json": File("{}", "b")}, **more)


def a_plan() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(dump(saved(PLANS["recreates"]())))
    return document


@pytest.mark.parametrize("name", SOUND)
def test_a_plan_comes_out_as_it_went_in(name: str) -> None:
    """Every field of every kind of action, decimals as decimals and sets as sets."""
    before = saved(
        PLANS[name](), folder="shop", imports={"a.csv": "1" * 64}, policy=Policy(prune=False, targets=("x",))
    )
    assert load(dump(before), "plan.json") == before


@pytest.mark.parametrize("name", SOUND)
def test_the_same_plan_is_the_same_text(name: str) -> None:
    """So that plans can be compared, and the reviewed plan is the applied one."""
    text = dump(saved(PLANS[name]()))
    assert dump(load(text, "plan.json")) == text


def nothings(tree: Any) -> list[Any]:
    """Return the values below a tree that are null or empty."""
    below = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    return [value for value in below if value in (None, {}, [])] + [one for value in below for one in nothings(value)]


@pytest.mark.parametrize("name", SOUND)
def test_what_is_at_its_default_is_left_out(name: str) -> None:
    """A plan of 100,000 codes would be several times as large."""
    assert nothings(json.loads(dump(saved(PLANS[name]()))).get("actions", [])) == []


def test_products_are_sorted() -> None:
    """The order of a set is another one in each process."""
    products = [f"prod_{n:02}" for n in range(40)]
    coupon = Coupon(Decimal(5), applies_to=frozenset(products))
    action = Action(Verb.CREATE, Kind.COUPON, "spring", "new", after=coupon, tags=Tags("shop", "spring"))
    [written] = json.loads(dump(saved(replace(PLANS["recreates"](), actions=(action,)))))["actions"]
    assert written["after"]["applies_to"] == products


def test_every_field_of_an_action_is_kept() -> None:
    """This fails if a new field of an action is not in the file."""
    coupon = Coupon(
        Decimal("12.5"), 1, "usd", {"eur": 2}, "repeating", 3, 4, 5, frozenset({"b", "a"}), "n", {"k": "v"}
    )
    code = PromotionCode("TEXT", "c", False, 1, 2, True, 3, "usd", {"eur": 4}, "cus_1", "acct_1", {"k": "v"})
    tags = Tags("o", "i", 1, 2, Retired.SWAP, True, None, "hash")
    change = FieldChange("percent_off", Decimal("1.5"), None, True)
    for kind, before, after in (
        (Kind.COUPON, LiveCoupon("c", coupon, tags, 6, 7, False, ("x",)), coupon),
        (Kind.CODE, LiveCode("p", code, tags, 6, 7, ("x",)), code),
    ):
        action = Action(
            Verb.RECREATE,
            kind,
            "i",
            "r",
            (change,),
            before,
            after,
            tags,
            8,
            "n",
            9,
            10,
            True,
            ("coupons", 1),
            ("w",),
            11,
        )
        assert all(getattr(action, f.name) != f.default for f in fields(Action))
        assert load(dump(saved(Plan(TEST, "o", (action,)))), "plan.json").plan.actions == (action,)


def test_every_count_of_a_batch_is_kept() -> None:
    """People review a batch by its counts."""
    numbers = {f.name: index for index, f in enumerate(fields(BatchAction), start=1) if f.type == "int"}
    batch = BatchAction("b", "r", **numbers)  # type: ignore[arg-type]
    assert load(dump(saved(Plan(TEST, "o", batches=(batch,)))), "plan.json").plan.batches == (batch,)


def test_the_text_of_a_unique_code_is_not_in_it() -> None:
    """Anybody who reads the file could use it, and the applier does not need it."""
    spec = PromotionCode("UNIQUE-SECRET", "c")
    tags = Tags("o", None, slot="7")
    off = Action(
        Verb.DEACTIVATE,
        Kind.CODE,
        "promo_1",
        "it is not in the file",
        (FieldChange("active", True, False), FieldChange("code", "UNIQUE-SECRET", "X")),
        LiveCode("promo_1", spec, tags, 5),
        replace(spec, active=False),
        tags,
    )
    text = dump(saved(Plan(TEST, "o", (off,))))
    assert "SECRET" not in text
    [back] = load(text, "plan.json").plan.actions
    assert (back.before, back.after) == (
        LiveCode("promo_1", replace(spec, code=""), tags, 5),
        replace(spec, code="", active=False),
    )


def edit(**changes: Any) -> Callable[[str], str]:
    return lambda text: json.dumps(json.loads(text) | changes)


BROKEN: dict[str, tuple[Callable[[str], str], str]] = {
    "cut": (lambda text: text[: len(text) // 2], "cut short or edited"),
    "cut to nothing": (lambda text: "", "cut short or edited"),
    "not JSON": (lambda text: "plan", "cut short or edited"),
    "too deep": (lambda text: "[" * 100_000, "cut short or edited"),
    "something else": (lambda text: '{"coupons": []}', "is no saved plan"),
    "a list": (lambda text: "[]", "is no saved plan"),
    "an older format": (edit(promosync_plan=FORMAT - 1), f"format {FORMAT - 1}"),
    "a newer format": (edit(promosync_plan=FORMAT + 1), f"format {FORMAT + 1}"),
    "another account": (edit(account="acct_other"), "checksum"),
    "fewer actions": (lambda text: edit(actions=json.loads(text)["actions"][1:])(text), "checksum"),
    "an entry of its own": (edit(extra=1), "checksum"),
    "no checksum": (edit(checksum=None), "checksum"),
    "one character": (lambda text: text.replace('"percent_off": "25"', '"percent_off": "95"'), "checksum"),
    "a key twice": (lambda text: text.replace("{", '{"owner": "me",', 1), "cut short or edited"),
    "no number": (lambda text: text.replace('"unchanged": 4', '"unchanged": NaN'), "cut short or edited"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_what_was_cut_or_edited_is_refused(how: str) -> None:
    """One error that names the file, the problem and what to do."""
    change, words = BROKEN[how]
    text = dump(saved(PLANS["recreates"]()))
    assert change(text) != text
    with pytest.raises(ProblemsFound) as found:
        load(change(text), "plan.json")
    [problem] = found.value.problems
    assert problem.message.startswith("plan.json ")
    assert words in problem.message
    assert "plan --out" in problem.hint


@pytest.mark.parametrize(
    "percent", ["1e999", "-1", "100.01", "NaN", "Infinity", "1e-999999", "0." + "1" * 400, "x", ""]
)
def test_a_percentage_that_is_none_is_refused(percent: str) -> None:
    """Also where the checksum was made again; nothing is computed with it."""
    hostile = forged(dump(saved(PLANS["recreates"]())), lambda plan: spoil(plan["actions"], percent))
    assert percent in hostile
    with pytest.raises(ProblemsFound, match="does not read as a plan"):
        load(hostile, "plan.json")


def spoil(actions: list[dict[str, Any]], percent: str) -> None:
    [one, *_] = [action for action in actions if "percent_off" in action.get("after", {})]
    one["after"]["percent_off"] = percent


def test_other_blanks_are_no_edit() -> None:
    """An editor may change the indentation: only the content counts."""
    assert load(json.dumps(a_plan()), "plan.json") == saved(PLANS["recreates"]())
