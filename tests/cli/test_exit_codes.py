"""Every row of the table of exit codes, and that no format changes one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from promosync.apply.outcome import Outcome, Report, Status
from promosync.cli.apply import exit_code
from promosync.cli.progress import ProgressDisplay
from tests.cli.conftest import Cli, changed, write
from tests.render.plans import PLANS

FORMATS = pytest.mark.parametrize("output", ["text", "json"])


@FORMATS
def test_done_is_zero(cli: Cli, output: str) -> None:
    """A valid file, a plan, an apply and a second apply are all well."""
    for command in (
        ["validate"],
        ["plan", "--sandbox"],
        ["apply", "--sandbox", "--yes"],
        ["apply", "--sandbox"],
        ["plan", "--sandbox", "--detailed-exitcode"],
    ):
        assert cli(*command, "--format", output).code == 0


@FORMATS
def test_changes_are_two_when_asked_for(cli: Cli, output: str) -> None:
    """Without the flag a plan with changes is 0, with it 2."""
    assert cli("plan", "--sandbox", "--format", output).code == 0
    assert cli("plan", "--sandbox", "--format", output, "--detailed-exitcode").code == 2


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["bogus"],
        ["plan", "--bogus"],
        ["plan", "a.json", "b.json"],
        ["plan", "--format", "xml"],
        ["plan", "--rps", "0"],
        ["plan", "--rps", "nan"],
        ["plan", "--rps", "many"],
        ["plan", "--target"],
        ["apply", "--max-minutes", "-1"],
        ["sandbox"],
        ["sandbox", "redeem"],
        ["plan", "--sandbox", "--api-base", "http://127.0.0.1:1"],
        ["plan", "--api-key", "sk_test_1234"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_one(cli: Cli, command: list[str]) -> None:
    """Exit 1 and not Typer's 2, which means changes here; the message is on stderr."""
    result = cli(*command)
    assert result.code == 1
    assert result.out == ""
    assert result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize("output", [["--format", "json"], ["--format=json"]])
def test_wrong_usage_is_json_where_json_is_asked_for(cli: Cli, output: list[str]) -> None:
    """A program that reads stdout gets the reason there, too."""
    [error] = cli("plan", "--bogus", *output).json["errors"]
    assert error["rule"] == "usage"
    assert "--bogus" in error["message"]


@FORMATS
@pytest.mark.parametrize(
    ("command", "env"),
    [
        (["validate", "nowhere.json"], {}),
        (["plan"], {}),
        (["plan"], {"STRIPE_API_KEY": "pk_test_12345678"}),
        (["plan"], {"STRIPE_API_KEY": "sk_live_12345678"}),
        (["plan"], {"STRIPE_API_KEY": "sk_test_12345678", "STRIPE_API_BASE": "http://example.com"}),
        (["plan"], {"STRIPE_API_KEY": "sk_test_12345678", "PROMOSYNC_LIVE": "perhaps"}),
        (["plan", "--sandbox", "--target", "nobody"], {}),
        (["apply", "--sandbox"], {}),
    ],
)
def test_errors_are_one(cli: Cli, command: list[str], env: dict[str, str], output: str) -> None:
    """Every error is exit 1, with a message on stderr, and with JSON also a document."""
    result = cli(*command, "--format", output, env=env)
    assert result.code == 1
    assert result.err.splitlines()[-1].strip()
    assert "error: " in result.err
    assert "Traceback" not in result.err
    if output == "json":
        errors = result.events[-1]["errors"]
        assert errors
        assert all(error["message"] and error["rule"] for error in errors)


def test_a_missing_product_is_found_before_the_first_write(cli: Cli) -> None:
    """All problems of a plan are reported at once, with their place in the file."""
    coupons = [
        {"id": name, "percent_off": 10, "duration": "once", "applies_to": [f"no_{name}"]} for name in ("a", "b")
    ]
    write(changed(coupons=[*changed()["coupons"], *coupons]))
    result = cli("apply", "--sandbox", "--yes", "--format", "json")
    assert result.code == 1
    assert {error["path"] for error in result.json["errors"]} == {
        "coupons[2].applies_to",
        "coupons[3].applies_to",
    }
    assert all(error["line"] for error in result.json["errors"])
    assert not cli("plan", "--sandbox", "--target", "spring", "--format", "json").json["ours"]


def test_the_end_of_an_apply_decides() -> None:
    """Interrupted is 130, a failure 1, out of time 3, and out of time with a failure is still a failure."""
    action = PLANS["creates"]().actions[0]
    done, partial, failed, skipped = (Outcome(action, status) for status in Status)
    assert exit_code(Report((done,))) == 0
    assert exit_code(Report((done, failed))) == 1
    assert exit_code(Report((done, skipped), stopped="time")) == 3
    assert exit_code(Report((done, partial), stopped="time")) == 3
    assert exit_code(Report((failed, skipped), stopped="time")) == 1
    assert exit_code(Report((done, failed, skipped), stopped="interrupted")) == 130


def test_what_was_skipped_is_no_progress() -> None:
    """After an interruption, the message does not say that the skipped changes are done."""
    plan = PLANS["creates"]()
    quiet: Any = SimpleNamespace(json=False)
    progress = ProgressDisplay(quiet, plan, quiet)
    for status in (Status.DONE, Status.FAILED, Status.SKIPPED):
        progress.ended(Outcome(plan.actions[0], status))
    assert progress._counts() == (2, 1), "done and failed were dealt with, skipped was not"


@FORMATS
def test_out_of_time_is_three(cli: Cli, output: str) -> None:
    """Nothing was started, nothing is broken, and the next run continues."""
    result = cli("apply", "--sandbox", "--yes", "--max-minutes", "0.000001", "--format", output)
    assert result.code == 3
    assert cli("apply", "--sandbox", "--yes", "--format", output).code == 0
    assert cli("plan", "--sandbox", "--detailed-exitcode").code == 0
