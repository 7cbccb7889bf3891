"""With any failure on the way, one create makes one object."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from promosync.apply.gateway import Fault, StripeFault
from promosync.model.ownership import Tags
from promosync.model.promotions import Coupon, PromotionCode
from promosync.sandbox.server import Handle

from .border import account_at

pytestmark = pytest.mark.usefixtures("quick")

TAGS = Tags(owner="shop", id="spring")
COUPON = Coupon(percent_off=Decimal("12.5"), name="Spring", metadata={"team": "growth"})
ACTIVE = PromotionCode(code="SPRING", coupon="base", metadata={"team": "growth"})
INACTIVE = PromotionCode(code="SPRING", coupon="base", active=False)

FAULTS = [
    "reset",
    "reset_after",
    "500",
    "500_after",
    "500_after_unstored",
    "503",
    "half",
    "html",
    "409",
    "429",
    "429_lock_timeout",
]


def order(sandbox: Handle, kind: str, fault: str, times: int = 1, **more: Any) -> None:
    sandbox.control.faults(
        {"match": {"method": "POST", "path": f"/v1/{kind}"}, "times": times, "fault": fault, **more}
    )


@pytest.mark.parametrize("times", [1, 2, 4])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_coupon_is_made_once(sandbox: Handle, fault: str, times: int) -> None:
    """Lost, failed, cut and refused requests alike; as often as they come."""
    order(sandbox, "coupons", fault, times)
    with account_at(sandbox.url) as account:
        made = account.create_coupon("spring", COUPON, TAGS)
    assert (made.stripe_id, made.spec, made.tags) == ("spring", COUPON, TAGS)
    assert [row["id"] for row in sandbox.control.dump()["coupons"]] == ["spring"]


@pytest.mark.parametrize("times", [1, 2, 4])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("spec", [ACTIVE, INACTIVE], ids=["active", "inactive"])
def test_a_code_is_made_once(sandbox: Handle, spec: PromotionCode, fault: str, times: int) -> None:
    """An inactive one too, though nothing but us keeps a second from being made."""
    order(sandbox, "promotion_codes", fault, times)
    with account_at(sandbox.url) as account:
        account.create_coupon("base", COUPON, Tags())
        made = account.create_code(spec, TAGS)
    assert (made.spec, made.tags) == (spec, TAGS)
    assert [row["id"] for row in sandbox.control.dump()["promotion_codes"]] == [made.stripe_id]


@pytest.mark.parametrize("fault", ["500", "500_after", "500_after_unstored"])
def test_an_old_inactive_code_is_not_taken_for_the_new_one(sandbox: Handle, fault: str) -> None:
    """It looks the same in every field; only its age tells."""
    with account_at(sandbox.url) as account:
        account.create_coupon("base", COUPON, Tags())
        old = account.create_code(INACTIVE, TAGS)
        sandbox.control.advance(3600)
        account.read_code(old.stripe_id)
        order(sandbox, "promotion_codes", fault)
        made = account.create_code(INACTIVE, TAGS)
    assert made.stripe_id != old.stripe_id
    assert len(sandbox.control.dump()["promotion_codes"]) == 2


def test_a_code_whose_date_stripe_filled_in_is_found_again(sandbox: Handle) -> None:
    """Stripe copies the coupon's own end into a code that has none; that is no other code."""
    ends = int(sandbox.control.clock()) + 86400
    order(sandbox, "promotion_codes", "500_after")
    with account_at(sandbox.url) as account:
        account.create_coupon("base", Coupon(percent_off=Decimal(10), redeem_by=ends), Tags())
        made = account.create_code(ACTIVE, TAGS)
    assert made.spec.expires_at == ends
    assert len(sandbox.control.dump()["promotion_codes"]) == 1


def test_a_stored_error_is_asked_for_again_under_a_new_key(sandbox: Handle) -> None:
    """Stripe repeats a stored error for a day: only another key helps."""
    order(sandbox, "coupons", "500")
    with account_at(sandbox.url) as account:
        account.create_coupon("spring", COUPON, TAGS)
    posts = [line for line in sandbox.control.log() if line["method"] == "POST"]
    assert [(line["status"], line["replayed"]) for line in posts] == [(500, False), (500, True), (200, False)]
    first, again, new = (line["idempotency_key"] for line in posts)
    assert first == again != new


def test_a_lost_request_keeps_its_key(sandbox: Handle) -> None:
    """It may have been carried out: the key makes the repetition harmless."""
    order(sandbox, "promotion_codes", "reset_after", 4)
    with account_at(sandbox.url) as account:
        account.create_coupon("base", COUPON, Tags())
        account.create_code(INACTIVE, TAGS)
    posts = [line for line in sandbox.control.log() if line["path"] == "/v1/promotion_codes"]
    assert len({line["idempotency_key"] for line in posts}) == 1


def test_a_text_that_somebody_else_holds_is_a_fault(sandbox: Handle) -> None:
    """It is not taken as our code, and not tried again."""
    with account_at(sandbox.url) as account:
        account.create_coupon("base", COUPON, Tags())
        account.create_code(ACTIVE, Tags(owner="somebody", id="else"))
        with pytest.raises(StripeFault) as caught:
            account.create_code(ACTIVE, TAGS)
        assert caught.value.fault is Fault.TEXT_TAKEN
        assert "spring" not in str(caught.value).lower()
        with pytest.raises(StripeFault) as taken:
            account.create_coupon("base", COUPON, TAGS)
        assert taken.value.fault is Fault.ID_TAKEN


def test_two_runs_make_one_code_for_one_key(sandbox: Handle) -> None:
    """Each draws another text for the same slot; the second one learns that the code exists."""
    with account_at(sandbox.url) as one, account_at(sandbox.url) as other:
        one.create_coupon("base", COUPON, Tags())
        one.create_code(ACTIVE, TAGS, "place-7")
        with pytest.raises(StripeFault) as caught:
            other.create_code(PromotionCode(code="OTHER", coupon="base"), TAGS, "place-7")
    assert caught.value.fault is Fault.MADE_ELSEWHERE
    assert len(sandbox.control.dump()["promotion_codes"]) == 1


@pytest.mark.parametrize("fault", ["reset_after", "500", "500_after", "half", "html"])
def test_a_customer_is_made_once(sandbox: Handle, fault: str) -> None:
    order(sandbox, "customers", fault)
    with account_at(sandbox.url) as account:
        made = account.create_customer("ann@example.com", "key")
    assert [row["id"] for row in sandbox.control.dump()["customers"]] == [made]


@pytest.mark.parametrize("fault", ["reset_after", "500", "500_after", "half", "html", "429", "409"])
def test_a_change_arrives(sandbox: Handle, fault: str) -> None:
    """Changes and deletions may be sent as often as it takes: they come out the same."""
    with account_at(sandbox.url) as account:
        coupon = account.create_coupon("base", COUPON, TAGS)
        code = account.create_code(ACTIVE, TAGS)
        sandbox.control.faults({"match": {"path": "/v1/*/*"}, "times": 2, "fault": fault})
        off = account.update_code(code, INACTIVE, TAGS)
        assert (off.spec.active, off.spec.metadata) == (False, {})
        account.delete_coupon(coupon.stripe_id)
        account.delete_coupon(coupon.stripe_id)
        assert account.read_coupon(coupon.stripe_id) is None
