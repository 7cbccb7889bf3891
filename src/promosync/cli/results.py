"""`promosync results`: paid orders, discounts and revenue of coupons, codes, batches and campaigns."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from promosync.cli.access import Access, opened
from promosync.cli.command import DebugRun
from promosync.cli.options import MaxMinutesOption, option
from promosync.cli.progress import reading
from promosync.cli.report_options import ReportFormat, ReportOptions
from promosync.cli.run import OUT_OF_TIME, Run
from promosync.cli.signals import INTERRUPTED, stopping
from promosync.cli.writing import check_target, check_writable, writing
from promosync.model.problems import Problem, ProblemsFound
from promosync.results.periods import Every

if TYPE_CHECKING:
    from promosync.results.ledger import Ledger
    from promosync.results.report import Asked
    from promosync.stripe_api.account import StripeAccount
    from promosync.stripe_api.orders import OrderReading

_LONG = 100
"""More requests than this take more than a few seconds: their number is reported first."""
_ENOUGH = 8
"""Requests after which the number of all can be estimated."""


def results(
    run: DebugRun,
    *,
    options: ReportOptions,
    every: Annotated[Every | None, option("--every", "Also count each day, week or month by itself.")] = None,
    since: Annotated[
        str | None, option("--from DAY", "Only orders paid on this day or later: 2027-03-01, or a date with a time.")
    ] = None,
    until: Annotated[
        str | None, option("--to DAY", "Only orders paid until the end of this day, or before a date with a time.")
    ] = None,
    zone: Annotated[str, option("--zone NAME", "The time zone of days, such as Europe/Berlin.")] = "UTC",
    ledger: Annotated[
        str | None, option("--ledger FILE", "Keep what was read in this file; the next run reads only what is new.")
    ] = None,
    access: Access,
    max_minutes: MaxMinutesOption = None,
) -> int:
    """Show the discounts and the revenue of coupons, codes and batches. Also orders, customers and refunds."""
    from promosync.results.ledger import dump
    from promosync.results.periods import span_of, zone_of
    from promosync.results.report import Asked
    from promosync.workflows.results import look

    span = span_of(since, until, zone_of(zone))
    asked = Asked(options.keys, span, every, zone, drawn=options.output is ReportFormat.HTML)
    loaded, rows = run.load([options.file])
    deadline = run.deadline(max_minutes)
    before = _ledger(run, ledger, asked) if ledger is not None else None
    with opened(run, access) as stripe, stopping() as stop:
        watch = _Watch(run, stripe)

        def stopped() -> bool:
            return stop.is_set() or (deadline is not None and time.monotonic() >= deadline)

        with reading(run, stripe, watch.left):
            found = look(loaded.configuration, rows, stripe, asked, before, stopped, watch)
    if ledger is not None:
        with writing(Path(ledger), run.reads) as handle:
            handle.writelines(dump(found.ledger))
    if found.report is None:
        _say_stopped(run, ledger)
        return INTERRUPTED if stop.is_set() else OUT_OF_TIME
    options.show(run, "results", found.report)
    if options.output is ReportFormat.CSV:  # it has no place for these words
        from promosync.render.results_words import missing_words

        for said in missing_words(found.report):
            run.say(said)
    return 0


class _Watch:
    """Knows which list is being read, and reports once how many requests a long one will take."""

    def __init__(self, run: Run, stripe: StripeAccount) -> None:
        self._run, self._stripe = run, stripe
        self._reading: OrderReading | None = None
        self._before = 0
        self._said = False

    def __call__(self, reading: OrderReading) -> None:
        """Note that a list is being read, or that more of it was read."""
        if reading is not self._reading:
            self._reading, self._before, self._said = reading, self._stripe.requests, False
        left, asked = reading.left, self._stripe.requests - self._before
        if self._said or left is None or asked < _ENOUGH:
            return
        self._said = True
        if asked + left > _LONG:
            about = _rounded(asked + left)
            self._run.say(f"Reading {reading.source.value} takes about {about:,} requests.")

    def left(self) -> float | None:
        """Return about how many requests the list that is being read still takes."""
        return self._reading.left if self._reading else None


def _rounded(requests: float) -> int:
    """Return a number rounded to two digits."""
    step: int = 10 ** max(0, len(str(int(requests))) - 2)
    return round(requests / step) * step


def _ledger(run: Run, name: str, asked: Asked) -> Ledger | None:
    """Return the ledger in a file, None if the file does not exist yet; raise ProblemsFound for any other file."""
    from promosync.results.ledger import parse
    from promosync.workflows.results import starts_anew

    path = Path(name)
    check_target(path, run.reads)
    check_writable(path, "ledger")
    if not path.exists():
        return None
    try:
        if not path.is_file():
            raise OSError(0, "it is no file")
        with path.open(encoding="utf-8") as handle:
            found = parse(handle, name)
    except OSError as error:
        fault = f"{name} cannot be read: {error.strerror or error}"
        raise ProblemsFound([Problem((), fault, "name another file for the ledger", rule="ledger")]) from error
    if new := starts_anew(found, asked):
        run.say(f"The ledger does not know the values of {', '.join(new)}: everything is read again.")
    return found


def _say_stopped(run: Run, ledger: str | None) -> None:
    if run.json:
        from promosync.render import FORMAT_VERSION

        run.emit({"format_version": FORMAT_VERSION, "stopped": True})
    kept = f"{ledger} has what was read: run it again to go on." if ledger else "Nothing was kept: add --ledger FILE."
    run.say(f"Stopped before all orders were read, so there are no figures. {kept}")
