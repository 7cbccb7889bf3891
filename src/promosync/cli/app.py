"""The commands, put together."""

from __future__ import annotations

from typing import Annotated

import typer

from promosync import __version__
from promosync.cli.apply import apply
from promosync.cli.check import check
from promosync.cli.codes import codes
from promosync.cli.demo import demo
from promosync.cli.explain import explain
from promosync.cli.export import export
from promosync.cli.init import init
from promosync.cli.plan import plan
from promosync.cli.results import results
from promosync.cli.run import Run
from promosync.cli.sandbox import sandbox
from promosync.cli.status import status
from promosync.cli.validate import schema, validate

app = typer.Typer(
    name="promosync",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (init, validate, plan, apply, export, status, results, check, schema, explain, demo):
    app.command()(command)
app.add_typer(codes, name="codes")
app.add_typer(sandbox, name="sandbox")


def _version(ctx: typer.Context, asked: bool) -> None:
    if asked:
        run: Run = ctx.obj
        run.out.print(f"promosync {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Show the version.")
    ] = False,
) -> None:
    """Stripe coupons and promotion codes as code: one JSON file in git, planned, reviewed and applied."""
