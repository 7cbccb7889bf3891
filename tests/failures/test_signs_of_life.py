"""The progress of long work: how much is done, the rate, the time left, and the state of the limiter."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from promosync.apply.pacing import Pacer
from promosync.cli import progress
from promosync.cli.exits import carry_out
from promosync.cli.progress import pace_words
from promosync.cli.run import Run
from promosync.cli.streams import open_console
from promosync.sandbox import running
from tests.journeys.world import Json, code, coupon, document

from .mixed import batch


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.1)


def shop(codes: int, issued: int) -> Json:
    content = document([coupon()], [code(f"c{n}") for n in range(codes)])
    return {**content, "code_batches": [batch("vip", "spring", issued)] if issued else []}


def told(url: str, *arguments: str) -> tuple[str, str]:
    """What a command that ends well writes to its two streams, which are no terminal."""
    out, err = io.BytesIO(), io.BytesIO()
    environ = {"STRIPE_API_KEY": "sk_test_failures0123456789", "STRIPE_API_BASE": url, "COLUMNS": "200"}
    consoles = [open_console(io.TextIOWrapper(raw, encoding="utf-8"), environ) for raw in (out, err)]
    assert carry_out(arguments, Run(consoles[0], consoles[1], environ)) == 0
    for console in consoles:
        console.file.flush()
    return out.getvalue().decode(), err.getvalue().decode()


LINE = re.compile(r"^([\d,]+) of 160, [\d.]+ a second, at full pace, (about \d+:\d\d left|time left unknown)$", re.M)


def test_an_apply_tells_how_far_it_is() -> None:
    """A coupon, 99 codes and a batch of 60 are 160; each line has the count, the rate, the time left, the limiter."""
    Path("promosync.json").write_text(json.dumps(shop(99, 60)), encoding="utf-8")
    with running() as handle:
        out, err = told(handle.url, "apply", "--yes", "--rps", "150", "--format", "json")
    events = [json.loads(line) for line in out.splitlines()]
    steps = [event for event in events if event["event"] == "progress"]
    assert len(steps) >= 3
    done = [event["done"] for event in steps]
    assert done == sorted(done)
    assert done[0] < done[-1] <= 160
    assert {(event["total"], event["failed"], event["pace"]) for event in steps} == {(160, 0, 1.0)}
    assert any(event["rate"] > 10 and event["seconds_left"] is not None for event in steps)
    lines = [int(found[1]) for found in LINE.finditer(err)]
    assert lines == done
    assert events[-1]["event"] == "summary"
    # At once: outcomes come between two progress lines, and not all of them at the end.
    kinds = [event["event"] for event in events]
    assert kinds.index("outcome") < kinds.index("progress") < len(kinds) - 1 - kinds[::-1].index("outcome")


def test_nothing_getting_through_is_told_too() -> None:
    """While a request hangs there are lines all the same."""
    Path("promosync.json").write_text(json.dumps(shop(1, 0)), encoding="utf-8")
    with running() as handle:
        handle.control.faults({"match": {"method": "POST"}, "fault": "slow", "seconds": 0.6, "times": 1})
        _, err = told(handle.url, "apply", "--yes", "--rps", "1000")
    assert err.count("0 of 2, 0.0 a second, at full pace, time left unknown") >= 3


def test_reading_tells_how_much_it_has_asked_for() -> None:
    Path("promosync.json").write_text(json.dumps(shop(1, 0)), encoding="utf-8")
    with running(latency=0.3) as handle:
        _, err = told(handle.url, "plan", "--rps", "1000")
    assert re.search(r"^Reading Stripe: \d+ requests?, [\d.]+ a second, at full pace$", err, re.M)


def test_the_limiter_is_told() -> None:
    """After refusals it shows the reduced rate; without a limit it shows nothing."""
    pacer = Pacer(20, 80)
    pacer.wait("GET a")
    assert pace_words(pacer.pace) == "at full pace"
    pacer.refused("GET a", "endpoint-rate")
    assert pace_words(pacer.pace) == "slowed down to 70% as Stripe asked"
    assert pace_words(Pacer(None, None).pace) == "without a limit"
