"""`promosync plan`: what would change, and nothing changed."""

from __future__ import annotations

from typing import Annotated

import typer

from promosync.cli.access import Access, opened
from promosync.cli.options import (
    DEFAULT_FILE,
    AccountOption,
    ApiBaseOption,
    DebugOption,
    FileArgument,
    Format,
    FormatOption,
    LiveOption,
    NoPruneOption,
    RpsOption,
    SandboxOption,
    TargetOption,
)
from promosync.cli.run import begin

CHANGES = 2


def plan(
    ctx: typer.Context,
    file: FileArgument = DEFAULT_FILE,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 when there is something to change.")
    ] = False,
    output: FormatOption = Format.TEXT,
    force: Annotated[bool, typer.Option("--force", help="Plan for `apply --force`: brakes do not hold.")] = False,
    no_prune: NoPruneOption = False,
    target: TargetOption = None,
    sandbox: SandboxOption = False,
    api_base: ApiBaseOption = None,
    stripe_account: AccountOption = None,
    live: LiveOption = False,
    rps: RpsOption = None,
    debug: DebugOption = False,
) -> None:
    """Show what apply would change in Stripe, and why."""
    from promosync.plan.planner import Policy
    from promosync.render.plan_json import plan_json
    from promosync.render.plan_text import plan_text
    from promosync.workflows.plan import make

    run = begin(ctx, output, debug)
    access = Access(sandbox, api_base, stripe_account, live, rps)
    loaded, rows = run.load(file)
    with opened(run, access) as stripe:
        policy = Policy(prune=not no_prune, targets=tuple(target or ()))
        made = make(loaded.configuration, stripe, policy, rows)
    pace = access.pace(made.account.mode)
    if run.json:
        run.emit(plan_json(made, pace), indent=2)
    else:
        run.show(plan_text(made, run.out.width, pace))
        if made.brakes and not force:
            run.say("Apply refuses this plan without --force.")
        elif not made.empty:
            run.say("Carry it out with `promosync apply` and the same options.")
    if detailed_exitcode and not made.empty:
        raise typer.Exit(CHANGES)
