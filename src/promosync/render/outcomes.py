"""The result of an apply, for people and for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from rich.text import Text

from promosync.apply.outcome import Outcome, Report, Status, done_word
from promosync.plan.plan import Action, BatchAction
from promosync.render import FORMAT_VERSION
from promosync.render.facts import noun, said_label
from promosync.render.layout import paragraph
from promosync.render.markdown import WIDTH, block, marker
from promosync.render.plan_json import subject_json
from promosync.render.values import number
from promosync.render.visible import visible

_STYLE = {Status.DONE: "green", Status.PARTIAL: "yellow", Status.FAILED: "bold red", Status.SKIPPED: "yellow"}
_MANY = 20
"""If more actions than this are skipped for one reason, they are one line."""

_STOPPED = {
    "interrupted": "Interrupted: what had begun was finished. Run it again to go on.",
    "time": "Stopped at --max-minutes: what had begun was finished. Run it again to go on.",
}


def outcome_text(outcome: Outcome, width: int) -> Iterator[Text]:
    """Yield the lines of one outcome: ``failed: create promotion code launch LAUNCH25: why``."""
    action = outcome.action
    verb, label = (action.verb, said_label(action)) if isinstance(action, Action) else ("", "")
    words = (f"{outcome.status}:", verb, noun(action.kind), visible(action.id), visible(label))
    said = " ".join(word for word in words if word)
    if outcome.message:
        said += f": {visible(outcome.message)}"
    yield from paragraph(said, width, _STYLE[outcome.status], indent="  ")


def report_text(report: Report, width: int) -> Iterator[Text]:
    """Yield the end of an apply: what was not done and why, the counts, notes, and how to continue."""
    counts = report.counts
    skipped = Counter(outcome.message for outcome in report.outcomes if outcome.status is Status.SKIPPED)
    for outcome in report.outcomes:
        many = outcome.status is Status.SKIPPED and skipped[outcome.message] > _MANY
        if not many and (outcome.message or outcome.status is not Status.DONE):
            yield from outcome_text(outcome, width)
    for message, count in skipped.items():
        if count > _MANY:
            yield from paragraph(f"skipped: {count:,} actions: {visible(message)}", width, _STYLE[Status.SKIPPED])
    shown = (one for one in Status if one is Status.DONE or (counts[one] and one is not Status.PARTIAL))
    words = [f"{counts[status]:,} {status}" for status in shown]
    if batches := [one.action for one in report.unfinished if isinstance(one.action, BatchAction)]:
        done, total = sum(one.codes for one in report.unfinished), sum(batch.codes for batch in batches)
        words.append(f"{done:,} of {total:,} unique codes {done_word(*batches)}")
    said = f"Apply: {', '.join(words)}. {number(report.requests, 'request')} in {report.seconds:.1f} s."
    yield from paragraph(said, width, "bold red" if report.failed else "bold green")
    for note in report.notes:
        yield from paragraph(f"note: {visible(note)}", width, indent="  ")
    if report.stopped:
        yield from paragraph(_STOPPED.get(report.stopped, report.stopped), width, "bold yellow")
    elif counts[Status.FAILED] or counts[Status.SKIPPED]:
        yield from paragraph("What failed or was skipped is in the next plan. Run it again when it is fixed.", width)


def report_markdown(report: Report, name: str) -> str:
    """Return the end of an apply as a comment; ``name`` is the configuration's."""
    word = "failed in part" if report.failed else "stopped" if report.stopped else "applied"
    lines = (line.plain for line in report_text(report, WIDTH))
    return f"{marker(name)}\n### promosync: {word}\n\n{block(lines)}\n"


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """Return one event of an apply; ``codes_done`` and ``codes_total`` are None except for a batch."""
    action = outcome.action
    batch = action if isinstance(action, BatchAction) else None
    return {
        "format_version": FORMAT_VERSION,
        "event": "outcome",
        "status": outcome.status.value,
        **subject_json(action),
        "stripe_id": outcome.stripe_id or (action.stripe_id if isinstance(action, Action) else None),
        "codes_done": outcome.codes if batch else None,
        "codes_total": batch.codes if batch else None,
        "message": outcome.message or None,
    }


def progress_json(
    done: int, failed: int, total: int, rate: float, left: int | None, pace: float | None
) -> dict[str, Any]:
    """Return the progress of an apply: codes and coupons done, how many a second, seconds left.

    ``pace`` is the current rate of requests as a share of the configured rate, below 1 while Stripe asks for less;
    None without a rate limit.
    """
    return {
        "format_version": FORMAT_VERSION,
        "event": "progress",
        "done": done,
        "failed": failed,
        "total": total,
        "rate": round(rate, 1),
        "seconds_left": left,
        "pace": None if pace is None else round(pace, 2),
    }


def report_json(report: Report) -> dict[str, Any]:
    """Return the last event of an apply; ``stopped`` is None, "interrupted" or "time"; codes are of all batches."""
    counts = report.counts
    batches = [(one.action, one.codes) for one in report.outcomes if isinstance(one.action, BatchAction)]
    return {
        "format_version": FORMAT_VERSION,
        "event": "summary",
        **{status.value: counts[status] for status in Status},
        "codes_done": sum(done for _, done in batches),
        "codes_total": sum(batch.codes for batch, _ in batches),
        "requests": report.requests,
        "seconds": round(report.seconds, 1),
        "stopped": report.stopped,
        "notes": list(report.notes),
    }
