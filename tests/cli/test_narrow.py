"""On a narrow terminal no word is broken and no text is lost, in any output."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from rich.text import Text

from promosync.render.layout import folded
from tests.cli.conftest import Cli, write

NARROW = 60
LONG = "a_coupon_for_everybody_who_has_read_our_letter_to_its_end_in_march"
assert len(LONG) > NARROW
NOTE = "a note that somebody has put into the metadata because there was room for it, and a little more"
SHOP: dict[str, Any] = {
    "promosync": {"owner": "shop"},
    "coupons": [
        {"id": LONG[:60], "name": "Spring Sale for Everybody who Reads Us", "percent_off": 20, "duration": "once"},
        {"id": "ten", "amount_off": 1000, "currency": "usd", "duration": "once", "metadata": {"campaign": NOTE}},
    ],
    "promotion_codes": [
        {"id": LONG[:62], "code": LONG.upper().replace("_", "-"), "coupon": LONG[:60]},
        {"id": "ten", "code": "TEN", "coupon": "ten", "metadata": {"note": NOTE}},
    ],
    "code_batches": [{"id": LONG[:50], "coupon": "ten", "generate": {"count": 3, "pattern": "VIP-########"}}],
}
COMMANDS = [
    *(["validate"], ["validate", "--strict"], ["explain"], ["explain", "no-limit"], ["explain", "nothing"]),
    *(["plan", "--sandbox"], ["plan", "--sandbox", "--summary"], ["plan", "--sandbox", "--out", f"{LONG}.json"]),
    *(["apply", "--sandbox"], ["plan", "--target", LONG], ["plan", "nowhere.json"], ["status", "--alarm-uses", "4"]),
    *(["check", LONG.upper().replace("_", "-"), "--sandbox"], ["check", "NOBODYS", "--sandbox"]),
    *(["codes", "export", "--sandbox", "--out", f"{LONG}.csv"], ["export", "--sandbox", "--out", f"{LONG}-2.json"]),
    *(["init", LONG], ["sandbox", "redeem", "TEN"], ["sandbox", "stock"]),
]


def whole(lines: str, width: int) -> None:
    """Assert that every line fits, except parts that cannot be broken."""
    for line in lines.splitlines():
        longest = max(map(len, re.findall(r"`[^`]*`\S*|\S+", line)), default=0)
        assert len(line) <= width or " " not in re.sub("`[^`]*`", "", line.strip()) or longest > width - 30, line


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_word_is_broken(cli: Cli, command: list[str]) -> None:
    """The words are those of a wide terminal; every line fits, except single words that are too long."""
    write({**SHOP, "coupons": [SHOP["coupons"][1]], "promotion_codes": [], "code_batches": []})
    assert cli("apply", "--sandbox", "--yes").code == 0
    write(SHOP)
    told = []
    for width in (400, NARROW):
        result = cli(*command, env={"COLUMNS": str(width)})
        whole(result.out + result.err, width)
        told.append((result.code, result.out.split(), result.err.split()))
        for path in Path.cwd().glob(f"{LONG}*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert told[0] == told[1] or command[0] == "sandbox"


@pytest.mark.parametrize(
    "command", [["status", "--by", "campaign"], ["results", "--by", "campaign", "--every", "month"]]
)
def test_a_table_that_has_no_room_is_a_list(cli: Cli, command: list[str]) -> None:
    """Without room, each number is below its name, with the head of its column; with room, it is in its row."""
    write(SHOP)
    assert cli("apply", "--sandbox", "--yes").code == 0
    assert cli("sandbox", "redeem", "TEN", "--times", "4", "--amount", "9900").code == 0
    narrow, wide = (cli(*command, "--sandbox", env={"COLUMNS": str(width)}).out for width in (NARROW, 400))
    whole(narrow, NARROW)
    heads = ["issued", "used"] if command[0] == "status" else ["orders", "before", "discount"]
    [row] = re.findall(r"(?m)^ten TEN +\S.*$", wide)
    figures = re.search(r"(?ms)^ten TEN\n(.*?)\n(?=\S|\n)", narrow)
    assert figures is not None
    for head in heads:
        [figure] = re.findall(rf"\b{head}\s+(\S+?)(?:,|\s|$)", figures[1])
        assert figure in row.split()


def test_what_is_folded_keeps_its_styles() -> None:
    """And its indent; a command in backquotes is not folded, so that it can be copied."""
    line = Text("  ")
    line.append("one two", "bold")
    line.append(" `promosync apply --plan plan.json` three four", "red")
    parts = list(folded(line, 20))
    assert [part.plain for part in parts] == ["  one two", "    `promosync apply --plan plan.json`", "    three four"]
    assert [str(span.style) for part in parts for span in part.spans] == ["bold", "red", "red"]
    assert list(folded(line, 80)) == [line]


def test_a_pipe_gets_whole_lines(cli: Cli) -> None:
    """Where nobody says how wide it is, a row, a finding and a command are one line each."""
    write(SHOP)
    result = cli("validate", env={"COLUMNS": ""})
    assert len(result.err.splitlines()) == result.err.count("warning[") + 1
    assert max(map(len, result.err.splitlines())) > 120
