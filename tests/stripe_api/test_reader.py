"""Reading an account: in pages, with what must be expanded, and never one request an object."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest
import responses

from promosync.apply.gateway import Fault, StripeFault
from promosync.model.ownership import Tags
from promosync.model.promotions import Coupon, PromotionCode
from promosync.plan.desired import Needs
from promosync.sandbox.server import Handle
from promosync.stripe_api.reader import Reader

from .border import Asked, account_at, client_at, served

pytestmark = pytest.mark.usefixtures("quick")

NOTHING = Needs(products=frozenset(), customers=frozenset(), emails=frozenset(), owner="shop")
ONE = {"promotion": {"type": "coupon", "coupon": "base"}, "code": "C{n:06}"}


def seed_codes(sandbox: Handle, count: int, over: int = 86400 * 300) -> None:
    now = int(sandbox.control.clock())
    sandbox.control.seed("coupon", [{"id": "base", "percent_off": 10}])
    sandbox.control.seed("promotion_code", count=count, template=ONE, created=(now - over, now - 5))
    sandbox.control.clear_counters()


@pytest.mark.parametrize(("codes", "requests"), [(0, 1), (1, 1), (100, 1), (101, 2), (500, 5), (1000, 10)])
def test_an_account_costs_its_pages(sandbox: Handle, codes: int, requests: int) -> None:
    """One request for each hundred, and one for the account; small accounts pay for nothing else."""
    seed_codes(sandbox, codes)
    with account_at(sandbox.url) as account:
        live = account.read(NOTHING)
    assert len(live.codes) == codes
    assert sandbox.control.counters()["requests"] == {
        "GET /v1/account": 1,
        "GET /v1/coupons": 1,
        "GET /v1/promotion_codes": requests,
    }


def test_a_big_account_is_read_whole_and_in_order(sandbox: Handle) -> None:
    """Several pages at once, and yet the newest first, as if read by one cursor."""
    seed_codes(sandbox, 6000)
    with account_at(sandbox.url) as account:
        live = account.read(NOTHING)
    assert [code.spec.code for code in live.codes] == [f"C{n:06}" for n in reversed(range(6000))]
    assert sandbox.control.counters()["requests"]["GET /v1/promotion_codes"] <= 68


def test_what_others_write_meanwhile_harms_nothing(sandbox: Handle) -> None:
    """Every code that was there is read once, while new ones keep coming."""
    seed_codes(sandbox, 4000, over=4000)
    done = threading.Event()

    def write() -> None:
        with account_at(sandbox.url) as account:
            for number in range(500):
                if done.is_set():
                    return
                account.create_code(PromotionCode(code=f"NEW{number}", coupon="base"), Tags())

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with account_at(sandbox.url) as account:
            live = account.read(NOTHING)
    finally:
        done.set()
        writer.join()
    found = [code.spec.code for code in live.codes]
    assert len(found) == len(set(found))
    assert {f"C{n:06}" for n in range(4000)} <= set(found)


def test_faults_on_the_way_cost_no_row(sandbox: Handle) -> None:
    """A fifth of the pages fail in every way a page can."""
    seed_codes(sandbox, 3000)
    for seed, fault in enumerate(["reset", "half", "500", "429", "html"]):
        sandbox.control.faults({"match": {"method": "GET"}, "probability": 0.05, "seed": seed, "fault": fault})
    with account_at(sandbox.url, patience=20) as account:
        live = account.read(NOTHING)
    assert len({code.stripe_id for code in live.codes}) == len(live.codes) == 3000


def test_what_must_be_expanded_is(sandbox: Handle) -> None:
    """Stripe leaves products and currencies out of lists unless asked: every plan would see a change."""
    sandbox.control.seed("product", [{"id": "prod_a"}])
    coupon = Coupon(
        amount_off=100, currency="usd", currency_options={"eur": 90}, applies_to=frozenset({"prod_a"}), name="A"
    )
    with account_at(sandbox.url) as account:
        made = account.create_coupon("a", coupon, Tags())
        spec = PromotionCode(
            code="A", coupon="a", minimum_amount=500, minimum_amount_currency="usd", currency_options={"eur": 450}
        )
        code = account.create_code(spec, Tags())
        live = account.read(NOTHING)
    assert (live.coupons, live.codes) == ((made,), (code,))
    assert (made.spec, code.spec) == (coupon, spec)


def test_products_are_asked_for_by_the_hundred(sandbox: Handle) -> None:
    """Those that exist come back; a thousand cost ten requests."""
    sandbox.control.seed("product", [{"id": f"prod_{n}"} for n in range(0, 1000, 2)])
    sandbox.control.clear_counters()
    with client_at(sandbox.url) as client:
        found = Reader(client).existing_products([f"prod_{n}" for n in range(1000)])
    assert found == {f"prod_{n}" for n in range(0, 1000, 2)}
    assert sandbox.control.counters()["requests"] == {"GET /v1/products": 10}


def test_customers_are_found_by_id_and_by_address_of_any_case(sandbox: Handle) -> None:
    """Two customers of one address are two; a deleted one, and one that never was, is none."""
    given = ["Ann@Example.com", "ann@example.com", "bob@example.com"]
    ann, ann_too, bob = sandbox.control.seed("customer", [{"email": email} for email in given])
    with client_at(sandbox.url) as client:
        client.call("delete", f"/v1/customers/{bob}")
        assert Reader(client).existing_customers([ann, bob, "cus_none", ".."]) == {
            ann: (ann,),
            bob: (),
            "cus_none": (),
            "..": (),
        }
        found = Reader(client).holders_of(["ANN@example.com", "nobody@example.com"])
        assert found == {"ANN@example.com": tuple(sorted([ann, ann_too])), "nobody@example.com": ()}


def test_a_list_that_never_ends_is_not_followed() -> None:
    """A server that always answers with the same page is not taken as a long list."""
    row = b'{"id": "coupon", "object": "coupon", "duration": "once", "created": 1, "percent_off": 1}'

    def page(asked: Asked) -> tuple[int, Mapping[str, str], bytes]:
        return 200, {}, b'{"object": "list", "has_more": true, "data": [' + row + b"]}"

    with served(page) as server, client_at(server.url) as client, pytest.raises(StripeFault) as caught:
        list(Reader(client).coupons())
    assert caught.value.fault is Fault.BROKEN
    assert len(server.asked) == 2


def test_an_answer_that_is_no_list_is_a_fault(sandbox: Handle) -> None:
    """Not an exception that nobody expects."""
    body = b'{"object": "coupon", "id": "x"}'
    with served(lambda _: (200, {}, body)) as server, client_at(server.url) as client:
        with pytest.raises(StripeFault):
            list(Reader(client).coupons())
        with pytest.raises(StripeFault):
            list(Reader(client).codes())


def test_the_active_codes_of_a_coupon(sandbox: Handle) -> None:
    """Whoever made them; inactive ones are left out."""
    with account_at(sandbox.url) as account:
        account.create_coupon("base", Coupon(percent_off=Decimal(10)), Tags())
        on = account.create_code(PromotionCode(code="ON", coupon="base"), Tags())
        account.create_code(PromotionCode(code="OFF", coupon="base", active=False), Tags())
        assert account.active_codes_on("base") == (on,)


COUPON = {
    "id": "a",
    "object": "coupon",
    "created": 1,
    "duration": "once",
    "percent_off": 5,
    "valid": True,
    "livemode": False,
}
CODE = {"id": "b", "object": "promotion_code", "created": 1, "active": True, "code": "B", "livemode": False}
RULES = {"first_time_transaction": False, "minimum_amount": None, "minimum_amount_currency": None}


def listed(*rows: object) -> dict[str, object]:
    return {"object": "list", "data": rows, "has_more": False, "url": "/v1"}


@responses.activate
@pytest.mark.parametrize(
    ("more", "unknown"),
    [
        ({}, ()),
        ({"script": None, "type": "", "lines": [], "live": False, "of": {"a": None, "b": {}}}, ()),
        ({"script": {"id": "scr_1"}}, ("script",)),
        ({"type": "script", "script": {"id": None, "count": 0}}, ("script", "type")),
        ({"service_period": {"interval": "month"}, "duration": "service_period"}, ("duration", "service_period")),
        ({"applies_to": {"products": ["p"], "prices": ["q"]}}, ("applies_to.prices",)),
        ({"currency": "usd", "duration_in_months": 3}, ()),
    ],
)
def test_a_coupon_keeps_the_names_of_what_is_not_known(more: dict[str, object], unknown: tuple[str, ...]) -> None:
    """Only of fields that are set: null, empty or false means nothing."""
    responses.get("https://api.stripe.com/v1/account", json={"id": "acct_1", "object": "account"})
    responses.get("https://api.stripe.com/v1/coupons", json=listed({**COUPON, **more}))
    with account_at(None) as account:
        [coupon] = account.coupons()
    assert coupon.unknown == unknown


@responses.activate
@pytest.mark.parametrize(
    ("more", "inside", "unknown"),
    [
        ({}, {}, ()),
        ({"customer_account": "acct_1"}, {}, ()),
        ({"channels": []}, {"countries": []}, ()),
        (
            {"channels": ["web"]},
            {"countries": ["DE"], "hours": {"from": 9}},
            ("channels", "restrictions.countries", "restrictions.hours"),
        ),
        ({"promotion": {"type": "credit", "coupon": None, "credit": "cr_1"}}, {}, ("promotion.credit",)),
    ],
)
def test_a_code_keeps_the_names_of_what_is_not_known(
    more: dict[str, object], inside: dict[str, object], unknown: tuple[str, ...]
) -> None:
    """Its own and those of its restrictions, of a single code and of one of a batch alike."""
    metadata = {"promosync_owner": "shop", "promosync_id": "vip"}
    row = {**CODE, "promotion": {"type": "coupon", "coupon": "a"}, "restrictions": {**RULES, **inside}, **more}
    unique = {**row, "id": "c", "metadata": {**metadata, "promosync_slot": "0"}}
    responses.get("https://api.stripe.com/v1/coupons", json=listed(COUPON))
    responses.get("https://api.stripe.com/v1/promotion_codes", json=listed({**row, "metadata": metadata}, unique))
    responses.get("https://api.stripe.com/v1/account", json={"id": "acct_1", "object": "account"})
    with account_at(None) as account:
        live = account.read(NOTHING)
    [code], batch = live.codes, live.batches["vip"]
    assert code.unknown == unknown
    assert batch.live(0, "shop", "vip").unknown == unknown
    assert batch.shapes[0].spec.customer_account == more.get("customer_account")


def readers() -> list[threading.Thread]:
    """The threads that read ahead."""
    return [thread for thread in threading.enumerate() if thread.name == "account reader"]


def test_what_is_read_ahead_is_not_asked_for_again(sandbox: Handle) -> None:
    """It is for one reading of the owner it was begun for: another owner's unique codes are others."""
    metadata = {"promosync_owner": "shop", "promosync_id": "vip", "promosync_slot": "1"}
    sandbox.control.seed("coupon", [{"id": "base", "percent_off": 10}])
    sandbox.control.seed("promotion_code", [{"code": "UNIQUE", "coupon": "base", "metadata": metadata}])
    other = replace(NOTHING, owner="other")
    with account_at(sandbox.url) as account:
        for owner, asked, batches in ((NOTHING, 1, ["vip"]), (other, 2, []), (replace(NOTHING, owner="z"), 2, [])):
            sandbox.control.clear_counters()
            account.read_ahead("shop", 0)
            for thread in readers():
                thread.join()
            assert list(account.read(owner).batches) == batches
            assert sandbox.control.counters()["requests"]["GET /v1/promotion_codes"] == asked
        sandbox.control.clear_counters()
        account.read(NOTHING)
        assert sandbox.control.counters()["requests"]["GET /v1/promotion_codes"] == 1


def test_nobody_waits_for_what_is_read_ahead() -> None:
    """The program may end before Stripe answers; an error is raised where the result is used."""
    held = threading.Event()

    def answer(asked: Asked) -> tuple[int, Mapping[str, str], bytes]:
        if asked.path.startswith("/v1/account"):
            return 200, {}, b'{"object": "account", "id": "acct_1"}'
        held.wait(10)
        return 403, {}, b'{"error": {"message": "This key may not."}}'

    with served(answer) as server, account_at(server.url) as account:
        account.read_ahead("shop", 0)
        assert [thread.daemon for thread in readers()] == [True]
        held.set()
        with pytest.raises(StripeFault, match="lacks a permission"):
            account.read(NOTHING)
