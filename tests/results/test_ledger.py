"""A ledger contains what was read and no names, and is refused if it is incomplete or of another account."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promosync.model.live import Account, LiveCode
from promosync.model.ownership import Mode, Tags
from promosync.model.problems import ProblemsFound
from promosync.model.promotions import PromotionCode
from promosync.results.book import Book, Known, within
from promosync.results.ledger import AGAIN_SECONDS, Ledger, Read, dump, parse
from promosync.results.orders import Discount, Order, Source
from promosync.status.report import LineKind

ACCOUNT = Account("acct_1", Mode.TEST, 1_800_000_000)
NOBODYS = LiveCode("promo_SECRETTOO", PromotionCode("SECRETTOO", "spring"), Tags(), 5)
SECRET = LiveCode("promo_SECRET", PromotionCode("SECRETTEXT", "spring"), Tags("shop", "vip", slot="3"), 5)


def ledger() -> Ledger:
    book = Book()
    given = (Discount(100, "spring", "promo_SECRET", SECRET), Discount(5, None))
    known = Known(LineKind.BATCH, "vip", (("campaign", "fair"),))
    book.add(Order(Source.INVOICES, 50, 60, "usd", 900, 10, "cus_SECRET", True, given), lambda code: known)
    book.add(Order(Source.SESSIONS, 70, 70, "jpy", -3, 0, None, False, (Discount(7, "five"),)), lambda code: known)
    book.add(Order(Source.INVOICES, 80, 80, "usd", 900, 0, "cus_OTHER"), lambda code: known)
    nobodys = (Discount(90, "spring", "promo_SECRETTOO", NOBODYS),)
    book.add(Order(Source.INVOICES, 85, 85, "usd", 900, discounts=nobodys), lambda code: Known())
    read = {Source.INVOICES: Read(None, 90, ((None, 40), (45, None))), Source.SESSIONS: Read(3, 90)}
    return Ledger(ACCOUNT, "shop", ("campaign", "source"), book, read)


def test_what_is_written_is_what_is_read() -> None:
    before = ledger()
    lines = list(dump(before))
    after = parse(lines, "ledger")
    assert list(after.book) == list(before.book)
    assert dict(after.book.customers()) == dict(before.book.customers())
    assert list(after.book.codes) == list(before.book.codes)
    assert (after.account, after.owner, after.keys, after.read) == (
        before.account, before.owner, before.keys, before.read,
    )  # fmt: skip
    assert list(dump(after)) == lines


def test_it_names_nobody_and_no_code() -> None:
    """Ids are hashed with a salt of the ledger's own: two ledgers have nothing in common."""
    text = "".join(dump(ledger()))
    assert "SECRET" not in text
    assert "cus_" not in text
    assert "promo_" not in text
    one, other = ledger().book, ledger().book
    assert set(dict(one.customers())).isdisjoint(dict(other.customers()))


def test_it_knows_a_text_that_it_is_asked_for() -> None:
    """In any case; a unique code of this owner has no text in it."""
    book = parse(list(dump(ledger())), "ledger").book
    assert list(book.codes.by_text()) == [(book.text_hash("secretToo"), Known())]


def test_who_renews_was_a_customer_before() -> None:
    book = ledger().book
    assert book.first(book.hash("cus_SECRET")) == 59
    assert book.first(book.hash("cus_OTHER")) == 80
    assert book.first(book.hash("cus_NOBODY")) is None


LINES = list(dump(ledger()))


@pytest.mark.parametrize("kept", range(len(LINES)))
def test_one_that_was_cut_short_is_refused(kept: int) -> None:
    for lines in (LINES[:kept], [*LINES[:kept], LINES[kept][:10]]):
        with pytest.raises(ProblemsFound, match="cut short or edited"):
            parse(lines, "ledger")


@settings(max_examples=200, deadline=None)
@given(st.integers(0, sum(map(len, LINES)) - 1), st.sampled_from('0123456789abc"{}[]: \n'))
def test_one_that_was_edited_is_refused(at: int, sign: str) -> None:
    """A single sign is enough, wherever it is."""
    text = "".join(LINES)
    edited = text[:at] + sign + text[at + 1 :]
    if text[at] == sign:
        return
    with pytest.raises(ProblemsFound):
        parse(edited.splitlines(keepends=True), "ledger")


@pytest.mark.parametrize(
    "content",
    ["", "\n", "{}", "[]", '{"coupons": []}', "null\n" * 3, '{"promosync_ledger": 1}', "\x00", "[" * 100_000],
)
def test_what_is_no_ledger_is_refused(content: str) -> None:
    with pytest.raises(ProblemsFound, match="is no ledger"):
        parse(content.splitlines(keepends=True), "ledger")


def test_one_of_another_version_says_so() -> None:
    head = json.loads(LINES[0]) | {"promosync_ledger": 1}
    with pytest.raises(ProblemsFound, match="version 1") as refused:
        parse([json.dumps(head) + "\n", *LINES[1:]], "ledger")
    [problem] = refused.value.problems
    assert problem.hint is not None
    assert "delete it" in problem.hint


@pytest.mark.parametrize("amount", [2**63, -(2**63) - 1, 10**30])
@pytest.mark.parametrize("place", [4, 5])
def test_one_with_an_amount_that_is_too_large_is_refused(amount: int, place: int) -> None:
    """Whoever wrote it wrote its checksum, too."""
    content = json.loads(LINES[1])
    content["orders"][0][place] = amount
    lines = [LINES[0], json.dumps(content) + "\n", *LINES[2:-1]]
    digest = sha256("".join(lines).encode()).hexdigest()
    with pytest.raises(ProblemsFound, match="cut short or edited"):
        parse([*lines, json.dumps({"lines": len(lines), "checksum": digest}) + "\n"], "ledger")


@pytest.mark.parametrize(
    ("account", "owner", "fits"),
    [
        (ACCOUNT, "shop", True),
        (Account(None, Mode.TEST, 0), "shop", True),
        (Account("acct_2", Mode.TEST, 0), "shop", False),
        (Account("acct_1", Mode.LIVE, 0), "shop", False),
        (ACCOUNT, "other", False),
    ],
)
def test_it_is_of_one_account_and_owner(account: Account, owner: str, fits: bool) -> None:
    assert (ledger().mismatch(account, owner) is None) is fits


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_what_is_open_is_all_that_is_not_known(data: Any) -> None:
    """Periods do not overlap, the newest is first; everything else was read already and is older than forty days."""
    moment = st.integers(0, 60) | st.integers(0, 60).map(lambda n: AGAIN_SECONDS + n)
    since, begin = data.draw(st.none() | st.integers(0, 20)), data.draw(st.none() | st.integers(0, 30))
    until = data.draw(moment)
    bounds = sorted(data.draw(st.lists(st.integers(since or 0, 80), max_size=4, unique=True)))
    gaps = [(a, b) for a, b in zip(bounds[::2], bounds[1::2], strict=False)]
    if gaps and data.draw(st.booleans()):
        gaps[-1] = (gaps[-1][0], None)
    found = Read(since, until, tuple(reversed(gaps))).open(begin)
    assert found[0][1] is None
    for at in (*range(0, 100), *range(AGAIN_SECONDS - 5, AGAIN_SECONDS + 90)):
        inside = sum(within(at, one) for one in found)
        assert inside <= 1, at
        known = (since is None or at >= since) and at < until - AGAIN_SECONDS and not any(within(at, g) for g in gaps)
        wanted = (begin is None or at >= begin) or (since is None or at >= since)
        assert bool(inside) is (wanted and not known), at
