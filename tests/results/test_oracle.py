"""After any edits, applies, orders, refunds and renewals, the figures equal those of a simple count.

The books are kept here, from what was done and from the sandbox's rows: whose each object was is noted after every
apply, and nothing of :mod:`promosync.results` is used for them. ``pytest --hypothesis-profile=long`` plays 200
histories.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from promosync.apply.outcome import Status
from promosync.plan.batch_rows import Rows
from promosync.plan.planner import Policy
from promosync.results.ledger import Ledger, dump, parse
from promosync.results.periods import Every, Span
from promosync.results.report import Asked, Counts, Figures, Line, Report, Sums
from promosync.sandbox import Sandbox, running
from promosync.status.report import LineKind
from promosync.workflows import plan as planning
from promosync.workflows.results import look
from tests.journeys.world import DAY, NOW, World, configured, document, open_world

Json = dict[str, Any]

EXAMPLES = settings().max_examples if settings().max_examples > 100 else 12
CURRENCIES = ("usd", "eur", "jpy", "kwd", "isk")
OPTIONS = {"eur": {"amount_off": 450}, "jpy": {"amount_off": 700}, "kwd": {"amount_off": 1500}}
ZONE = "America/Sao_Paulo"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    sandbox = Sandbox(clock=lambda: float(NOW))
    with running(sandbox=sandbox) as handle:
        yield open_world(handle.url, handle.control)
    sandbox.close()


shops = st.fixed_dictionaries(
    {
        "percent": st.sampled_from([10, 12.5, 33]),
        "duration": st.sampled_from(["once", "repeating", "forever"]),
        "metadata": st.sampled_from([{}, {"campaign": "a"}, {"campaign": "b"}]),
        "own": st.sampled_from([{}, {"campaign": "c"}]),
        "five": st.booleans(),
        "more": st.sampled_from(["more", "mehr"]),
        "count": st.integers(1, 3),
    }
)
orders = st.lists(
    st.fixed_dictionaries(
        {
            "codes": st.lists(st.integers(0, 9), min_size=1, max_size=3, unique=True),
            "directly": st.booleans(),
            "amount": st.sampled_from([0, 1, 999, 1000, 12_345, 99_999]),
            "currency": st.sampled_from(CURRENCIES),
            "kind": st.sampled_from(["payment", "subscription"]),
            "customer": st.sampled_from([None, "cus_ann", "cus_bob"]),
        }
    ),
    max_size=4,
)
days = st.tuples(
    shops, orders, st.lists(st.tuples(st.integers(0, 50), st.integers(1, 100)), max_size=2), st.integers(0, 70)
)


def shop(made: Json, adopted: int) -> Json:
    """The file of a day; ``adopted`` days ago it has taken the coupon and the codes of nobody."""
    spring: Json = {
        "id": "spring", "percent_off": made["percent"], "duration": made["duration"], "metadata": made["metadata"],
    }  # fmt: skip
    if made["duration"] == "repeating":
        spring["duration_in_months"] = 2
    coupons, codes = [spring], [{"id": "hello", "code": "HELLO", "coupon": "spring", "metadata": made["own"]}]
    if made["five"]:
        coupons.append(
            {"id": "five", "amount_off": 500, "currency": "usd", "currency_options": OPTIONS, "duration": "once"}
        )
        codes.append({"id": made["more"], "code": "MORE", "coupon": "five"})
    batches = [_batch("vip", "spring", generate={"count": made["count"], "length": 14})]
    if adopted > 0:
        percent = 10 if adopted == 1 else made["percent"]  # adopted as it is, then changed
        coupons.append({"id": "legacy", "percent_off": percent, "duration": "once", "stripe_id": "LEGACY"})
        codes.append({"id": "old", "code": "OLD", "coupon": "legacy"})
        batches.append(_batch("cards", "legacy", **{"import": {"file": "cards.csv"}}))
    return document(coupons, codes) | {"code_batches": batches}


def _batch(name: str, coupon: str, **source: Json) -> Json:
    return {"id": name, "coupon": coupon, "max_redemptions": 9, **source}


CARDS = {"cards": Rows(codes=("CARD", "CARDTWO"))}
"""What cards.csv says: the first one is in Stripe before, and nobody's."""


@dataclass
class Books:
    """The records: the entry of each object, by its Stripe id."""

    coupons: dict[str, str] = field(default_factory=dict)
    codes: dict[str, tuple[LineKind, str]] = field(default_factory=dict)

    def note(self, world: World) -> None:
        dumped = world.control.dump()
        for row in dumped["coupons"]:
            if row["metadata"].get("promosync_owner") == "shop":
                self.coupons[row["id"]] = row["metadata"]["promosync_id"]
        for row in dumped["promotion_codes"]:
            meta = row["metadata"]
            if meta.get("promosync_owner") == "shop":
                kind = LineKind.BATCH if "promosync_slot" in meta else LineKind.CODE
                self.codes[row["id"]] = kind, meta["promosync_id"]


def buy(world: World, order: Json) -> None:
    """Use some of the codes that work for one order, or a coupon directly; what Stripe refuses is not bought."""
    rows = [row for row in world.control.dump()["promotion_codes"] if row["active"]]
    picked = list(dict.fromkeys(rows[at % len(rows)]["id"] for at in order["codes"]))
    details = {key: order[key] for key in ("amount", "currency", "kind", "customer")}
    if order["directly"]:
        world.control.redeem(coupon=world.one_coupon()["id"], also=picked, **details)
    else:
        world.control.redeem(picked[0], also=picked[1:], **details)


def refund(world: World, which: int, percent: int) -> None:
    """Credit a part of an invoice that is young enough for a ledger to read it again."""
    rows = [row for row in world.control.dump()["invoices"] if row["created"] > world.now - 30 * DAY]
    if rows:
        row = rows[which % len(rows)]
        amount = (row["total"] - row["post_payment_credit_notes_amount"]) * percent // 100
        if amount:
            world.control.refund(row["id"], amount)


@dataclass
class Bought:
    """One order from the sandbox's rows: discounts as amount, coupon and code."""

    paid: int
    currency: str
    before: int
    refunded: int
    customer: str | None
    renewal: bool
    discounts: list[tuple[int, str, str | None]]

    @property
    def after(self) -> int:
        return self.before - sum(amount for amount, _, _ in self.discounts)


def bought(world: World) -> list[Bought]:
    """Every order there was."""
    dumped, found = world.control.dump(), []
    for row in dumped["invoices"]:
        given = [(one["amount"], one["discount"]) for one in row["total_discount_amounts"]]
        paid, renewal = row["status_transitions"]["paid_at"], row["billing_reason"] != "subscription_create"
        back = row["post_payment_credit_notes_amount"]
        found.append((row, given, paid, row["subtotal"], back, renewal))
    for row in dumped["checkout_sessions"]:
        if row["invoice"] is None:
            given = [(one["amount"], one["discount"]) for one in row["total_details"]["breakdown"]["discounts"]]
            found.append((row, given, row["created"], row["amount_subtotal"], 0, False))
    return [
        Bought(
            paid, row["currency"], before, back, row["customer"], renewal,
            [(amount, one["source"]["coupon"], one["promotion_code"]) for amount, one in given],
        )
        for row, given, paid, before, back, renewal in found
    ]  # fmt: skip


def expected(
    books: Books, rows: list[Bought], content: Json, span: Span
) -> dict[tuple[Any, str], list[tuple[Bought, int]]]:
    """The orders of each line, with what its own discounts took off."""
    lines: dict[tuple[Any, str], list[tuple[Bought, int]]] = defaultdict(list)
    coupons = {entry["id"]: entry for entry in content["coupons"]}
    codes = {entry["id"]: entry for entry in content["promotion_codes"]}
    for row in rows:
        if (span.since or 0) > row.paid or row.paid >= (span.until or 1 << 40):
            continue
        off: dict[tuple[Any, str], int] = {}
        for amount, coupon, code in row.discounts:
            home, entry = books.coupons.get(coupon), books.codes.get(code or "")
            if home is None and entry is None:
                continue
            own = codes.get(entry[1], {}) if entry and entry[0] is LineKind.CODE else {}
            value = own.get("metadata", {}).get("campaign") or coupons.get(home or "", {}).get("metadata", {}).get(
                "campaign"
            )
            keys: list[tuple[Any, str]] = [(None, "total"), (LineKind.GROUP, f"campaign={value or '(none)'}")]
            keys += [(LineKind.COUPON, home)] if home else []
            keys += [entry] if entry else []
            for key in keys:
                off[key] = off.get(key, 0) + amount
        for key, amount in off.items():
            lines[key].append((row, amount))
    return lines


def summed(found: list[tuple[Bought, int]], first: dict[str, int]) -> Sums:
    """Return the figures of some orders."""

    def counts(some: list[tuple[Bought, int]]) -> tuple[int, int, int, int, int]:
        rows = [row for row, _ in some]
        new = {row.customer for row in rows if row.customer and not row.renewal and first[row.customer] == row.paid}
        known = {row.customer for row in rows if row.customer}
        guests = sum(row.customer is None for row in rows)
        return len(rows), sum(row.renewal for row in rows), len(known), len(new), guests

    money = {}
    for currency in {row.currency for row, _ in found}:
        some = [(row, off) for row, off in found if row.currency == currency]
        money[currency] = Figures(
            *counts(some),
            sum(row.before for row, _ in some),
            sum(off for _, off in some),
            sum(row.after for row, _ in some),
            sum(row.refunded for row, _ in some),
        )
    return Sums(Counts(*counts(found)), money)


def first_orders(rows: list[Bought], read_from: int | None) -> dict[str, int]:
    """When each customer's first order was paid, of those that were read; who renews came before."""
    first: dict[str, int] = {}
    for row in rows:
        if row.customer and row.paid >= (read_from or 0):
            first[row.customer] = min(first.get(row.customer, 1 << 40), row.paid - row.renewal)
    return first


def month_of(moment: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=moment)).astimezone(ZoneInfo(ZONE)).strftime("%Y-%m")


def check(report: Report, books: Books, rows: list[Bought], content: Json, span: Span) -> None:
    """Every line, in all and month by month; and no line that should not be there."""
    lines, first = expected(books, rows, content, span), first_orders(rows, report.read_from)
    told = {(line.kind, line.id): line for line in (report.total, *report.entries, *report.groups)}
    assert {key for key, line in told.items() if line.sums.counts.orders} == set(lines)
    for key, found in lines.items():
        line: Line = told[key]
        assert line.sums == summed(found, first), key
        months = {month_of(row.paid) for row, _ in found}
        by_month = {report.periods[number].first.strftime("%Y-%m"): sums for number, sums in line.periods.items()}
        assert by_month == {
            month: summed([one for one in found if month_of(one[0].paid) == month], first) for month in months
        }


@settings(
    max_examples=EXAMPLES,
    phases=(Phase.explicit, Phase.generate),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(days, min_size=1, max_size=5), st.integers(0, 4), st.integers(0, 100), st.integers(0, 300))
def test_the_figures_are_those_of_the_books(
    world: World, history: list[Any], adopts: int, begin: int, length: int
) -> None:
    """After every day, and before the apply; with the ledger of the day before, and without one."""
    world.fresh()
    books, kept = Books(), None
    _others(world)
    for day, (made, bought_, refunds, wait) in enumerate(history):
        content = shop(made, day - adopts + 1)
        asked = Asked(("campaign",), Span(), Every.MONTH, ZONE)
        _, unread = _looked(world, content, asked, None)
        kept, report = _looked(world, content, asked, kept)
        assert report == unread or report.read_from != unread.read_from
        plan = planning.make(configured(content, world.now), world.stripe, Policy(), CARDS)
        assert {outcome.status for outcome in world.carry_out(plan).outcomes} <= {Status.DONE}
        books.note(world)
        for order in bought_:
            buy(world, order)
        for which, percent in refunds:
            refund(world, which, percent)
        rows = bought(world)
        plain = _looked(world, content, asked, None)
        check(plain[1], books, rows, content, Span())
        kept, report = _looked(world, content, asked, kept)
        check(report, books, rows, content, Span())
        world.control.advance(wait * DAY)
    span = Span(NOW + begin * DAY, NOW + (begin + length) * DAY)
    _, report = _looked(world, content, Asked(("campaign",), span, Every.MONTH, ZONE), kept)
    check(report, books, bought(world), content, span)


def _others(world: World) -> None:
    """Objects of others, all used: a coupon of another owner, and one of nobody that a file may adopt."""
    theirs = {"promosync_owner": "other", "promosync_id": "spring"}
    world.control.seed("coupon", [{"id": "theirs", "percent_off": 50, "duration": "forever", "metadata": theirs}])
    world.control.seed("promotion_code", [{"code": "THEIRS", "coupon": "theirs", "metadata": theirs}])
    world.control.seed("coupon", [{"id": "LEGACY", "percent_off": 10, "duration": "once"}])
    world.control.seed("promotion_code", [{"code": "OLD", "coupon": "LEGACY"}])
    world.control.seed("promotion_code", [{"code": "CARD", "coupon": "LEGACY", "max_redemptions": 9}])
    for code, customer in (("THEIRS", "cus_ann"), ("OLD", "cus_bob"), ("OLD", None), ("CARD", "cus_ann")):
        world.control.redeem(code, amount=5000, currency="usd", customer=customer)
    world.control.advance(3 * DAY)


def _looked(world: World, content: Json, asked: Asked, before: Ledger | None) -> tuple[Ledger, Report]:
    configuration = configured(content, world.now)
    found = look(configuration, CARDS, world.stripe, asked, before, lambda: False, lambda reading: None)
    assert found.report is not None
    return parse(list(dump(found.ledger)), "ledger"), found.report
