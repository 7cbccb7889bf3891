"""A saved plan that `--max-minutes` stops again and again, as it is typed on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from promosync.cli.access import SANDBOX, sandbox_at
from promosync.sandbox import Control
from tests.cli.conftest import Cli, changed, cli, folder, write

__all__ = ["cli", "folder"]

PLAN = "plan.json"
DRAWN = changed(code_batches=[{"id": "vip", "coupon": "spring", "generate": {"count": 200, "length": 12}}])


def test_the_same_command_goes_on_as_often_as_it_takes(cli: Cli) -> None:
    """Exit 3, and 3, and at last 0; the configuration is gone by then, and no code was made twice."""
    write(DRAWN)
    assert cli("plan", "--sandbox", "--out", PLAN).code == 0
    Path("promosync.json").unlink()
    command = ("apply", "--plan", PLAN, "--sandbox", "--yes", "--rps", "50", "--max-minutes", "0.02")
    codes = []
    for _ in range(60):
        result = cli(*command)
        codes.append(result.code)
        assert result.code in (0, 3), result.err
        if result.code == 0:
            break
        assert "Run the same command again to go on" in result.err or not made()
    assert codes.count(3) >= 2
    assert codes[-1] == 0
    assert len(made()) == 200
    again = cli("apply", "--plan", PLAN, "--sandbox", "--yes")
    assert again.code == 1
    assert "this plan was applied already" in again.err


def made() -> list[str]:
    with sandbox_at(SANDBOX) as sandbox:
        rows = Control.of(sandbox).dump()["promotion_codes"]
    return [row["code"] for row in rows if row["metadata"].get("promosync_id") == "vip"]


@pytest.mark.parametrize("out", [PLAN, "a plan.json"])
def test_the_command_that_is_suggested_works(cli: Cli, out: str) -> None:
    """Word by word, with a --yes for its question."""
    write(DRAWN)
    said = cli("plan", "--sandbox", "--out", out).err
    command = said.split("`")[1]
    named = out if " " not in out else f"'{out}'"
    assert command == f"promosync apply --plan {named} --sandbox"
    assert cli(*["apply", "--plan", out, "--sandbox"], "--yes").code == 0


def test_it_says_which_lists_are_read_again(cli: Cli) -> None:
    write(changed(code_batches=[{"id": "printed", "coupon": "spring", "import": {"file": "printed.csv"}}]))
    Path("printed.csv").write_text("PRINTED1\n", encoding="utf-8")
    assert "`promosync apply --plan plan.json --sandbox`. It reads printed.csv again." in " ".join(
        cli("plan", "--sandbox", "--out", PLAN).err.split()
    )


def test_an_adoption_needs_the_configuration_and_says_so(cli: Cli) -> None:
    """The command that is suggested names it; without it the plan is refused, also where it has a drawn batch."""
    coupon = {"id": "theirs", "percent_off": 50, "duration": "once"}
    with sandbox_at(SANDBOX) as sandbox:
        Control.of(sandbox).seed("coupon", [coupon])
    write({**DRAWN, "coupons": [*DRAWN["coupons"], coupon]})
    said = cli("plan", "--sandbox", "--out", PLAN).err
    assert "`promosync apply --plan plan.json --sandbox promosync.json`" in " ".join(said.split())
    alone = cli("apply", "--plan", PLAN, "--sandbox", "--yes")
    assert alone.code == 1
    assert "adopts objects that are not of owner" in " ".join(alone.err.split())
    assert cli("apply", "--plan", PLAN, "--sandbox", "--yes", "promosync.json").code == 0


def test_a_plan_that_removes_more_than_usual_names_the_configuration(cli: Cli) -> None:
    """Which allows it; a configuration that is only in the plan cannot."""
    codes = [{"id": f"c{n}", "code": f"C{n:02}", "coupon": "spring"} for n in range(12)]
    content = changed(promotion_codes=codes)
    content["promosync"]["max_removal_percent"] = 90
    write(content)
    assert cli("apply", "--sandbox", "--yes").code == 0
    write({**content, "promotion_codes": codes[:5]})
    said = cli("plan", "--sandbox", "--out", PLAN).err
    assert "--sandbox promosync.json`" in " ".join(said.split())
    alone = cli("apply", "--plan", PLAN, "--sandbox", "--yes")
    assert (alone.code, "safety check" in alone.err) == (1, True)
    assert cli("apply", "--plan", PLAN, "--sandbox", "--yes", "promosync.json").code == 0
    assert json.loads(Path(PLAN).read_text(encoding="utf-8"))["promosync_plan"] == 2
