"""Every end of a command has a message, no traceback, and no secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promosync.sandbox import running
from tests.cli.conftest import Cli, changed, write
from tests.render.plans import EVIL

KEY = "sk_test_door" + "5ecre7" * 4


def boom(*_: Any, **__: Any) -> Any:
    raise RuntimeError(f"it broke with {KEY} and rk_live_another0123456789 in hand")


@pytest.mark.parametrize("output", ["text", "json"])
def test_a_bug_is_one_line(cli: Cli, monkeypatch: pytest.MonkeyPatch, output: str) -> None:
    """Type and message without secrets, and how to see more; exit 1, and JSON is still valid."""
    monkeypatch.setattr("promosync.workflows.plan.make", boom)
    result = cli("plan", "--sandbox", "--format", output, env={"STRIPE_API_KEY": KEY})
    assert result.code == 1
    assert "error: unexpected RuntimeError: it broke with … and rk_live_… in hand" in result.err
    assert "Traceback" not in result.err
    if output == "json":
        assert [error["rule"] for error in result.json["errors"]] == ["internal"]


def test_debug_shows_where_but_not_the_key(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """The traceback has no values of variables, and the message in it is scrubbed."""
    monkeypatch.setattr("promosync.workflows.plan.make", boom)
    result = cli("plan", "--sandbox", "--debug", env={"STRIPE_API_KEY": KEY})
    assert "Traceback" in result.err
    assert "in boom" in result.err
    assert KEY not in result.err
    assert "another0123456789" not in result.err


def test_no_command_prints_the_key(cli: Cli) -> None:
    """Not in a plan, an apply, an event, an error of Stripe or of the network, and not with --debug."""
    results = []
    with running() as handle:
        env = {"STRIPE_API_KEY": KEY, "STRIPE_API_BASE": handle.url}
        results += [
            cli(*command, env=env) for command in (["plan"], ["apply", "--yes", "--format", "json"], ["plan"])
        ]
        assert [result.code for result in results] == [0, 0, 0]
        handle.control.register_key(KEY, ["coupon_read"])
        write(changed(coupons=[]))
        results += [cli("plan", "--debug", "--format", output, env=env) for output in ("text", "json")]
        handle.control.register_key(KEY, expired=True)
        results += [cli("plan", "--debug", "--format", output, env=env) for output in ("text", "json")]
    for key in (f" {KEY}", f"{KEY}\n", f"pk_{KEY}", f"{KEY}é", f"sk_live_{KEY}"):
        results += [cli("plan", "--debug", "--format", "json", env={"STRIPE_API_KEY": key})]
    assert {result.code for result in results[3:]} == {1}
    for result in results:
        assert "5ecre7" not in result.out + result.err


def test_what_stripe_says_is_told(cli: Cli) -> None:
    """The error names the permission that the key lacks."""
    with running() as handle:
        handle.control.register_key(KEY, ["coupon_read"])
        result = cli("plan", "--format", "json", env={"STRIPE_API_KEY": KEY, "STRIPE_API_BASE": handle.url})
    assert result.code == 1
    [error] = result.json["errors"]
    assert error["rule"] == "stripe-denied"
    assert "ermission" in error["message"]
    assert error["message"] in result.err


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"[]",
        b"null",
        b'{"coupons": [{"id": "a"',
        b'{"coupons": 7}',
        b"{" * 5000,
        b'{"coupons": [' + b"[" * 5000,
        b'{"coupons": [{"id": "\xc3\x28"}]}',
        b'{"coupons": [{"id": "\\ud800", "percent_off": 10, "duration": "once"}]}',
    ],
)
@pytest.mark.parametrize("command", [["validate"], ["plan", "--sandbox"], ["apply", "--sandbox", "--yes"]])
def test_a_broken_file_is_told_with_its_place(cli: Cli, command: list[str], content: bytes) -> None:
    """With any content of a file, the answer is a message and exit 1, and no sandbox is started."""
    Path("promosync.json").write_bytes(content)
    result = cli(*command)
    assert result.code == 1
    assert "error: promosync.json" in result.err
    assert "Traceback" not in result.err
    assert result.out == ""
    assert not Path(".promosync").exists()


def test_all_faults_at_once(cli: Cli) -> None:
    """Three faults are three errors, in the order of the file, with line and column."""
    write(
        changed(
            coupons=[
                {"id": "a", "percent_off": 120, "duration": "once"},
                {"id": "b", "percent_off": 10, "duration": "always"},
                {"id": "c", "percent_of": 10, "duration": "once"},
            ],
            promotion_codes=[],
        )
    )
    result = cli("validate", "--format", "json")
    paths = [error["path"] for error in result.json["errors"]]
    assert paths == ["coupons[0].percent_off", "coupons[1].duration", "coupons[2].percent_of"]
    lines = [error["line"] for error in result.json["errors"]]
    assert lines == sorted(lines)
    for error in result.json["errors"]:
        assert f"promosync.json:{error['line']}:{error['column']} {error['path']}: " in result.err


def test_hostile_text_from_the_file_is_harmless(cli: Cli) -> None:
    """A name that is markup or an escape sequence goes through validate, plan and apply as text."""
    name = EVIL.replace("\ud800", "")[:40]
    coupons = [{"id": "evil", "name": name, "percent_off": 10, "duration": "once", "metadata": {"k": name}}]
    write(changed(coupons=coupons, promotion_codes=[]))
    for command in (["validate"], ["plan", "--sandbox"], ["apply", "--sandbox", "--yes"], ["plan", "--sandbox"]):
        result = cli(*command)
        for line in (result.out + result.err).splitlines():
            assert line.isprintable()
    write(changed(coupons=[{**coupons[0], "name": "[/nothing]"}], promotion_codes=[]))
    assert '→ "[/nothing]"' in cli("plan", "--sandbox").out


def test_warnings_are_talk(cli: Cli) -> None:
    """An entry whose date has passed is not an error: it is reported beside the result."""
    over = {"id": "old", "percent_off": 10, "duration": "once", "redeem_by": "2020-01-01T00:00:00Z"}
    write(changed(coupons=[over], promotion_codes=[]))
    result = cli("validate")
    assert result.code == 0
    assert result.out == "promosync.json is valid: 1 coupon, 0 promotion codes.\n"
    assert "coupons[0].redeem_by: warning[over]: over since 2020-01-01" in result.err
    document = cli("validate", "--format", "json").json
    assert (document["errors"], document["coupons"]) == ([], 1)
    assert "over" in {warning["rule"] for warning in document["warnings"]}
