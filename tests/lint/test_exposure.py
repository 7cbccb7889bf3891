"""The worst case in money, by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from promosync.config import load
from promosync.plan.batch_rows import Rows
from promosync.plan.exposure import batch_sizes, exposures, total
from tests.lint.linted import NOW

COUPON = {"id": "a", "amount_off": 500, "currency": "usd", "duration": "once"}
OVER = "2026-11-21T12:00:00Z"


def code(number: int, **fields: Any) -> dict[str, Any]:
    return {"id": f"c{number}", "code": f"CODE{number}", "coupon": "a", **fields}


def batch(count: int, **fields: Any) -> dict[str, Any]:
    return {"id": "b", "coupon": "a", "generate": {"count": count, "length": 12}, **fields}


def worst(document: dict[str, Any], rows: dict[str, Rows] | None = None) -> dict[str, int | None]:
    configuration = load(json.dumps(document).encode(), "f").configuration
    return total(exposures(configuration, batch_sizes(configuration, rows or {}), NOW))


@pytest.mark.parametrize(
    ("coupon", "codes", "batches", "uses"),
    [
        ({}, [], [], None),
        ({"max_redemptions": 7}, [], [], 7),
        ({"max_redemptions": 7}, [code(1)], [], 7),
        ({"max_redemptions": 7}, [code(1, max_redemptions=3)], [], 3),
        ({"max_redemptions": 7}, [code(1, max_redemptions=3), code(2, max_redemptions=6)], [], 7),
        ({}, [code(1, max_redemptions=3), code(2, max_redemptions=6)], [], 9),
        ({}, [code(1, max_redemptions=3), code(2)], [], None),
        ({}, [code(1, max_redemptions=3), code(2, active=False)], [], 3),
        ({}, [code(1, max_redemptions=3), code(2, expires_at=OVER)], [], 3),
        ({}, [code(1, active=False)], [], 0),
        ({}, [], [batch(1000)], 1000),
        ({}, [code(1, max_redemptions=3)], [batch(1000, max_redemptions=2)], 2003),
        ({"max_redemptions": 500}, [], [batch(1000)], 500),
        ({}, [code(1, max_redemptions=3)], [batch(1000, active=False)], 3),
    ],
)
def test_the_limit_of_a_coupon_or_of_its_codes(
    coupon: dict[str, Any], codes: list[Any], batches: list[Any], uses: int | None
) -> None:
    document = {"coupons": [{**COUPON, **coupon}], "promotion_codes": codes, "code_batches": batches}
    assert worst(document) == {"usd": None if uses is None else 500 * uses}


@pytest.mark.parametrize(
    ("duration", "times"),
    [
        ({"duration": "once"}, 1),
        ({"duration": "repeating", "duration_in_months": 12}, 12),
        ({"duration": "forever"}, None),
    ],
)
def test_the_months_of_a_discount(duration: dict[str, Any], times: int | None) -> None:
    document = {"coupons": [{**COUPON, **duration, "max_redemptions": 10}]}
    assert worst(document) == {"usd": None if times is None else 5000 * times}


def test_nothing_can_be_redeemed_of_what_nobody_can_enter() -> None:
    document = {"coupons": [{**COUPON, "duration": "forever"}], "promotion_codes": [code(1, active=False)]}
    assert worst(document) == {"usd": 0}


def test_currencies_are_added_up_each_by_itself() -> None:
    options = {"EUR": {"amount_off": 450}, "jpy": {"amount_off": 70}}
    coupons = [
        {**COUPON, "max_redemptions": 10, "currency_options": options},
        {**COUPON, "id": "b", "currency": "EUR", "max_redemptions": 1},
        {**COUPON, "id": "c", "currency": "jpy"},
        {**COUPON, "id": "over", "redeem_by": OVER},
        {"id": "d", "percent_off": 100, "duration": "forever"},
    ]
    assert worst({"coupons": coupons}) == {"usd": 5000, "eur": 5000, "jpy": None}


def test_a_file_says_how_many_codes_a_batch_has() -> None:
    batches = [
        {"id": "drawn", "coupon": "a", "generate": {"emails": "e.csv", "length": 12}},
        {"id": "printed", "coupon": "a", "import": {"file": "c.csv"}},
    ]
    rows = {"drawn": Rows(emails=["a@b.cd", "e@f.gh"]), "printed": Rows(codes=["X", "Y", "Z"], emails=["", "", ""])}
    assert worst({"coupons": [COUPON], "code_batches": batches}, rows) == {"usd": 2500}
