"""A saved plan that was stopped or interrupted continues unchanged, and has the same result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promosync.model.problems import ProblemsFound
from promosync.plan.plan import Plan
from promosync.plan.saved import load
from promosync.workflows.batch_files import read_batch_files
from promosync.workflows.saved import take_up
from tests.journeys.batch_shop import Shop, batch, mailed, printed, shop_file
from tests.journeys.documents import pairs
from tests.journeys.test_recreate import KILLED, shop
from tests.journeys.world import LATER, World, code, configured, coupon, document

from .drawer import Json, all_done, apply, inputs, refusal, save
from .test_moved import AFTER, BEFORE, batches, make_code, touch

CALM = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
DONE = ["this plan was applied already: everything in it is done"]


def go_on(world: World, text: str, again: Json | None = None) -> None:
    """Apply a plan, as often as it was before; everything that is left must be done then."""
    plan = left_of(world, text, again)
    assert plan is None or all_done(world.carry_out(plan))


def cut_short(world: World, text: str, writes: int) -> None:
    """Apply a plan; after this number of writes nothing answers any more."""
    plan = left_of(world, text)
    if plan is None:
        return
    world.control.die_after(writes)
    patience, world.client.patience = world.client.patience, 0.0
    world.carry_out(plan, workers=1)
    world.client.patience = patience
    world.control.clear_faults()


def left_of(world: World, text: str, again: Json | None = None) -> Plan | None:
    """Return the rest of a plan; None if nothing is left. Any other refusal is an error."""
    try:
        return take_up(load(text, "plan.json"), world.stripe, None if again is None else inputs(world, again))
    except ProblemsFound as found:
        if [problem.message for problem in found.problems] != DONE:
            raise
        return None


CASES: dict[str, tuple[Callable[[], Json], Callable[[], Json]]] = {
    "every verb": (lambda: BEFORE, lambda: AFTER),
    **{name: (lambda: shop(limit=100, count=4), after) for name, after in KILLED.items()},
}


@pytest.mark.parametrize("use", [False, True], ids=["", "used in between"])
@pytest.mark.parametrize("case", CASES)
def test_killed_after_every_write(world: World, case: str, use: bool) -> None:
    """After two crashes at any writes, the same plan continues without its configuration, and everything is done."""
    before, after = CASES[case][0](), CASES[case][1]()

    def drawn_up(world: World) -> str:
        world.settle(before)
        return save(world, after)

    for died_at in range(40):
        text = world.begin(drawn_up)
        begun = world.writes
        cut_short(world, text, died_at)
        finished = world.writes - begun < died_at
        for row in world.codes(active=True)[:2] if use else ():
            world.control.redeem(row["id"])
        cut_short(world, text, 2)
        go_on(world, text)
        world.rests(after)
        assert refusal(world, text) == DONE
        if finished:
            break
    assert died_at > 4
    assert finished


@pytest.mark.parametrize("stops", [(1, 1), (3, 2), (5, 1, 1)])
def test_stopped_and_stopped_again(world: World, stops: tuple[int, ...]) -> None:
    """As with ``--max-minutes``: what has begun is finished, the rest is left for the next run."""
    world.settle(BEFORE)
    text = save(world, AFTER)
    for stop_after in stops:
        report = apply(world, text, stop_after=stop_after, workers=1)
        assert not report.failed
        assert not all_done(report)
    assert all_done(apply(world, text))
    world.rests(AFTER)


@settings(CALM, max_examples=60)
@given(pairs(), st.integers(0, 12), st.integers(0, 6), st.booleans())
def test_any_plan_goes_on(shared_world: World, pair: tuple[Json, Json], one: int, two: int, named: bool) -> None:
    """From any file to any other, died twice; without its configuration and with it."""
    before, after = pair
    world = shared_world
    world.fresh()
    world.settle(before)
    text = save(world, after)
    for writes in (one, two):
        cut_short(world, text, writes)
    go_on(world, text, after if named else None)
    world.rests(after)


FOREIGN: dict[str, tuple[Callable[[World], object], str]] = {
    "what is still to be done": (touch("promotion_codes", "plain", metadata={"b": "3"}), "changed in Stripe"),
    "what is done already": (touch("coupons", "winter", name="Sommer"), "changed in Stripe: name"),
    "somebody's code on what goes": (make_code("THEIRS", "spring"), "not promosync's"),
    "a text that is wanted": (make_code("Fresh"), "'FRESH' is in use"),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_what_somebody_else_did_in_between_is_a_move(world: World, what: str) -> None:
    """The plan has begun, its first write was the name of ``winter``; then it is refused as a whole."""
    world.settle(BEFORE)
    text = save(world, AFTER)
    apply(world, text, stop_after=1, workers=1)
    assert world.one_coupon("winter")["name"] == "Winter"
    change, words = FOREIGN[what]
    change(world)
    assert any(words in message for message in refusal(world, text))


def test_a_new_coupon_that_somebody_changed_is_not_the_plans(world: World) -> None:
    """It is beside the old coupon when the run dies; all fields are compared to see whether the plan made it."""
    world.settle(BEFORE)
    text = save(world, AFTER)
    for writes in range(1, 9):
        cut_short(world, text, writes)
        if [row["id"] for row in world.coupons("spring")] == ["spring", "spring_r2"]:
            break
    world.dashboard.once("post", "/v1/coupons/spring_r2", name="Mine")
    assert any("'spring_r2' is taken" in message for message in refusal(world, text))


def test_a_code_that_was_switched_off_in_between_is_a_move(world: World) -> None:
    """An interrupted run leaves a code off for a swap; off without a reason means that somebody did it."""
    world.settle(BEFORE)
    text = save(world, AFTER)
    touch("promotion_codes", "welcome", active=False)(world)
    assert any("'welcome': changed in Stripe: active" in message for message in refusal(world, text))


def save_shop(shop: Shop, content: Json) -> str:
    configuration = configured(content, shop.world.now)
    return save(shop.world, content, read_batch_files(configuration, shop.folder), folder=shop.folder)


@pytest.fixture
def full(world: World, tmp_path: Path) -> Shop:
    """A shop with a list of addresses and a list of printed codes."""
    found = Shop(world, tmp_path)
    found.write("print.csv", *(f"PRINT{number:02}" for number in range(6)))
    found.write("mail.csv", "ann@example.com", "bob@example.com", "new@example.com")
    return found


FULL = (batch(count=6), mailed(missing="create"), printed())
CHANGES: dict[str, tuple[Json, Json]] = {
    "all is made": (shop_file(), shop_file(*FULL)),
    "all are recreated": (shop_file(*FULL), shop_file(*FULL, coupons=[coupon(percent_off=30)])),
    "dates": (shop_file(*FULL), shop_file(*({**one, "expires_at": LATER} for one in FULL))),
    "metadata": (shop_file(*FULL), shop_file(*({**one, "metadata": {"a": "1"}} for one in FULL))),
    "fewer": (shop_file(*FULL), shop_file(batch(count=2), printed())),
    "all goes": (shop_file(*FULL), shop_file()),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("died_at", [0, 1, 4, 9, 17])
def test_batches_go_on(full: Shop, change: str, died_at: int) -> None:
    """Drawn, imported and one for each address: with the files of codes and addresses, and no configuration."""
    before, after = CHANGES[change]
    full.settle(before)
    text = save_shop(full, after)
    for writes in (died_at, 3):
        cut_short(full.world, text, writes)
    go_on(full.world, text)
    full.rests(after)
    full.sound()
    assert refusal(full.world, text) == DONE


def test_drawn_codes_need_no_configuration(world: World) -> None:
    """Unchanged batches do not need it either; the plan contains no text."""
    text = save(world, batches(20))
    assert all_done(apply(world, text))
    world.rests(batches(20))
    assert not any(row["code"] in text for row in world.codes("vip"))


def test_a_batch_that_stays_needs_no_file(full: Shop) -> None:
    """Its codes are not read: the plan does not change them."""
    before = shop_file(*FULL)
    full.settle(before)
    after = shop_file(*FULL, codes=[code()])
    text = save_shop(full, after)
    (full.folder / "mail.csv").unlink()
    (full.folder / "print.csv").unlink()
    assert all_done(apply(full.world, text))
    assert full.world.one_code()["code"] == "WELCOME"
    assert len(full.world.codes("print", active=True)) == 6


def test_a_list_that_was_changed_is_a_move(full: Shop) -> None:
    full.settle(shop_file())
    text = save_shop(full, shop_file(*FULL))
    full.write("print.csv", "OTHER")
    assert refusal(full.world, text) == ["print.csv: the file was changed (since the plan was made)"]


def test_a_code_of_a_half_made_batch_that_somebody_switched_off_is_a_move(world: World) -> None:
    """It would be marked as off by hand, and of that the plan said nothing."""
    text = save(world, batches(20))
    cut_short(world, text, 9)
    touch("promotion_codes", "vip", active=False)(world)
    assert any("more is to be done now than the plan says: code batch 'vip'" in one for one in refusal(world, text))


def test_a_date_that_has_passed_is_a_move(world: World) -> None:
    """Of a batch that was begun, too: nothing more of it is made."""
    content = batches(20, expires_at="2027-01-16T00:00:00Z")
    world.settle(document([coupon()]))
    text = save(world, content)
    world.control.advance(2 * 86400)
    assert any("code batch 'vip': its date" in one for one in refusal(world, text))
