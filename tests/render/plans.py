"""Plans made by hand, one for each thing that a plan must show. Run this file to write their renderings again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from rich.text import Text

from promosync.model.live import Account, LiveCode, LiveCoupon
from promosync.model.ownership import Mode, Tags
from promosync.model.promotions import Coupon, PromotionCode
from promosync.plan.plan import Action, BatchAction, FieldChange, Kept, Kind, Plan, Verb
from promosync.render.facts import Pace
from promosync.render.plan_json import plan_json
from promosync.render.plan_text import plan_text

CASES = Path(__file__).with_name("cases")
WIDTHS = (80, 160)
PACE = Pace(20.0, 20.0)
TEST = Account("acct_1Acme", Mode.TEST, 1_790_000_000)
LIVE = Account("acct_1Acme", Mode.LIVE, 1_790_000_000)
SUMMER = 1_790_812_800  # 2026-10-01T00:00:00Z


def tags(config_id: str, **more: object) -> Tags:
    return Tags(owner="acme", id=config_id, **more)  # type: ignore[arg-type]


def coupon(stripe_id: str, spec: Coupon, used: int = 0, **more: object) -> LiveCoupon:
    return LiveCoupon(stripe_id, spec, tags(stripe_id, **more), 1_780_000_000, used)


def code(config_id: str, spec: PromotionCode, used: int = 0, **more: object) -> LiveCode:
    return LiveCode(f"promo_1{config_id}", spec, tags(config_id, **more), 1_780_000_000, used)


def creates() -> Plan:
    """Everything is new: every kind of field is shown once."""
    return Plan(
        TEST,
        "acme",
        (
            Action(
                Verb.CREATE,
                Kind.COUPON,
                "spring",
                "it is not in Stripe",
                after=Coupon(
                    percent_off=Decimal("12.50"),
                    duration="repeating",
                    duration_in_months=3,
                    max_redemptions=100,
                    redeem_by=SUMMER,
                    applies_to=frozenset({"prod_team", "prod_pro"}),
                    name="Spring Sale",
                    metadata={"campaign": "spring", "by": 'the "A" team'},
                ),
                tags=tags("spring", protect=True),
                limit=100,
                new_id="spring",
                path=("coupons", 0),
            ),
            Action(
                Verb.CREATE,
                Kind.COUPON,
                "ten_off",
                "it is no longer in Stripe, but its codes are",
                after=Coupon(
                    amount_off=1000, currency="usd", currency_options={"jpy": 1500, "eur": 900}, max_redemptions=63
                ),
                tags=tags("ten_off", carried=37),
                limit=100,
                new_id="ten_off",
                carried=37,
                path=("coupons", 1),
            ),
            Action(
                Verb.CREATE,
                Kind.CODE,
                "launch",
                "it is not in Stripe",
                after=PromotionCode(
                    code="LAUNCH25",
                    coupon="spring",
                    active=False,
                    max_redemptions=50,
                    first_time_transaction=True,
                    minimum_amount=5000,
                    minimum_amount_currency="usd",
                    customer="cus_1Jenny",
                ),
                tags=tags("launch"),
                limit=50,
                path=("promotion_codes", 0),
            ),
        ),
    )


def recreates() -> Plan:
    """A coupon is replaced with its codes, and nobody loses anything."""
    old = Coupon(percent_off=Decimal(20), max_redemptions=100, name="Summer Sale", redeem_by=SUMMER)
    new = Coupon(percent_off=Decimal(25), max_redemptions=113, name="Summer Sale")
    moves = [
        Action(
            Verb.RECREATE,
            Kind.CODE,
            name.lower(),
            "Stripe cannot change coupon",
            changes=(FieldChange("coupon", "summer", "summer_r2", True),),
            before=code(name.lower(), PromotionCode(name, "summer", max_redemptions=limit), used),
            after=PromotionCode(name, "summer_r2", max_redemptions=None if limit is None else limit - used),
            tags=tags(name.lower(), carried=used),
            limit=limit,
            carried=used,
            path=("promotion_codes", index),
        )
        for index, (name, limit, used) in enumerate([("SUMMER25", None, 30), ("INSIDER", 50, 7)])
    ]
    return Plan(
        TEST,
        "acme",
        (
            Action(
                Verb.RECREATE,
                Kind.COUPON,
                "summer",
                "Stripe cannot change percent_off, max_redemptions, redeem_by",
                changes=(
                    FieldChange("percent_off", Decimal(20), Decimal(25), True),
                    FieldChange("max_redemptions", 100, 150, True),
                    FieldChange("redeem_by", "2026-10-01T00:00:00Z", None, True),
                    FieldChange("metadata.team", None, "growth"),
                ),
                before=coupon("summer", old, 37),
                after=new,
                tags=tags("summer", carried=37),
                limit=150,
                new_id="summer_r2",
                carried=37,
                riding=2,
                path=("coupons", 0),
                warnings=(
                    "a larger discount: 20 % to 25 %",
                    "a higher limit: 100 to 150 redemptions",
                    "no end any more (was 2026-10-01T00:00:00Z)",
                ),
            ),
            *moves,
        ),
        unchanged=4,
        ours=7,
    )


def moves(count: int = 5) -> Plan:
    """Many codes move with their coupon, and some of them change in other fields too: these are listed one by one."""
    old, new = Coupon(percent_off=Decimal(20)), Coupon(percent_off=Decimal(15))
    more = ("costs_more", "waits", "comes_back", "from_elsewhere", "shorter")
    change = FieldChange("coupon", "spring", "spring_r2", True)

    def move(name: str) -> Action:
        spec = PromotionCode(name.upper(), "spring_r2")
        there = replace(spec, coupon="vip" if name == "from_elsewhere" else "spring", active=name != "comes_back")
        end = FieldChange("expires_at", "2027-01-01T00:00:00Z", "2026-10-01T00:00:00Z", True)
        return Action(
            Verb.RECREATE,
            Kind.CODE,
            name,
            "Stripe cannot change coupon",
            changes=(change, end) if name == "shorter" else (change,),
            before=code(name, there),
            after=spec,
            tags=tags(name),
            warnings=("a later end: 2026-10-01T00:00:00Z to none",) if name == "costs_more" else (),
            waits=3 if name == "waits" else 0,
        )

    return Plan(
        TEST,
        "acme",
        (
            Action(
                Verb.RECREATE,
                Kind.COUPON,
                "spring",
                "Stripe cannot change percent_off",
                changes=(FieldChange("percent_off", Decimal(20), Decimal(15), True),),
                before=coupon("spring", old),
                after=new,
                tags=tags("spring"),
                new_id="spring_r2",
                riding=count + len(more) + 40,
                path=("coupons", 0),
            ),
            *(move(f"letter{index}") for index in range(count)),
            *map(move, more),
        ),
        batches=(BatchAction("vip", "its coupon is recreated", recreated=40, swapped=40),),
        ours=count + len(more) + 41,
    )


def removals() -> Plan:
    """A plan that removes much from a live account: the safety checks refuse it."""
    text = PromotionCode("OLDCODE", "old")
    return Plan(
        LIVE,
        "acme",
        (
            Action(
                Verb.DEACTIVATE,
                Kind.CODE,
                "old_code",
                "it is not in the file",
                changes=(FieldChange("active", True, False),),
                before=code("old_code", text, 1),
                after=text,
                tags=tags("old_code"),
                removes=True,
            ),
            Action(
                Verb.DELETE,
                Kind.COUPON,
                "old",
                "it is not in the file",
                before=coupon("old", Coupon(percent_off=Decimal(10), name="Old"), 412),
                tags=tags("old"),
                removes=True,
            ),
        ),
        ours=2,
        brakes=(
            "it removes all 2 objects of this owner that are in use; if two files share an owner, give each its own",
        ),
    )


def adoptions() -> Plan:
    """Existing objects are adopted, an interrupted recreate is finished, ended objects are unchanged."""
    there = Coupon(percent_off=Decimal(15), name="Partner")
    return Plan(
        Account(None, Mode.TEST, 1_790_000_000),
        "acme",
        (
            Action(
                Verb.ADOPT,
                Kind.COUPON,
                "partner",
                "it is in Stripe already, and promosync will manage it",
                changes=(FieldChange("name", "Partner", "Partner Programme"),),
                before=LiveCoupon("Xy12AbCd", there, Tags(), 1_780_000_000, 5),
                after=Coupon(percent_off=Decimal(15), name="Partner Programme"),
                tags=tags("partner"),
                path=("coupons", 0),
            ),
            Action(
                Verb.UPDATE,
                Kind.CODE,
                "back",
                "it was switched off in Stripe, and the file wants it on",
                changes=(FieldChange("active", False, True), FieldChange("currency_options.eur", 900, 800)),
                before=code("back", PromotionCode("BACK", "Xy12AbCd", active=False), 3),
                after=PromotionCode("BACK", "Xy12AbCd"),
                tags=tags("back"),
                path=("promotion_codes", 0),
            ),
            Action(
                Verb.RETIRE,
                Kind.COUPON,
                "spring",
                "a newer one has taken its place",
                before=coupon("spring", Coupon(percent_off=Decimal(10)), 0),
                tags=tags("spring"),
                path=("coupons", 1),
            ),
        ),
        kept=tuple(
            Kept(Kind.CODE, f"winter_{number}", "its date has passed, and it is not in Stripe")
            for number in range(12)
        ),
        unchanged=1,
        ours=4,
    )


def nothing() -> Plan:
    """Stripe is as the file says."""
    kept = (Kept(Kind.COUPON, "black_friday", "its date in the file has passed", "black_friday", ("coupons", 3)),)
    return Plan(TEST, "acme", kept=kept, unchanged=6, ours=6)


def batches() -> Plan:
    """Unique codes are counted, and none of them is shown."""
    return Plan(
        TEST,
        "acme",
        batches=(
            BatchAction(
                "spring_vip", "it is not in Stripe", added=10_000, customers=2, skipped=1, path=("code_batches", 0)
            ),
            BatchAction(
                "winback",
                "changed in the file, or in Stripe",
                recreated=9_463,
                swapped=9_460,
                restored=1,
                issued=Counter({"active": 9_464, "redeemed": 537}),
                changes=(FieldChange("expires_at", "2026-10-01T00:00:00Z", "2026-12-01T00:00:00Z", True),),
                path=("code_batches", 1),
                warnings=("a later end: 2026-10-01T00:00:00Z to 2026-12-01T00:00:00Z",),
            ),
            BatchAction("old_batch", "it is not in the file", withdrawn=40, marked=1),
        ),
        unchanged=1,
        ours=9_505,
    )


EVIL = "[red]x[/x] \x1b[2Jgone\x07 \u202eesrever\u2066 line\nbreak\tzero\u200bwidth \ud800 \u3164 \x9b31m"


def hostile() -> Plan:
    """Text that looks like markup, an escape sequence, another line or nothing is shown as text."""
    spec = Coupon(percent_off=Decimal(10), name=EVIL, metadata={EVIL: EVIL})
    return Plan(
        Account(f"acct_{EVIL}", Mode.TEST, 1_790_000_000),
        EVIL,
        (
            Action(Verb.CREATE, Kind.COUPON, EVIL, EVIL, after=spec, tags=tags("x"), warnings=(EVIL,)),
            Action(
                Verb.UPDATE,
                Kind.COUPON,
                "x",
                EVIL,
                changes=(FieldChange(f"metadata.{EVIL}", EVIL, None),),
                before=LiveCoupon(EVIL, spec, tags("x"), 1_780_000_000),
                after=spec,
                tags=tags("x"),
            ),
        ),
        kept=(Kept(Kind.CODE, EVIL, EVIL),),
        brakes=(EVIL,),
    )


def wide() -> Plan:
    """Long values, long ids, and letters that take two columns keep the columns and are never cut."""
    long = "a sentence that somebody once put into a metadata field because there was room for it, " * 3
    name = "x" * 64
    return Plan(
        TEST,
        "acme",
        (
            Action(
                Verb.UPDATE,
                Kind.COUPON,
                name,
                "changed in the file",
                changes=(
                    FieldChange("name", "春のセール", "夏のセール 🎉"),
                    FieldChange("metadata.説明", "before", "after"),
                    FieldChange("metadata.note", long.strip(), None),
                ),
                before=coupon(name, Coupon(percent_off=Decimal(10), name="春のセール")),
                after=Coupon(percent_off=Decimal(10), name="夏のセール 🎉"),
                tags=tags(name),
                path=("coupons", 0),
            ),
        ),
        unchanged=1,
        ours=2,
    )


PLANS = {
    make.__name__: make for make in (creates, recreates, moves, removals, adoptions, batches, nothing, hostile, wide)
}


def text_of(lines: Iterator[Text]) -> str:
    return "".join(f"{line.plain}\n" for line in lines)


def renderings(name: str) -> Iterator[tuple[Path, str]]:
    """Yield each file of a case and what belongs in it."""
    plan = PLANS[name]()
    for width in WIDTHS:
        yield CASES / f"{name}.{width}.txt", text_of(plan_text(plan, width, PACE))
    yield CASES / f"{name}.json", json.dumps(plan_json(plan, PACE), indent=2) + "\n"


if __name__ == "__main__":
    for case in PLANS:
        for path, content in renderings(case):
            path.write_text(content, encoding="utf-8")
