"""The outcome of a plan reports each change that was not done, and counts all of them."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text

from promosync.apply.outcome import Outcome, Report, Status
from promosync.plan.plan import BatchAction
from promosync.render.outcomes import outcome_json, outcome_text, report_json, report_markdown, report_text
from tests.render.plans import EVIL, PLANS

ACTIONS = PLANS["creates"]().actions


def lines(text: Iterable[Text]) -> list[str]:
    return [line.plain for line in text]


def test_a_failure_says_what_and_why() -> None:
    """The last line is complete without the others."""
    said = lines(outcome_text(Outcome(ACTIONS[2], Status.FAILED, "the text is taken"), 80))
    assert said == ["failed: create promotion code launch LAUNCH25: the text is taken"]


def test_a_batch_is_told_without_a_verb() -> None:
    """Its message has the counts."""
    said = lines(outcome_text(Outcome(BatchAction("vip", "why"), Status.FAILED, "3 of 10 codes: busy"), 80))
    assert said == ["failed: code batch vip: 3 of 10 codes: busy"]


def test_stripes_words_are_no_escape_sequence() -> None:
    """A message may quote what somebody wrote into a name."""
    for line in outcome_text(Outcome(ACTIONS[0], Status.FAILED, EVIL), 80):
        assert line.plain.isprintable()


def test_the_report_counts_and_lists() -> None:
    """Failures and messages are lines; completed changes are only counted."""
    report = Report(
        (
            Outcome(ACTIONS[0], Status.DONE),
            Outcome(ACTIONS[1], Status.FAILED, "no"),
            Outcome(ACTIONS[2], Status.SKIPPED, "its coupon 'spring' was not made"),
        ),
        requests=12,
        seconds=1.25,
    )
    assert lines(report_text(report, 80)) == [
        "failed: create coupon ten_off: no",
        "skipped: create promotion code launch LAUNCH25: its coupon 'spring' was not made",
        "Apply: 1 done, 1 failed, 1 skipped. 12 requests in 1.2 s.",
        "What failed or was skipped is in the next plan. Run it again when it is fixed.",
    ]


def test_many_skips_for_one_reason_are_one_line() -> None:
    """After Ctrl-C in a plan of thousands of changes, the report is short."""
    skips = tuple(Outcome(ACTIONS[0], Status.SKIPPED, "apply was stopped before it") for _ in range(1000))
    said = lines(report_text(Report(skips, stopped="interrupted"), 80))
    assert said[0] == "skipped: 1,000 actions: apply was stopped before it"
    assert said[1] == "Apply: 0 done, 1,000 skipped. 0 requests in 0.0 s."
    assert said[2].startswith("Interrupted")
    assert len(said) == 3


def test_events_have_the_facts() -> None:
    """An event has its object, its result and the reason; the last one has the counts."""
    event = outcome_json(Outcome(ACTIONS[2], Status.FAILED, "no", "promo_1"))
    assert event == {
        "format_version": 1,
        "event": "outcome",
        "status": "failed",
        "verb": "create",
        "kind": "promotion_code",
        "id": "launch",
        "label": "LAUNCH25",
        "path": "promotion_codes[0]",
        "stripe_id": "promo_1",
        "codes_done": None,
        "codes_total": None,
        "message": "no",
    }
    assert report_json(Report((Outcome(ACTIONS[0], Status.DONE),), 3, 0.5, "time")) == {
        "format_version": 1,
        "event": "summary",
        "done": 1,
        "partial": 0,
        "failed": 0,
        "skipped": 0,
        "codes_done": 0,
        "codes_total": 0,
        "requests": 3,
        "seconds": 0.5,
        "stopped": "time",
        "notes": [],
    }


def test_a_batch_that_is_half_made_is_told_in_codes() -> None:
    """The number of codes made and the total, as text, as Markdown and as numbers; also if the batch fails."""
    half = Outcome(BatchAction("vip", "why", added=2_000), Status.PARTIAL, "the message", codes=1_204)
    failed = Outcome(BatchAction("more", "why", added=5, withdrawn=5), Status.FAILED, "3 of 10 codes: busy", codes=7)
    whole = Outcome(BatchAction("old", "why", withdrawn=90), Status.DONE, codes=90)
    report = Report((whole, half), stopped="time")
    said = "Apply: 1 done, 1,204 of 2,000 unique codes made. 0 requests in 0.0 s."
    assert said in lines(report_text(report, 80))
    assert said in report_markdown(report, "promosync.json")
    both = lines(report_text(Report((half, failed)), 80))
    assert "Apply: 0 done, 1 failed, 1,211 of 2,010 unique codes done. 0 requests in 0.0 s." in both
    event, summary = outcome_json(half), report_json(report)
    assert (event["status"], event["codes_done"], event["codes_total"]) == ("partial", 1_204, 2_000)
    assert (summary["partial"], summary["codes_done"], summary["codes_total"]) == (1, 1_294, 2_090)
