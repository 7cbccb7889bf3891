"""`promosync apply`: show the plan, ask, carry it out, report."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from promosync.cli.access import Access, opened
from promosync.cli.command import DebugRun
from promosync.cli.options import (
    DEFAULT_FILE,
    FilesArgument,
    Format,
    FormatOption,
    MaxMinutesOption,
    Panel,
    Scope,
    VerboseOption,
    option,
)
from promosync.cli.progress import ProgressDisplay, reading
from promosync.cli.reports import leave_summary
from promosync.cli.run import ERROR, OUT_OF_TIME, Run
from promosync.cli.signals import INTERRUPTED, stopping
from promosync.model.problems import Problem, ProblemsFound

if TYPE_CHECKING:
    from promosync.apply.outcome import Report
    from promosync.plan.plan import Plan
    from promosync.render.facts import Pace
    from promosync.stripe_api.account import StripeAccount

    Planner = Callable[[StripeAccount], Plan]


def apply(
    run: DebugRun,
    *,
    files: FilesArgument = None,
    saved: Annotated[
        Path | None, option("--plan PLAN", "Apply a plan that `promosync plan --out PLAN` saved, and only that.")
    ] = None,
    yes: Annotated[bool, option("--yes", "Do not ask. Needed where there is no terminal.")] = False,
    output: FormatOption = Format.TEXT,
    verbose: VerboseOption = False,
    force: Annotated[bool, option("--force", "Apply also what a safety check refuses.", Panel.SCOPE)] = False,
    scope: Scope,
    access: Access,
    max_minutes: MaxMinutesOption = None,
) -> int:
    """Change Stripe so that it is as the file says. Shows the plan and asks first."""
    from promosync.workflows.apply import carry_out

    if saved is None:
        planner = _new_planner(run, files or [DEFAULT_FILE], scope)
    elif scope != Scope():
        raise typer.BadParameter("a saved plan is applied as it is: leave --target, --no-prune and --refresh out.")
    else:
        planner = _saved_planner(run, saved, files)
    deadline = run.deadline(max_minutes)
    with opened(run, access) as stripe:
        with reading(run, stripe), stripe.by(deadline):
            plan = planner(stripe)
        _show(run, plan, access.pace(plan.account.mode), output, verbose)
        if not plan.empty:
            _check_brakes(plan, force)
            if not yes:
                _ask(run, plan)
        if not plan.empty:
            run.so_far = "Changes may have been made in Stripe: the next plan shows what is left."
        progress = ProgressDisplay(run, plan, stripe)
        with stopping() as stop, progress.shown():
            report = carry_out(plan, stripe, progress.ended, progress.further, stop, deadline)
    _report(run, plan, report)
    if saved is not None and (report.failed or report.stopped):
        run.say("Run the same command again to go on: what is done of the saved plan is not done again.")
    return exit_code(report)


def _new_planner(run: Run, files: list[str], scope: Scope) -> Planner:
    """Return a function that makes the plan of a configuration."""
    from promosync.workflows.plan import make

    load = run.load_beside(files)

    def planner(stripe: StripeAccount) -> Plan:
        loaded, rows = load(stripe)
        return make(loaded.configuration, stripe, scope.policy, rows)

    return planner


def _saved_planner(run: Run, saved: Path, files: list[str] | None) -> Planner:
    """Return a function that continues a saved plan; without ``files`` it uses the configuration in the plan."""
    from promosync.workflows.saved import check_files, read, take_up

    plan = read(saved)
    run.reads.append(saved)
    run.name = ", ".join(plan.files)
    if not files:
        return lambda stripe: take_up(plan, stripe)
    again = run.inputs(*run.load(files))
    check_files(plan, again)
    return lambda stripe: take_up(plan, stripe, again)


def exit_code(report: Report) -> int:
    """Return the exit code of an apply: interrupted, failed, out of time, or done."""
    if report.stopped == "interrupted":
        return INTERRUPTED
    if report.failed:
        return ERROR
    return OUT_OF_TIME if report.stopped else 0


def _show(run: Run, plan: Plan, pace: Pace, output: Format, verbose: bool) -> None:
    if output is Format.JSON:
        from promosync.render.plan_json import plan_json

        run.emit({"event": "plan", **plan_json(plan, pace)})
    else:
        from promosync.render.plan_text import plan_text

        run.show(plan_text(plan, run.out.width, pace, verbose))


def _check_brakes(plan: Plan, force: bool) -> None:
    if plan.brakes and not force:
        hint = "check the plan; to apply it all the same, add --force"
        raise ProblemsFound(Problem((), f"safety check: {brake}", hint, rule="brakes") for brake in plan.brakes)


def _ask(run: Run, plan: Plan) -> None:
    """Ask at the terminal; return if the answer is yes."""
    if not (sys.stdin and sys.stdin.isatty()):
        fault = "apply asks before it writes, and this is not a terminal: nothing was changed"
        raise ProblemsFound([Problem((), fault, "look at the plan, then add --yes", rule="confirmation")])
    from promosync.render.values import mode_words
    from promosync.render.visible import visible

    where = f"{visible(plan.account.id or 'this account')}, {mode_words(plan.account.mode)}"
    run.say(f"\nApply this to {where}? Only 'yes' is accepted.")
    run.err.print("Answer: ", end="")
    if sys.stdin.readline().strip() != "yes":
        raise ProblemsFound([Problem((), "the answer was not yes: nothing was changed", rule="confirmation")])


def _report(run: Run, plan: Plan, report: Report) -> None:
    def page() -> str:
        from promosync.render.outcomes import report_markdown

        return report_markdown(report, run.name)

    leave_summary(run, page)
    if run.json:
        from promosync.render.outcomes import report_json

        run.emit(report_json(report))
    elif not plan.empty:
        from promosync.render.outcomes import report_text

        run.show(report_text(report, run.out.width))
