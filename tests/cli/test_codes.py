"""Unique codes on the command line: exported on request, completely and privately, and printed nowhere else."""

from __future__ import annotations

import csv
import io
import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe

from promosync.sandbox import Handle, running
from tests.cli.conftest import Cli, Result, write

KEY = "sk_test_codes0123456789"
VIP = {"count": 12, "pattern": "SPR-####-####", "charset": "unambiguous"}
MAIL = {"emails": "mail.csv", "length": 10, "missing_customer": "create"}
ADDRESSES = ("ann@example.com", "+bob@example.com", "Cid.Doe@example.com")


def document(percent: int = 20, **vip: Any) -> dict[str, Any]:
    return {
        "promosync": {"owner": "shop", "max_removal_percent": 100},
        "coupons": [{"id": "spring", "percent_off": percent, "duration": "once"}],
        "code_batches": [
            {"id": "vip", "coupon": "spring", "generate": {**VIP, **vip}, "metadata": {"note": "=1+1"}},
            {"id": "mail", "coupon": "spring", "generate": MAIL},
            {"id": "print", "coupon": "spring", "import": {"file": "print.csv"}},
        ],
    }


@pytest.fixture
def handle(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Handle]:
    """A sandbox over HTTP, and the files of the batches."""
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.0)
    monkeypatch.setattr(stripe.HTTPClient, "MAX_DELAY", 0.0)
    (folder / "mail.csv").write_text("\n".join(("email", *ADDRESSES)))
    (folder / "print.csv").write_text("Code1\n-Code2\nCode3\n")
    write(document())
    with running() as opened:
        yield opened


class Terminal:
    """Carries out commands against one sandbox and keeps all that they wrote."""

    def __init__(self, cli: Cli, handle: Handle) -> None:
        self._cli = cli
        self._env = {"STRIPE_API_KEY": KEY, "STRIPE_API_BASE": handle.url}
        self.seen: list[str] = []

    def __call__(self, *arguments: str, code: int = 0) -> Result:
        fast = ("--rps", "10000") if arguments[0] in ("plan", "apply") else ()
        result = self._cli(*arguments, *fast, env=self._env)
        assert result.code == code, result.err
        self.seen.append(f"$ {' '.join(arguments)}\n{result.out}\n{result.err}")
        return result

    def export(self, *arguments: str) -> list[dict[str, str]]:
        result = self._cli("codes", "export", *arguments, env=self._env)
        assert result.code == 0, result.err
        self.seen.append(result.err)
        return list(csv.DictReader(io.StringIO(result.out)))


@pytest.fixture
def terminal(cli: Cli, handle: Handle) -> Terminal:
    return Terminal(cli, handle)


def test_export_writes_each_code_once_with_what_became_of_it(terminal: Terminal, handle: Handle) -> None:
    terminal("apply", "--yes")
    codes = [row["code"] for row in terminal.export("--batch", "vip")]
    handle.control.redeem(codes[0])
    [old] = [row for row in handle.control.dump()["promotion_codes"] if row["code"] == codes[1]]
    write(document(percent=25, count=10))
    terminal("apply", "--yes")
    rows = {row["code"]: row for row in terminal.export("--batch", "vip")}
    assert list(rows) == codes, "recreated, but in the order of their slots, and each once"
    assert rows[codes[0]]["status"] == "redeemed"
    assert rows[codes[0]]["times_redeemed"] == "1"
    assert rows[codes[1]]["stripe_id"] != old["id"]
    assert rows[codes[1]]["stripe_coupon"] == "spring_r2"
    assert [row["status"] for row in rows.values()].count("withdrawn") == 2
    assert {row["status"] for row in terminal.export("--status", "withdrawn", "--status", "redeemed")} == {
        "withdrawn",
        "redeemed",
    }
    mail = terminal.export("--batch", "mail", "--batch", "print")
    assert [row["email"] for row in mail if row["batch"] == "mail"] == [
        ADDRESSES[0],
        f"'{ADDRESSES[1]}",
        ADDRESSES[2],
    ]
    assert {row["max_redemptions"] for row in mail} == {"1"}


def test_a_spreadsheet_takes_no_cell_for_a_formula(terminal: Terminal) -> None:
    terminal("apply", "--yes")
    rows = terminal.export()
    assert all(not value.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for value in row.values())
    assert {row["metadata.note"] for row in rows if row["batch"] == "vip"} == {"'=1+1"}
    lines = terminal("codes", "export", "--format", "jsonl", "--batch", "print").out.splitlines()
    assert {json.loads(line)["code"] for line in lines} == {"Code1", "-Code2", "Code3"}


def test_a_file_of_codes_is_private_and_not_overwritten(terminal: Terminal, folder: Path) -> None:
    terminal("apply", "--yes")
    result = terminal("codes", "export", "--out", "out/codes.csv")
    assert result.out == ""
    assert "Wrote 18 codes" in result.err
    target = folder / "out" / "codes.csv"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    before = target.read_bytes()
    assert "is there already" in terminal("codes", "export", "--out", "out/codes.csv", code=1).err
    terminal("codes", "export", "--out", "out/codes.csv", "--overwrite", "--batch", "print")
    assert target.read_bytes() != before
    assert [path.name for path in target.parent.iterdir()] == ["codes.csv"]


def test_addresses_are_known_without_the_file_as_stripe_has_them(terminal: Terminal, folder: Path) -> None:
    terminal("apply", "--yes")
    (folder / "mail.csv").unlink()
    assert {row["email"] for row in terminal.export("--batch", "mail")} == {
        "ann@example.com",
        "'+bob@example.com",
        "cid.doe@example.com",
    }


def test_a_batch_that_left_the_file_can_still_be_exported(terminal: Terminal) -> None:
    terminal("apply", "--yes")
    write({**document(), "code_batches": document()["code_batches"][1:]})
    terminal("apply", "--yes")
    assert {row["status"] for row in terminal.export("--batch", "vip")} == {"withdrawn"}
    assert "did you mean 'vip'?" in terminal("codes", "export", "--batch", "vp", code=1).err


def test_nothing_but_the_export_prints_a_code_or_an_address(terminal: Terminal, handle: Handle, folder: Path) -> None:
    """No output, in any format and with --debug, contains a code or an address, in upper or lower case."""
    control = handle.control
    terminal("validate")
    terminal("plan")
    terminal("plan", "--format", "json")
    control.faults({"fault": "500_after", "probability": 0.3, "times": 5, "match": {"method": "POST"}})
    terminal("apply", "--yes", "--format", "json")
    rows = control.dump()["promotion_codes"]
    unique = next(row["code"] for row in rows if row["metadata"]["promosync_id"] == "vip")
    terminal("plan", "--detailed-exitcode")

    write(document(percent=30))
    message = f"An active promotion code with `code: {unique}` does not exist for ann@example.com."
    codes = {"method": "POST", "path": "/v1/promotion_codes"}
    control.faults({"fault": "400", "message": message, "match": codes})
    terminal("apply", "--yes", "--debug", code=1)
    control.clear_faults()
    for fault in ("500", "html", "reset_after", "half"):
        control.faults({"fault": fault, "times": 1, "match": codes})
    terminal("apply", "--yes", "--debug")
    control.clear_faults()
    (folder / "mail.csv").write_text("ann@example.com\nno address of anybody\nANN@example.com\n")
    (folder / "print.csv").write_text("Code1\nCode 2\ncode1\n")
    terminal("validate", code=1)
    terminal("plan", "--format", "json", code=1)
    broken = document(count=-1)
    write(broken)
    both = terminal("validate", code=1)
    assert "code_batches[0]" in both.err
    assert "mail.csv, line 2" in both.err

    control.seed(
        "customer", [{"email": "ANN@example.com"}, {"email": "new@example.com"}, {"email": "New@example.com"}]
    )
    (folder / "mail.csv").write_text("new@example.com\nnobody@example.com\n")
    (folder / "print.csv").write_text(f"Code1\n{unique}\n")
    strict = document(percent=30)
    strict["code_batches"][1]["generate"]["missing_customer"] = "error"
    write(strict)
    refused = terminal("plan", code=1)
    assert "line 1 (cus_" in refused.err
    assert "1 address has no customer in Stripe: line 2" in refused.err
    assert "print.csv, line 2: the code is in use by batch 'vip'" in refused.err
    write({"promosync": {"owner": "shop"}})
    terminal("apply", "--yes", "--force")

    everything = control.dump()
    texts = {row["code"].lower() for row in everything["promotion_codes"]}
    addresses = {row["email"].lower() for row in everything["customers"]} | {"nobody@example.com"}
    assert len(texts) == 12 + 3 + 3
    assert len(addresses) >= 5
    said = "\n".join(terminal.seen).lower()
    assert "vip" in said
    assert [text for text in sorted(texts | addresses) if text in said] == []
