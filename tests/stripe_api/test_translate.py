"""What goes to Stripe comes back as the same value: every field, in both shapes of the API."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promosync.model.live import LiveCode, LiveCoupon
from promosync.model.ownership import Mode, Retired, Tags
from promosync.model.promotions import Coupon, PromotionCode
from promosync.sandbox import Control, Request, Sandbox
from promosync.stripe_api import translate
from promosync.stripe_api.account import StripeAccount
from tests.fakes import fake_stripe

from .border import KEY, client_at

NOW = int(time.time())
PRODUCTS = ["prod_a", "prod_b", "prod_c"]
CURRENCIES = ["usd", "eur", "gbp", "jpy"]


@dataclass
class Shop:
    """An account in this process; `customer` is one of its customers."""

    account: StripeAccount
    control: Control
    sandbox: Sandbox
    customer: str
    numbers: Iterator[int]


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with fake_stripe() as fake, client_at(None) as client:
        fake.control.seed("product", [{"id": product} for product in PRODUCTS])
        fake.control.seed("coupon", [{"id": "base", "percent_off": 10}])
        [customer] = fake.control.seed("customer", [{"email": "ann@example.com"}])
        yield Shop(StripeAccount(client, Mode.TEST), fake.control, fake.sandbox, customer, itertools.count())


round_trips = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40).filter(
    str.strip
)
metadata = st.dictionaries(
    st.text("abcxyz_-. é[", min_size=1, max_size=40)
    .filter(lambda key: "[" not in key and key == key.strip())
    .map(lambda key: "k" + key[:38]),
    texts,
    max_size=4,
)
amounts = st.integers(1, 99_999_999)
moments = st.none() | st.integers(NOW + 86400, NOW + 4 * 365 * 86400)
counts = st.none() | st.integers(1, 10**6)
tags = st.builds(
    Tags,
    owner=st.sampled_from(["shop", "default"]),
    id=st.text("abc_-", min_size=1, max_size=20),
    carried=st.integers(0, 500),
    late=st.integers(0, 50),
    retired=st.none() | st.sampled_from(Retired),
    protect=st.booleans(),
    slot=st.none() | st.integers(0, 10**6).map(str),
    email=st.none() | st.just("0123456789abcdef"),
)


@st.composite
def coupons(draw: st.DrawFn) -> Coupon:
    value: dict[str, Any]
    if draw(st.booleans()):
        value = {"percent_off": Decimal(draw(st.integers(1, 10_000))) / 100}
    else:
        currency, *others = draw(st.lists(st.sampled_from(CURRENCIES), unique=True, min_size=1))
        options = {other: draw(amounts) for other in others}
        value = {"amount_off": draw(amounts), "currency": currency, "currency_options": options}
    duration = draw(st.sampled_from(["once", "repeating", "forever"]))
    return Coupon(
        **value,
        duration=duration,
        duration_in_months=draw(st.integers(1, 36)) if duration == "repeating" else None,
        max_redemptions=draw(counts),
        redeem_by=draw(moments),
        applies_to=draw(st.frozensets(st.sampled_from(PRODUCTS))),
        name=draw(st.none() | texts),
        metadata=draw(metadata),
    )


@st.composite
def codes(draw: st.DrawFn) -> PromotionCode:
    minimum: dict[str, Any] = {}
    if draw(st.booleans()):
        currency, *others = draw(st.lists(st.sampled_from(CURRENCIES), unique=True, min_size=1))
        options = {other: draw(amounts) for other in others}
        minimum = {"minimum_amount": draw(amounts), "minimum_amount_currency": currency, "currency_options": options}
    whom = draw(st.sampled_from((None, None, "customer", "account")))
    return PromotionCode(
        code=draw(st.text("abcXYZ019-_", min_size=1, max_size=30)),
        coupon="base",
        active=draw(st.booleans()),
        max_redemptions=draw(counts),
        expires_at=draw(moments),
        first_time_transaction=draw(st.booleans()),
        customer="the customer" if whom == "customer" else None,
        customer_account="acct_acme" if whom == "account" else None,
        metadata=draw(metadata),
        **minimum,
    )


def rows(shop: Shop, path: str, version: str | None = None, key: str = KEY) -> dict[str, Any]:
    """The raw answer to a GET, in the shape of an API version."""
    headers = {"authorization": f"Bearer {key}"} | ({"stripe-version": version} if version else {})
    path, _, query = path.partition("?")
    response = shop.sandbox.handle(Request("GET", path, query, headers))
    assert response.status == 200, response.body
    answer: dict[str, Any] = json.loads(response.body)
    return answer


@given(coupons(), tags)
@round_trips
def test_a_coupon_comes_back_as_it_went(shop: Shop, spec: Coupon, tags: Tags) -> None:
    """By the create's own answer, by a read of the one, and by the list."""
    name = f"coupon-{next(shop.numbers)}"
    made = shop.account.create_coupon(name, spec, tags)
    assert (made.stripe_id, made.spec, made.tags) == (name, spec, tags)
    assert shop.account.read_coupon(name) == made
    expand = "&".join(f"expand[]=data.{field}" for field in ("applies_to", "currency_options"))
    [listed] = rows(shop, f"/v1/coupons?limit=1&{expand}")["data"]
    assert translate.coupon_from(listed) == made
    shop.account.delete_coupon(name)


@given(codes(), tags)
@round_trips
def test_a_code_comes_back_as_it_went(shop: Shop, spec: PromotionCode, tags: Tags) -> None:
    """The same; and read in the shape of an older API version."""
    spec = replace(spec, code=f"{spec.code}{next(shop.numbers)}", customer=spec.customer and shop.customer)
    made = shop.account.create_code(spec, tags)
    assert (made.spec, made.tags) == (spec, tags)
    assert shop.account.read_code(made.stripe_id) == made
    expand = "expand[]=restrictions.currency_options"
    for version in (None, "2025-08-27.basil", "2023-10-16"):
        row = rows(shop, f"/v1/promotion_codes/{made.stripe_id}?{expand}", version)
        assert isinstance(row.get("coupon"), dict) == (version is not None)
        # Versions before 2025-12-15 do not show the account.
        shown = replace(made.spec, customer_account=None if version else spec.customer_account)
        assert translate.code_from(row) == replace(made, spec=shown)


@pytest.mark.parametrize("expand", ["promotion.coupon", "customer"])
def test_what_others_expanded_is_read_too(shop: Shop, expand: str) -> None:
    """An id and the object in its place are the same thing."""
    spec = PromotionCode(code=f"X{next(shop.numbers)}", coupon="base", customer=shop.customer)
    made = shop.account.create_code(spec, Tags())
    row = rows(shop, f"/v1/promotion_codes/{made.stripe_id}?expand[]={expand}")
    assert isinstance(row["promotion"]["coupon"] if "promotion" in expand else row["customer"], dict)
    assert translate.code_from(row) == made


def before_and_after(one: Any, other: Any) -> Any:
    """`one` with every changeable field of `other`."""
    names = ("name", "metadata") if isinstance(one, Coupon) else ("active", "metadata")
    # Stripe adds and changes currencies in place; it takes none away.
    options = {**one.currency_options, **dict.fromkeys(one.currency_options, 7)}
    return replace(one, **{name: getattr(other, name) for name in names}, currency_options=options)


@given(coupons(), coupons(), tags, tags)
@round_trips
def test_a_coupon_becomes_what_it_is_changed_to(shop: Shop, one: Coupon, other: Coupon, old: Tags, new: Tags) -> None:
    """Keys that are gone are gone, names that are taken away too, and a second time there is nothing to send."""
    made = shop.account.create_coupon(f"coupon-{next(shop.numbers)}", one, old)
    after = before_and_after(one, other)
    changed = shop.account.update_coupon(made, after, new)
    assert (changed.spec, changed.tags) == (after, new)
    assert translate.coupon_changes(changed, after, new) == {}
    shop.account.delete_coupon(made.stripe_id)


@given(codes(), codes(), tags, tags)
@round_trips
def test_a_code_becomes_what_it_is_changed_to(
    shop: Shop, one: PromotionCode, other: PromotionCode, old: Tags, new: Tags
) -> None:
    one = replace(one, code=f"{one.code}{next(shop.numbers)}", customer=one.customer and shop.customer)
    made = shop.account.create_code(one, old)
    after = before_and_after(one, other)
    changed = shop.account.update_code(made, after, new)
    assert (changed.spec, changed.tags) == (after, new)
    assert translate.code_changes(changed, after, new) == {}


def test_only_differences_are_sent() -> None:
    """What somebody else changed meanwhile, in a field we leave alone, stays."""
    before = LiveCoupon("a", Coupon(name="A", metadata={"x": "1", "y": "2"}), Tags(owner="o", carried=1), 0)
    after = Coupon(metadata={"x": "1", "z": "3"})
    assert translate.coupon_changes(before, after, Tags(owner="o")) == {
        "name": "",
        "metadata": {"y": "", "z": "3", "promosync_carried": ""},
    }
    code = LiveCode("b", PromotionCode("C", "a"), Tags(), 0)
    assert translate.code_changes(code, PromotionCode("C", "a", active=False), Tags()) == {"active": False}


def test_defaults_are_not_sent() -> None:
    """What a file does not say is Stripe's to fill in."""
    assert translate.coupon_params("a", Coupon(percent_off=Decimal("10.00")), Tags()) == {
        "id": "a",
        "percent_off": "10",
        "duration": "once",
    }
    assert translate.code_params(PromotionCode("C", "a"), Tags()) == {
        "promotion": {"type": "coupon", "coupon": "a"},
        "code": "C",
    }


@pytest.mark.parametrize("percent", ["0.01", "12.3", "33.33", "99.99", "100", "1E+2", "7.10"])
def test_percentages_are_exact(percent: str) -> None:
    """No float's tail is sent or read."""
    sent = translate.coupon_params("a", Coupon(percent_off=Decimal(percent)), Tags())["percent_off"]
    assert Decimal(sent) == Decimal(percent)
    assert set(sent) <= set("0123456789.")
    row = {"id": "a", "percent_off": float(percent), "duration": "once", "created": 0}
    assert translate.coupon_from(row).spec.percent_off == Decimal(percent)


@pytest.mark.parametrize("id", ["a/b", "a b", "é", "a%2Fb", "a?b#c", "a+b", "", ".", ".."])
def test_any_coupon_id_is_asked_for_as_it_is(shop: Shop, id: str) -> None:
    """Ids made by hand have anything in them; none becomes another path."""
    if id.strip("."):
        shop.account.create_coupon(id, Coupon(percent_off=Decimal(5)), Tags())
        found = shop.account.read_coupon(id)
        assert found is not None
        assert found.stripe_id == id
        shop.account.delete_coupon(id)
    assert shop.account.read_coupon(id) is None
