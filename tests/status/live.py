"""Accounts made by hand, for reports that need no Stripe."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from promosync.config import load
from promosync.model.account import Live
from promosync.model.live import Account, LiveCode, LiveCoupon
from promosync.model.ownership import Mode, Retired, Tags
from promosync.model.promotions import Coupon, PromotionCode
from promosync.status.builder import Asked, Making
from promosync.status.report import Line, Report
from promosync.status.since import Snapshot

NOW = 1_800_000_000
DAY = 86_400
ACCOUNT = Account("acct_1", Mode.TEST, NOW)


def coupon(config_id: str, *, used: int = 0, carried: int = 0, late: int = 0, **fields: Any) -> LiveCoupon:
    """A coupon of the shop; its Stripe id is its config id unless ``stripe_id`` is given."""
    stripe_id, created = fields.pop("stripe_id", config_id), fields.pop("created", NOW - 100 * DAY)
    valid = fields.pop("valid", True)
    spec = Coupon(**({} if "amount_off" in fields else {"percent_off": Decimal(20)}) | fields)
    return LiveCoupon(stripe_id, spec, Tags("shop", config_id, carried, late), created, used, valid)


def code(config_id: str, text: str, on: str = "spring", **fields: Any) -> LiveCode:
    """A code of the shop, unique where ``slot`` is given."""
    tags = Tags(
        "shop",
        config_id,
        carried=fields.pop("carried", 0),
        retired=fields.pop("retired", None),
        slot=fields.pop("slot", None),
    )
    used, created = fields.pop("used", 0), fields.pop("created", NOW - 50 * DAY)
    stripe_id = fields.pop("stripe_id", f"promo_{text}")
    return LiveCode(stripe_id, PromotionCode(text, on, **fields), tags, created, used)


def unique(batch: str, slot: int, **fields: Any) -> LiveCode:
    """A unique code for one use, whose text must not be shown."""
    text = fields.pop("text", f"SECRET{slot}")
    return code(batch, text, slot=str(slot), **{"max_redemptions": 1} | fields)


def look(
    document: Any, coupons: Iterable[LiveCoupon], codes: Iterable[LiveCode], asked: Asked | None = None
) -> tuple[Report, Snapshot]:
    """Return report and snapshot of an account; products that the file names are there."""
    document = {"promosync": {"owner": "shop"}, **document}
    configuration = load(json.dumps(document).encode(), "promosync.json", NOW - 40 * DAY).configuration
    products = frozenset(name for entry in configuration.coupons for name in entry.spec.applies_to)
    making = Making(configuration, {}, Live(ACCOUNT, tuple(coupons), products=products), asked or Asked())
    making.add(codes)
    return making.report()


def line(report: Report, name: str) -> Line:
    """Return the one line of an entry."""
    [found] = [line for line in (*report.entries, *report.groups) if line.id == name]
    return found


def swapped(**fields: Any) -> dict[str, Any]:
    """Fields of a code that was replaced."""
    return {"active": False, "retired": Retired.SWAP, **fields}
