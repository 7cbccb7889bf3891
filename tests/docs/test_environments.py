"""One file, two environments: applied to test mode and then to live mode, both have the same objects.

The two keys are for the two modes of one sandbox that replaces Stripe: a live key is sent nowhere else.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from promosync.sandbox import Control
from tests.cli.conftest import Cli, Result, cli, folder, write
from tests.fakes import FakeStripe, fake_stripe

__all__ = ["cli", "folder"]

Json = dict[str, Any]
Run = Callable[..., Result]

ACCOUNT = "acct_1PromosyncSandbox"
FILE: Json = {
    "promosync": {"owner": "shop", "account": {"test": ACCOUNT, "live": ACCOUNT}},
    "products": [{"id": "pro", "stripe_id": {"test": "prod_test", "live": "prod_live"}}],
    "coupons": [
        {
            "id": "spring",
            "name": "Spring Sale",
            "percent_off": 20,
            "duration": "once",
            "max_redemptions": 100,
            "applies_to": ["pro"],
        },
        {"id": "ten", "amount_off": 1000, "currency": "usd", "duration": "once", "stripe_id": {"live": "BY_HAND"}},
    ],
    "promotion_codes": [
        {"id": "launch", "code": "LAUNCH20", "coupon": "spring", "metadata": {"source": "site"}},
        {"id": "off", "code": "LATER", "coupon": "ten", "active": False},
        {"id": "jenny", "code": "JENNY", "coupon": "ten", "customer_email": "jenny@example.com"},
    ],
    "code_batches": [{"id": "vip", "coupon": "ten", "generate": {"count": 4, "pattern": "VIP-####-####"}}],
}
# Fields that Stripe sets or counts itself.
_GIVEN = ("id", "created", "livemode", "times_redeemed", "customer")


@pytest.fixture
def stripe() -> Iterator[FakeStripe]:
    """Both halves, with the product and the customer that the file needs; in live mode a coupon is there already."""
    with fake_stripe() as fake:
        for mode in ("test", "live"):
            half = half_of(fake, mode)
            half.seed("product", [{"id": f"prod_{mode}"}])
            half.seed("customer", [{"id": f"cus_{mode}", "email": "Jenny@example.com"}])
        by_hand = {"id": "BY_HAND", "amount_off": 1000, "currency": "usd", "duration": "once"}
        half_of(fake, "live").seed("coupon", [by_hand])
        yield fake


@pytest.fixture
def run(cli: Cli, stripe: FakeStripe) -> Run:
    """Carry out a command in a mode, with a key of that mode."""

    def go(mode: str, *arguments: str) -> Result:
        live = ("--live",) if mode == "live" else ()
        return cli(*arguments, *live, "--rps", "1000", env={"STRIPE_API_KEY": f"sk_{mode}_0123456789"})

    return go


def half_of(fake: FakeStripe, mode: str) -> Control:
    return Control.of(fake.sandbox, livemode=mode == "live")


def state(half: Control) -> tuple[Json, Json, Counter[str]]:
    """Return coupons and codes by config id, and the number of working codes of each batch."""
    dump = half.dump()
    homes = {row["id"]: row["metadata"].get("promosync_id") for row in dump["coupons"]}
    coupons, codes, unique = {}, {}, Counter[str]()
    for row in dump["coupons"]:
        plain = {key: value for key, value in row.items() if key not in _GIVEN}
        coupons[homes[row["id"]]] = json.loads(json.dumps(plain).replace("prod_live", "prod_test"))
    for row in dump["promotion_codes"]:
        name = row["metadata"]["promosync_id"]
        if "promosync_slot" in row["metadata"]:
            unique[name] += row["active"]
            continue
        plain = {key: value for key, value in row.items() if key not in _GIVEN}
        codes[name] = {**plain, "promotion": homes[row["promotion"]["coupon"]], "bound": row["customer"] is not None}
    return coupons, codes, unique


def test_both_end_the_same(run: Run, stripe: FakeStripe) -> None:
    """Test first, then live: equal except for ids, and an apply in one mode does not change the other."""
    write(FILE)
    assert run("test", "apply", "--yes").code == 0
    tested = half_of(stripe, "test").dump()
    assert half_of(stripe, "live").dump()["promotion_codes"] == []

    assert run("live", "apply", "--yes").code == 0
    assert half_of(stripe, "test").dump() == tested
    first, second = state(half_of(stripe, "test")), state(half_of(stripe, "live"))
    assert first == second
    assert set(first[0]) == {"spring", "ten"}
    assert set(first[1]) == {"launch", "off", "jenny"}
    assert first[2] == {"vip": 4}
    assert "BY_HAND" in [row["id"] for row in half_of(stripe, "live").dump()["coupons"]]
    for mode in ("test", "live"):
        assert run(mode, "plan", "--detailed-exitcode").code == 0


def test_they_stay_the_same_after_a_change(run: Run, stripe: FakeStripe) -> None:
    """A coupon is recreated in both; the uses of each count where they were."""
    write(FILE)
    for mode in ("test", "live"):
        run(mode, "apply", "--yes")
    half_of(stripe, "live").redeem("LAUNCH20", customer=None)
    changed = json.loads(json.dumps(FILE))
    changed["coupons"][0]["percent_off"] = 25
    write(changed)
    for mode in ("test", "live"):
        assert run(mode, "apply", "--yes").code == 0
        assert run(mode, "plan", "--detailed-exitcode").code == 0
    limits = []
    for mode in ("test", "live"):
        [row] = [
            row for row in half_of(stripe, mode).dump()["coupons"] if row["metadata"]["promosync_id"] == "spring"
        ]
        assert row["percent_off"] == 25
        limits.append(row["max_redemptions"])
    assert limits == [100, 99]


def test_an_export_of_one_is_compared_with_the_other(run: Run) -> None:
    """If both are equal, nothing is to do. Otherwise the plan shows the changes that make the second one equal."""
    single = {**FILE, "code_batches": []}
    write(single)
    for mode in ("test", "live"):
        run(mode, "apply", "--yes")
    for one, other in (("test", "live"), ("live", "test")):
        name = f"{one}.json"
        assert run(one, "export", "--owner", "shop", "--out", name).code == 0
        in_other_words(name, one, other)
        compared = run(other, "plan", name, "--detailed-exitcode")
        assert compared.code == 0, compared.out + compared.err

    single["coupons"][1]["name"] = "Ten off"
    write(single)
    assert run("test", "apply", "--yes").code == 0
    assert run("test", "export", "--owner", "shop", "--out", "newer.json").code == 0
    in_other_words("newer.json", "test", "live")
    compared = run("live", "plan", "newer.json", "--detailed-exitcode")
    assert compared.code == 2
    assert "Ten off" in compared.out
    assert "1 to update" in compared.out


def in_other_words(name: str, one: str, other: str) -> None:
    """Products and customers have other ids in the other mode: say so in the export, as environments.md asks."""
    path = Path(name)
    text = path.read_text(encoding="utf-8").replace(f"prod_{one}", f"prod_{other}")
    path.write_text(text.replace(f"cus_{one}", f"cus_{other}"), encoding="utf-8")


@pytest.mark.parametrize(("pinned", "opened"), [("live", "test"), ("test", "live")])
def test_a_file_is_kept_from_the_wrong_account(run: Run, stripe: FakeStripe, pinned: str, opened: str) -> None:
    """Pinned for each mode, an account of another id is refused before the first write."""
    wrong = {**FILE, "promosync": {"owner": "shop", "account": {pinned: ACCOUNT, opened: "acct_1Other"}}}
    write(wrong)
    refused = run(opened, "apply", "--yes")
    assert refused.code == 1
    assert "acct_1Other" in refused.err
    assert half_of(stripe, opened).dump()["promotion_codes"] == []
