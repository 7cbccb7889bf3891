"""A valid file becomes exactly its configuration; an invalid one is always Refused."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promosync.config import Loaded, Refused, load, render_line, schema_text
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

from .test_broken import CASES, NOW

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.json"))
JUNE = 1811808000  # 2027-06-01T00:00:00Z
A_COUPON: dict[str, Any] = {"id": "a", "percent_off": 5, "duration": "once"}


def loaded(now: int | None = NOW, **sections: Any) -> Loaded:
    return load(json.dumps({"$schema": "not even a url"} | sections).encode(), "promosync.json", now)


def test_every_field_of_a_coupon() -> None:
    fixed = {
        "id": "Ten-Off_1",
        "name": "$10 Off 🎉",
        "amount_off": 1000,
        "currency": "USD",
        "currency_options": {"EUR": {"amount_off": 900}, "jpy": {"amount_off": 1500}},
        "duration": "repeating",
        "duration_in_months": 3,
        "max_redemptions": 100,
        "redeem_by": "2027-06-01T02:00:00+02:00",
        "applies_to": ["team", "pro"],
        "metadata": {"campaign": "spring", "note": "{braces} %s"},
        "stripe_id": {"live": "old ten".replace(" ", "_")},
        "protect": True,
    }
    percent = {"id": "p", "percent_off": 12.5, "duration": "forever", "stripe_id": "p_old"}
    configuration = loaded(coupons=[fixed, percent]).configuration
    assert configuration == Configuration(
        coupons=(
            CouponEntry(
                "Ten-Off_1",
                Coupon(
                    amount_off=1000,
                    currency="usd",
                    currency_options={"eur": 900, "jpy": 1500},
                    duration="repeating",
                    duration_in_months=3,
                    max_redemptions=100,
                    redeem_by=JUNE,
                    applies_to=frozenset({"pro", "team"}),
                    name="$10 Off 🎉",
                    metadata={"campaign": "spring", "note": "{braces} %s"},
                ),
                ("coupons", 0),
                {Mode.LIVE: "old_ten"},
                protect=True,
            ),
            CouponEntry(
                "p",
                Coupon(percent_off=Decimal("12.5"), duration="forever"),
                ("coupons", 1),
                {Mode.TEST: "p_old", Mode.LIVE: "p_old"},
            ),
        )
    )


def test_every_field_of_a_code() -> None:
    full = {
        "id": "c",
        "code": "Spring-20_x",
        "coupon": "a",
        "active": False,
        "max_redemptions": 50,
        "expires_at": "2027-06-01T00:00:00.000Z",
        "first_time_transaction": True,
        "minimum_amount": 5000,
        "minimum_amount_currency": "Eur",
        "currency_options": {"USD": {"minimum_amount": 5500}},
        "customer": "cus_123",
        "metadata": {"source": "mail"},
        "stripe_id": "promo_1",
        "protect": True,
    }
    bound = {"id": "d", "code": "D", "coupon": "a", "customer_email": "Jenny@Example.com"}
    configuration = loaded(coupons=[A_COUPON], promotion_codes=[full, bound]).configuration
    assert configuration.codes == (
        CodeEntry(
            "c",
            PromotionCode(
                code="Spring-20_x",
                coupon="a",
                active=False,
                max_redemptions=50,
                expires_at=JUNE,
                first_time_transaction=True,
                minimum_amount=5000,
                minimum_amount_currency="eur",
                currency_options={"usd": 5500},
                customer="cus_123",
                metadata={"source": "mail"},
            ),
            ("promotion_codes", 0),
            stripe_id={Mode.TEST: "promo_1", Mode.LIVE: "promo_1"},
            protect=True,
        ),
        CodeEntry("d", PromotionCode("D", "a"), ("promotion_codes", 1), customer_email="Jenny@Example.com"),
    )


def test_batches() -> None:
    batches = [
        {
            "id": "spring_vip",
            "coupon": "a",
            "generate": {"count": 10000, "pattern": "SPR-####-####", "charset": "unambiguous"},
            "expires_at": "2027-06-01T00:00:00Z",
            "metadata": {"campaign": "spring"},
            "protect": True,
        },
        {
            "id": "winback",
            "coupon": "a",
            "max_redemptions": 3,
            "allow_guessable": True,
            "generate": {
                "length": 10,
                "prefix": "W-",
                "suffix": "-27",
                "emails": "lists/winback.csv",
                "missing_customer": "create",
            },
        },
        {"id": "printed", "coupon": "a", "import": {"file": "printed-codes.csv", "missing_customer": "skip"}},
    ]
    assert loaded(coupons=[A_COUPON], code_batches=batches).configuration.batches == (
        BatchEntry(
            "spring_vip",
            PromotionCode("", "a", max_redemptions=1, expires_at=JUNE, metadata={"campaign": "spring"}),
            Generate(count=10000, pattern="SPR-####-####", charset="unambiguous"),
            ("code_batches", 0),
            protect=True,
        ),
        BatchEntry(
            "winback",
            PromotionCode("", "a", max_redemptions=3),
            Generate(emails="lists/winback.csv", length=10, prefix="W-", suffix="-27", missing_customer="create"),
            ("code_batches", 1),
            allow_guessable=True,
        ),
        BatchEntry(
            "printed",
            PromotionCode("", "a", max_redemptions=1),
            Import("printed-codes.csv", "skip"),
            ("code_batches", 2),
        ),
    )


def test_products_settings_and_other_sections() -> None:
    configuration = loaded(
        products=[
            {"id": "pro", "stripe_id": "prod_1", "prices": [{"id": "x"}]},
            {"id": "team", "stripe_id": {"test": "prod_2"}, "name": "Team"},
            {"id": "free", "stripe_id": None},
        ],
        promosync={
            "owner": "billing",
            "account": {"live": "acct_1"},
            "max_removal_percent": 0,
            "ignore_metadata": ["crm_*"],
            "lint": {"no-limit": "agreed"},
        },
        meters=[1],
        prices={"a": None},
        version="1.0.0",
    ).configuration
    assert configuration == Configuration(
        products={"pro": {Mode.TEST: "prod_1", Mode.LIVE: "prod_1"}, "team": {Mode.TEST: "prod_2"}, "free": {}},
        settings=Settings("billing", {Mode.LIVE: "acct_1"}, 0, ("crm_*",), {"no-limit": "agreed"}),
    )


def test_the_smallest_file_and_a_byte_order_mark() -> None:
    assert load(b"{}", "f").configuration == Configuration()
    assert load(b'\xef\xbb\xbf{"coupons": []}', "f").configuration == Configuration()


def test_what_is_over_is_no_error() -> None:
    coupon = A_COUPON | {"redeem_by": "2020-01-01T00:00:00Z"}
    code = {"id": "c", "code": "C", "coupon": "a", "expires_at": "2019-01-01T00:00:00Z"}
    assert loaded(coupons=[coupon], promotion_codes=[code]) == loaded(None, coupons=[coupon], promotion_codes=[code])


def test_five_years_are_not_too_far() -> None:
    assert loaded(coupons=[A_COUPON | {"redeem_by": "2031-11-21T12:00:00Z"}])
    with pytest.raises(Refused):
        loaded(coupons=[A_COUPON | {"redeem_by": "2031-11-21T12:00:01Z"}])
    assert loaded(None, coupons=[A_COUPON | {"redeem_by": "2040-01-01T00:00:00Z"}])


def test_codes_that_are_off_or_over_do_not_clash() -> None:
    over = A_COUPON | {"id": "over", "redeem_by": "2020-01-01T00:00:00Z"}
    codes = [
        {"id": "1", "code": "SAVE", "coupon": "a"},
        {"id": "2", "code": "save", "coupon": "a", "active": False},
        {"id": "3", "code": "SAVE", "coupon": "a", "expires_at": "2020-01-01T00:00:00Z"},
        {"id": "4", "code": "SAVE", "coupon": "over"},
    ]
    assert len(loaded(coupons=[A_COUPON, over], promotion_codes=codes).configuration.codes) == 4
    assert loaded(None, coupons=[A_COUPON, over], promotion_codes=codes), "at some time it is no clash"
    with pytest.raises(Refused):
        loaded(1_500_000_000, coupons=[A_COUPON, over], promotion_codes=codes)


def test_ids_that_differ_only_by_case_are_two_ids() -> None:
    assert len(loaded(coupons=[A_COUPON, A_COUPON | {"id": "A"}]).configuration.coupons) == 2


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_examples_load(path: Path) -> None:
    result = load(path.read_bytes(), path.name, NOW)
    assert result.configuration.coupons


def test_the_complete_example_ahead_knows_its_products() -> None:
    ahead = load((EXAMPLES[0].parent / "omnibase-complete-ahead.json").read_bytes(), "ahead", NOW)
    products = {product for entry in ahead.configuration.coupons for product in entry.spec.applies_to}
    assert products == set(ahead.configuration.products)
    assert all(ahead.configuration.products.values())


# -- nothing but Refused ---------------------------------------------------------------------------------


def survives(raw: bytes, now: int | None = NOW) -> None:
    """Load it, or refuse it with problems that can be shown."""
    try:
        load(raw, "promosync.json", now)
    except Refused as caught:
        refused = caught
    else:
        return
    assert refused.problems
    for problem in refused.problems:
        assert problem.message
        assert render_line(problem, refused.source).isprintable()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes(raw: bytes) -> None:
    survives(raw)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([case.text for case in CASES]), st.data())
def test_files_with_a_slip_of_the_keyboard(text: str, data: st.DataObject) -> None:
    raw = bytearray(text.encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(raw)))
        raw[at : at + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=3))
    survives(bytes(raw))


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-1, 3)
    | st.sampled_from([1e300, 0.001, 10**60, "", "usd", "USD", "a", "2027-01-01T00:00:00Z", "once", "\n", "{x}"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["a", "test", "usd", "amount_off", "count"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def keys_of_the_schema() -> dict[str, list[str]]:
    definitions = json.loads(schema_text())["$defs"]
    return {name: sorted(node["properties"]) for name, node in definitions.items() if "properties" in node}


def entries(definition: str) -> st.SearchStrategy[Any]:
    inner: st.SearchStrategy[Any] = VALUES
    if definition == "code_batch":
        inner = VALUES | entries("generate") | entries("import")
    return VALUES | st.dictionaries(st.sampled_from([*keys_of_the_schema()[definition], "x"]), inner, max_size=8)


TREES = st.fixed_dictionaries(
    {},
    optional={
        "coupons": VALUES | st.lists(entries("coupon"), max_size=3),
        "promotion_codes": VALUES | st.lists(entries("promotion_code"), max_size=3),
        "code_batches": VALUES | st.lists(entries("code_batch"), max_size=3),
        "products": VALUES | st.lists(entries("product"), max_size=3),
        "promosync": entries("settings"),
        "$schema": VALUES,
    },
)


@settings(max_examples=300, deadline=None)
@given(TREES, st.sampled_from([None, NOW]))
def test_known_keys_with_any_values(tree: Any, now: int | None) -> None:
    survives(json.dumps(tree).encode(), now)


def test_five_megabytes_take_seconds() -> None:
    codes = [{"id": f"c{n}", "code": f"CODE-{n}", "coupon": "a", "metadata": {"n": str(n)}} for n in range(40_000)]
    raw = json.dumps({"coupons": [A_COUPON], "promotion_codes": codes}, indent=2).encode()
    assert len(raw) > 5_000_000
    started = time.process_time()
    assert len(load(raw, "f", NOW).configuration.codes) == len(codes)
    assert time.process_time() - started < 30


def test_many_faults_take_seconds() -> None:
    codes = [{"id": "c", "code": f"CODE {n}", "coupon": f"b{n}", "actve": 1} for n in range(3_000)]
    started = time.process_time()
    with pytest.raises(Refused) as caught:
        loaded(coupons=[A_COUPON], promotion_codes=codes)
    assert len(caught.value.problems) == 4 * len(codes) - 1
    assert time.process_time() - started < 20


def test_importing_the_room_loads_neither_pydantic_nor_jsonschema() -> None:
    program = "import sys, promosync.config; print(sorted({'pydantic', 'jsonschema'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
