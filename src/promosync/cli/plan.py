"""`promosync plan`: what would change; nothing is changed."""

from __future__ import annotations

import shlex
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from promosync.cli.access import Access, opened
from promosync.cli.command import DebugRun
from promosync.cli.options import DEFAULT_FILE, FilesArgument, Panel, Scope, VerboseOption, option
from promosync.cli.progress import reading
from promosync.cli.reports import leave_summary
from promosync.cli.run import FOUND, Run
from promosync.cli.writing import check_target, writing
from promosync.render.visible import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from promosync.config import Loaded
    from promosync.plan.batch_rows import Rows
    from promosync.plan.plan import Plan
    from promosync.stripe_api.account import StripeAccount


class PlanFormat(StrEnum):
    """The formats of a plan."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


def plan(
    run: DebugRun,
    *,
    files: FilesArgument = None,
    detailed_exitcode: Annotated[
        bool, option("--detailed-exitcode", "Exit 2 when there is something to change.", Panel.OUTPUT)
    ] = False,
    out: Annotated[
        Path | None, option("--out PLAN", "Save the plan, for `promosync apply --plan PLAN`.", Panel.OUTPUT)
    ] = None,
    output: Annotated[
        PlanFormat, option("--format", "The format of the plan; markdown is for a pull request.", Panel.OUTPUT)
    ] = PlanFormat.TEXT,
    verbose: VerboseOption = False,
    summary: Annotated[
        bool, option("--summary", "Show the last lines alone: counts, warnings, safety checks.", Panel.OUTPUT)
    ] = False,
    force: Annotated[
        bool, option("--force", "Plan for `apply --force`, which ignores the safety checks.", Panel.SCOPE)
    ] = False,
    scope: Scope,
    access: Access,
) -> int:
    """Show what apply would change in Stripe, and why."""
    from promosync.workflows.plan import make

    if summary and (verbose or output is not PlanFormat.TEXT):
        raise typer.BadParameter("--summary is for the text format only: leave --verbose and --format out.")
    load = run.load_beside(files or [DEFAULT_FILE])
    with opened(run, access) as stripe, reading(run, stripe):
        loaded, rows = load(stripe)
        how = "`promosync apply` and the same options."
        if out is None:
            made = make(loaded.configuration, stripe, scope.policy, rows)
        else:
            check_target(out, run.reads)
            made, how = _save(run, out, loaded, rows, stripe, scope, access)
    _show(run, made, access, verbose, summary)
    if output is PlanFormat.TEXT:
        if made.brakes and not force:
            run.say("Apply refuses this plan without --force.")
        elif not made.empty:
            run.say(f"Carry it out with {visible(how)}")
    return FOUND if detailed_exitcode and not made.empty else 0


def _save(
    run: Run,
    out: Path,
    loaded: Loaded,
    rows: Mapping[str, Rows],
    stripe: StripeAccount,
    scope: Scope,
    access: Access,
) -> tuple[Plan, str]:
    """Make a plan and write it to a file; return it with the command that applies it."""
    from promosync.plan.saved import dump
    from promosync.workflows.saved import files_to_read, make_to_save, needs_naming

    saved = make_to_save(run.inputs(loaded, rows), stripe, scope.policy)
    with writing(out, run.reads, make_folder=False) as handle:
        handle.write(dump(saved))
    run.so_far = f"Nothing was changed in Stripe, and the plan is in {out}."
    if saved.plan.account.id is None:
        run.say(
            "The key cannot read which account it belongs to: the saved plan is bound to test or live mode alone."
        )
    files = [*saved.files] if needs_naming(saved) else []
    force = ["--force"] if saved.plan.brakes else []
    command = shlex.join(["promosync", "apply", "--plan", str(out), *access.options, *force, *files])
    again = files_to_read(saved.plan, loaded.configuration).files
    return saved.plan, f"`{command}`." + (f" It reads {', '.join(again)} again." if again else "")


def _show(run: Run, made: Plan, access: Access, verbose: bool, summary: bool) -> None:
    pace = access.pace(made.account.mode)

    def page() -> str:
        from promosync.render.plan_markdown import plan_markdown

        return plan_markdown(made, pace, run.name, access.sandbox)

    if run.json:
        from promosync.render.plan_json import plan_json

        run.emit(plan_json(made, pace), indent=2)
    elif run.output == PlanFormat.MARKDOWN:
        run.write(page())
    else:
        from promosync.render.plan_text import plan_text, summary_text

        width = run.out.width
        run.show(summary_text(made, width, pace) if summary else plan_text(made, width, pace, verbose))
    leave_summary(run, page)
