"""`promosync status`: the state of every coupon, code and batch, and what was used since a snapshot."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from promosync.cli.access import Access, opened
from promosync.cli.command import DebugRun
from promosync.cli.options import Panel, option
from promosync.cli.report_options import ReportOptions
from promosync.cli.run import FOUND, Run
from promosync.cli.writing import check_target, writing

_SECONDS = 5.0
"""Between two lines of progress."""


def status(
    run: DebugRun,
    *,
    options: ReportOptions,
    save: Annotated[
        str | None, option("--save FILE", "Keep a snapshot in this file, to compare with later.", Panel.SNAPSHOTS)
    ] = None,
    since: Annotated[
        list[str] | None,
        option(
            "--since FILE",
            "Show what was used since this snapshot. Several, or a folder of them: also show uses over time.",
            Panel.SNAPSHOTS,
        ),
    ] = None,
    alarm_uses: Annotated[
        int | None,
        option(
            "--alarm-uses N", "With --since: exit 2 if a code was used more than N times.", Panel.SNAPSHOTS, min=0
        ),
    ] = None,
    alarm_share: Annotated[
        float | None,
        option(
            "--alarm-share X",
            "With --since: exit 2 if more than X % of a batch was used.",
            Panel.SNAPSHOTS,
            min=0.0,
            max=100.0,
        ),
    ] = None,
    access: Access,
) -> int:
    """Show the state of every coupon, code and batch. What is issued, used, left, ended, or differs from the file."""
    from promosync.status.builder import Asked
    from promosync.status.since import Limits
    from promosync.status.snapshot_file import dump
    from promosync.workflows.status import look

    if not since and (alarm_uses is not None or alarm_share is not None):
        raise typer.BadParameter("an alarm needs --since FILE: it is about what was used since a snapshot.")
    loaded, rows = run.load([options.file])
    if save is not None:
        check_target(Path(save), run.reads)
    asked = Asked(options.keys, limits=Limits(alarm_uses, alarm_share))
    with opened(run, access) as stripe:
        report, taken = look(loaded.configuration, rows, stripe, asked, since or (), _progress(run))
    if save is not None:
        with writing(Path(save), run.reads) as handle:
            handle.write(dump(taken))
        run.so_far = f"Nothing was changed in Stripe, and the snapshot is in {save}."
    options.show(run, "status", report)
    return FOUND if report.since is not None and report.since.alarms else 0


def _progress(run: Run) -> Callable[[int], None]:
    """Return a function that reports from time to time how many codes were read."""
    said = time.monotonic()

    def tell(count: int) -> None:
        nonlocal said
        if time.monotonic() - said >= _SECONDS:
            said = time.monotonic()
            run.say(f"{count:,} codes read")

    return tell
