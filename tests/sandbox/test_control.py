"""The controls: seeds, dumps, counters and the log, and who may not use them."""

from __future__ import annotations

import subprocess
import sys
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from promosync.sandbox import Control, ControlError, Request, Sandbox, running, serve
from tests.fakes import KEY

from .direct import Direct


def test_seeds_are_spread_over_time_and_look_like_anything_made_one_by_one() -> None:
    direct = Direct()
    direct.control.seed("coupon", [{"id": "bulk", "percent_off": 12.5, "redeem_by": 1_900_000_000}])
    template = {"coupon": "bulk", "code": "S-{n:04}", "max_redemptions": 1, "metadata": {"slot": "{n}"}}
    ids = direct.control.seed("promotion_code", count=1000, template=template, created=(1_700_000_000, 1_700_000_999))
    assert len(set(ids)) == 1000
    page = direct.ask("GET", "/v1/promotion_codes", "limit=2")["data"]
    assert [(code["code"], code["created"]) for code in page] == [
        ("S-0999", 1_700_000_999),
        ("S-0998", 1_700_000_998),
    ]
    assert page[0]["metadata"] == {"slot": "999"}
    one_by_one = direct.code("bulk", code="T-1", max_redemptions=1, **{"metadata[slot]": "x"})
    assert one_by_one.keys() == page[0].keys()
    assert one_by_one["expires_at"] == page[0]["expires_at"] == 1_900_000_000


def test_seeds_may_have_a_past_and_keep_the_rules() -> None:
    direct = Direct()
    direct.control.seed("coupon", [{"id": "a", "percent_off": 5, "max_redemptions": 3, "times_redeemed": 3}])
    assert direct.ask("GET", "/v1/coupons/a")["valid"] is False
    direct.control.seed("coupon", [{"id": "b", "percent_off": 5}])
    used = {"coupon": "b", "code": "U", "max_redemptions": 2, "times_redeemed": 2, "created": 1_700_000_000}
    old = {"coupon": "b", "code": "U", "expires_at": 1_750_000_000}
    direct.control.seed("promotion_code", [used, old, {"coupon": "b", "code": "U"}])
    active = [code["active"] for code in direct.ask("GET", "/v1/promotion_codes")["data"]]
    assert active == [True, False, False]
    with pytest.raises(ControlError, match="exists already"):
        direct.control.seed("promotion_code", [{"coupon": "b", "code": "V"}, {"coupon": "b", "code": "v"}])
    assert direct.ask("GET", "/v1/promotion_codes", "code=v")["data"] == []


def test_customers_and_products_can_be_seeded() -> None:
    direct = Direct()
    direct.control.seed("customer", count=3, template={"email": "c{n}@example.com"})
    direct.control.seed("product", [{"id": "shoes"}])
    found = direct.ask("GET", "/v1/customers/search", {"query": 'email:"C1@example.com"'})["data"]
    assert [customer["email"] for customer in found] == ["c1@example.com"]
    assert direct.ask("GET", "/v1/products/shoes")["name"] == "shoes"


def test_an_object_shows_fields_of_a_preview_wherever_it_is_shown() -> None:
    """Beside its own and inside them, in answers, lists and dumps, and after an update; nothing takes them."""
    direct = Direct()
    code = direct.code(direct.coupon(id="a"))["id"]
    direct.control.preview("a", script={"id": "scr_1"}, currency="usd")
    direct.control.preview(code, restrictions={"countries": ["DE"]})
    direct.ask("POST", "/v1/coupons/a", "name=A")
    direct.ask("POST", f"/v1/promotion_codes/{code}", "active=false")
    for coupon in (direct.ask("GET", "/v1/coupons/a"), direct.control.dump()["coupons"][0]):
        assert (coupon["script"], coupon["currency"], coupon["name"]) == ({"id": "scr_1"}, "usd", "A")
    [shown] = direct.ask("GET", "/v1/promotion_codes")["data"]
    assert shown["restrictions"]["countries"] == ["DE"]
    assert shown["restrictions"]["first_time_transaction"] is False
    assert direct.response("POST", "/v1/coupons", "percent_off=5&script[id]=scr_1").status == 400
    with pytest.raises(ControlError, match="no coupon and no promotion code 'b'"):
        direct.control.preview("b", script={})


def test_a_dump_has_every_living_object_with_all_its_fields() -> None:
    direct = Direct()
    product = direct.ask("POST", "/v1/products", "name=Shoes")
    coupon = direct.coupon(**{"applies_to[products][]": product["id"]})
    direct.code(coupon)
    direct.ask("DELETE", f"/v1/coupons/{direct.coupon()}")
    dumped = direct.control.dump()
    assert {kind: len(objects) for kind, objects in dumped.items()} == {
        "coupons": 1,
        "promotion_codes": 1,
        "products": 1,
        "customers": 0,
        "invoices": 0,
        "checkout_sessions": 0,
    }
    assert dumped["coupons"][0]["applies_to"] == {"products": [product["id"]]}
    assert Control.of(direct.sandbox, livemode=True).dump()["coupons"] == []


def test_requests_are_counted_by_endpoint_and_writes_when_they_were_written() -> None:
    direct = Direct()
    coupon = direct.coupon()
    direct.ask("GET", f"/v1/coupons/{coupon}")
    direct.response("GET", "/v1/coupons/nope")
    direct.response("POST", "/v1/coupons", "wat=1")
    direct.ask("DELETE", f"/v1/coupons/{coupon}")
    for _ in range(2):
        direct.ask("POST", "/v1/coupons", "percent_off=5", idempotency_key="k")
    assert direct.control.counters() == {
        "requests": {"DELETE /v1/coupons/{id}": 1, "GET /v1/coupons/{id}": 2, "POST /v1/coupons": 4},
        "statuses": {"200": 5, "400": 1, "404": 1},
        "total": 7,
        "writes": 3,
    }
    direct.control.clear_counters()
    assert direct.control.counters()["total"] == 0


def test_the_log_tells_the_last_requests_in_order_and_does_not_grow() -> None:
    direct = Direct()
    direct.response("POST", "/v1/coupons", "percent_off=5", idempotency_key="k")
    direct.response("POST", "/v1/coupons", "percent_off=5", idempotency_key="k")
    told = [
        (line["method"], line["status"], line["idempotency_key"], line["replayed"]) for line in direct.control.log()
    ]
    assert told == [("POST", 200, "k", False), ("POST", 200, "k", True)]
    for _ in range(1010):
        direct.response("GET", "/v1/account")
    log = direct.control.log()
    assert len(log) == 1000
    assert log[-1]["number"] == 1012


def test_reset_forgets_everything() -> None:
    direct = Direct()
    direct.coupon(id="one")
    direct.control.advance(1000)
    direct.control.faults({"fault": "reset"})
    direct.control.reset()
    assert direct.control.clock() == direct.clock.now
    assert direct.control.counters()["total"] == 0
    assert direct.ask("GET", "/v1/coupons")["data"] == []


def test_levers_that_are_not_there_or_moved_wrongly_say_so() -> None:
    control = Direct().control
    with pytest.raises(ControlError, match="unknown kind"):
        control.seed("invoice", [{}])
    with pytest.raises(ControlError, match="no coupon 'nope'"):
        control.seed("promotion_code", [{"coupon": "nope"}])
    with pytest.raises(ControlError, match="either a code or a coupon"):
        control.redeem()


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://example.com"},
        {"origin": "null"},
        {"origin": "http://localhost:3000"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "same-origin"},
    ],
)
@pytest.mark.parametrize(("method", "lever"), [("POST", "reset"), ("GET", "log")])
def test_web_pages_cannot_move_the_levers(headers: dict[str, str], method: str, lever: str) -> None:
    """Not even to look: an image or a form of any page could."""
    sent = Request(method, f"/_sandbox/{lever}", headers=headers, body=b"")
    assert Sandbox().handle(sent).status == 403
    typed = Request("GET", "/_sandbox/log", headers={"sec-fetch-site": "none"})
    assert Sandbox().handle(typed).status == 200


def test_the_server_answers_to_loopback_names_only_and_stands_on_loopback_only() -> None:
    with running() as handle:
        netloc = urlsplit(handle.url).netloc
        for host, status in (("evil.example", 403), (netloc, 200), ("localhost", 200)):
            connection = HTTPConnection(netloc, timeout=10)
            headers = {"Host": host, "Authorization": f"Bearer {KEY}"}
            connection.request("GET", "/v1/coupons", headers=headers)
            response = connection.getresponse()
            assert response.status == status
            response.read()
            connection.close()
    with pytest.raises(ValueError, match="loopback only"):
        serve(Sandbox(), host="0.0.0.0")


@pytest.mark.parametrize(
    "host",
    ["[::1", "[", "a b", "localhost:x", "localhost:99999", "", "@", "x@localhost", "localhost/", "\xe4", None,
     "localhost:-1", "[::1]x", "//", "localhost?", "%"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/v1/coupons", "/_sandbox/log"])
def test_a_broken_host_is_a_bad_request(host: str | None, path: str) -> None:
    """It is no failure of the sandbox, and it is not answered."""
    with running() as handle:
        connection = HTTPConnection(urlsplit(handle.url).netloc, timeout=10)
        connection.putrequest("GET", path, skip_host=True)
        if host is not None:
            connection.putheader("Host", host.encode("latin-1"))
        connection.endheaders()
        response = connection.getresponse()
        assert response.status == 400
        assert b"Traceback" not in response.read()
        connection.close()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Origin": "http://localhost:3000"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({}, 200),
    ],
)
def test_the_server_answers_no_page_from_elsewhere(headers: dict[str, str], status: int) -> None:
    with running() as handle:
        connection = HTTPConnection(urlsplit(handle.url).netloc, timeout=10)
        connection.request("GET", "/v1/coupons", headers={"Authorization": f"Bearer {KEY}", **headers})
        response = connection.getresponse()
        assert response.status == status
        response.read()
        connection.close()


def test_the_sandbox_is_a_house_of_its_own_and_light_to_import() -> None:
    script = (
        "import sys, promosync.sandbox, promosync.sandbox.core, promosync.sandbox.client\n"
        "ours = [m for m in sys.modules if m.startswith('promosync.') and '.sandbox' not in m]\n"
        "slow = {'aiohttp', 'stripe', 'requests', 'rich', 'typer', 'pydantic'} & set(sys.modules)\n"
        "from promosync.sandbox import running\n"
        "print(ours, sorted(slow), 'stripe' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] [] False"
