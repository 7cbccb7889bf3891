"""`promosync status` on the command line, against the sandbox."""

from __future__ import annotations

import csv
import io
import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from promosync.cli.access import SANDBOX, sandbox_at
from promosync.sandbox import Control
from tests.cli.conftest import Cli, changed, write
from tests.cli.conftest import cli as cli
from tests.cli.conftest import folder as folder

BATCH = {"id": "cards", "coupon": "vip", "generate": {"count": 20, "length": 12}, "metadata": {"campaign": "fair"}}


def redeem(*codes: str, times: int = 1) -> None:
    with sandbox_at(SANDBOX) as sandbox:
        for code in codes:
            assert Control.of(sandbox).redeem(code, times=times)["redeemed"] == times


def unique_codes() -> list[str]:
    with sandbox_at(SANDBOX) as sandbox:
        rows: list[dict[str, Any]] = Control.of(sandbox).dump()["promotion_codes"]
    return [row["code"] for row in rows if "promosync_slot" in row["metadata"]]


@pytest.fixture
def shop(cli: Cli) -> Cli:
    write(changed(code_batches=[BATCH]))
    assert cli("apply", "--sandbox", "--yes").code == 0
    return cli


def status(cli: Cli, *arguments: str) -> Any:
    return cli("status", "--sandbox", "--format", "json", *arguments).json


def figures(document: Any, section: str) -> dict[str, tuple[int, int, int | None]]:
    return {line["id"]: (line["issued"], line["used"], line["left"]) for line in document[section]}


def test_a_new_account_has_nothing_yet(cli: Cli) -> None:
    done = cli("status", "--sandbox")
    assert done.code == 0
    assert "4 entries differ between the file and Stripe" in " ".join(done.out.split())


def test_counts_survive_recreates_and_shrinking(shop: Cli) -> None:
    redeem("LAUNCH20", times=37)
    redeem(*unique_codes()[:5])
    first = status(shop)
    assert figures(first, "coupons") == {"spring": (1, 37, 63), "vip": (21, 5, None)}
    assert figures(first, "code_batches") == {"cards": (20, 5, 15)}
    document = changed(code_batches=[BATCH | {"generate": {"count": 12, "length": 12}}])
    document["coupons"][0]["percent_off"] = 25
    document["coupons"][1]["percent_off"] = 35
    write(document)
    assert {line["id"]: line["drift"] for line in status(shop)["coupons"]} == {
        "spring": ["percent_off"],
        "vip": ["percent_off"],
    }
    assert shop("apply", "--sandbox", "--yes", "--force").code == 0
    second = status(shop)
    assert figures(second, "coupons") == {"spring": (1, 37, 63), "vip": (21, 5, None)}
    [cards] = second["code_batches"]
    assert (cards["issued"], cards["active"], cards["used"], cards["withdrawn"], cards["drift"]) == (20, 7, 5, 8, [])
    assert second["attention"] == []


def test_what_went_since_and_the_alarm(shop: Cli, tmp_path: Path) -> None:
    assert shop("status", "--sandbox", "--save", "last.json").code == 0
    assert stat.S_IMODE(Path("last.json").stat().st_mode) == 0o600
    saved = Path("last.json").read_text()
    assert not [code for code in unique_codes() if code.lower() in saved.lower()]
    redeem("INSIDER", times=6)
    redeem(*unique_codes()[:3])
    nightly = ("status", "--sandbox", "--since", "last.json")
    assert shop(*nightly).code == 0
    assert shop(*nightly, "--alarm-uses", "6", "--alarm-share", "15").code == 0
    loud = shop(*nightly, "--alarm-uses", "5", "--format", "json", "--save", "last.json")
    assert loud.code == 2
    assert [alarm["id"] for alarm in loud.json["since"]["alarms"]] == ["insider"]
    since = {(change["kind"], change["id"]): change["since"] for change in loud.json["since"]["changes"]}
    assert since == {
        ("coupon", "vip"): 9,
        ("promotion_code", "insider"): 6,
        ("code_batch", "cards"): 3,
        ("metadata", "source=mail"): 6,
        ("metadata", "campaign=fair"): 3,
    }
    assert shop(*nightly, "--alarm-uses", "0").code == 0


def test_a_batch_that_sells_too_fast(shop: Cli) -> None:
    shop("status", "--sandbox", "--save", "last.json")
    redeem(*unique_codes()[:3])
    done = shop("status", "--sandbox", "--since", "last.json", "--alarm-share", "14.9")
    assert done.code == 2
    assert '15.0 % of batch "cards" was used' in done.out


def test_an_alarm_needs_a_snapshot(cli: Cli) -> None:
    done = cli("status", "--sandbox", "--alarm-uses", "5")
    assert done.code == 1
    assert "--since" in done.err


def test_a_snapshot_that_is_not_there_is_an_error(cli: Cli) -> None:
    done = cli("status", "--sandbox", "--since", "last.json")
    assert done.code == 1
    assert "promosync status --save FILE" in done.err
    assert done.out == ""


def test_a_snapshot_of_another_owner_is_an_error(shop: Cli) -> None:
    shop("status", "--sandbox", "--save", "last.json")
    write(changed(promosync={"owner": "other"}))
    done = shop("status", "--sandbox", "--since", "last.json")
    assert done.code == 1
    assert "owner shop" in done.err


def advance(days: int) -> None:
    with sandbox_at(SANDBOX) as sandbox:
        Control.of(sandbox).advance(days * 86_400)


@pytest.fixture
def watched(shop: Cli) -> Cli:
    """Three snapshots in a folder, a day apart; 2 uses before the second, 3 before the third, 4 after it."""
    for day, times in enumerate((2, 3, 4), start=1):
        assert shop("status", "--sandbox", "--save", f"kept/{day}.json").code == 0
        advance(1)
        redeem("INSIDER", times=times)
    return shop


@pytest.mark.parametrize("named", [["kept"], ["kept/3.json", "kept/1.json", "kept/2.json"]], ids=["folder", "files"])
def test_uses_over_time(watched: Cli, named: list[str]) -> None:
    """Whatever the order; what was used since, and the alarm, are about the latest. The report is saved with them."""
    Path("kept/.gitignore").write_text("*\n")
    since = [argument for name in named for argument in ("--since", name)]
    done = watched("status", "--sandbox", "--format", "json", *since, "--alarm-uses", "3", "--save", "kept/4.json")
    assert done.code == 2
    over = done.json["over_time"]
    assert over["taken"] == sorted(over["taken"])
    assert {(line["kind"], line["id"]): line["used"] for line in over["lines"] if any(line["used"])} == {
        ("coupon", "vip"): [0, 2, 5, 9],
        ("promotion_code", "insider"): [0, 2, 5, 9],
        ("metadata", "source=mail"): [0, 2, 5, 9],
    }
    assert done.json["since"]["taken"] == over["taken"][2]
    assert [change["since"] for change in done.json["since"]["changes"]] == [4, 4, 4]
    [alarm] = done.json["since"]["alarms"]
    assert "used 4 times" in alarm["message"]
    assert Path("kept/4.json").exists()


def test_every_format_tells_of_uses_over_time(watched: Cli) -> None:
    """Without a word of it where there is but one snapshot."""
    shown = {
        format: (
            watched("status", "--sandbox", "--format", format, "--since", "kept").out,
            watched("status", "--sandbox", "--format", format, "--since", "kept/3.json").out,
        )
        for format in ("table", "markdown", "csv", "html")
    }
    assert re.search(r"^vip +0 +2 +5 +9$", shown["table"][0], re.MULTILINE)
    assert "| `vip` | 0 | 2 | 5 | 9 |" in shown["markdown"][0]
    [vip] = [row for row in csv.reader(io.StringIO(shown["csv"][0])) if row[:2] == ["coupon", "vip"]]
    assert vip[-5:] == ["4", "0", "2", "5", "9"]
    assert "Coupons over time" in shown["html"][0]
    assert "Each source over time" in shown["html"][0]
    assert [format for format, (_, one) in shown.items() if "over time" in one or "used 2" in one] == []


def test_what_is_wrong_with_snapshots_is_told_at_once(watched: Cli) -> None:
    """A folder, what is no snapshot, one of the same time, of another owner or account, one that is not there."""
    kept = Path("kept")
    (kept / "old").mkdir()
    (kept / "notes.txt").write_text("bought radio time")
    (kept / "copy.json").write_text((kept / "1.json").read_text())
    document = json.loads((kept / "2.json").read_text())
    (kept / "other.json").write_text(json.dumps({**document, "owner": "other", "taken_at": 1}))
    (kept / "account.json").write_text(json.dumps({**document, "account": "acct_9", "taken_at": 2}))
    done = watched("status", "--sandbox", "--since", "kept", "--since", "nope.json", "--format", "json")
    assert done.code == 1
    said = [error["message"] for error in done.json["errors"]]
    assert [message.split()[0].rstrip(":") for message in said] == [
        "kept/account.json", "kept/copy.json", "kept/notes.txt", "kept/old", "kept/other.json", "nope.json",
    ]  # fmt: skip
    for part, message in zip(
        (
            "acct_9",
            "of the same time as kept/1.json",
            "is not a snapshot",
            "a folder in a folder",
            "owner other",
            "No such",
        ),
        said,
        strict=True,
    ):
        assert part in message
    assert {error["rule"] for error in done.json["errors"]} == {"snapshot"}
    assert all(error["hint"] for error in done.json["errors"])


@pytest.mark.parametrize("format", ["table", "json", "csv", "markdown", "html"])
def test_no_format_prints_a_unique_code(shop: Cli, format: str) -> None:
    shop("status", "--sandbox", "--save", "last.json")
    redeem(*unique_codes()[:4])
    done = shop(
        "status", "--sandbox", "--format", format, "--by", "campaign", "--since", "last.json", "--alarm-uses", "0"
    )
    assert done.code == 2
    assert "cards" in done.out
    assert not [code for code in unique_codes() if code in done.out or code in done.err]


def test_csv_goes_to_standard_output_whole(shop: Cli) -> None:
    rows = list(csv.DictReader(io.StringIO(shop("status", "--sandbox", "--format", "csv", "--by", "campaign").out)))
    assert [row["id"] for row in rows if row["kind"] == "metadata"] == ["campaign=(none)", "campaign=fair"]
