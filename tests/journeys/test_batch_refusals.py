"""Errors of a batch are reported before any write, all at once, with their place and without a code's text."""

from __future__ import annotations

from pathlib import Path

import pytest

from promosync.model.problems import ProblemsFound
from promosync.plan.planner import Policy
from promosync.workflows import plan as planning

from .batch_shop import Shop, batch, mailed, one, printed, shop_file, some
from .world import DAY, Json, World, code, configured


@pytest.fixture
def shop(world: World, tmp_path: Path) -> Shop:
    return Shop(world, tmp_path)


def small(count: int, id: str = "vip", length: int = 3) -> Json:
    """A batch in a space of 64 codes."""
    return batch(id, generate={"count": count, "length": length, "charset": "ABCD"}, allow_guessable=True)


def test_a_full_space_is_drawn_to_its_last_code(shop: Shop) -> None:
    """1,024 of 1,024."""
    shop.settle(shop_file(small(1000, length=5)))
    shop.settle(shop_file(small(1024, length=5)))
    assert len(shop.working()) == 1024
    [problem] = shop.problems(shop_file(small(1025, length=5)))
    assert problem.rule == "codes-capacity"


def test_what_others_have_in_the_space_is_not_there_for_a_batch(shop: Shop) -> None:
    shop.world.dashboard.call("post", "/v1/coupons", id="theirs", percent_off=5, duration="once")
    promotion = {"type": "coupon", "coupon": "theirs"}
    shop.world.dashboard.call("post", "/v1/promotion_codes", promotion=promotion, code="abc")
    [problem] = shop.problems(shop_file(small(63), codes=[code("single", "AAA")]))
    assert "63 codes are needed but only 64 are possible, 2 of them taken already" in problem.message
    shop.settle(shop_file(small(62), codes=[code("single", "AAA")]))
    assert not {"abc", "aaa"} & {text.lower() for text in shop.working()}


def test_two_batches_that_draw_from_one_space_must_fit_together(shop: Shop) -> None:
    problems = shop.problems(shop_file(small(40), small(40, "other")))
    assert [(problem.rule, problem.path[1]) for problem in problems] == [("codes-capacity", 0), ("codes-capacity", 1)]
    shop.settle(shop_file(small(40), small(24, "other")))
    assert len(shop.working() | shop.working("other")) == 64
    [problem] = shop.problems(shop_file(small(41), small(24, "other")))
    assert (problem.rule, problem.path[1]) == ("codes-capacity", 0)


def test_two_batches_that_draw_from_one_space_are_guessed_together(shop: Shop) -> None:
    """One code in 10,000 is the limit: 26**4 codes are room enough for 40 of them, not for 80."""
    generate = {"count": 40, "length": 4, "charset": "alphabetic"}
    shop.settle(shop_file(batch("a", generate=generate)))
    [problem] = shop.problems(shop_file(batch("a", generate=generate), batch("b", generate=generate)))
    assert (problem.rule, problem.path[1]) == ("codes-guessable", 1)
    assert "40 of 456,976 possible codes, beside 40 of others, are easy to guess" in problem.message


def test_withdrawn_texts_are_not_given_to_others_and_that_is_counted(shop: Shop) -> None:
    """Only four codes are possible: four addresses get them; four further addresses are an error before any write."""
    shop.write("mail.csv", *(f"a{n}@example.com" for n in range(4)))
    space = {"emails": "mail.csv", "length": 1, "charset": "ABCD", "missing_customer": "create"}
    content = shop_file({"id": "mail", "coupon": "spring", "generate": space, "allow_guessable": True})
    shop.settle(content)
    shop.write("mail.csv", *(f"b{n}@example.com" for n in range(4)))
    [problem] = shop.problems(content)
    assert problem.rule == "codes-capacity"


def test_an_enormous_count_is_refused_at_once(shop: Shop) -> None:
    [problem] = shop.problems(shop_file(batch(count=10**9)))
    assert problem.rule == "codes-guessable"


def test_every_conflict_of_a_printed_file_is_told_by_its_line_and_holder(shop: Shop) -> None:
    shop.settle(shop_file(batch()))
    unique = some(shop.working(), 1)[0]
    shop.world.dashboard.call("post", "/v1/coupons", id="theirs", percent_off=5, duration="once")
    promotion = {"type": "coupon", "coupon": "theirs"}
    foreign = shop.world.dashboard.call("post", "/v1/promotion_codes", promotion=promotion, code="FOREIGN")
    shop.write("print.csv", "code", "Fine", "foreign", unique.lower(), "Good")
    problems = shop.problems(shop_file(batch(), printed()))
    assert [problem.message for problem in problems] == [
        f"print.csv, line 3: the code is in use by the active code {foreign['id']}",
        "print.csv, line 4: the code is in use by batch 'vip'",
    ]
    assert {problem.path for problem in problems} == {("code_batches", 1, "import", "file")}
    shop.world.dashboard.call("post", f"/v1/promotion_codes/{foreign['id']}", active=False)
    shop.write("print.csv", "code", "Fine", "foreign", "Good")
    shop.settle(shop_file(batch(), printed()))
    assert shop.working("print") == {"Fine", "foreign", "Good"}


def test_every_bad_line_of_every_file_is_in_one_report(shop: Shop) -> None:
    shop.write("mail.csv", "ann@example.com", "no address", "ANN@example.com")
    shop.write("print.csv", "Code1", "Bad code", "code1", "WELCOME")
    shop.write("more.csv", "Other", "CODE1")
    content = shop_file(mailed(), printed(), printed("more", "more.csv"), codes=[code()])
    messages = [problem.message for problem in shop.problems(content)]
    assert messages == [
        "mail.csv, line 2: this is no email address.",
        "mail.csv, line 3: the same address as on line 1, regardless of case.",
        "print.csv, line 2: the code has characters that Stripe does not take: it may have letters, digits, - and _.",
        "print.csv, line 3: the same code as on line 1, regardless of case.",
    ]
    shop.write("mail.csv", "ann@example.com")
    shop.write("print.csv", "Code1", "WELCOME")
    assert [problem.message for problem in shop.problems(content)] == [
        "print.csv, line 2: the code is also that of the promotion code 'welcome'",
        "more.csv, line 2: the code is also that of the batch 'print'",
    ]


@pytest.mark.parametrize("link", ["outside.csv", "sub/outside.csv"])
def test_a_file_outside_the_folder_is_not_read_not_even_through_a_link(shop: Shop, link: str) -> None:
    secret = shop.folder / "secret.csv"
    secret.write_text("SECRET\n")
    inside = Shop(shop.world, shop.folder / "config")
    (inside.folder / "sub").mkdir(parents=True)
    (inside.folder / link).symlink_to(secret)
    [problem] = inside.problems(shop_file(printed(file=link)))
    assert "leads outside" in problem.message
    assert "SECRET" not in problem.message


def test_a_printed_code_may_move_from_one_file_to_another_in_two_steps(shop: Shop) -> None:
    shop.write("print.csv", "Code1", "Code2")
    shop.settle(shop_file(printed()))
    shop.write("print.csv", "Code1")
    shop.write("more.csv", "Code2")
    [problem] = shop.problems(shop_file(printed(), printed("more", "more.csv")))
    assert problem.message == "more.csv, line 1: the code is in use by batch 'print'"
    shop.settle(shop_file(printed()))
    shop.settle(shop_file(printed(), printed("more", "more.csv")))
    assert shop.working("more") == {"Code2"}


def test_a_date_too_far_ahead_is_told_before_the_first_write(shop: Shop) -> None:
    """If the configuration was read long before the plan, Stripe's clock decides."""
    content = shop_file(batch(expires_at="2031-12-01T00:00:00Z"))
    configuration = configured(content, shop.world.now)
    planning.make(configuration, shop.world.stripe, Policy())
    shop.world.control.advance(-400 * DAY)
    with pytest.raises(ProblemsFound) as raised:
        planning.make(configuration, shop.world.stripe, Policy())
    assert [problem.rule for problem in raised.value.problems] == ["too-far-ahead"]


def test_the_brakes_count_codes(shop: Shop) -> None:
    shop.settle(shop_file(batch(count=20)))
    plan = shop.plan(shop_file(batch(count=10)))
    assert one(plan).withdrawn == 10
    assert "10 of 21 objects" in plan.brakes[0]
