"""`promosync export` on the command line: its files and its messages."""

from __future__ import annotations

import csv
import io
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from promosync.cli.exits import carry_out
from promosync.cli.run import Run
from promosync.cli.streams import open_console
from tests.cli.conftest import Result
from tests.export.shop import Shop
from tests.export.test_unique_codes import unique

Export = Callable[..., Result]


@pytest.fixture
def promosync(shop: Shop, shop_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Export:
    """Carry out a command against the shop, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    shop.seed("coupon", {"id": "spring", "percent_off": 20, "name": "Früh [red]\x1b[31m"})
    shop.seed("promotion_code", {"coupon": "spring", "code": "LAUNCH"})

    def run(*arguments: str, encoding: str = "utf-8") -> Result:
        environ = {"COLUMNS": "100", "STRIPE_API_KEY": "sk_test_0123456789", "STRIPE_API_BASE": shop_url}
        out, err = io.BytesIO(), io.BytesIO()
        consoles = [open_console(io.TextIOWrapper(raw, encoding=encoding), environ) for raw in (out, err)]
        code = carry_out(arguments, Run(consoles[0], consoles[1], environ))
        for console in consoles:
            console.file.flush()
        return Result(code, out.getvalue().decode(encoding), err.getvalue().decode(encoding))

    return run


def test_the_file_goes_to_standard_output_and_the_talk_beside_it(promosync: Export) -> None:
    """And what comes out can go into plan, which adopts it."""
    done = promosync("export")
    assert (done.code, done.err) == (0, "Exported 1 coupon, 1 promotion code.\n")
    assert [entry["id"] for entry in done.json["promotion_codes"]] == ["launch"]
    Path("promosync.json").write_text(done.out, encoding="utf-8")
    assert "2 to adopt" in promosync("plan").out


def test_what_the_stream_can_not_write_is_escaped_as_json_has_it(promosync: Export) -> None:
    done = promosync("export", encoding="ascii")
    assert done.json["coupons"][0]["name"] == "Früh [red]\x1b[31m"
    assert "\x1b" not in done.out


def test_out_writes_the_file_and_its_codes_for_nobody_else_to_read(promosync: Export, shop: Shop) -> None:
    unique(shop, 60)
    done = promosync("export", "--out", "there/shop.json")
    assert (done.code, done.out) == (0, "")
    assert "Wrote there/shop.json, there/spring-codes.csv." in done.err
    assert "U000" not in done.err
    with Path("there/spring-codes.csv").open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file))[:2] == [["code"], ["U00000"]]
    assert {stat.S_IMODE(path.stat().st_mode) for path in Path("there").iterdir()} == {0o600}
    assert "adopt 60 codes" in promosync("plan", "there/shop.json").out
    assert promosync("apply", "there/shop.json", "--yes").code == 0
    assert promosync("plan", "there/shop.json", "--detailed-exitcode").code == 0


def test_no_file_is_overwritten_unasked(promosync: Export, shop: Shop) -> None:
    """Not the file, which is checked before anything is read, and not a file of codes."""
    Path("shop.json").write_text("mine", encoding="utf-8")
    requests = shop.world.control.counters()["total"]
    refused = promosync("export", "--out", "shop.json")
    assert (refused.code, shop.world.control.counters()["total"]) == (1, requests)
    assert "--overwrite" in refused.err
    unique(shop, 60)
    Path("spring-codes.csv").write_text("mine", encoding="utf-8")
    assert promosync("export", "--out", "new.json").code == 1
    assert not Path("new.json").exists()
    assert Path("spring-codes.csv").read_text(encoding="utf-8") == "mine"
    assert promosync("export", "--out", "shop.json", "--overwrite").code == 0
    assert len(json.loads(Path("shop.json").read_text(encoding="utf-8"))["code_batches"]) == 1


def test_a_coupon_is_exported_with_its_codes(promosync: Export, shop: Shop) -> None:
    """Read with Stripe's filter; one that is not there, or another's, is refused with the way out."""
    shop.seed("coupon", {"id": "other", "percent_off": 5})
    shop.seed("coupon", {"id": "theirs", "percent_off": 5, "metadata": {"promosync_owner": "them"}})
    shop.seed("promotion_code", {"coupon": "other", "code": "OTHER"})
    done = promosync("export", "--coupon", "other")
    assert [entry["code"] for entry in done.json["promotion_codes"]] == ["OTHER"]
    assert [entry["id"] for entry in done.json["coupons"]] == ["other"]
    refused = promosync("export", "--coupon", "sprung", "--coupon", "theirs")
    assert refused.code == 1
    assert "did you mean 'spring'" in refused.err
    assert "--owner them" in refused.err


def test_an_owner_is_exported_under_its_name(promosync: Export) -> None:
    Path("promosync.json").write_text(promosync("export").out, encoding="utf-8")
    assert promosync("apply", "--yes").code == 0
    assert promosync("export", "--owner", "default").json == json.loads(Path("promosync.json").read_text("utf-8"))
    left = promosync("export")
    assert (left.json["coupons"], left.json["promosync"]) == ([], {"owner": "export"})
    assert "2 of owner default" in left.err
    assert "there are: 'default'" in promosync("export", "--owner", "shop").err
    assert promosync("export", "--owner", "default", "--coupon", "spring").code == 1


def test_what_is_left_out_is_told_with_the_reason(promosync: Export, shop: Shop) -> None:
    """Safely: ids are people's texts too. What has ended is taken in on request, switched off."""
    ids = shop.seed("promotion_code", {"coupon": "spring", "code": "ONCE", "max_redemptions": 1})
    shop.world.control.redeem("ONCE")
    shop.seed("coupon", {"id": "x\x1b[31m", "percent_off": 1, "name": " "})
    done = promosync("export")
    assert "Left out, 1 promotion code: ended: used up" in done.err
    assert ids[0] in done.err.replace("\n", " ")
    assert "a name is not blank" in done.err
    assert "\x1b" not in done.err + done.out
    ended = promosync("export", "--include-ended").json["promotion_codes"]
    assert [(entry["code"], entry.get("active")) for entry in ended] == [("LAUNCH", None), ("ONCE", False)]
