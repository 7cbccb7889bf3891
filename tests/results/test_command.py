"""`promosync results` on the command line, against the sandbox."""

from __future__ import annotations

import csv
import io
import json
import re
import stat
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from promosync.cli import progress
from promosync.cli.access import SANDBOX, sandbox_at
from promosync.cli.results import _Watch
from promosync.results.orders import Source
from promosync.sandbox import Control
from tests.cli.conftest import Cli, changed, write
from tests.cli.conftest import cli as cli
from tests.cli.conftest import folder as folder
from tests.fakes import FakeStripe, fake_stripe

BATCH = {"id": "cards", "coupon": "vip", "generate": {"count": 20, "length": 12}, "metadata": {"campaign": "fair"}}
PERSON = "cus_jennyrosen"
FORMATS = ("table", "json", "csv", "markdown", "html")
KEY = "rk_test_0123456789"


def levers(move: Any) -> Any:
    with sandbox_at(SANDBOX) as sandbox:
        return move(Control.of(sandbox))


def unique_codes() -> list[str]:
    rows = levers(lambda control: control.dump()["promotion_codes"])
    return [row["code"] for row in rows if "promosync_slot" in row["metadata"]]


@pytest.fixture
def shop(cli: Cli) -> Cli:
    """A shop that has sold: subscriptions by one code, payments by another, and some by unique codes."""
    write(changed(code_batches=[BATCH]))
    assert cli("apply", "--sandbox", "--yes").code == 0
    levers(lambda control: control.seed("customer", [{"id": PERSON, "email": "jenny@example.com"}]))
    sell = ("sandbox", "redeem")
    assert cli(*sell, "LAUNCH20", "--times", "3", "--amount", "9900", "--as", "subscription").code == 0
    assert cli(*sell, "INSIDER", "--amount", "3000", "--currency", "jpy", "--customer", PERSON).code == 0
    for code in unique_codes()[:2]:
        assert cli(*sell, code, "--amount", "1000", "--currency", "eur", "--customer", PERSON).code == 0
    return cli


def results(cli: Cli, *arguments: str) -> Any:
    return cli("results", "--sandbox", "--format", "json", *arguments).json


def figures(document: Any, section: str) -> dict[str, Any]:
    return {
        line["id"]: {currency: one["after_discount"] for currency, one in line["by_currency"].items()}
        for line in document[section]
    }


def test_a_new_account_has_brought_nothing_yet(cli: Cli) -> None:
    done = cli("results", "--sandbox")
    assert (done.code, "No paid order" in done.out) == (0, True)
    for output in FORMATS:
        assert cli("results", "--sandbox", "--format", output, "--every", "day", "--by", "source").code == 0


def test_each_line_has_its_orders_and_all_together_each_once(shop: Cli) -> None:
    found = results(shop, "--by", "campaign")
    assert figures(found, "coupons") == {"spring": {"usd": 23760}, "vip": {"jpy": 2100, "eur": 1400}}
    assert figures(found, "promotion_codes") == {"launch": {"usd": 23760}, "insider": {"jpy": 2100}}
    assert figures(found, "code_batches") == {"cards": {"eur": 1400}}
    total = found["total"]
    assert (total["orders"], total["customers"], total["new_customers"], total["guest_orders"]) == (6, 4, 4, 0)
    by = {group["value"]: group["orders"] for group in found["by"]["campaign"]}
    assert by == {"fair": 2, "(none)": 4}
    assert found["missing"] == []


def test_a_campaign_that_ended_and_left_the_file_keeps_its_figures(shop: Cli) -> None:
    """Its coupon was recreated, and then deleted."""
    document = changed(code_batches=[BATCH])
    document["coupons"][0]["percent_off"] = 25
    write(document)
    assert shop("apply", "--sandbox", "--yes").code == 0
    shop("sandbox", "redeem", "LAUNCH20", "--amount", "1000", "--currency", "usd")
    assert figures(results(shop), "coupons")["spring"] == {"usd": 23760 + 750}
    assert figures(results(shop), "promotion_codes")["launch"] == {"usd": 23760 + 750}
    gone = {**document, "coupons": document["coupons"][1:], "promotion_codes": document["promotion_codes"][1:]}
    write(gone)
    assert shop("apply", "--sandbox", "--yes", "--force").code == 0
    after = results(shop)
    assert figures(after, "coupons")["spring"] == {"usd": 23760 + 750}
    [spring] = [line for line in after["coupons"] if line["id"] == "spring"]
    assert spring["in_file"] is False


def test_renewals_are_told_apart_and_by_month(shop: Cli) -> None:
    assert "in the sandbox" in shop("sandbox", "advance", "75").out
    found = results(shop, "--every", "month", "--zone", "Europe/Berlin")
    [spring] = [line for line in found["coupons"] if line["id"] == "spring"]
    assert spring["renewals"] == 0  # once
    assert found["every"] == "month"
    assert sum(part["orders"] for part in found["total"]["periods"]) == found["total"]["orders"]
    levers(lambda control: control.redeem("INSIDER", amount=500, kind="subscription"))
    shop("sandbox", "advance", "75")
    [vip] = [line for line in results(shop)["coupons"] if line["id"] == "vip"]
    assert (vip["first_orders"], vip["renewals"]) == (4, 2)


def test_a_span_counts_what_was_paid_in_it(shop: Cli) -> None:
    now = levers(lambda control: control.clock())
    shop("sandbox", "advance", "10")
    shop("sandbox", "redeem", "LAUNCH20", "--amount", "1000")
    moment = "2000-01-01T00:00:00Z"
    assert results(shop, "--to", moment)["total"]["orders"] == 0
    later = datetime.fromtimestamp(now + 5 * 86400, UTC).strftime("%Y-%m-%d")
    assert results(shop, "--from", later)["total"]["orders"] == 1
    assert results(shop, "--to", later)["total"]["orders"] == 6
    for wrong in (("--from", "soon"), ("--zone", "Berlin"), ("--from", later, "--to", "2000-01-01")):
        done = shop("results", "--sandbox", *wrong)
        assert (done.code, done.out) == (1, "")


@pytest.mark.parametrize("output", FORMATS)
def test_no_person_and_no_unique_code_is_in_any_output(shop: Cli, output: str) -> None:
    done = shop("results", "--sandbox", "--format", output, "--by", "campaign", "--every", "day", "--ledger", "kept")
    assert done.code == 0
    assert "cards" in done.out
    kept = Path("kept").read_text(encoding="utf-8")
    codes = unique_codes()
    ids = [row["id"] for row in levers(lambda control: control.dump()["customers"])]
    for text in (done.out, done.err, kept):
        assert not [secret for secret in (*codes, *ids, "jenny", "example.com") if secret.lower() in text.lower()]


def test_csv_has_amounts_in_the_units_of_their_currency(shop: Cli) -> None:
    rows = list(csv.DictReader(io.StringIO(shop("results", "--sandbox", "--format", "csv").out)))
    amounts = {(row["kind"], row["id"], row["currency"]): row["after_discount"] for row in rows}
    assert amounts["coupon", "spring", "usd"] == "237.60"
    assert amounts["coupon", "vip", "jpy"] == "2100"
    assert all(None not in row and None not in row.values() for row in rows)


def test_a_ledger_is_for_its_owner_alone_and_saves_reading(shop: Cli) -> None:
    """The figures equal those of a complete reading; new orders are in them, and a refund too."""
    shop("results", "--sandbox", "--ledger", "kept.jsonl")
    assert stat.S_IMODE(Path("kept.jsonl").stat().st_mode) == 0o600
    shop("sandbox", "advance", "100")
    shop("results", "--sandbox", "--ledger", "kept.jsonl")
    shop("sandbox", "redeem", "LAUNCH20", "--amount", "5000", "--as", "subscription")
    newest = levers(lambda control: control.dump()["invoices"])[-1]
    levers(lambda control: control.refund(newest["id"], 1234))
    levers(lambda control: control.clear_counters())
    kept, full = results(shop, "--ledger", "kept.jsonl"), results(shop)
    assert {**kept, "taken": ""} == {**full, "taken": ""}
    assert kept["total"]["by_currency"]["usd"]["refunded"] == 1234


def test_a_ledger_that_lacks_a_key_is_read_again(shop: Cli) -> None:
    assert shop("results", "--sandbox", "--ledger", "kept").code == 0
    done = shop("results", "--sandbox", "--ledger", "kept", "--by", "region", "--format", "json")
    assert "does not know the values of region" in done.err
    assert done.json["total"]["orders"] == 6


@pytest.mark.parametrize("content", ["{}", "not json", "", '{"promosync_ledger": 1}\n'])
def test_another_file_is_not_written_over(shop: Cli, content: str) -> None:
    Path("other").write_text(content, encoding="utf-8")
    done = shop("results", "--sandbox", "--ledger", "other", "--format", "json")
    assert (done.code, done.json["errors"][0]["rule"]) == (1, "ledger")
    assert Path("other").read_text(encoding="utf-8") == content
    before = Path("promosync.json").read_text(encoding="utf-8")
    assert shop("results", "--sandbox", "--ledger", "promosync.json").code == 1
    assert Path("promosync.json").read_text(encoding="utf-8") == before
    assert shop("results", "--sandbox", "--ledger", ".").code == 1
    assert shop("results", "--sandbox", "--ledger", "promosync.json/kept").code == 1


def test_a_ledger_of_another_owner_is_refused(shop: Cli) -> None:
    shop("results", "--sandbox", "--ledger", "kept")
    write(changed(promosync={"owner": "other"}))
    done = shop("results", "--sandbox", "--ledger", "kept")
    assert (done.code, "owner shop" in done.err) == (1, True)


def test_it_stops_in_time_and_goes_on_from_its_ledger(shop: Cli) -> None:
    """There are no figures until everything is read, because partial figures would look complete."""
    stopped = shop("results", "--sandbox", "--ledger", "kept", "--max-minutes", "0.000001", "--format", "json")
    assert (stopped.code, stopped.json) == (3, {"format_version": 1, "stopped": True})
    assert "run it again to go on" in stopped.err
    table = shop("results", "--sandbox", "--max-minutes", "0.000001")
    assert (table.code, table.out) == (3, "")
    assert "add --ledger FILE" in table.err
    assert results(shop, "--ledger", "kept")["total"] == results(shop)["total"]


@pytest.fixture
def stripe(cli: Cli) -> Any:
    """An account behind a key, with a subscription and a payment."""
    with fake_stripe() as fake:
        assert cli("apply", "--yes", env={"STRIPE_API_KEY": "sk_test_0123456789"}).code == 0
        fake.control.redeem("LAUNCH20", amount=1000, kind="subscription")
        fake.control.redeem("LAUNCH20", amount=500)
        yield fake


@pytest.mark.parametrize(
    ("lacking", "missing", "orders"),
    [("invoice_read", "invoices", 1), ("checkout_session_read", "checkout sessions", 1), ("", "", 2)],
)
@pytest.mark.parametrize("output", FORMATS)
def test_what_may_not_be_read_is_told(
    cli: Cli, stripe: FakeStripe, lacking: str, missing: str, orders: int, output: str
) -> None:
    permissions = {"coupon_read", "promotion_code_read", "invoice_read", "checkout_session_read"} - {lacking}
    stripe.control.register_key(KEY, sorted(permissions))
    done = cli("results", "--format", output, env={"STRIPE_API_KEY": KEY})
    assert done.code == 0
    words = "could not be read"
    assert (words in " ".join(done.out.split()) or words in done.err) is bool(missing)
    if output == "json":
        assert done.json["missing"] == ([missing] if missing else [])
        assert done.json["total"]["orders"] == orders


def test_with_neither_list_there_is_nothing_to_show(cli: Cli, stripe: FakeStripe) -> None:
    stripe.control.register_key(KEY, ["coupon_read"])
    done = cli("results", "--format", "json", env={"STRIPE_API_KEY": KEY})
    assert (done.code, done.json["errors"][0]["rule"]) == (1, "stripe-denied")
    assert "Invoices: read" in done.err


@dataclass
class Asking:
    """A minimal Stripe with a list, for the progress messages."""

    source: Source = Source.INVOICES
    requests: int = 0
    left: float | None = None
    pace: float | None = 1.0


def test_how_long_it_takes_is_said_once_before_long_work() -> None:
    """An estimate, as soon as possible; short work has no message."""
    said: list[str] = []
    asking = Asking()
    watch = _Watch(cast("Any", SimpleNamespace(say=said.append)), cast("Any", asking))
    for requests, left in ((0, None), (4, 993.0), (9, 990.0), (400, 600.0), (1000, 0.0)):
        asking.requests, asking.left = requests, left
        watch(cast("Any", asking))
        assert watch.left() == left
        assert len(said) == (requests >= 9)
    assert said == ["Reading invoices takes about 1,000 requests."]
    short = Asking(Source.SESSIONS, 1000, 50.0)
    watch(cast("Any", short))
    watch(cast("Any", short))
    assert len(said) == 1


def test_what_is_left_is_told_while_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.01)
    said: list[str] = []
    run = SimpleNamespace(say=said.append, err=SimpleNamespace(is_terminal=False))
    asking = Asking(requests=0)
    with progress.reading(cast("Any", run), cast("Any", asking), lambda: 500.0):
        asking.requests = 100
        deadline = time.monotonic() + 10
        while not said and time.monotonic() < deadline:
            time.sleep(0.01)
    assert re.search(r"100 requests, [\d,.]+ a second, at full pace, about 500 to go, about \d+:\d\d left", said[0])


def test_the_sandbox_says_what_is_no_order(shop: Cli) -> None:
    for wrong in (("--currency", "usd"), ("--amount", "5", "--currency", "xyz"), ("--amount", "-1")):
        assert shop("sandbox", "redeem", "LAUNCH20", *wrong).code == 1
    assert json.loads(shop("results", "--sandbox", "--format", "json").out)["total"]["orders"] == 6
