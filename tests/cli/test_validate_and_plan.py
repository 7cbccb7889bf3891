"""`validate` reports every error of the file; `plan` adds only errors that need the account, at any time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promosync.cli import run as run_module
from promosync.sandbox import running
from promosync.sandbox.server import Handle

from .conftest import Cli, write

DAY = 86_400
KEY = "sk_test_0123456789"
CODE = {"coupon": "a", "code": "SPRING"}


def on(days: int) -> str:
    """Return a time this number of days from now."""
    return datetime.fromtimestamp(time.time() + days * DAY, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def stripe() -> Iterator[Handle]:
    with running() as handle:
        yield handle


def shop(*codes: dict[str, Any], batches: Any = (), **coupon: Any) -> dict[str, Any]:
    """A file with a coupon, these codes on it, and these batches."""
    return {
        "coupons": [{"id": "a", "percent_off": 10, "duration": "once", **coupon}],
        "promotion_codes": [{**CODE, "id": f"c{number}", **code} for number, code in enumerate(codes)],
        "code_batches": [{"coupon": "a", "id": f"b{number}", **batch} for number, batch in enumerate(batches)],
    }


def plan(cli: Cli, stripe: Handle) -> Any:
    return cli("plan", "--format", "json", env={"STRIPE_API_KEY": KEY, "STRIPE_API_BASE": stripe.url})


def errors(result: Any) -> list[tuple[str, str, str]]:
    return [(error["rule"], error["path"], error["message"]) for error in result.json.get("errors", [])]


def test_last_years_code_beside_this_years_is_no_duplicate(cli: Cli, stripe: Handle) -> None:
    """Not for validate, and not for plan, apply and the others."""
    write(shop({"expires_at": on(-200)}, {"expires_at": on(200)}))
    env = {"STRIPE_API_KEY": KEY, "STRIPE_API_BASE": stripe.url}
    assert cli("validate").code == 0
    assert plan(cli, stripe).code == 0
    assert cli("apply", "--yes", env=env).code == 0
    assert cli("status", env=env).code == 0
    assert plan(cli, stripe).json["changes"] is False


@pytest.mark.parametrize(
    ("generate", "rule"),
    [
        ({"count": 11, "length": 1, "charset": "numeric"}, "codes-capacity"),
        ({"count": 5000, "length": 4, "charset": "numeric"}, "codes-guessable"),
        ({"emails": "mail.csv", "length": 1, "charset": "AB", "missing_customer": "create"}, "codes-capacity"),
    ],
)
def test_what_a_pattern_can_not_hold_is_told_by_both(
    cli: Cli, stripe: Handle, generate: dict[str, Any], rule: str
) -> None:
    """Together with every other error of the file, and in the same words."""
    Path("mail.csv").write_text("ann@example.com\nbob@example.com\ncid@example.com\n", encoding="utf-8")
    write(shop({}, {}, batches=[{"generate": generate}]))
    told = errors(cli("validate", "--format", "json"))
    assert {found for found, _, _ in told} == {"duplicate-code", rule}
    assert errors(plan(cli, stripe)) == told


def test_a_list_whose_addresses_may_be_skipped_is_for_the_plan(cli: Cli, stripe: Handle) -> None:
    """Only Stripe knows how many of them have a customer; a batch that is over draws nothing."""
    Path("mail.csv").write_text("ann@example.com\nbob@example.com\ncid@example.com\n", encoding="utf-8")
    small = {"emails": "mail.csv", "length": 1, "charset": "AB", "missing_customer": "skip"}
    none = {"count": 11, "length": 1, "charset": "numeric"}
    write(shop(batches=[{"generate": small}, {"generate": none, "expires_at": on(-1)}]))
    assert cli("validate").code == 0
    assert plan(cli, stripe).code == 0
    stripe.control.seed("customer", [{"email": f"{name}@example.com"} for name in ("ann", "bob", "cid")])
    assert [rule for rule, _, _ in errors(plan(cli, stripe))] == ["codes-capacity"]


@pytest.mark.parametrize("large", [False, True])
def test_stripes_clock_decides_and_not_this_machines(
    cli: Cli, stripe: Handle, large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In both directions, and also for a file that is checked while the account is read."""
    if large:
        monkeypatch.setattr(run_module, "LARGE", 0)
    write(shop({"expires_at": on(-100)}, {"expires_at": on(100)}))
    stripe.control.advance(-200 * DAY)
    assert cli("validate").code == 0
    assert [rule for rule, _, _ in errors(plan(cli, stripe))] == ["duplicate-code"]
    write(shop({"expires_at": on(100)}, {"expires_at": on(300)}))
    stripe.control.advance(400 * DAY)
    assert cli("validate").code == 1
    assert plan(cli, stripe).code == 0
    write(shop({"expires_at": on(5 * 366)}))
    assert cli("validate").code == 1
    assert plan(cli, stripe).code == 0


def test_what_depends_on_the_time_is_told_too_where_stripe_is_not_reached(cli: Cli, stripe: Handle) -> None:
    """With the fault of the key, at once; and not any more once Stripe's clock has settled it."""
    write(shop({"expires_at": on(100)}, {"expires_at": on(300)}))
    told = cli("plan", "--format", "json")
    assert [rule for rule, _, _ in errors(told)] == ["duplicate-code", "api-key"]
    assert "promosync.json:" in told.err
    stripe.control.advance(200 * DAY)
    stripe.control.faults({"fault": "400", "message": "Not today.", "match": {"path": "/v1/coupons"}})
    assert [rule for rule, _, _ in errors(plan(cli, stripe))] == ["stripe-refused"]
    write(shop({}, {}))
    assert [rule for rule, _, _ in errors(cli("plan", "--format", "json"))] == ["duplicate-code"]


dates = st.sampled_from([None, None, -400, -1, 1, 400, 5 * 365 - 3, 5 * 365 + 4])
drawn = st.fixed_dictionaries(
    {"length": st.sampled_from([1, 4, 9]), "charset": st.sampled_from(["numeric", "AB", "unambiguous"])}
)
sources = st.one_of(
    st.tuples(drawn, st.sampled_from([1, 10, 11, 5000])).map(lambda two: {"generate": {**two[0], "count": two[1]}}),
    drawn.map(lambda one: {"generate": {**one, "emails": "mail.csv", "missing_customer": "create"}}),
    st.just({"generate": {"count": 2, "pattern": "NONE"}}),
    st.sampled_from(["print.csv", "other.csv", "none.csv"]).map(lambda name: {"import": {"file": name}}),
)
codes = st.fixed_dictionaries(
    {
        "code": st.sampled_from(["SPRING", "spring", "CARD1", "FINE"]),
        "expires_at": dates,
        "active": st.sampled_from([True, True, False]),
    }
)
batches = st.tuples(sources, dates, st.booleans(), st.booleans())
lines = st.lists(st.sampled_from(["CARD1", "card1", "CARD2", "SPRING", "b ad", ""]), max_size=4)
addresses = st.lists(st.sampled_from(["ann@example.com", "bob@example.com", "ANN@example.com", "nobody"]), max_size=3)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(codes, max_size=3), st.lists(batches, max_size=2), dates, lines, lines, addresses)
def test_plan_adds_only_what_needs_the_account(
    cli: Cli,
    stripe: Handle,
    codes: list[dict[str, Any]],
    batches: list[tuple[dict[str, Any], int | None, bool, bool]],
    ends: int | None,
    printed: list[str],
    other: list[str],
    mail: list[str],
) -> None:
    """With an empty account, plan adds only that two batches share one pattern with too few codes for both."""
    for name, content in (("print.csv", printed), ("other.csv", other), ("mail.csv", mail)):
        Path(name).write_text("".join(f"{line}\n" for line in content), encoding="utf-8")
    document = shop(
        *({**code, "expires_at": None if code["expires_at"] is None else on(code["expires_at"])} for code in codes),
        batches=[
            {**source, "active": active, "allow_guessable": guessable} | ({"expires_at": on(days)} if days else {})
            for source, days, active, guessable in batches
        ],
        **({"redeem_by": on(ends)} if ends else {}),
    )
    for code in document["promotion_codes"]:
        if code["expires_at"] is None:
            del code["expires_at"]
    write(document)
    told, planned = cli("validate", "--format", "json"), plan(cli, stripe)
    assert told.code in (0, 1)
    assert "internal" not in {rule for rule, _, _ in errors(planned)}
    if told.code:
        assert errors(planned) == errors(told)
    else:
        for rule, _, message in errors(planned):
            assert rule in ("codes-capacity", "codes-guessable")
            assert "taken already" in message or "beside" in message
