"""`plan --out` and `apply --plan` on the command line: files, refusals, reports."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from promosync.cli.access import SANDBOX, Access, sandbox_at
from promosync.sandbox import Control
from tests.cli.conftest import SHOP, Cli, Result, changed, cli, folder, process_env, write

__all__ = ["cli", "folder"]

PLAN = "plan.json"
BATCH = changed(
    code_batches=[{"id": "printed", "coupon": "spring", "import": {"file": "printed.csv"}}],
)


def saved(cli: Cli, *more: str) -> dict[str, Any]:
    result = cli("plan", "--sandbox", "--out", PLAN, *more)
    assert result.code == 0, result.err
    document: dict[str, Any] = json.loads(Path(PLAN).read_text(encoding="utf-8"))
    return document


def apply(cli: Cli, *more: str) -> Result:
    return cli("apply", "--plan", PLAN, "--sandbox", "--yes", *more)


def test_the_file_need_not_be_there_any_more(cli: Cli) -> None:
    """Single entries are in the plan whole; what is shown is what was planned."""
    saved(cli)
    shown = cli("plan", "--sandbox").out
    Path("promosync.json").unlink()
    result = apply(cli)
    assert result.code == 0
    assert result.out.startswith(shown)
    write(SHOP)
    assert cli("plan", "--sandbox", "--detailed-exitcode").code == 0


def test_a_file_that_is_named_must_be_the_same(cli: Cli) -> None:
    """Whoever names it wants to be sure: the plan that was approved is of this very file, wherever it lies."""
    saved(cli)
    write(changed(coupons=[], promotion_codes=[]), "other.json")
    result = apply(cli, "other.json")
    assert result.code == 1
    assert "not the one the plan was made of" in result.err
    Path("promosync.json").rename("moved.json")
    assert apply(cli, "moved.json").code == 0


def test_the_plan_and_its_result_are_json_too(cli: Cli) -> None:
    saved(cli)
    events = apply(cli, "--format", "json").events
    assert [event["event"] for event in events] == ["plan", *["outcome"] * 4, "summary"]


def test_a_plan_of_another_second_is_the_same_plan(cli: Cli) -> None:
    """Only the time differs between two plans of the same, so a diff of them shows what changed."""
    one, two = saved(cli), saved(cli)
    for document in (one, two):
        del document["made_at"], document["checksum"]
    assert one == two


@pytest.mark.parametrize("option", [("--no-prune",), ("--target", "spring")])
def test_a_saved_plan_is_not_narrowed(cli: Cli, option: tuple[str, ...]) -> None:
    saved(cli)
    result = apply(cli, *option)
    assert result.code == 1
    assert "as it is" in result.err


def test_it_asks_like_any_apply(cli: Cli) -> None:
    saved(cli)
    result = cli("apply", "--plan", PLAN, "--sandbox")
    assert result.code == 1
    assert "--yes" in result.err


def test_the_brakes_hold(cli: Cli) -> None:
    """Also days later: the plan knows that it is unsafe."""
    cli("apply", "--sandbox", "--yes")
    write(changed(coupons=[], promotion_codes=[]))
    assert saved(cli)["brakes"]
    result = apply(cli)
    assert result.code == 1
    assert "error: safety check: " in result.err
    assert apply(cli, "--force").code == 0


def test_a_narrow_plan_stays_narrow(cli: Cli) -> None:
    document = saved(cli, "--target", "launch", "--no-prune")
    assert (document["targets"], document["prune"]) == (["launch"], False)
    apply(cli)
    with sandbox_at(SANDBOX) as sandbox:
        assert len(Control.of(sandbox).dump()["promotion_codes"]) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("apply", "--plan", "nope.json"), "nope.json cannot be read"),
        (("apply", "--plan", "."), "cannot be read"),
        (("apply", "--plan", "promosync.json"), "promosync.json is no saved plan"),
        (("apply", "--plan", "binary"), "binary is no saved plan"),
        (("plan", "--out", "no/such/folder/plan.json"), "cannot be written"),
        (("plan", "--out", "promosync.json"), "promosync.json is a file that this command reads"),
        (("plan", "--out", "."), "cannot be written"),
    ],
)
def test_what_is_no_place_for_a_plan(cli: Cli, folder: Path, arguments: tuple[str, ...], words: str) -> None:
    """One line, exit 1, no traceback; the configuration is as it was, and no half of a plan lies about."""
    (folder / "binary").write_bytes(b"\xff\xfe\x00")
    before = Path("promosync.json").read_text(encoding="utf-8")
    there = sorted(folder.iterdir())
    result = cli(*arguments, "--sandbox", *(["--yes"] if arguments[0] == "apply" else []))
    assert result.code == 1
    assert words in result.err
    assert Path("promosync.json").read_text(encoding="utf-8") == before
    assert [path for path in sorted(folder.iterdir()) if path.name != ".promosync"] == there


def test_a_plan_of_batches_is_applied_with_its_files(cli: Cli) -> None:
    """The configuration is in it and need not be there; its code files are read again, and checked."""
    write(BATCH)
    Path("printed.csv").write_text("PRINTED1\nPRINTED2\n", encoding="utf-8")
    document = saved(cli)
    Path("promosync.json").unlink()
    assert "PRINTED" not in json.dumps(document)
    assert list(document["imports"]) == ["printed.csv"]
    Path("printed.csv").write_text("PRINTED1\nPRINTED3\n", encoding="utf-8")
    result = apply(cli)
    assert result.code == 1
    assert "printed.csv: the file was changed" in result.err
    Path("printed.csv").write_text("PRINTED1\nPRINTED2\n", encoding="utf-8")
    assert apply(cli).code == 0
    write(BATCH)
    assert cli("plan", "--sandbox", "--detailed-exitcode").code == 0


def test_a_plan_of_batches_without_its_file_says_which(cli: Cli) -> None:
    write(BATCH)
    Path("printed.csv").write_text("PRINTED1\n", encoding="utf-8")
    saved(cli)
    Path("printed.csv").unlink()
    result = apply(cli)
    assert result.code == 1
    assert "printed.csv" in result.err


@pytest.mark.parametrize("output", ["text", "json", "markdown"])
@pytest.mark.parametrize(("arguments", "code"), [((), 2), (("--target", "nope"), 1), (("--out", "."), 1)])
def test_no_format_changes_an_exit_code(cli: Cli, output: str, arguments: tuple[str, ...], code: int) -> None:
    """And every format has something to say of every end."""
    result = cli("plan", "--sandbox", "--detailed-exitcode", "--format", output, *arguments)
    assert result.code == code
    assert bool(result.out) is (code == 2 or output != "text")


def test_the_summary_of_a_job_is_written(cli: Cli, tmp_path: Path) -> None:
    """Whatever the format, by each command, also when something fails; and added to what others wrote."""
    page = tmp_path / "summary.md"
    page.write_text("mine\n", encoding="utf-8")
    env = {"GITHUB_STEP_SUMMARY": str(page)}
    cli("plan", "--sandbox", env=env)
    cli("apply", "--sandbox", "--yes", "--format", "json", env=env)
    cli("plan", "nope.json", "--format", "markdown", env=env)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("mine\n")
    assert [line for line in text.splitlines() if line.startswith("###")] == [
        "### promosync: changes to Stripe",
        "### promosync: applied",
        "### promosync: 1 error",
    ]


def test_a_summary_that_can_not_be_written_is_no_error(cli: Cli) -> None:
    result = cli("plan", "--sandbox", env={"GITHUB_STEP_SUMMARY": "no/such/folder/x"})
    assert result.code == 0
    assert "cannot be written" in result.err


@pytest.mark.parametrize("output", ["text", "json", "markdown"])
def test_no_text_is_a_command_to_a_runner(cli: Cli, output: str) -> None:
    """In a workflow, what people wrote is broken up where the runner would obey it; elsewhere it is left alone."""
    spring = {"id": "spring", "percent_off": 20, "duration": "once", "name": "##[error]x"}
    write(changed(coupons=[spring], promotion_codes=[]))
    wrapped = changed(coupons=[{**spring, "applies_to": [" ".join(["::add-mask::a"] * 30)]}], promotion_codes=[])
    write(wrapped, "b.json")
    for file, code in (("promosync.json", 0), ("b.json", 1)):
        arguments = ("plan", file, "--sandbox", "--format", output)
        plain, result = cli(*arguments), cli(*arguments, env={"GITHUB_ACTIONS": "true"})
        assert (plain.code, result.code) == (code, code)
        assert commands(plain) or (output == "json" and code == 0)
        assert not commands(result)
        if output == "json":
            assert result.json == plain.json


def commands(result: Result) -> list[str]:
    """The lines that a runner would obey."""
    lines = [line.lstrip() for line in (result.out + result.err).splitlines()]
    return [line for line in lines if line.startswith("::") or "##[" in line]


def test_several_files_are_planned_and_applied_as_one(cli: Cli) -> None:
    """A folder of them; the saved plan knows each, in whatever order they are named."""
    Path("shop").mkdir()
    write({key: SHOP[key] for key in ("promosync", "coupons")}, "shop/a.json")
    write({"promotion_codes": SHOP["promotion_codes"]}, "shop/b.json")
    assert cli("validate", "shop").code == 0
    result = cli("plan", "shop", "--sandbox", "--out", PLAN)
    assert result.code == 0
    assert list(json.loads(Path(PLAN).read_text(encoding="utf-8"))["files"]) == ["shop/a.json", "shop/b.json"]
    assert apply(cli, "shop/b.json", "shop/a.json").code == 0
    assert cli("plan", "shop/b.json", "shop/a.json", "--sandbox", "--detailed-exitcode").code == 0
    write({"promotion_codes": [{"id": "x", "code": "X", "coupon": "nope"}]}, "shop/b.json")
    for output in ("github", "sarif", "json"):
        told = cli("validate", "shop", "--format", output)
        assert told.code == 1
        assert "shop/b.json" in told.out
        assert "shop/a.json" not in told.out


def pasted(said: str, program: Path) -> str:
    """Carry out the command that `plan` printed as a shell does, without the question; return its result."""
    [command] = re.findall("(?m)^Carry it out with `(.*)`[.]$", said)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["/bin/sh", "-c", f"{command} --yes"], env=process_env(PATH=path), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("plan", "more"),
    [(PLAN, []), ("it's one; $HOME.json", []), (PLAN, ["--stripe-account", "acct_1PromosyncSandbox"])],
    ids=["a plan", "a name that a shell would read", "an account"],
)
def test_what_plan_says_to_type_works_as_printed(cli: Cli, forked: Path, plan: str, more: list[str]) -> None:
    """Pasted into a shell, it applies the plan to the account that it was made for, unsafe or not."""
    assert "Apply: 4 done." in pasted(cli("plan", "--sandbox", "--out", plan, *more).err, forked)
    assert cli("plan", "--sandbox", "--detailed-exitcode", *more).code == 0
    write(changed(coupons=[], promotion_codes=[]))
    assert "Apply: 4 done." in pasted(cli("plan", "--sandbox", "--force", "--out", plan, *more).err, forked)


def test_the_options_that_decide_the_account_are_repeated() -> None:
    """How fast it goes is asked anew."""
    assert Access(api_base="http://[::1]:1", live=True, rps=5).options == ["--live", "--api-base", "http://[::1]:1"]
    assert Access(sandbox=True, stripe_account="acct_1").options == ["--sandbox", "--stripe-account", "acct_1"]
