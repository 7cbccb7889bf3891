"""With any pattern and any taken texts, a batch is refused before any write, or gets all of its codes."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promosync.apply.engine import carry_out
from promosync.apply.gateway import Fault, StripeFault
from promosync.apply.outcome import Status
from promosync.codes.alphabet import CHARSETS, alphabet_of
from promosync.codes.text_set import TextSet
from promosync.model.account import Live
from promosync.model.configuration import BatchEntry, Configuration, CouponEntry, Generate
from promosync.model.live import Account, LiveCode, LiveCoupon
from promosync.model.ownership import Mode, Tags
from promosync.model.problems import ProblemsFound
from promosync.model.promotions import Coupon, PromotionCode
from promosync.plan.planner import Policy, make_plan

COUPON = LiveCoupon("c", Coupon(), Tags("default", "c"), 1)


class Memory:
    """A minimal Stripe that makes codes: one active code for each text, one answer for each idempotency key."""

    def __init__(self, taken: set[str]) -> None:
        self.taken, self.made, self.keys = set(taken), list[PromotionCode](), dict[str, str]()
        self._lock = threading.Lock()

    def create_code(self, spec: PromotionCode, tags: Tags, key: str | None = None) -> LiveCode:
        with self._lock:
            if spec.code.lower() in self.taken:
                raise StripeFault(Fault.TEXT_TAKEN, "taken")
            assert key is not None
            assert self.keys.setdefault(key, spec.code) == spec.code, "a key is for one code"
            self.taken.add(spec.code.lower())
            self.made.append(spec)
        return LiveCode(f"promo_{len(self.made)}", spec, tags, 2)

    def codes_on(self, coupon_id: str) -> Iterator[LiveCode]:
        return iter(())


def foreign(text: str) -> LiveCode:
    return LiveCode(f"promo_{text}", PromotionCode(text, "other"), Tags(), 1)


characters = st.one_of(st.sampled_from(sorted(CHARSETS)), st.text("aAbBcC12-_", min_size=1, max_size=6))
patterns = st.text("##XY-", min_size=1, max_size=6)


@given(patterns, characters, st.integers(0, 60), st.data())
@settings(max_examples=80, deadline=None)
def test_a_batch_is_refused_or_gets_all_of_its_codes(pattern: str, charset: str, count: int, data: Any) -> None:
    """Codes match the pattern, differ also without case, and are not among the texts taken before or since."""
    alphabet = alphabet_of(charset)
    texts = st.builds(
        lambda drawn: re.sub("#", lambda _: drawn.pop(), pattern), st.lists(st.sampled_from(alphabet), min_size=6)
    )
    before, since = data.draw(st.sets(texts, max_size=10)), data.draw(st.sets(texts, max_size=3))
    spec = PromotionCode("", "c", max_redemptions=1)
    entry = BatchEntry("b", spec, Generate(count=count, pattern=pattern, charset=charset), ("code_batches", 0), True)
    configuration = Configuration((CouponEntry("c", Coupon(), ("coupons", 0)),), (), (entry,))
    taken = {text.lower() for text in before}
    live = Live(Account(None, Mode.TEST, 100), (COUPON,), tuple(foreign(text) for text in sorted(taken)))
    room = len(alphabet) ** pattern.count("#") - len(taken)
    try:
        plan = make_plan(configuration, live, Policy())
    except ProblemsFound as refused:
        rules = {problem.rule for problem in refused.problems}
    else:
        rules = set()
    assert rules == ({"codes-capacity"} if count > room else set())
    if rules:
        return
    memory = Memory(taken | {text.lower() for text in since})
    outcomes = carry_out(
        plan,
        memory,  # type: ignore[arg-type]
        on_outcome=lambda outcome: None,
        on_progress=lambda progress: None,
        stopped=lambda: False,
        workers=4,
    )
    free = room - len({text.lower() for text in since} - taken)
    assert len(memory.made) == min(count, free)
    if count:
        assert outcomes[0].status is (Status.DONE if count <= free else Status.FAILED)
    shape = "".join(f"[{re.escape(alphabet)}]" if part == "#" else re.escape(part) for part in pattern)
    made = [spec.code for spec in memory.made]
    assert all(re.fullmatch(shape, text) for text in made)
    assert len({text.lower() for text in made}) == len(made)
    assert not {text.lower() for text in made} & taken


class Elsewhere(Memory):
    """Like another run that uses the idempotency keys of the first tries and makes no code."""

    def __init__(self, tries: int) -> None:
        super().__init__(set())
        self.tries = tries

    def create_code(self, spec: PromotionCode, tags: Tags, key: str | None = None) -> LiveCode:
        if key not in self.keys and len(self.keys) < self.tries:
            self.keys[key or ""] = spec.code
            raise StripeFault(Fault.MADE_ELSEWHERE, "made elsewhere")
        return super().create_code(spec, tags, key)


@pytest.mark.parametrize(("tries", "made", "status"), [(0, 1, "done"), (2, 1, "done"), (3, 0, "failed")])
def test_what_another_run_seems_to_make_is_tried_three_times(tries: int, made: int, status: str) -> None:
    """Each time with another key; then the next apply reads the codes that exist."""
    entry = BatchEntry("b", PromotionCode("", "c"), Generate(count=1, pattern="####"), ("code_batches", 0), True)
    configuration = Configuration((CouponEntry("c", Coupon(), ("coupons", 0)),), (), (entry,))
    memory = Elsewhere(tries)
    [outcome] = carry_out(
        make_plan(configuration, Live(Account(None, Mode.TEST, 100), (COUPON,)), Policy()),
        memory,  # type: ignore[arg-type]
        on_outcome=lambda outcome: None,
        on_progress=lambda progress: None,
        stopped=lambda: False,
        workers=1,
    )
    assert (len(memory.made), outcome.status, len(memory.keys)) == (made, status, tries + made)


@given(st.lists(st.text(max_size=5), max_size=40), st.lists(st.text(max_size=5), max_size=40))
def test_a_text_set_has_what_was_put_in_whatever_its_case(put: list[str], asked: list[str]) -> None:
    texts = TextSet(put)
    folded = {text.lower() for text in put}
    assert all(text.upper().lower() not in folded or text.upper() in texts for text in put)
    assert [text in texts for text in asked] == [text.lower() in folded for text in asked]
    assert 7 not in texts
