"""A large account on the command line: the plan says what was not read, and `--refresh` reads everything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from promosync.sandbox import Control, running
from tests.cli.conftest import Cli, Result, write

OTHERS = 2_500
KEY = "sk_test_refresh0123456789"
DOCUMENT: dict[str, Any] = {
    "promosync": {"owner": "shop"},
    "coupons": [{"id": "spring", "percent_off": 20, "duration": "once"}],
    "promotion_codes": [{"id": "launch", "code": "LAUNCH20", "coupon": "spring"}],
    "code_batches": [{"id": "vip", "coupon": "spring", "generate": {"count": 12, "pattern": "SPR-####-####"}}],
}


@dataclass
class Shop:
    """Carries out commands beside the codes of a program, for the account itself or a connected one."""

    cli: Cli
    url: str
    account: str
    control: Control

    def __call__(self, command: str, *more: str) -> Result:
        self.control.clear_counters()
        env = {"STRIPE_API_KEY": KEY, "STRIPE_API_BASE": self.url, "STRIPE_ACCOUNT": self.account}
        result = self.cli(command, "--rps", "10000", *more, env=env)
        assert result.code == 0, result.err
        return result

    @property
    def requests(self) -> int:
        return int(self.control.counters()["total"])


@pytest.fixture(params=["", "acct_connected"], ids=["own", "connected"])
def shop(cli: Cli, request: pytest.FixtureRequest) -> Iterator[Shop]:
    """The file is applied."""
    account = request.param
    with running() as handle:
        control = Control(handle.url, account=account or None)
        control.seed("coupon", [{"id": "rewards", "percent_off": 5, "duration": "once"}])
        control.seed("promotion_code", count=OTHERS, template={"coupon": "rewards", "code": "RWD-{n}"})
        write(DOCUMENT)
        made = Shop(cli, handle.url, account, control)
        made("apply", "--yes")
        yield made


def test_a_plan_says_what_it_did_not_read_and_since_when(shop: Shop) -> None:
    """The batch is as sealed, the other codes of the account were not asked for; JSON has both as facts."""
    said = shop("plan").out
    assert shop.requests <= 1 + 1 + 10 + 1
    day = shop("plan", "--format", "json").json
    [trusted] = day["trusted"]
    assert (day["in_full"], trusted["id"], trusted["codes"], trusted["active"]) == (False, "vip", 12, 12)
    assert f"batch vip: 12 codes as sealed {trusted['sealed_at'][:10]}, not read\n" in said
    assert "Only the codes that this plan needs were read. To read all codes of the account, add --refresh.\n" in said
    assert "`batch vip: 12 codes as sealed" in shop("plan", "--format", "markdown").out


def test_refresh_reads_everything(shop: Shop) -> None:
    """Every page of the list, and nothing is said of seals then."""
    said = shop("plan", "--refresh").out
    assert shop.requests > OTHERS // 100
    assert "sealed" not in said
    full = shop("plan", "--refresh", "--format", "json").json
    assert (full["in_full"], full["trusted"]) == (True, [])


def test_apply_refresh_writes_seals_where_there_is_nothing_to_change(shop: Shop) -> None:
    """What somebody deleted is back; the account is read once for it, and no more by the next plan."""
    before = {row["id"]: row["metadata"] for row in shop.control.dump()["coupons"]}
    shop("apply", "--yes", "--refresh")
    assert int(shop.control.counters()["writes"]) == 1
    after = {row["id"]: row["metadata"] for row in shop.control.dump()["coupons"]}
    assert before.keys() == after.keys()
    assert after["spring"]["promosync_seal"]
    shop("plan")
    assert shop.requests <= 1 + 1 + 10 + 1


def test_a_saved_plan_reads_what_it_needs(shop: Shop) -> None:
    """To save and apply a plan beside many codes of others reads no more pages than in a small account."""
    changed = {
        **DOCUMENT,
        "promotion_codes": [*DOCUMENT["promotion_codes"], {"id": "b", "code": "B", "coupon": "spring"}],
    }
    changed["coupons"] = [{**DOCUMENT["coupons"][0], "name": "Spring"}]
    write(changed)
    shop("plan", "--out", "plan.json")
    assert shop.requests <= 1 + 1 + 10 + 2
    shop("apply", "--plan", "plan.json", "--yes")
    assert shop.requests <= 1 + 1 + 10 + 2 + 2 + 4  # two changes, and the seal is opened and closed
    assert not shop("plan", "--format", "json").json["changes"]
