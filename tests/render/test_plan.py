"""Plans read as the cases show: text for two widths, JSON with the same facts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from promosync.model.live import LiveCode
from promosync.model.ownership import Tags
from promosync.model.promotions import PromotionCode
from promosync.plan.plan import Action, Kind, Plan, Verb
from promosync.render.facts import Pace, seconds
from promosync.render.plan_entries import SYMBOL
from promosync.render.plan_json import plan_json
from promosync.render.plan_text import duration, plan_text, summary_text
from promosync.render.visible import visible
from tests.render.plans import CASES, PACE, PLANS, TEST, WIDTHS, adoptions, moves, renderings, text_of


@pytest.mark.parametrize(
    ("path", "content"), [pytest.param(*one, id=one[0].name) for name in PLANS for one in renderings(name)]
)
def test_a_plan_reads_as_its_case_shows(path: Path, content: str) -> None:
    """What a plan looks like is decided in a review of these files; `python -m tests.render.plans` writes them."""
    assert content == path.read_text(encoding="utf-8")


def test_every_case_has_a_plan() -> None:
    """Every file of a case belongs to a plan."""
    assert {path for name in PLANS for path, _ in renderings(name)} == set(CASES.iterdir())


@pytest.mark.parametrize("name", sorted(set(PLANS) - {"hostile", "wide"}))
def test_eighty_columns_are_enough(name: str) -> None:
    """Only what cannot be broken, such as a long value, is longer than the terminal is wide."""
    for width in WIDTHS:
        assert max(line.cell_len for line in plan_text(PLANS[name](), width, PACE)) <= width


@pytest.mark.parametrize("width", [1, 20, 40, 79, 300])
def test_no_width_loses_a_word(width: int) -> None:
    """The words are the same whatever the width: nothing is cropped, no word is cut in two."""
    for make in PLANS.values():
        assert text_of(plan_text(make(), width, PACE)).split() == text_of(plan_text(make(), 80, PACE)).split()


def test_text_and_json_tell_the_same() -> None:
    """Every id, reason and warning of the JSON is in the text in full."""
    for name in set(PLANS) - {"hostile", "wide"}:
        text = " ".join(text_of(plan_text(PLANS[name](), 160, PACE, verbose=True)).split())
        document = plan_json(PLANS[name](), PACE)
        for action in (*document["actions"], *document["batches"]):
            assert action["id"] in text
            assert action["reason"] in text
            for warning in action["warnings"]:
                assert warning in text
            for change in action["changes"]:
                assert change["field"] in text or change["field"] in ("name", "code")


def test_codes_that_only_move_are_one_line() -> None:
    """300 of them fit on one screen; a code that changes in other fields has its own entry; --verbose lists all."""
    plan = moves(300)
    lines = [line.plain for line in plan_text(plan, 80, PACE)]
    assert len(lines) < 60
    assert "      moves 300 codes: LETTER0, LETTER1 and 298 more; --verbose lists them" in lines
    assert "      45 more codes move with it, text unchanged" in lines
    entries = [line.split()[3] for line in lines if " promotion code " in line]
    assert entries == ["costs_more", "waits", "comes_back", "from_elsewhere", "shorter"]
    full = [line.plain for line in plan_text(plan, 80, PACE, verbose=True)]
    assert sum(" promotion code " in line for line in full) == 305
    assert "      345 codes move with it, text unchanged" in full
    assert lines[-3:] == full[-3:], "the counts do not depend on what is listed"


def test_verbose_lists_what_is_left_alone() -> None:
    """Without it, ten are listed and the rest is counted."""
    plan = adoptions()
    lines = [line.plain for line in plan_text(plan, 80, PACE)]
    assert "  and 2 more; --verbose lists them" in lines
    full = text_of(plan_text(plan, 80, PACE, verbose=True))
    assert all(f"promotion code {one.id}: " in full for one in plan.kept)


@pytest.mark.parametrize("name", sorted(PLANS))
def test_a_summary_is_the_last_lines(name: str) -> None:
    """It ends as the plan ends, and no warning and no safety check is missing from it."""
    plan = PLANS[name]()
    whole = [line.plain for line in plan_text(plan, 80, PACE)]
    lines = [line.plain for line in summary_text(plan, 80, PACE)]
    told = [warning for one in plan.actions for warning in one.warnings]
    told += [warning for batch in plan.batches for warning in batch.warnings]
    last = lines[next(at for at, line in enumerate(lines) if line.startswith(("Plan: ", "No changes."))) :]
    assert whole[-len(last) :] == last
    said = " ".join(" ".join(lines).split())
    assert all(" ".join(visible(warning).split()) in said for warning in (*told, *plan.brakes))
    assert said.count("! more generous: ") == len(told)


def test_hostile_text_stays_text() -> None:
    """No escape sequence, no change of direction, no line break and no blank of no width gets to the terminal."""
    for width in WIDTHS:
        for line in plan_text(PLANS["hostile"](), width, PACE):
            assert line.plain.isprintable()
            assert "[red]" in line.plain or "\\" in line.plain or "[/x]" not in line.plain
            assert not any(str(span.style) == "red" for span in line.spans if "[red]" in line.plain)


def test_the_facts_are_json() -> None:
    """Percentages are numbers, unset fields are null, and the document can be written and read without a change."""
    document = plan_json(PLANS["recreates"](), PACE)
    assert json.loads(json.dumps(document)) == document
    [percent, *_] = document["actions"][0]["changes"]
    assert percent == {"field": "percent_off", "before": 20, "after": 25, "forces_recreate": True}
    assert document["actions"][0]["left"] == 113
    assert document["summary"]["recreate"] == 3
    assert document["summary"]["moving"] == 2
    assert plan_json(PLANS["creates"](), PACE)["actions"][0]["changes"][0]["after"] == 12.5


def test_a_unique_code_is_not_named() -> None:
    """Anybody who reads a log could use it: no code is in the text or the JSON."""
    tags = Tags(owner="acme", id="vip", slot="7")
    spec = PromotionCode("SECRET-7", "spring")
    plan = Plan(
        TEST,
        "acme",
        (
            Action(Verb.CREATE, Kind.CODE, "vip", "it is not in Stripe", after=spec, tags=tags),
            Action(Verb.RETIRE, Kind.CODE, "vip", "old", before=LiveCode("promo_1", spec, tags, 1), after=spec),
        ),
    )
    assert "SECRET" not in text_of(plan_text(plan, 80, PACE))
    assert "SECRET" not in json.dumps(plan_json(plan, PACE))


def test_every_verb_has_its_own_words() -> None:
    """Symbols may be alike; the verb is always written, so that colour and symbol carry no meaning alone."""
    for verb in Verb:
        action = Action(verb, Kind.COUPON, "x", "why")
        if (Kind.COUPON, verb) != (Kind.COUPON, Verb.DEACTIVATE):  # coupons are deleted
            lines = text_of(plan_text(Plan(TEST, "acme", (action,)), 80, PACE))
            assert f"  {SYMBOL[verb]} coupon x\n      {verb}: why" in lines
            assert f"1 to {verb}" in lines


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (0.2, "less than a second"),
        (1, "about 1 second"),
        (89, "about 89 seconds"),
        (90, "about 2 minutes"),
        (500, "about 8 minutes"),
        (7200, "about 2 hours"),
    ],
)
def test_a_length_of_time_is_rough(given: float, said: str) -> None:
    """Nobody needs to know it to the second."""
    assert duration(given) == said


def test_the_busiest_endpoint_sets_the_time() -> None:
    """10,000 creates take 500 seconds at 20 a second, however many may go out in all."""
    batch = PLANS["batches"]().batches[0]
    plan = Plan(TEST, "acme", batches=(batch,))
    assert seconds(plan, Pace(20.0, 80.0)) == 500
    assert seconds(plan, Pace(20.0, 10.0)) == plan.requests / 10
