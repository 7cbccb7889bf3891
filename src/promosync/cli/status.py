"""`promosync status`: the state of every coupon, code and batch, and what was used since a snapshot."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from promosync.cli.access import Access, opened
from promosync.cli.options import (
    DEFAULT_FILE,
    AccountOption,
    ApiBaseOption,
    ByOption,
    DebugOption,
    FileArgument,
    LiveOption,
    Panel,
    ReportFormat,
    ReportFormatOption,
    RpsOption,
    SandboxOption,
)
from promosync.cli.report_formats import show_report
from promosync.cli.run import Run, begin
from promosync.cli.writing import check_target, writing
from promosync.model.problems import Problem, ProblemsFound

if TYPE_CHECKING:
    from promosync.status.since import Snapshot

ALARM = 2

snapshot_option = partial(typer.Option, rich_help_panel=Panel.SNAPSHOTS)

_LARGEST = 256 * 1024 * 1024
_SECONDS = 5.0
"""Between two lines of progress."""


def status(
    ctx: typer.Context,
    file: FileArgument = DEFAULT_FILE,
    by: ByOption = None,
    output: ReportFormatOption = ReportFormat.TABLE,
    save: Annotated[
        str | None,
        snapshot_option("--save", metavar="FILE", help="Keep a snapshot in this file, to compare with later."),
    ] = None,
    since: Annotated[
        str | None, snapshot_option("--since", metavar="FILE", help="Show what was used since this snapshot.")
    ] = None,
    alarm_uses: Annotated[
        int | None,
        snapshot_option(
            "--alarm-uses", metavar="N", min=0, help="With --since: exit 2 if a code was used more than N times."
        ),
    ] = None,
    alarm_share: Annotated[
        float | None,
        snapshot_option(
            "--alarm-share",
            metavar="X",
            min=0.0,
            max=100.0,
            help="With --since: exit 2 if more than X % of a batch was used.",
        ),
    ] = None,
    sandbox: SandboxOption = False,
    api_base: ApiBaseOption = None,
    stripe_account: AccountOption = None,
    live: LiveOption = False,
    rps: RpsOption = None,
    debug: DebugOption = False,
) -> None:
    """Show the state of every coupon, code and batch. What is issued, used, left, ended, or differs from the file."""
    from promosync.status.making import ALWAYS, Asked
    from promosync.status.since import Limits
    from promosync.status.snapshot_file import dump
    from promosync.workflows.status import look

    run = begin(ctx, output, debug)
    if since is None and (alarm_uses is not None or alarm_share is not None):
        raise typer.BadParameter("an alarm needs --since FILE: it is about what was used since a snapshot.")
    loaded, rows = run.load([file])
    if save is not None:
        check_target(Path(save), run.reads)
    before = _snapshot(since) if since is not None else None
    asked = Asked(tuple(dict.fromkeys(by or ())), before, Limits(alarm_uses, alarm_share))
    if output is ReportFormat.HTML and not asked.by:
        asked = Asked(ALWAYS, asked.before, asked.limits)
    with opened(run, Access(sandbox, api_base, stripe_account, live, rps)) as stripe:
        report, taken = look(loaded.configuration, rows, stripe, asked, _progress(run))
    if save is not None:
        with writing(Path(save), run.reads) as handle:
            handle.write(dump(taken))
        run.so_far = f"Nothing was changed in Stripe, and the snapshot is in {save}."
    show_report(run, "status", report, output)
    if report.since is not None and report.since.alarms:
        raise typer.Exit(ALARM)


def _progress(run: Run) -> Callable[[int], None]:
    """Return what says from time to time how many codes have been read."""
    said = time.monotonic()

    def tell(count: int) -> None:
        nonlocal said
        if time.monotonic() - said >= _SECONDS:
            said = time.monotonic()
            run.say(f"{count:,} codes read")

    return tell


def _snapshot(name: str) -> Snapshot:
    from promosync.config.files import read_bounded
    from promosync.status.snapshot_file import parse

    try:
        text = read_bounded(Path(name), _LARGEST).decode()
    except (OSError, ValueError) as error:  # a text that is not UTF-8 is a ValueError, as is a NUL in a name
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is not text"
        hint = "make the first one: promosync status --save FILE"
        raise ProblemsFound([Problem((), f"{name} can not be read: {reason}", hint, rule="snapshot")]) from error
    return parse(text, name)
