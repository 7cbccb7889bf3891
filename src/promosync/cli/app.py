"""All commands, each with an example and its heading in the list."""

from __future__ import annotations

from typing import Annotated

import typer

from promosync import __version__
from promosync.cli.apply import apply
from promosync.cli.check import check
from promosync.cli.codes import codes
from promosync.cli.command import add, group
from promosync.cli.demo import demo
from promosync.cli.explain import explain
from promosync.cli.export import export
from promosync.cli.init import init
from promosync.cli.options import Panel, argument, option
from promosync.cli.plan import plan
from promosync.cli.results import results
from promosync.cli.run import Run
from promosync.cli.sandbox import sandbox
from promosync.cli.status import status
from promosync.cli.validate import schema, validate


def help_(
    run: Run,
    command: Annotated[
        list[str] | None, argument("COMMAND", "A command, such as `plan` or `codes export`.", show_default=False)
    ] = None,
) -> int:
    """Show what a command does, and its options."""
    return run.carry_out([*(command or ()), "--help"], run)


def version(run: Run) -> None:
    """Show the version."""
    run.answer(f"promosync {__version__}")


app = group(
    name="promosync",
    epilog="promosync init shop\npromosync plan shop/promosync.json --sandbox",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
add(app, init, "promosync init shop", "Main commands")
add(app, validate, "promosync validate --strict promosync.json", "Main commands")
add(app, plan, "promosync plan --sandbox\npromosync plan --out plan.json shop/", "Main commands")
add(app, apply, "promosync apply --sandbox\npromosync apply --plan plan.json --live", "Main commands")
add(app, status, "promosync status --save today.json", "Reports")
add(app, results, "promosync results --from 2027-03-01 --by campaign", "Reports")
add(app, check, "promosync check LAUNCH20 --amount 4900 --currency usd", "Reports")
add(app, export, "promosync export --out promosync.json", "From Stripe to files")
add(app, demo, "promosync demo", "To try and to learn")
add(app, explain, "promosync explain no-limit", "To try and to learn")
add(app, schema, "promosync schema > promosync.schema.json", "To try and to learn")
add(app, help_, "promosync help codes export", "To try and to learn")
add(app, version, "promosync version", "To try and to learn")
app.add_typer(codes, name="codes", rich_help_panel="From Stripe to files")
app.add_typer(sandbox, name="sandbox", rich_help_panel="To try and to learn")


def _version(ctx: typer.Context, asked: bool) -> None:
    if asked:
        version(ctx.obj)
        raise typer.Exit


@app.callback()
def options(
    show_version: Annotated[
        bool, option("--version", "Show the version.", Panel.OTHER, is_eager=True, callback=_version)
    ] = False,
) -> None:
    """Stripe coupons and promotion codes as code: one JSON file in git, planned, reviewed and applied."""
