"""The written file is equal to the one that was read."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promosync.config import load
from promosync.config.writing import to_json
from promosync.model.configuration import (
    BatchEntry,
    CodeEntry,
    Configuration,
    CouponEntry,
    Generate,
    Import,
    Settings,
)
from promosync.model.ownership import Mode
from promosync.model.promotions import Coupon, PromotionCode

EXAMPLES = sorted(Path(__file__).parents[2].glob("examples/*.json"))

EVERYTHING = Configuration(
    coupons=(
        CouponEntry(
            "a",
            Coupon(
                percent_off=Decimal("12.34"),
                duration="repeating",
                duration_in_months=3,
                max_redemptions=7,
                redeem_by=1_830_000_000,
                applies_to=frozenset({"pro", "team"}),
                name="Frühling \u202e\x1b[0m",
                metadata={"z": "1", "a": "\u2028"},
            ),
            ("coupons", 0),
            {Mode.TEST: "A", Mode.LIVE: "B"},
            protect=True,
        ),
        CouponEntry("b", Coupon(amount_off=900, currency="jpy", currency_options={"usd": 5}), ("coupons", 1)),
    ),
    codes=(
        CodeEntry(
            "c",
            PromotionCode(
                "C-1_x",
                "a",
                active=False,
                max_redemptions=2,
                expires_at=1_820_000_000,
                first_time_transaction=True,
                minimum_amount=1,
                minimum_amount_currency="usd",
                currency_options={"eur": 2},
                customer="cus_1",
                metadata={"k": "v"},
            ),
            ("promotion_codes", 0),
            stripe_id={Mode.LIVE: "promo_1"},
            protect=True,
        ),
        CodeEntry("d", PromotionCode("D", "b"), ("promotion_codes", 1), customer_email="a@example.com"),
    ),
    batches=(
        BatchEntry(
            "e",
            PromotionCode("", "a", max_redemptions=1),
            Generate(count=5, length=3, prefix="P-", suffix="-S", charset="ABC"),
            ("code_batches", 0),
            allow_guessable=True,
        ),
        BatchEntry(
            "f",
            PromotionCode("", "a", max_redemptions=3, active=False),
            Generate(emails="x.csv", pattern="A##", missing_customer="skip"),
            ("code_batches", 1),
            protect=True,
        ),
        BatchEntry("g", PromotionCode("", "b", max_redemptions=1), Import("y.csv", "create"), ("code_batches", 2)),
    ),
    products={"pro": {Mode.TEST: "prod_1"}, "team": {}},
    settings=Settings("shop", {Mode.TEST: "acct_1"}, 50, ("crm_*",), {"no-limit": "agreed"}, {"usd": 5}),
)


def read(text: str) -> Configuration:
    return load(text.encode(), "written.json").configuration


def test_everything_a_file_can_say_comes_back() -> None:
    assert read(to_json(EVERYTHING)) == EVERYTHING
    assert read(to_json(EVERYTHING, ascii_only=True)) == EVERYTHING


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: str(path.stem))
def test_the_examples_come_back(path: Path) -> None:
    configuration = read(path.read_text(encoding="utf-8"))
    assert read(to_json(configuration)) == configuration


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(codec="utf-8")), st.booleans())
def test_nothing_that_a_terminal_obeys_is_written(name: str, ascii_only: bool) -> None:
    """With any name, the text is printable lines of JSON, and reading it gives the same name."""
    [first, *_] = EVERYTHING.coupons
    text = to_json(Configuration((replace(first, spec=replace(first.spec, name=name)),)), ascii_only=ascii_only)
    assert all(line.isprintable() for line in text.split("\n"))
    assert text.isascii() or not ascii_only
    assert json.loads(text)["coupons"][0]["name"] == name


@pytest.mark.parametrize(("percent", "written"), [("20", "20"), ("1E+2", "100"), ("0.01", "0.01"), ("33.30", "33.3")])
def test_percentages_are_written_as_people_do(percent: str, written: str) -> None:
    coupon = CouponEntry("a", Coupon(percent_off=Decimal(percent)), ())
    assert f'"percent_off": {written},' in to_json(Configuration((coupon,)))
