"""What an apply does when Stripe refuses to make an object because another one, or another run, was first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promosync.apply import code_steps, coupon_steps
from promosync.apply.code_steps import Swap
from promosync.apply.coupon_steps import NotDone
from promosync.apply.gateway import Fault, StripeFault
from promosync.model.live import LiveCode, LiveCoupon
from promosync.model.ownership import Retired, Tags
from promosync.model.promotions import Coupon, PromotionCode
from promosync.plan.plan import Action, Kind, Verb

OURS, THEIRS = Tags("shop", "spring"), Tags("other-shop", "spring")
SPEC = Coupon(name="Spring", amount_off=5, currency="usd")


class Taken:
    """Stripe with these coupons: their ids are taken, and others are free."""

    def __init__(self, *there: LiveCoupon) -> None:
        self.there = {coupon.stripe_id: coupon for coupon in there}

    def create_coupon(self, stripe_id: str, spec: Coupon, tags: Tags, seal: str = "") -> LiveCoupon:
        if stripe_id in self.there:
            raise StripeFault(Fault.ID_TAKEN, "taken")
        return LiveCoupon(stripe_id, spec, tags, 2)

    def read_coupon(self, stripe_id: str) -> LiveCoupon | None:
        return self.there.get(stripe_id)


def begun(*there: LiveCoupon) -> str:
    """Create the coupon ``spring`` in an account with these coupons; return the id of the current one afterwards."""
    action = Action(Verb.CREATE, Kind.COUPON, "spring", "", after=SPEC, tags=OURS, new_id="spring")
    return coupon_steps.begin(Taken(*there), action).stripe_id  # type: ignore[arg-type]


def test_a_coupon_that_another_apply_has_made_is_ours() -> None:
    assert begun(LiveCoupon("spring", SPEC, OURS, 1)) == "spring"


@pytest.mark.parametrize("tags", [THEIRS, Tags(), replace(OURS, id="summer")])
def test_somebody_elses_coupon_is_not_taken_for_ours_however_alike(tags: Tags) -> None:
    """Under the planned id it is an error."""
    with pytest.raises(NotDone, match="'spring' appeared in Stripe"):
        begun(LiveCoupon("spring", SPEC, tags, 1))


class Kept(Taken):
    """Stripe keeps the id of a deleted coupon: ``spring`` is taken, and is not there."""

    def create_coupon(self, stripe_id: str, spec: Coupon, tags: Tags, seal: str = "") -> LiveCoupon:
        if stripe_id == "spring":
            raise StripeFault(Fault.ID_TAKEN, "taken")
        return super().create_coupon(stripe_id, spec, tags, seal)


def test_beyond_an_id_that_stripe_keeps_somebody_elses_is_passed_over() -> None:
    """A coupon of the same entry with other terms is refused: the plan is too old."""
    action = Action(Verb.CREATE, Kind.COUPON, "spring", "", after=SPEC, tags=OURS, new_id="spring")
    theirs, other = LiveCoupon("spring_r2", SPEC, THEIRS, 1), LiveCoupon("spring_r2", Coupon(), OURS, 1)
    assert coupon_steps.begin(Kept(theirs), action).stripe_id == "spring_r3"  # type: ignore[arg-type]
    with pytest.raises(NotDone, match="'spring_r2' appeared in Stripe"):
        coupon_steps.begin(Kept(other), action)  # type: ignore[arg-type]


class Refusing:
    """Stripe that makes no code, for this reason."""

    def __init__(self, fault: Fault) -> None:
        self.fault, self.on = fault, list[str]()

    def create_code(self, spec: PromotionCode, tags: Tags, key: str | None = None) -> LiveCode:
        raise StripeFault(self.fault, "no")

    def update_code(self, before: LiveCode, after: PromotionCode, tags: Tags) -> LiveCode:
        assert (after.active, tags.retired) == (True, None)
        self.on.append(before.stripe_id)
        return replace(before, spec=after, tags=tags)


@pytest.mark.parametrize("fault", list(Fault))
def test_the_old_code_is_switched_on_again_unless_another_run_makes_the_new_one(fault: Fault) -> None:
    """Two codes with one text cannot be active at once, so the old one would block the other run."""
    new = PromotionCode("WELCOME", "spring_r2")
    old = LiveCode(
        "promo_1", PromotionCode("WELCOME", "spring", active=False), replace(OURS, retired=Retired.SWAP), 1
    )
    stripe = Refusing(fault)
    swap = Swap(Action(Verb.RECREATE, Kind.CODE, "welcome", "", before=old, after=new, tags=OURS), old, 0)
    elsewhere = fault is Fault.MADE_ELSEWHERE
    with pytest.raises(StripeFault if elsewhere else NotDone):
        code_steps.create(stripe, swap, None)  # type: ignore[arg-type]
    assert stripe.on == ([] if elsewhere else ["promo_1"])


class Ridden(Taken):
    """A Stripe with active codes on each coupon: seven of ours, and the given codes of others."""

    def __init__(self, others: int, *there: LiveCoupon) -> None:
        super().__init__(*there)
        self.others = others

    def active_codes_on(self, stripe_id: str) -> tuple[LiveCode, ...]:
        own = [replace(OURS, id=f"own{n}") for n in range(7)]
        ours = [LiveCode(f"p{n}", PromotionCode(f"P{n}", stripe_id), tags, 1) for n, tags in enumerate(own)]
        others = [LiveCode(f"promo_{n}", PromotionCode(f"X{n}", stripe_id), THEIRS, 1) for n in range(self.others)]
        return (*others, *ours)


@pytest.mark.parametrize(
    ("others", "said"),
    [
        (0, "active codes of ours are still on 'spring', so it stays: own0, own1, own2, own3, own4"),
        (
            7,
            "active codes that are not promosync's are still on 'spring', so it stays: own0, own1, own2, own3, own4, "
            "promo_0, promo_1, promo_2, promo_3, promo_4",
        ),
    ],
)
def test_a_coupon_with_active_codes_is_not_deleted(others: int, said: str) -> None:
    """Ours are named by their entry, others' by their Stripe id; five of each are enough."""
    old = LiveCoupon("spring", SPEC, OURS, 1)
    action = Action(Verb.DELETE, Kind.COUPON, "spring", "", before=old, tags=OURS)
    with pytest.raises(NotDone) as refused:
        coupon_steps.end(Ridden(others, old), action)  # type: ignore[arg-type]
    assert str(refused.value) == said
