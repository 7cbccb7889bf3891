"""OmniBase's own examples, compared with OmniBase's own best practices.

Those are: use descriptive codes, track sources in the metadata, always set `max_redemptions` or `expires_at` for
campaigns. The examples use descriptive codes and track their sources; about half of them set no limits.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from promosync.model.problems import dotted
from tests.lint.linted import linted

EXAMPLES = Path(__file__).parents[2] / "examples"

NEITHER = ["no-limit coupons[0].id", "no-code coupons[0].id"]
EXPECTED = {
    "coupon": ["over coupons[0].redeem_by"],
    "deactivated": ["unnamed coupons[0].id"],
    "durations": [f"{rule} coupons[{index}].id" for index in range(3) for rule in ("no-limit", "unnamed", "no-code")],
    "first-time": ["unnamed coupons[0].id", "no-limit promotion_codes[0].id"],
    "fixed-amount": NEITHER,
    "limits": ["over coupons[0].redeem_by"],
    "minimum-amount": ["no-limit promotion_codes[0].id"],
    "omnibase-complete-ahead": ["no-limit promotion_codes[0].id", "no-limit promotion_codes[1].id"],
    "omnibase-complete": [
        "over coupons[3].redeem_by",
        "no-limit promotion_codes[0].id",
        "no-limit promotion_codes[1].id",
        "outlives-coupon promotion_codes[3].coupon",
        "outlives-coupon promotion_codes[4].coupon",
    ],
    "percentage": NEITHER,
    "product-specific": NEITHER,
    "promotion-code": ["over coupons[0].redeem_by", "over promotion_codes[0].expires_at"],
    "several-codes": ["unnamed coupons[0].id", *(f"no-limit promotion_codes[{index}].id" for index in range(3))],
}


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_what_each_example_is_told(path: Path) -> None:
    _, warnings = linted(path.read_text(encoding="utf-8"))
    assert [f"{warning.rule} {dotted(warning.path)}" for warning in warnings] == EXPECTED[path.stem]
