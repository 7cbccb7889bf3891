"""A report with every kind of line, and with hostile names."""

from __future__ import annotations

from dataclasses import replace

from promosync.model.live import LiveCode, LiveCoupon
from promosync.model.ownership import Retired
from promosync.status.builder import Asked
from promosync.status.report import Report
from promosync.status.since import Limits

from .live import DAY, NOW, code, coupon, look, unique

EVIL = "</style></script><script>alert(1)</script><img src=x onerror=alert(2)>\"'{{7*7}}{%x%}"
"""What would run if any of it were taken for markup or for a template."""

DOCUMENT = {
    "coupons": [
        {"id": "spring", "percent_off": 20, "duration": "once", "max_redemptions": 1000, "name": "=1+1"},
        {
            "id": "welcome",
            "amount_off": 1000,
            "currency": "usd",
            "currency_options": {"eur": {"amount_off": 900}},
            "duration": "once",
            "max_redemptions": 50,
        },
        {"id": "open", "amount_off": 500, "currency": "jpy", "duration": "once"},
    ],
    "promotion_codes": [
        {"id": "launch", "code": "LAUNCH20", "coupon": "spring"},
        {"id": "hello", "code": "HELLO10", "coupon": "welcome", "expires_at": "2027-01-20T00:00:00Z"},
    ],
    "code_batches": [{"id": "vip", "coupon": "spring", "generate": {"count": 40, "length": 12}}],
}


def report(*, since: bool = False) -> Report:
    """The report; with ``since`` compared with a snapshot, and an alarm raised."""
    by = ("campaign", "source")
    if not since:
        return look(DOCUMENT, *_account(), Asked(by))[0]
    before = look(DOCUMENT, [], [])[1]
    return look(DOCUMENT, *_account(), Asked(by, before, Limits(uses=100, share=20)))[0]


def _account() -> tuple[list[LiveCoupon], list[LiveCode]]:
    coupons = [
        coupon("spring", used=312, max_redemptions=1000, name="=1+1"),
        coupon(
            "welcome", used=46, amount_off=1000, currency="usd", currency_options={"eur": 900}, max_redemptions=50
        ),
        coupon("open", amount_off=500, currency="jpy", name=EVIL[:40], metadata={"campaign": EVIL}),
        coupon("stray|`<b>@all", stripe_id="stray", used=7, name="\x1b[31mred\u202e"),
    ]
    codes = [
        code("launch", "LAUNCH20", used=300, metadata={"campaign": "radio"}),
        code("hello", "HELLO10", "welcome", used=46, expires_at=NOW + 4 * DAY + 16 * 3600),
        code("theirs", "THEIRS", "open", used=5),
        *(unique("vip", slot, used=slot < 12, active=slot >= 12, metadata={"campaign": "vip"}) for slot in range(30)),
        *(unique("vip", slot, active=False, retired=Retired.WITHDRAWN) for slot in range(30, 40)),
    ]
    return coupons, codes


def weeks(count: int = 5) -> Report:
    """The report after snapshots, a week apart and the last two days ago: in each all was half as often used.

    The first two did not count sources; the coupon ``open`` was not there yet.
    """
    full = look(DOCUMENT, *_account(), Asked(("campaign", "source")))[1]
    kept = [
        replace(
            full,
            account=replace(full.account, now=NOW - 2 * DAY - 7 * DAY * back),
            lines={
                (kind, name): used >> (back + 1)
                for (kind, name), used in full.lines.items()
                if not (back >= count - 2 and name.startswith("source=")) and name != "open"
            },
        )
        for back in range(count)
    ]
    asked = Asked(("campaign", "source"), kept[0], Limits(), tuple(reversed(kept[1:])))
    return look(DOCUMENT, *_account(), asked)[0]


def many() -> Report:
    """Thirty coupons of different use with ten codes each: of every coupon half of the codes are over."""
    coupons, codes, entries, singles = [], [], [], []
    for n in range(30):
        name = f"season-{n:02}"
        coupons.append({"id": name, "percent_off": 20, "duration": "once", "max_redemptions": 1000})
        entries.append(coupon(name, used=30 * n, max_redemptions=1000, metadata={"campaign": f"city-{n:02}"}))
        for m in range(10):
            over = {"expires_at": NOW - DAY, "active": False} if m % 2 else {}
            text = f"S{n:02}M{m}"
            codes.append({"id": text.lower(), "code": text, "coupon": name})
            singles.append(code(text.lower(), text, name, used=3 * n, **over))
    document = {"coupons": coupons, "promotion_codes": codes}
    return look(document, entries, singles, Asked(("campaign", "source")))[0]
