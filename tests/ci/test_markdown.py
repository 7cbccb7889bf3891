"""A plan as a comment: it fits, it keeps the important parts, and text from people is never markup."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from promosync.model.live import LiveCode
from promosync.model.problems import Problem
from promosync.model.promotions import Coupon, PromotionCode
from promosync.plan.exposure import Exposure
from promosync.plan.plan import Action, FieldChange, Kept, Kind, Plan, Verb
from promosync.render.markdown import COMMENT_LIMIT, code, marker
from promosync.render.plan_markdown import plan_markdown
from promosync.render.plan_text import counted
from promosync.render.problems import problems_markdown
from tests.render.plans import PACE, PLANS, TEST, moves, tags

NAME = "promosync.json"
OF_CODES = [verb for verb in Verb if verb is not Verb.DELETE]
INERT = re.compile(
    r"<!-- [\w ./-]+ -->|</details>|"
    r"<details( open)?><summary>[A-Za-z ]+: [\d,]+( \(moving [\d,]+ codes?\))?</summary>"
)
"""All the HTML there may be."""

EVIL = [
    "@octocat [x](https://evil.example) <img src=x onerror=alert(1)> #1 https://evil.example",
    "```\n</details>\n@octocat\n```",
    "````` ``` `a` | b | </summary>",
    "--> <script>alert(1)</script> <!--",
    "::error::spoof\n::add-mask::a ##[warning]b",
    "&lt;b&gt; \\` \\[ ~~~ \u202e $(id)",
]


def many(verb: Verb, count: int, text: str = "x") -> list[Action]:
    spec = PromotionCode(f"CODE{text}", "spring")
    before = None if verb is Verb.CREATE else LiveCode("promo_1", spec, tags("x"), 1)
    return [
        Action(verb, Kind.CODE, f"{verb}_{index:05}", f"why {text}", before=before, after=spec, tags=tags("x"))
        for index in range(count)
    ]


def plan_of(*actions: Action, **more: object) -> Plan:
    return Plan(TEST, "acme", actions, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", sorted(PLANS))
def test_every_plan_is_told(name: str) -> None:
    """Every id and reason of a plan that fits is in the comment, and the comment can be found again."""
    plan = PLANS[name]()
    text = plan_markdown(plan, PACE, NAME)
    assert text.startswith(marker(NAME) + "\n")
    if name == "hostile":
        return
    words = " ".join(text.split())
    named = [(action.id, action.reason) for action in plan.actions]
    named += [(batch.id, batch.reason) for batch in plan.batches]
    named += [(kept.id, kept.reason) for kept in plan.kept]
    for name_and_reason in named:
        assert all(part in words for part in name_and_reason)


def test_the_marker_depends_on_the_file_alone() -> None:
    """So that the same comment is edited with every plan, and also without a plan."""
    texts = [plan_markdown(PLANS[name](), PACE, NAME) for name in PLANS]
    texts.append(problems_markdown([(Problem((), "no"), None)], NAME))
    assert {text.splitlines()[0] for text in texts} == {marker(NAME)}
    assert marker("a/promosync.json") != marker("b/promosync.json")
    assert re.fullmatch(r"<!-- [\w ./-]+ -->", marker("--> <b>\n`x`"))


@pytest.mark.parametrize("name", sorted(PLANS))
def test_the_headline_is_text(name: str) -> None:
    """The counts are bold and stand before every block of code; what follows agrees with them."""
    plan = PLANS[name]()
    text = plan_markdown(plan, PACE, NAME)
    said = counted(plan, PACE)
    assert f"**{said}**" in text.partition("```")[0].split("\n\n")
    titles = re.findall(r"<summary>Recreated: (.*)</summary>", text)
    assert [f"{title.split(' ', 1)[0]} to recreate" for title in titles] == re.findall(r"[\d,]+ to recreate", said)
    assert all(re.findall(r"\(moving .*\)", title) == re.findall(r"\(moving .*?\)", said) for title in titles)


def test_what_is_done_has_a_colour() -> None:
    """In a diff block: created, removed and recreated objects, and each field that changes."""
    actions = [*many(Verb.CREATE, 1), *many(Verb.DEACTIVATE, 1), *many(Verb.UPDATE, 1)]
    actions[2] = replace(actions[2], changes=(FieldChange("metadata.a", "x", "- y"),))
    lines = plan_markdown(plan_of(*actions), PACE, NAME).splitlines()
    assert lines.count("```diff") == 3
    for start in ("+ promotion code create_0", "- promotion code deactivate_0", "! ~ promotion code update_0"):
        assert [line for line in lines if line.startswith(start)], start
    [changed] = [line for line in lines if "metadata.a" in line]
    assert changed.startswith("!     metadata.a")


def test_a_plan_for_a_sandbox_says_so_first() -> None:
    """A reader must not think that it is a plan for the account."""
    plan = PLANS["creates"]()
    first, said, *_ = plan_markdown(plan, PACE, NAME, sandbox=True).splitlines()
    assert first == marker(NAME)
    assert "sandbox, not for a Stripe account" in said
    assert "sandbox" not in plan_markdown(plan, PACE, NAME)


def test_codes_that_only_move_are_in_a_list_of_their_own() -> None:
    """Their coupon names the first; each has its block in a section that is folded, as far as there is room."""
    text = plan_markdown(moves(300), PACE, NAME)
    assert "\n      moves 300 codes: LETTER0, LETTER1 and 298 more; listed below\n" in text
    before, _, after = text.partition("<details><summary>Moved with their coupon: 300</summary>")
    assert "letter0" not in before
    assert all(f"! ± promotion code letter{index} " in after for index in range(300))
    assert "<details open><summary>Recreated: 1 (moving 345 codes)</summary>" in before
    assert all(name in before for name in ("costs_more", "waits", "comes_back", "from_elsewhere", "shorter"))
    many = plan_markdown(moves(5_000), PACE, NAME)
    assert len(many) <= COMMENT_LIMIT
    assert "more, which do not fit into a comment" in many.partition("Moved with their coupon: 5,000")[2]


def test_what_takes_away_is_kept_when_the_rest_is_cut() -> None:
    """Of ten thousand creations some are only counted; each removal and each recreate is shown completely."""
    actions = [*many(Verb.CREATE, 10_000), *many(Verb.DEACTIVATE, 30), *many(Verb.RECREATE, 30)]
    text = plan_markdown(plan_of(*actions), PACE, NAME)
    assert len(text) <= COMMENT_LIMIT
    for verb in (Verb.DEACTIVATE, Verb.RECREATE):
        for index in range(30):
            assert f"{verb}_{index:05}" in text
    assert text.count("why x") >= 60
    shown = text.count("create_0") - text.count("recreate_0")
    assert 100 < shown < 10_000
    assert f"… and {10_000 - shown:,} more" in text


def test_too_many_removals_leave_room_for_recreates() -> None:
    """Both are named one line each as far as there is room, and the rest of both is counted."""
    actions = [*many(Verb.DEACTIVATE, 5_000, "y" * 50), *many(Verb.RECREATE, 5_000, "y" * 50)]
    text = plan_markdown(plan_of(*actions), PACE, NAME)
    assert len(text) <= COMMENT_LIMIT
    assert text.count(" deactivate_") + text.count(" recreate_") > 500
    assert text.count("more, which do not fit") == 2
    assert min(text.count(" deactivate_"), text.count(" recreate_")) > 200


@settings(max_examples=30, deadline=None)
@given(
    counts=st.dictionaries(st.sampled_from(OF_CODES), st.integers(0, 3_000)),
    text=st.sampled_from(["x", "`" * 40, "💸" * 30, "`💸" * 20]),
)
def test_no_plan_is_too_long(counts: dict[Verb, int], text: str) -> None:
    actions = [action for verb, count in counts.items() for action in many(verb, count, text)]
    made = plan_of(*actions, kept=tuple(Kept(Kind.CODE, f"k{index}", text) for index in range(50)))
    assert len(plan_markdown(made, PACE, NAME)) <= COMMENT_LIMIT


def test_errors_fit_too() -> None:
    problems = [(Problem((), f"number {index} `" + "x" * 200), None) for index in range(2_000)]
    text = problems_markdown(problems, NAME)
    assert len(text) <= COMMENT_LIMIT
    assert "2,000 errors" in text
    assert "more lines" in text


@pytest.mark.parametrize("evil", EVIL)
def test_text_from_people_does_nothing(evil: str) -> None:
    """All of it is in code: no link, no HTML, no mention outside, and no block ends early."""
    spec = Coupon(Decimal(10), name=evil, metadata={evil: evil})
    action = Action(Verb.CREATE, Kind.COUPON, evil, evil, after=spec, tags=tags("x"), warnings=(evil,))
    moved = Action(Verb.RECREATE, Kind.COUPON, evil, evil, after=spec, tags=tags("x"), riding=2, new_id=evil)
    change = FieldChange(f"metadata.{evil}", evil, evil, forces_recreate=True)
    moved = replace(moved, changes=(change,))
    exposed = (Exposure(evil, (), 1, {"usd": 100}),)
    plan = plan_of(action, moved, kept=(Kept(Kind.CODE, evil, evil),), brakes=(evil,), exposed=exposed)
    plan = replace(plan, owner=evil, account=replace(TEST, id=evil))
    inert(plan_markdown(plan, PACE, f"{evil}.json"), evil)
    inert(problems_markdown([(Problem((), evil, evil), None)], evil), evil)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="`|~<>&@[]()*_#\\-! \na1:/.", max_size=40))
def test_no_text_leaves_its_code(evil: str) -> None:
    spec = Coupon(Decimal(10), name=evil, metadata={"k": evil})
    action = Action(Verb.CREATE, Kind.COUPON, "x", f"r {evil}", after=spec, tags=tags("x"))
    inert(plan_markdown(replace(plan_of(action), owner=evil), PACE, NAME), evil)


def inert(text: str, evil: str) -> None:
    """Parse as GitHub would and look at all that is not code."""
    outside = []
    for token in MarkdownIt("gfm-like", {"linkify": False}).parse(text):
        if token.type == "html_block":
            assert INERT.fullmatch(token.content.strip()), token.content
        for inner in token.children or ():
            assert inner.type in {"text", "code_inline", "softbreak", "strong_open", "strong_close"}, inner
            if inner.type == "text":
                outside.append(inner.content)
    said = " ".join(outside)
    assert "@" not in said
    assert "http" not in said
    assert "evil" not in said


def test_inline_code_keeps_every_backtick() -> None:
    for text in ("a", "`", "``a", "a`b``c", " "):
        [inline] = [token for token in MarkdownIt().parse(code(text)) if token.type == "inline"]
        [inner] = inline.children or []
        assert (inner.type, inner.content) == ("code_inline", text)
