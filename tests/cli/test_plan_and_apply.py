"""Plan and apply against the local sandbox: questions, errors, and the streams of each output."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from promosync.cli import run
from promosync.sandbox import Control
from promosync.sandbox.core import Sandbox
from tests.cli.conftest import SHOP, Cli, changed, write

SANDBOX = Path(".promosync", "sandbox.db")


@pytest.fixture(autouse=True, params=[run.LARGE, 0], ids=["", "read beside"])
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run every test also with a file that is checked while the account is read, like a large file."""
    monkeypatch.setattr(run, "LARGE", request.param)


def dump() -> dict[str, list[dict[str, object]]]:
    sandbox = Sandbox(SANDBOX)
    try:
        return Control.of(sandbox).dump()
    finally:
        sandbox.close()


def writes() -> int:
    sandbox = Sandbox(SANDBOX)
    try:
        return int(Control.of(sandbox).counters()["writes"])
    finally:
        sandbox.close()


def test_the_story(cli: Cli) -> None:
    """Planned, applied, planned again: the second time there is nothing to do, and nothing is written."""
    planned = cli("plan", "--sandbox")
    assert "Plan: 4 to create. 4 requests" in planned.out
    assert writes() == 0
    assert "Apply: 4 done." in cli("apply", "--sandbox", "--yes").out
    assert {code["code"] for code in dump()["promotion_codes"]} == {"LAUNCH20", "INSIDER"}
    before = writes()
    again = cli("apply", "--sandbox", "--yes")
    assert "No changes. 4 entries of the file are in Stripe as written." in again.out
    assert "Apply:" not in again.out
    assert writes() == before


def test_a_recreate_keeps_the_count(cli: Cli) -> None:
    """Redemptions carry over, as the plan says, and the customer's code works on."""
    cli("apply", "--sandbox", "--yes")
    assert "Redeemed LAUNCH20 37 times." in cli("sandbox", "redeem", "LAUNCH20", "--times", "37").out
    coupons = [{**SHOP["coupons"][0], "percent_off": 25}, SHOP["coupons"][1]]
    write(changed(coupons=coupons))
    planned = cli("plan", "--sandbox").out
    assert "percent_off  20 % → 25 %   forces recreate" in planned
    assert "100 redemptions allowed, of which 37 used: 63 left" in planned
    assert "! more generous: a larger discount: 20 % to 25 %" in planned
    assert "Plan: 1 to recreate (moving 1 code)." in planned
    assert cli("apply", "--sandbox", "--yes").code == 0
    [spring] = [coupon for coupon in dump()["coupons"] if str(coupon["id"]).startswith("spring")]
    assert (spring["id"], spring["max_redemptions"]) == ("spring_r2", 63)
    assert "Redeemed" in cli("sandbox", "redeem", "LAUNCH20").out
    assert cli("plan", "--sandbox", "--detailed-exitcode").code == 0


def test_many_codes_that_move_are_one_line(cli: Cli) -> None:
    """In the plan, and in what apply shows before it asks; --verbose lists each, in both."""
    codes = [{"id": f"letter{index}", "code": f"LETTER{index}", "coupon": "spring"} for index in range(30)]
    write(changed(promotion_codes=codes))
    cli("apply", "--sandbox", "--yes")
    coupons = [{**SHOP["coupons"][0], "percent_off": 15}, SHOP["coupons"][1]]
    write(changed(coupons=coupons, promotion_codes=codes))
    line = "      moves 30 codes: LETTER0, LETTER1 and 28 more; --verbose lists them\n"
    full = cli("plan", "--sandbox", "--verbose").out
    assert full.count("± promotion code") == 30
    assert "--verbose" not in full
    assert cli("apply", "--sandbox", "--verbose").out == full
    short = cli("plan", "--sandbox").out
    assert line in short
    assert "± promotion code" not in short
    summary = cli("plan", "--sandbox", "--summary").out
    assert summary.startswith("Plan: 1 to recreate (moving 30 codes).")
    assert short.endswith(summary)
    applied = cli("apply", "--sandbox", "--yes").out
    assert applied.startswith(short)
    assert "Apply: 31 done." in applied


@pytest.mark.parametrize("more", [["--verbose"], ["--format", "json"], ["--format", "markdown"]], ids=" ".join)
def test_a_summary_is_text_alone(cli: Cli, more: list[str]) -> None:
    """JSON has separate fields for the counts, and Markdown folds long parts."""
    result = cli("plan", "--sandbox", "--summary", *more)
    assert result.code == 1
    assert "--summary" in result.err


def test_without_an_answer_nothing_is_written(cli: Cli) -> None:
    """Where nobody can be asked, `--yes` must be said; the plan is shown all the same."""
    result = cli("apply", "--sandbox", stdin=b"yes\n")
    assert result.code == 1
    assert "--yes" in result.err
    assert "Plan: 4 to create" in result.out
    assert writes() == 0


def test_the_brakes_hold_until_forced(cli: Cli) -> None:
    """A file that lost its entries removes nothing without --force."""
    cli("apply", "--sandbox", "--yes")
    write({"promosync": {"owner": "shop"}, "coupons": []})
    planned = cli("plan", "--sandbox")
    assert "! Safety check: it removes all 4 objects" in planned.out
    assert "--force" in planned.err
    assert "--force" not in cli("plan", "--sandbox", "--force").err
    before = writes()
    refused = cli("apply", "--sandbox", "--yes", "--format", "json")
    assert refused.code == 1
    assert [error["rule"] for error in refused.events[-1]["errors"]] == ["brakes"]
    assert writes() == before
    assert cli("apply", "--sandbox", "--yes", "--no-prune").code == 0
    assert writes() == before
    assert cli("apply", "--sandbox", "--yes", "--force").code == 0
    assert not [code for code in dump()["promotion_codes"] if code["active"]]


def test_a_target_narrows(cli: Cli) -> None:
    """A code includes its coupon, and nothing else; several targets are combined."""
    ids = [
        action["id"] for action in cli("plan", "--sandbox", "--target", "launch", "--format", "json").json["actions"]
    ]
    assert ids == ["spring", "launch"]
    both = cli("plan", "--sandbox", "--target", "launch", "--target", "vip", "--format", "json").json
    assert [action["id"] for action in both["actions"]] == ["spring", "vip", "launch"]


def test_a_configuration_comes_from_standard_input(cli: Cli) -> None:
    """`-` reads it; problems name <stdin>; apply then needs --yes, as the answer cannot come the same way."""
    text = json.dumps(SHOP).encode()
    assert "4 to create" in cli("plan", "-", "--sandbox", stdin=text).out
    assert cli("apply", "-", "--sandbox", stdin=text).code == 1
    assert cli("apply", "-", "--sandbox", "--yes", stdin=text).code == 0
    broken = cli("validate", "-", stdin=b'{"coupons": [}')
    assert broken.code == 1
    assert "error: <stdin>:1:" in broken.err


def test_json_is_one_document_or_one_event_a_line(cli: Cli) -> None:
    """stdout has only JSON; messages go to stderr."""
    assert cli("plan", "--sandbox", "--format", "json").json["format_version"] == 1
    first, *outcomes, last = cli("apply", "--sandbox", "--yes", "--format", "json").events
    assert (first["event"], last["event"]) == ("plan", "summary")
    assert {(event["event"], event["status"], event["id"]) for event in outcomes} == {
        ("outcome", "done", name) for name in ("spring", "vip", "launch", "insider")
    }
    assert (last["done"], last["failed"], last["stopped"]) == (4, 0, None)
    assert {event["format_version"] for event in (first, *outcomes, last)} == {1}


def test_a_failure_is_told_and_the_rest_goes_on(cli: Cli) -> None:
    """One object that Stripe refuses is one line on stdout, and exit 1."""
    cli("plan", "--sandbox")
    sandbox = Sandbox(SANDBOX)
    Control.of(sandbox).faults(
        {
            "fault": "400",
            "match": {"method": "POST", "path": "/v1/promotion_codes"},
            "times": 1,
            "message": "Refused on order.",
        }
    )
    sandbox.close()
    result = cli("apply", "--sandbox", "--yes")
    assert result.code == 1
    assert "failed: create promotion code " in result.out
    assert "Refused on order." in result.out
    assert "Apply: 3 done, 1 failed." in result.out
    assert "1 to create" in cli("plan", "--sandbox").out


def test_the_sandbox_uses_no_key(cli: Cli) -> None:
    """A key, an address and a mode in the environment are not looked at with --sandbox."""
    env = {
        "STRIPE_API_KEY": "sk_live_" + "x" * 20,
        "STRIPE_API_BASE": "https://api.stripe.com",
        "STRIPE_ACCOUNT": "acct_somebody",
        "PROMOSYNC_LIVE": "1",
    }
    result = cli("plan", "--sandbox", "--format", "json", env=env)
    assert (result.json["account"], result.json["mode"]) == ("acct_1PromosyncSandbox", "test")


def test_the_sandbox_is_private(cli: Cli) -> None:
    """Only the user can read its folder, and git ignores it."""
    cli("plan", "--sandbox")
    assert SANDBOX.parent.stat().st_mode & 0o077 == 0
    assert SANDBOX.stat().st_mode & 0o077 == 0
    assert (SANDBOX.parent / ".gitignore").read_text(encoding="utf-8") == "*\n"


def test_a_batch_is_counted_and_never_named(cli: Cli) -> None:
    """Plan, apply and events of a batch have numbers; not one of its codes is on a stream."""
    batch = {"id": "mail", "coupon": "spring", "generate": {"count": 25, "pattern": "MAIL-########"}}
    write(changed(code_batches=[batch]))
    results = [
        cli("plan", "--sandbox"),
        cli("plan", "--sandbox", "--format", "json"),
        cli("apply", "--sandbox", "--yes", "--format", "json"),
    ]
    assert "make 25 codes" in results[0].out
    codes = [str(code["code"]) for code in dump()["promotion_codes"] if str(code["code"]).startswith("MAIL-")]
    assert len(codes) == 25
    write(changed())
    results += [cli("plan", "--sandbox"), cli("apply", "--sandbox", "--yes", "--force"), cli("plan", "--sandbox")]
    everything = "".join(result.out + result.err for result in results)
    assert "withdraw 25 codes" in everything
    assert not [code for code in codes if code in everything]


@pytest.mark.parametrize("name", ["codes.csv", "missing.csv"])
def test_the_files_of_a_batch_are_checked_offline(cli: Cli, name: str) -> None:
    """`validate` reads the files of a batch; an error in one has its place in the configuration."""
    Path("codes.csv").write_text("GOOD1\nBAD CODE\n", encoding="utf-8")
    write(changed(code_batches=[{"id": "printed", "coupon": "vip", "import": {"file": name}}]))
    result = cli("validate", "--format", "json")
    assert result.code == 1
    assert result.json["errors"][0]["path"].startswith("code_batches[0]")


def test_codes_of_both_kinds_move_with_their_coupon(cli: Cli) -> None:
    """The coupon is counted, and what moves with it: single codes and unique ones."""
    batch = {"id": "mail", "coupon": "spring", "generate": {"count": 3, "pattern": "MAIL-####-####"}}
    write(changed(code_batches=[batch]))
    cli("apply", "--sandbox", "--yes")
    coupons = [{**SHOP["coupons"][0], "percent_off": 25}, SHOP["coupons"][1]]
    write(changed(code_batches=[batch], coupons=coupons))
    planned = cli("plan", "--sandbox")
    assert "Plan: 1 to recreate (moving 4 codes), 3 unique codes to recreate." in planned.out
