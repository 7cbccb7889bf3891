"""`validate` with its warnings, and `explain`, as somebody meets them at the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import SHOP, Cli, changed, write

GOOD = {
    "coupons": [{"id": "a", "name": "Spring", "percent_off": 20, "duration": "once", "max_redemptions": 10}],
    "promotion_codes": [{"id": "c", "code": "SPRING", "coupon": "a"}],
}
BAD = {
    "coupons": [{"id": "a", "name": "Spring", "percent_off": 100, "duration": "forever", "max_redemptions": 10}],
    "promotion_codes": [{"id": "c", "code": "SPRING", "coupon": "a"}],
}


@pytest.mark.parametrize("options", [[], ["--strict"]])
def test_a_file_without_warnings(cli: Cli, options: list[str]) -> None:
    """Nothing is said but that it is valid."""
    write(GOOD)
    result = cli("validate", *options)
    assert (result.code, result.err) == (0, "")
    assert result.out == "promosync.json is valid: 1 coupon, 1 promotion code.\n"


def test_a_warning_is_one_line_with_its_place_and_its_rule(cli: Cli) -> None:
    """An editor jumps to it; the file is valid all the same."""
    write(BAD)
    result = cli("validate")
    assert result.code == 0
    assert result.out == "promosync.json is valid: 1 coupon, 1 promotion code.\n"
    warning, hint = result.err.splitlines()
    assert warning.startswith("promosync.json:7:19 coupons[0].duration: warning[free-forever]: 100 % off for ever")
    assert "promosync explain RULE" in hint


def test_strict_makes_an_error_of_it(cli: Cli) -> None:
    """Exit 1, the word says so, and the file is not called valid."""
    write(BAD)
    result = cli("validate", "--strict")
    assert (result.code, result.out) == (1, "")
    assert "coupons[0].duration: error[free-forever]: " in result.err


@pytest.mark.parametrize(("options", "code", "key"), [([], 0, "warnings"), (["--strict"], 1, "errors")])
def test_json_has_the_same(cli: Cli, options: list[str], code: int, key: str) -> None:
    """The format changes no exit code."""
    write(BAD)
    result = cli("validate", "--format", "json", *options)
    assert result.code == code
    document = result.json
    (told,) = document[key]
    assert (told["rule"], told["path"], told["line"], told["column"]) == (
        "free-forever",
        "coupons[0].duration",
        7,
        19,
    )
    assert told["message"]
    assert told["hint"]
    assert document[{"warnings": "errors", "errors": "warnings"}[key]] == []
    assert document["format_version"] == 1


def test_a_switch_with_a_reason(cli: Cli) -> None:
    """A rule that was switched off reports nothing; --strict succeeds."""
    write({**BAD, "promosync": {"lint": {"free-forever": "agreed with finance"}}})
    result = cli("validate", "--strict")
    assert (result.code, result.err) == (0, "")


def test_a_switch_without_a_reason_or_a_rule_is_refused(cli: Cli) -> None:
    """An empty reason is not accepted, and a misspelt rule switches nothing off."""
    write({**BAD, "promosync": {"lint": {"free-forever": " "}}})
    assert "with a reason" in cli("validate").err
    write({**BAD, "promosync": {"lint": {"free-for-ever": "agreed"}}})
    result = cli("validate", "--format", "json")
    assert result.code == 1
    (error,) = result.json["errors"]
    assert (error["rule"], error["path"]) == ("unknown-rule", "promosync.lint.free-for-ever")
    assert error["hint"] == 'did you mean "free-forever"?'


def test_a_budget_is_checked_against_the_files_of_batches(cli: Cli) -> None:
    """The lines of an import count as uses."""
    Path("codes.csv").write_text("GOOD1\nGOOD2\nGOOD3\n", encoding="utf-8")
    document = {
        "promosync": {"max_exposure": {"USD": 299}},
        "coupons": [{"id": "a", "name": "One", "amount_off": 100, "currency": "usd", "duration": "once"}],
        "code_batches": [{"id": "b", "coupon": "a", "import": {"file": "codes.csv"}}],
    }
    write(document)
    assert "warning[over-budget]: up to 3.00 USD can be given away; 2.99 USD are allowed" in cli("validate").err


@pytest.mark.parametrize("budget", [{"xyz": 1}, {"usd": 0}, {"usd": "1"}, {"usd": 1, "USD": 2}, {}, {"usd": 1.5}])
def test_a_budget_that_is_none_is_refused(cli: Cli, budget: dict[str, object]) -> None:
    """Its currencies are known and appear once, its amounts are whole numbers above 0."""
    write({**GOOD, "promosync": {"max_exposure": budget}})
    result = cli("validate", "--format", "json")
    assert result.code == 1
    assert all(error["path"].startswith("promosync.max_exposure") for error in result.json["errors"])


def test_text_from_the_file_is_no_markup(cli: Cli) -> None:
    """Text of the file in a warning cannot move the cursor or change the colour."""
    coupon = {"id": "a", "percent_off": 5, "duration": "once", "stripe_id": "[red]\u202e\u001b[31m"}
    write({"coupons": [coupon]})
    result = cli("validate")
    assert result.code == 0
    assert "[red]" in result.err
    assert all(line.isprintable() for line in result.err.splitlines())


def test_plan_and_apply_do_not_lint(cli: Cli) -> None:
    """A warning does not stop a plan or an apply."""
    write(BAD)
    assert "warning" not in cli("plan", "--sandbox").err


def test_explain_prints_the_page_of_a_rule(cli: Cli) -> None:
    """In any case, to stdout, nothing else."""
    result = cli("explain", "No-Limit")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("# no-limit: ")
    assert "## What to do" in result.out
    assert result.out == cli("explain", "no-limit").out


def test_explain_knows_the_rule_of_every_error(cli: Cli) -> None:
    """`explain` knows the rule of every error in JSON."""
    write(changed(coupons=[{**SHOP["coupons"][0], "percent_off": 120}], promotion_codes=[]))
    (error,) = cli("validate", "--format", "json").json["errors"]
    assert cli("explain", error["rule"]).out.startswith(f"# {error['rule']}: ")


def test_explain_without_a_rule_lists_all(cli: Cli) -> None:
    """One line each."""
    lines = cli("explain").out.splitlines()
    assert len(lines) > 60
    known = [line.split()[0] for line in lines]
    assert len(set(known)) == len(known)
    assert {"no-limit", "over-budget", "bad-date"} <= set(known)


def test_explain_guesses_what_was_meant(cli: Cli) -> None:
    """Exit 1, and the nearest id."""
    result = cli("explain", "overbudget")
    assert (result.code, result.out) == (1, "")
    assert 'did you mean "over-budget"?' in result.err
    assert "promosync explain lists them all" in cli("explain", "qqqqqq").err


def test_the_starter_file_has_few_warnings(cli: Cli) -> None:
    """The starter file of init has at most warnings about limits and sources."""
    assert cli("init", "fresh").code == 0
    document = json.loads(cli("validate", "fresh/promosync.json", "--format", "json").out)
    assert {warning["rule"] for warning in document["warnings"]} <= {"no-limit"}
