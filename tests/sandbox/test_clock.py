"""Time in the sandbox: an ended object stays ended, and every answer has the time."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

from .conftest import World, refusal
from .direct import Direct

DAY = 86400


def test_an_expired_code_stays_dead_when_the_clock_goes_back(local: World) -> None:
    coupon = local.coupon().id
    code = local.code(coupon, expires_at=local.now() + DAY)
    local.control.advance(2 * DAY)
    assert local.v1.promotion_codes.list({"active": True}).data == []
    local.control.advance(-2 * DAY)
    assert not local.v1.promotion_codes.retrieve(code.id).active
    assert refusal(lambda: local.v1.promotion_codes.update(code.id, {"active": True}))[0] == 400
    assert local.control.redeem(code.code)["rule"] == "expired"


def test_a_moment_nobody_looked_at_counts_too(local: World) -> None:
    code = local.code(local.coupon().id, expires_at=local.now() + DAY)
    local.control.advance(2 * DAY)
    local.control.advance(-2 * DAY)
    assert not local.v1.promotion_codes.retrieve(code.id).active


def test_a_coupon_past_its_date_takes_codes_with_it_even_switched_off_ones(local: World) -> None:
    coupon = local.coupon(redeem_by=local.now() + DAY).id
    on, off = local.code(coupon), local.code(coupon, active=False)
    local.control.advance(DAY + 1)
    assert not local.v1.coupons.retrieve(coupon).valid
    assert not local.v1.promotion_codes.retrieve(on.id).active
    assert refusal(lambda: local.v1.promotion_codes.update(off.id, {"active": True}))[0] == 400


def test_the_text_of_an_expired_code_is_free(local: World) -> None:
    coupon = local.coupon().id
    local.code(coupon, code="AGAIN", expires_at=local.now() + DAY)
    local.control.advance(DAY + 1)
    assert local.code(coupon, code="again").active


def test_answers_carry_the_sandboxs_time() -> None:
    direct = Direct()
    direct.control.set_clock(2_000_000_000)
    response = direct.response("GET", "/v1/coupons")
    assert parsedate_to_datetime(response.headers["Date"]).timestamp() == 2_000_000_000
    direct.control.advance(60)
    direct.coupon(id="later")
    assert direct.ask("GET", "/v1/coupons/later")["created"] == 2_000_000_060


def test_five_years_ahead_is_the_end_also_from_a_leap_day() -> None:
    direct = Direct()
    direct.control.set_clock(1_835_395_200)  # 2028-02-29
    assert direct.coupon(redeem_by=1_993_248_000)  # 2033-03-01
    assert direct.error("POST", "/v1/coupons", {"percent_off": 5, "redeem_by": 1_993_248_001})[0] == 400


def test_idempotency_keys_are_forgotten_after_a_day() -> None:
    direct = Direct()
    first = direct.ask("POST", "/v1/coupons", "percent_off=5", idempotency_key="k")
    direct.control.advance(DAY - 1)
    assert direct.ask("POST", "/v1/coupons", "percent_off=5", idempotency_key="k") == first
    direct.control.advance(2)
    assert direct.ask("POST", "/v1/coupons", "percent_off=5", idempotency_key="k") != first


def test_events_are_listed_for_thirty_days() -> None:
    direct = Direct()
    direct.coupon()
    direct.control.advance(29 * DAY)
    assert len(direct.ask("GET", "/v1/events")["data"]) == 1
    direct.control.advance(2 * DAY)
    assert direct.ask("GET", "/v1/events")["data"] == []
