"""Every code has one state, and every part of promosync shows the same state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product

import pytest

from promosync.codes.listing import listed
from promosync.codes.slots import Wanted, current, decide
from promosync.model.account import Live
from promosync.model.issued import Comparison, IssuedBuilder, IssuedCodes
from promosync.model.life import State, coupon_end, end_of, farthest, has_ended, is_over, is_used_up, rank, state
from promosync.model.live import Account, LiveCode, LiveCoupon
from promosync.model.ownership import Mode, Retired, Tags
from promosync.model.promotions import Coupon, PromotionCode
from promosync.plan.checkout import Order, Verdict, check
from promosync.plan.matching import code_rank, match, places
from promosync.status.tally import Tally
from tests.plan.values import file, spring, welcome

NOW = 1_800_000_000
DAY = 86_400
MADE = NOW - 50 * DAY
ENDED = {State.REDEEMED, State.EXPIRED, State.ORPHANED}

COUPON = LiveCoupon("spring", Coupon(percent_off=Decimal(20)), Tags("shop", "spring"), MADE - DAY)
COUPONS: dict[str, LiveCoupon | None] = {
    "gone": None,
    "made anew": replace(COUPON, created=MADE + 1),
    "valid": COUPON,
    "valid, with an end and a limit": replace(
        COUPON, spec=replace(COUPON.spec, redeem_by=NOW + 1, max_redemptions=9), times_redeemed=8
    ),
    "expired": replace(COUPON, spec=replace(COUPON.spec, redeem_by=NOW), valid=False),
    "expired, and not said so yet": replace(COUPON, spec=replace(COUPON.spec, redeem_by=NOW)),
    "used up": replace(COUPON, spec=replace(COUPON.spec, max_redemptions=9), times_redeemed=9, valid=False),
}


@dataclass(frozen=True)
class Case:
    """One code, and the coupon that Stripe has under the id that it names."""

    code: LiveCode
    coupon: LiveCoupon | None

    @property
    def coupons(self) -> dict[str, LiveCoupon]:
        return {} if self.coupon is None else {"spring": self.coupon}


def cases() -> Iterator[Case]:
    """Every combination of the values that decide the state."""
    for on, retired, limit, used, carried, expires, coupon, slot in product(
        (True, False),
        (None, *Retired),
        (None, 1, 3),
        (0, 1, 3),
        (0, 2),
        (None, NOW - 1, NOW, NOW + 1),
        COUPONS.values(),
        (None, "7", "import"),
    ):
        spec = PromotionCode("WELCOME", "spring", active=on, max_redemptions=limit, expires_at=expires)
        tags = Tags("shop", "welcome", carried=carried, retired=retired, slot=slot)
        yield Case(LiveCode("promo_1", spec, tags, MADE, used), coupon)


def test_the_table_is_total_and_each_row_means_what_it_says() -> None:
    """Each combination has one state; only a code that is off has a reason; an ended code is not active."""
    met = set()
    for case in cases():
        became = state(case.code, case.coupon, NOW)
        met.add(became)
        spec, retired, ended = case.code.spec, case.code.tags.retired, has_ended(case.code, case.coupon, NOW)
        assert ended or became not in ENDED
        assert not ended or became is not State.ACTIVE
        assert spec.active or became is not State.ACTIVE
        assert (became is State.WITHDRAWN) <= (not spec.active and retired is Retired.WITHDRAWN)
        assert (became is State.OFF) <= (not spec.active and retired in (Retired.OFF, Retired.SWAP))
        assert (became is State.SWITCHED_OFF) <= (not spec.active and retired in (None, Retired.HAND))
        if spec.active:
            assert became is (State.ACTIVE if not ended else became), "on, and nothing has ended it"
            assert (became is State.ACTIVE) == (not ended)
        if is_used_up(spec.max_redemptions, case.code.times_redeemed):
            assert became is State.REDEEMED, "before withdrawn: a used code counts as issued"
        if spec.active and case.coupon is None:
            assert became in (State.ORPHANED, State.EXPIRED, State.REDEEMED)
    assert met == set(State)


def test_check_takes_a_code_exactly_where_it_is_active() -> None:
    """If a code is active, none of Stripe's rules about the code itself fails; otherwise one fails."""
    about_itself = {"active", "coupon", "dates", "uses"}
    for case in cases():
        checked = check("WELCOME", [case.code], case.coupons, Order(), NOW)
        failed = {rule.name for rule in checked.rules if rule.verdict is Verdict.FAILED}
        assert checked.state is state(case.code, case.coupon, NOW)
        assert (checked.state is State.ACTIVE) == (not failed & about_itself), (case, failed)
        [active] = [rule for rule in checked.rules if rule.name == "active"]
        assert case.code.spec.active or active.message.startswith(f"it is {checked.state.value}"), active


def test_status_and_the_export_of_codes_say_the_same() -> None:
    """The state of one code by both."""
    for case in cases():
        if case.code.tags.slot is None:
            continue
        became = state(case.code, case.coupon, NOW)
        tally = Tally(
            "shop", NOW, [*case.coupons.values()], (),
            drift=lambda *_: (), wanted=lambda _: False, suspect=lambda *_: False,
        )  # fmt: skip
        tally.add(case.code)
        [(cell, codes, _, used)] = tally.batches["welcome"].counted()
        assert (cell.state, codes, used) == (became, 1, case.code.used)
        builder = IssuedBuilder()
        builder.add(case.code)
        [row] = listed("welcome", builder.codes, case.coupons, NOW, (), lambda _: "")
        assert (row.status, row.used) == (became, case.code.used)
        assert not list(listed("welcome", builder.codes, case.coupons, NOW, [*{*State} - {became}], lambda _: ""))


def test_the_plan_of_a_batch_counts_what_is_issued_in_the_same_words() -> None:
    """For a code whose coupon is valid or gone; with another coupon every plan changes it."""
    counted = 0
    for case in cases():
        if case.code.tags.slot != "7" or coupon_end(case.coupon, NOW) not in (None, State.ORPHANED):
            continue
        builder = IssuedBuilder()
        builder.add(case.code)
        comparison = Comparison(
            ended=is_over(case.code.spec.expires_at, NOW),
            gone=case.coupon is None,
            born=case.coupon.created if case.coupon else 0,
        )
        plan = decide(Wanted(count=1), builder.codes.compared([comparison]))
        counted += plan.issued.total()
        if plan.issued:
            assert plan.issued == {state(case.code, case.coupon, NOW): 1}, case
    assert counted > 100


REASONS = (None, *Retired)


@pytest.mark.parametrize("made", [0, 1])
def test_everybody_finds_the_same_one_current(made: int) -> None:
    """Of two codes of one entry or slot the plan, the status and the export of codes look at the same one."""
    for on, other_on, retired, other_retired in product((True, False), (True, False), REASONS, REASONS):
        older, newer = (
            LiveCode(
                f"promo_{at}",
                PromotionCode("WELCOME", "spring", active=active),
                Tags("shop", "welcome", retired=why, slot="7"),
                MADE + at * made,
                at,
            )
            for at, (active, why) in enumerate([(on, retired), (other_on, other_retired)])
        )
        codes = (newer, older)  # as Stripe lists them
        wanted = max(codes, key=lambda code: rank(code.spec.active, code.created, code.tags.retired))

        singles = tuple(replace(code, tags=replace(code.tags, slot=None)) for code in codes)
        live = Live(Account("acct_1", Mode.TEST, NOW), (COUPON,), singles)
        matched = match(file(spring(), welcome()), live).codes["welcome"].current
        assert matched.stripe_id == wanted.stripe_id
        assert max(codes, key=lambda code: code_rank(code, places(codes))) == wanted

        builder = IssuedBuilder()
        for code in codes:
            builder.add(code)
        [(at, used)] = current(builder.codes)
        assert (builder.codes[at].stripe_id, used) == (wanted.stripe_id, 1)

        tally = Tally(
            "shop", NOW, [COUPON], (),
            drift=lambda *_: (), wanted=lambda _: False, suspect=lambda *_: False,
        )  # fmt: skip
        for code in codes:
            tally.add(code)
        [(cell, _, _, used)] = tally.batches["welcome"].counted()
        assert (cell.state, used) == (state(wanted, COUPON, NOW), 1)


def test_a_code_on_a_coupon_made_anew_is_of_the_old_one_only_while_it_is_off() -> None:
    """Stripe switched the codes off with the old coupon: an active code is on an existing coupon."""
    anew = COUPONS["made anew"]
    on = LiveCode("promo_1", PromotionCode("WELCOME", "spring"), Tags("shop", "welcome"), MADE)
    assert state(on, anew, NOW) is State.ACTIVE
    assert state(replace(on, spec=replace(on.spec, active=False)), anew, NOW) is State.ORPHANED
    records = IssuedCodes()
    builder = IssuedBuilder(records)
    builder.add(replace(on, tags=replace(on.tags, slot="7")))
    [record] = records.compared([Comparison(born=MADE + 1)])
    assert not record.gone


def test_the_first_end_counts() -> None:
    """A code ends by its own date or its coupon's."""
    code = LiveCode("promo_1", PromotionCode("WELCOME", "spring", expires_at=NOW + 5), Tags(), MADE)
    assert end_of(code, None) == NOW + 5
    assert end_of(code, replace(COUPON, spec=replace(COUPON.spec, redeem_by=NOW + 2))) == NOW + 2
    assert end_of(replace(code, spec=replace(code.spec, expires_at=None)), COUPON) is None


def test_a_date_is_over_at_its_second_and_may_be_where_the_time_is_unknown() -> None:
    """What ends at a second does not work in it."""
    assert [is_over(end, NOW) for end in (None, NOW - 1, NOW, NOW + 1)] == [False, True, True, False]
    assert (is_over(None, None), is_over(NOW, None)) == (False, True)


def test_five_years_on_there_may_be_no_29_february() -> None:
    """Then it is the 28th."""
    leap = 1_835_438_400  # 2028-02-29T12:00:00Z; 2032 is a leap year too
    assert farthest(leap) == leap + (5 * 365 + 1) * DAY
