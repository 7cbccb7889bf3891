"""What promosync sends passes Stripe's own validator, and what the sandbox answers passes Stripe's own spec."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from promosync.sandbox.routes import ROUTES

from .conftest import JOURNEYS, SAID
from .exchange import Exchange
from .spec import Json, Spec
from .validator import VERSION, Validator

FEWEST = 1000


def test_nothing_is_refused_that_journeys_send_or_that_the_sandbox_takes(
    exchanges: list[Exchange], validator: Validator, request: pytest.FixtureRequest
) -> None:
    sent: Counter[bool] = Counter()
    refused = []
    for each in exchanges:
        of_a_journey = each.test.startswith(tuple(JOURNEYS))
        if of_a_journey or each.status == 200:  # the exam also sends requests that must be refused
            sent[of_a_journey] += 1
            refusal = validator.refusal(each.endpoint, each.query, each.body)
            if refusal is not None:
                refused.append((each.test, each.endpoint, each.query, each.body, refusal))
    request.config.stash[SAID] = (
        f"{sent.total():,} requests, {sent[True]:,} of them by journeys, "
        f"were shown to stripe-mock {VERSION}: {len(refused):,} refused"
    )
    assert refused == []
    assert sent[True] >= FEWEST


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_endpoint_was_asked(method: str, path: str, exchanges: list[Exchange]) -> None:
    """And answered; where it is about coupons or codes, with every parameter there is."""
    taken: dict[str, set[str]] = defaultdict(set)
    for each in exchanges:
        if each.status == 200:
            taken[each.endpoint] |= each.parameters
    assert f"{method} {path}" in taken
    if path.startswith(("/v1/coupons", "/v1/promotion_codes")):
        assert set(ROUTES[method, path].params) <= taken[f"{method} {path}"]


def test_the_sandbox_answers_as_the_spec_has_it(exchanges: list[Exchange], spec: Spec) -> None:
    """Refusals too."""
    answers = {(each.endpoint, each.status, each.answer): each for each in exchanges if each.answer}
    faults = [(each.test, each.endpoint, fault) for each in answers.values() if (fault := spec.fault(each))]
    assert faults == []
    assert len(answers) >= FEWEST


GONE = {"id": "spring", "object": "coupon", "deleted": True}


@pytest.mark.parametrize(
    ("schema", "change"),
    [
        ("promotion_code", {"promotion": {"type": "coupon", "coupon": GONE}}),
        ("promotion_code", {"promotion": {"type": "coupon"}}),
        ("promotion_code", {"customer_account": ...}),
        ("promotion_code", {"active": ...}),
        ("promotion_code", {"coupon": "spring"}),
        ("coupon", {"currency_options": None}),
        ("coupon", {"applies_to": {}}),
        ("coupon", {"percent_off": "20"}),
        ("coupon", {"valid": None}),
        ("coupon", {"redeem_by": ...}),
        ("product", {"marketing_features": ...}),
    ],
)
def test_a_wrong_answer_is_seen(schema: str, change: Json, spec: Spec, validator: Validator) -> None:
    """And the validator's own example, which it is made from, is right."""
    example = validator.example(f"/v1/{schema}s/id")
    assert spec.fault_of(schema, example) is None
    changed = {name: value for name, value in {**example, **change}.items() if value is not ...}
    assert spec.fault_of(schema, changed)
