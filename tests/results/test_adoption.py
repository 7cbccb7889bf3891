"""A code that was adopted or renamed long after its orders counts for its entry, with a ledger and without."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from promosync.plan.batch_rows import Rows
from promosync.plan.planner import Policy
from promosync.results.book import Book
from promosync.results.ledger import AGAIN_SECONDS, Ledger, dump, parse
from promosync.results.report import Asked, Report
from promosync.sandbox import Sandbox, running
from promosync.status.report import LineKind
from promosync.workflows import plan as planning
from promosync.workflows import results
from tests.journeys.world import DAY, NOW, World, code, configured, coupon, document, open_world

Json = dict[str, Any]
Lines = dict[tuple[Any, str], int]

LEGACY = coupon("legacy", percent_off=10, stripe_id="LEGACY")
ENTRY = code("old", coupon="legacy")
BATCH = {"id": "cards", "coupon": "legacy", "max_redemptions": 9, "import": {"file": "cards.csv"}}
NOTHING = document([LEGACY])
ASKED = Asked(("campaign",))
CARDS = ("CARD", "CARDTWO")
NO_CAMPAIGN = LineKind.GROUP, "campaign=(none)"


@pytest.fixture(scope="module")
def server() -> Iterator[World]:
    sandbox = Sandbox(clock=lambda: float(NOW))
    with running(sandbox=sandbox) as handle:
        yield open_world(handle.url, handle.control)
    sandbox.close()


@pytest.fixture
def world(server: World) -> World:
    """An account with a coupon that nobody manages, and three codes on it that were used once each."""
    server.fresh()
    server.control.seed("coupon", [{"id": "LEGACY", "percent_off": 10, "duration": "once"}])
    server.control.seed("promotion_code", [{"code": "OLD", "coupon": "LEGACY"}])
    for text in CARDS:
        server.control.seed("promotion_code", [{"code": text, "coupon": "LEGACY", "max_redemptions": 9}])
    for text in ("OLD", *CARDS):
        server.control.redeem(text, amount=1000, currency="usd")
    return server


def look(
    world: World, content: Json, before: Ledger | None = None, imported: tuple[str, ...] = ()
) -> tuple[Ledger, Report]:
    rows = {"cards": Rows(codes=imported)} if imported else {}
    configuration = configured(content, world.now)
    found = results.look(configuration, rows, world.stripe, ASKED, before, lambda: False, lambda reading: None)
    assert found.report is not None
    return parse(list(dump(found.ledger)), "ledger"), found.report


def stripe_id(world: World, text: str) -> str:
    [row] = [row for row in world.control.dump()["promotion_codes"] if row["code"] == text]
    return str(row["id"])


def apply(world: World, content: Json, imported: tuple[str, ...] = ()) -> None:
    rows = {"cards": Rows(codes=imported)} if imported else {}
    world.carry_out(planning.make(configured(content, world.now), world.stripe, Policy(), rows))


def lines(report: Report) -> Lines:
    """How many orders each line has, of those that have any."""
    found = {(line.kind, line.id): line.sums.counts.orders for line in (*report.entries, *report.groups)}
    return {key: orders for key, orders in found.items() if orders}


def both(world: World, content: Json, before: Ledger, imported: tuple[str, ...] = ()) -> tuple[Ledger, Lines]:
    """Return the continued ledger, and the lines, which are the same without a ledger."""
    after, report = look(world, content, before, imported)
    assert lines(report) == lines(look(world, content, None, imported)[1])
    return after, lines(report)


def grown_old(world: World, content: Json = NOTHING) -> Ledger:
    """A ledger of a file without the codes, so old that their orders are not read again."""
    kept, report = look(world, content)
    assert not [key for key in lines(report) if key[0] is LineKind.CODE]
    world.control.advance(AGAIN_SECONDS + 5 * DAY)
    return look(world, content, kept)[0]


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("applied", [True, False])
def test_an_adopted_code_brings_its_old_orders(world: World, named: bool, applied: bool) -> None:
    """Whether the file names it or has its text, and before it is applied, too."""
    kept = grown_old(world)
    content = document([LEGACY], [ENTRY | ({"stripe_id": stripe_id(world, "OLD")} if named else {})])
    if applied:
        apply(world, content)
    for _ in range(2):
        kept, found = both(world, content, kept)
        assert found[LineKind.CODE, "old"] == 1
        assert found[LineKind.COUPON, "legacy"] == 3


def test_it_keeps_what_its_metadata_says(world: World) -> None:
    """A value that the file leaves to others (``ignore_metadata``) is Stripe's today."""
    kept = grown_old(world)
    world.dashboard.call("post", f"/v1/promotion_codes/{stripe_id(world, 'OLD')}", metadata={"campaign": "radio"})
    content = document([LEGACY], [ENTRY], ignore_metadata=["campaign"])
    apply(world, content)
    assert both(world, content, kept)[1][LineKind.GROUP, "campaign=radio"] == 1


def test_what_a_file_meant_and_did_not_adopt_is_nobodys_again(world: World) -> None:
    """A ledger holds what the account says, not what a file that was never applied would make of it."""
    kept, report = look(world, document([LEGACY], [ENTRY]))
    assert lines(report)[LineKind.CODE, "old"] == 1
    world.control.advance(AGAIN_SECONDS + 5 * DAY)
    kept, _ = both(world, document([LEGACY], [ENTRY]), kept)
    assert (LineKind.CODE, "old") not in both(world, NOTHING, kept)[1]


def test_an_adopted_import_brings_its_old_orders(world: World) -> None:
    kept = grown_old(world)
    content = {**NOTHING, "code_batches": [BATCH]}
    kept, found = both(world, content, kept, CARDS)
    assert (LineKind.BATCH, "cards") not in found  # not applied, so it has no owner yet
    apply(world, content, CARDS)
    kept, found = both(world, content, kept, CARDS)
    assert found[LineKind.BATCH, "cards"] == 2
    assert both(world, NOTHING, kept)[1][LineKind.BATCH, "cards"] == 2


def test_a_renamed_entry_keeps_its_old_orders(world: World) -> None:
    apply(world, document([LEGACY], [ENTRY]))
    kept, _ = look(world, document([LEGACY], [ENTRY]))
    world.control.advance(AGAIN_SECONDS + 5 * DAY)
    kept, _ = both(world, document([LEGACY], [ENTRY]), kept)
    renamed = document([LEGACY], [ENTRY | {"id": "older", "code": "old"}])
    apply(world, renamed)
    assert both(world, renamed, kept)[1][LineKind.CODE, "older"] == 1


def test_another_code_of_the_text_is_not_taken_for_it(world: World) -> None:
    """The used code is off now; the file has made another one."""
    world.dashboard.call("post", f"/v1/promotion_codes/{stripe_id(world, 'OLD')}", active=False)
    kept = grown_old(world)
    content = document([LEGACY], [ENTRY])
    apply(world, content)
    assert (LineKind.CODE, "old") not in both(world, content, kept)[1]


def asked(world: World, content: Json, before: Ledger, imported: tuple[str, ...] = ()) -> tuple[Ledger, int, int]:
    """Return the continued ledger, and the number of requests for codes and for invoices."""
    world.control.clear_counters()
    kept, _ = look(world, content, before, imported)
    counted = world.control.counters()["requests"]
    return kept, counted.get("GET /v1/promotion_codes", 0), counted["GET /v1/invoices"]


def test_stripe_is_asked_about_a_code_until_it_is_the_files(world: World) -> None:
    """And about no other code: not one that is not in the file, and not one that was not used."""
    kept = grown_old(world)
    content = document([LEGACY], [ENTRY, code("new", coupon="legacy")])
    assert asked(world, NOTHING, kept)[1] == 0
    kept, codes, _ = asked(world, content, kept)
    assert codes == 1
    apply(world, content)
    kept, codes, _ = asked(world, content, kept)
    assert codes == 1
    assert asked(world, content, kept)[1] == 0


def test_for_many_codes_all_orders_are_read_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """That takes fewer requests. But a reading that was stopped continues, so that it ends."""
    kept = grown_old(world)
    content, imported = {**NOTHING, "code_batches": [BATCH]}, CARDS
    apply(world, content, imported)
    monkeypatch.setattr(results, "_ASKED", 1)
    stopped = replace(kept, read={source: replace(read, gaps=((5, 6),)) for source, read in kept.read.items()})
    assert lines(look(world, content, stopped, imported)[1]) == {(LineKind.COUPON, "legacy"): 3, NO_CAMPAIGN: 3}
    _, codes, invoices = asked(world, content, kept, imported)
    assert (codes, invoices) == (0, asked(world, content, Ledger(kept.account, "shop", (), Book()), imported)[2])
    kept, found = both(world, content, kept, imported)
    assert found[LineKind.BATCH, "cards"] == 2
