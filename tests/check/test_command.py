"""`promosync check` on the command line: exit codes, the entry of a code, and the messages."""

from __future__ import annotations

import json
from pathlib import Path

from promosync.cli.access import SANDBOX, sandbox_at
from promosync.sandbox import Control
from tests.cli.conftest import Cli, changed, write
from tests.cli.conftest import cli as cli
from tests.cli.conftest import folder as folder


def test_a_valid_code_exits_0_and_names_its_entry(cli: Cli) -> None:
    assert cli("apply", "--sandbox", "--yes").code == 0
    done = cli("check", "launch20", "--sandbox")
    assert done.code == 0
    assert "launch20 is valid." in done.out
    line = 1 + Path("promosync.json").read_text()[: Path("promosync.json").read_text().index('"launch"')].count("\n")
    assert f"promosync.json:{line - 1}:5 promotion_codes[0], promotion code launch" in " ".join(done.out.split())


def test_a_code_that_is_not_there_exits_2_with_a_way_out(cli: Cli) -> None:
    done = cli("check", "NOPE", "--sandbox")
    assert done.code == 2
    assert "NOPE would not be taken: no promotion code has this text." in done.out


def test_a_code_of_the_file_that_is_not_applied_yet_is_recognised(cli: Cli) -> None:
    done = cli("check", "Launch20", "--sandbox", "--format", "json")
    assert done.code == 2
    assert done.json["entry"]["place"]["path"] == "promotion_codes[0]"
    assert done.json["stripe_id"] is None


def test_json_has_every_rule_and_the_same_exit_code(cli: Cli) -> None:
    cli("apply", "--sandbox", "--yes")
    good, bad = (cli("check", text, "--sandbox", "--format", "json") for text in ("INSIDER", "gone"))
    assert (good.code, good.json["valid"]) == (0, True)
    assert (bad.code, bad.json["valid"]) == (2, False)
    assert [rule["verdict"] for rule in good.json["rules"]] == ["passed"] * 10


def test_switched_off_by_the_file_says_so(cli: Cli) -> None:
    cli("apply", "--sandbox", "--yes")
    document = changed()
    document["promotion_codes"][0]["active"] = False
    write(document)
    cli("apply", "--sandbox", "--yes")
    done = cli("check", "LAUNCH20", "--sandbox")
    assert done.code == 2
    assert "promosync switched it off, as the file says" in done.out
    assert "-> set active to true" in done.out


def test_a_unique_code_names_its_batch(cli: Cli) -> None:
    batch = {"id": "vip", "coupon": "vip", "generate": {"count": 3, "length": 12}}
    write(changed(code_batches=[batch]))
    cli("apply", "--sandbox", "--yes")
    with sandbox_at(SANDBOX) as sandbox:
        rows = Control.of(sandbox).dump()["promotion_codes"]
    text = next(row["code"] for row in rows if row["metadata"]["promosync_id"] == "vip")
    done = cli("check", text, "--sandbox", "--format", "json")
    assert done.code == 0
    assert done.json["entry"]["kind"] == "code_batch"
    assert done.json["entry"]["place"]["path"] == "code_batches[0]"


def test_without_a_file_the_owner_is_named(cli: Cli) -> None:
    cli("apply", "--sandbox", "--yes")
    Path("promosync.json").unlink()
    done = cli("check", "LAUNCH20", "--sandbox")
    assert done.code == 0
    assert "the file of owner shop, promotion code launch" in done.out


def test_a_file_that_is_broken_is_no_obstacle_unless_it_was_named(cli: Cli) -> None:
    cli("apply", "--sandbox", "--yes")
    Path("promosync.json").write_text("{")
    found = cli("check", "LAUNCH20", "--sandbox")
    assert found.code == 0
    assert "is not valid" in found.err
    assert cli("check", "LAUNCH20", "promosync.json", "--sandbox").code == 1


def test_a_product_of_the_file_stands_for_its_stripe_id(cli: Cli) -> None:
    with sandbox_at(SANDBOX) as sandbox:
        Control.of(sandbox).seed("product", [{"id": "prod_1", "name": "Pro"}])
    document = changed(products=[{"id": "pro", "stripe_id": "prod_1"}])
    document["coupons"][0]["applies_to"] = ["pro"]
    write(document)
    cli("apply", "--sandbox", "--yes")
    assert cli("check", "LAUNCH20", "--sandbox", "--product", "pro").code == 0
    assert cli("check", "LAUNCH20", "--sandbox", "--product", "prod_1").code == 0
    done = cli("check", "LAUNCH20", "--sandbox", "--product", "team")
    assert done.code == 2
    assert "it is for prod_1, not for team" in done.out


def test_a_minimum_is_said_as_money(cli: Cli) -> None:
    document = changed()
    document["promotion_codes"][0] |= {"minimum_amount": 2000, "minimum_amount_currency": "usd"}
    write(document)
    cli("apply", "--sandbox", "--yes")
    done = cli("check", "LAUNCH20", "--sandbox", "--amount", "1999", "--currency", "USD")
    assert done.code == 2
    assert "the order is below the minimum of 20.00 USD" in done.out
    assert "depending on the order" in cli("check", "LAUNCH20", "--sandbox").out


def test_checking_uses_nothing_up(cli: Cli) -> None:
    cli("apply", "--sandbox", "--yes")
    with sandbox_at(SANDBOX) as sandbox:
        before = json.dumps(Control.of(sandbox).dump())
    cli("check", "LAUNCH20", "--sandbox")
    with sandbox_at(SANDBOX) as sandbox:
        assert json.dumps(Control.of(sandbox).dump()) == before


def test_a_code_that_was_given_another_text_names_it(cli: Cli) -> None:
    cli("apply", "--sandbox", "--yes")
    document = changed()
    document["promotion_codes"][0]["code"] = "HELLO20"
    write(document)
    cli("apply", "--sandbox", "--yes")
    done = cli("check", "launch20", "--sandbox")
    assert done.code == 2
    assert "the file gives its entry the code HELLO20 now" in " ".join(done.out.split())
    assert cli("check", "hello20", "--sandbox").code == 0
    Path("promosync.json").unlink()
    assert "HELLO20" not in cli("check", "LAUNCH20", "--sandbox").out


def test_a_code_that_is_used_up_says_so_first(cli: Cli) -> None:
    document = changed()
    document["promotion_codes"][0]["max_redemptions"] = 1
    write(document)
    cli("apply", "--sandbox", "--yes")
    cli("sandbox", "redeem", "LAUNCH20")
    done = cli("check", "LAUNCH20", "--sandbox")
    assert "LAUNCH20 would not be taken: it is used up: 1 of 1 (and 1 more)." in " ".join(done.out.split())
