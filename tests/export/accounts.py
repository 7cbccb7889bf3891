"""Random accounts without promosync: objects that people make by hand, as far as Stripe accepts them."""

from __future__ import annotations

import random
from typing import Any

from tests.export.shop import Json, Shop
from tests.journeys.world import DAY, NOW

ODD = [
    *(
        "[red]",
        "[/x]",
        "\x1b[31mred",
        "\u202etxet",
        '"',
        "\\",
        "\u2028",
        "a\nb",
        "\t",
        "\x7f",
        "{0}",
        "%s",
        "ß",
        "🎁",
    ),
    *("é" * 12, "</script>", "$(id)", "'", "\u200b", "null", "-1", "\ufeff", "e\u0301", "\x85"),
]
IDS = [
    "spring",
    "Spring",
    "été",
    "ete",
    "x" * 64,
    "x" * 90,
    "优惠",
    "-",
    "25%",
    "#1",
    "a&b=c?",
    "spring-r2",
    "coupon",
]
RARE_IDS = ["spring_r2", "Spring_r3", "25 OFF", "a/b", "_r2"]
TEXTS = ["SPRING", "spring", "Spring", "A-b_9", "WELCOME", "welcome", "x" * 70, "X" * 70, "Q", "q", "7"]
ACME = {"customer_account": "acct_acme"}
OWN_KEYS = ["carried", "late", "protect", "retired", "slot", "id", "email", "unheard_of"]


class Account:
    """Return one account, the same for the same seed. ``odd``: the share of objects that no file can describe."""

    def __init__(self, seed: int, odd: float = 0.02) -> None:
        self._random = random.Random(seed)
        self._odd = odd

    def fill(self, shop: Shop) -> None:
        shop.world.fresh()
        shop.seed("product", {"id": "odd-one"})
        shop.seed("customer", {"id": "cus_gone", "email": "gone@example.com"})
        coupons = [id for _ in range(self._random.randint(1, 6)) for id in shop.seed("coupon", self._coupon())]
        codes = [
            id for _ in range(self._random.randint(0, 16)) for id in shop.seed("promotion_code", self._code(coupons))
        ]
        for _ in range(self._random.randint(0, 8)):
            self._something_happens(shop, coupons, codes)

    def _coupon(self) -> Json:
        if self._often(0.6):
            amount: Json = {"percent_off": self._one_of(0.01, 12.5, 20, 33.33, 99.99, 100)}
        else:
            options = self._further("amount_off")
            currency = "usdc" if self._oddly() else self._one_of("usd", "jpy", "eur")
            amount = {"amount_off": self._random.randint(1, 10**6), "currency": currency}
            amount |= {"currency_options": options} if self._often(0.5) else {}
        duration = self._one_of("once", "forever", "repeating")
        products = self._random.sample(["pro", "team", "odd-one"], self._one_of(0, 0, 1, 2))
        return _given(
            id=self._one_of(*RARE_IDS) if self._oddly() else self._one_of(*IDS, self._text().strip()),
            duration=duration,
            created=NOW - self._random.randint(50, 60),
            **amount,
            duration_in_months=self._random.randint(1, 24) if duration == "repeating" else None,
            max_redemptions=self._one_of(None, None, 3, 5),
            redeem_by=self._date(3, 40),
            applies_to={"products": products} if products else None,
            name=" " if self._oddly() else self._one_of(None, "Spring", self._text().strip() or "Autumn"),
            metadata=self._metadata(),
        )

    def _code(self, coupons: list[str]) -> Json:
        minimum = self._one_of(None, self._random.randint(1, 9000))
        options = self._one_of(None, self._further("minimum_amount"))
        return _given(
            coupon=self._one_of(*coupons) if coupons else "none",
            code=self._one_of(*TEXTS, f"CODE{self._random.randint(0, 99)}"),
            active=self._often(0.8),
            created=NOW - self._random.randint(20, 30),
            max_redemptions=self._one_of(None, None, 1, 2, 3) if not self._oddly() else 9,
            expires_at=self._date(1, 3),
            **self._one_of({}, {}, *({"customer": f"cus_{name}"} for name in ("ann", "bob", "gone")), ACME),
            metadata=self._metadata(),
            restrictions=_given(
                first_time_transaction=self._often(0.3) or None,
                minimum_amount=minimum,
                minimum_amount_currency=minimum and "usd",
                currency_options=minimum and options,
            ),
        )

    def _something_happens(self, shop: Shop, coupons: list[str], codes: list[str]) -> None:
        what = self._one_of("redeem", "redeem", "use coupon", "off", "off", "delete", "again", "wait", "customer")
        coupon, code = (self._one_of(*ids) if ids else "none" for ids in (coupons, codes))
        if what == "redeem":
            customer = self._one_of("cus_ann", "cus_bob")
            shop.world.control.redeem(code, customer=customer, times=self._random.randint(1, 3))
        elif what == "use coupon":
            shop.world.control.redeem(coupon=coupon)
        elif what == "off":
            shop.by_hand("post", "promotion_codes", code, active=False)
        elif what == "delete" and self._often(0.3):
            shop.by_hand("delete", "coupons", coupon)
        elif what == "again":  # where it was deleted
            shop.by_hand("post", "coupons", id=coupon, percent_off=5, duration="once")
        elif what == "wait":
            shop.world.control.advance(self._random.randint(1, 2) * DAY)
        elif what == "customer" and self._often(0.3):
            shop.by_hand("delete", "customers", "cus_gone")

    def _metadata(self) -> Json:
        if self._oddly():
            many = {f"key{n}": "v" for n in range(self._one_of(41, 49, 50))}
            return dict(self._one_of({"promosyncer": "x"}, many))
        if self._oddly():
            return {"promosync_owner": "another", "promosync_id": "x"}
        kept = {self._text(): self._text() for _ in range(self._one_of(0, 0, 1, 3))}
        kept |= (
            {f"promosync_{self._one_of(*OWN_KEYS)}": self._one_of("3", "true", "off", "x")}
            if self._often(0.1)
            else {}
        )
        kept |= {f"key{n}": "v" for n in range(35)} if self._often(0.05) else {}
        return {key: value for key, value in kept.items() if not set("[]") & set(key)}

    def _date(self, least: int, most: int) -> int | None:
        return None if self._often(0.6) else NOW + self._random.randint(least, most) * DAY + 7

    def _text(self) -> str:
        signs = self._random.choices(range(0x20, 0x2FFF), k=self._random.randint(1, 4))
        return str(self._one_of(*ODD, "plain", "".join(chr(sign) for sign in signs).strip() or "blank"))

    def _further(self, name: str) -> Json:
        """Amounts in up to five further currencies, one of which may be the main one."""
        chosen = self._random.sample(["eur", "gbp", "usd", "isk", "jpy", "chf", "cad"], self._random.randint(0, 5))
        return {currency: {name: self._random.randint(1, 900)} for currency in chosen}

    def _one_of(self, *options: Any) -> Any:
        return self._random.choice(options)

    def _often(self, share: float) -> bool:
        return self._random.random() < share

    def _oddly(self) -> bool:
        return self._often(self._odd)


def _given(**fields: Any) -> Json:
    return {key: value for key, value in fields.items() if value not in (None, {}, [])}
