"""The commands, put together."""

from __future__ import annotations

from typing import Annotated

import typer

from promosync.cli.apply import apply
from promosync.cli.check import check
from promosync.cli.codes import codes
from promosync.cli.demo import demo
from promosync.cli.explain import explain
from promosync.cli.export import export
from promosync.cli.help import help_, say_version, version
from promosync.cli.init import init
from promosync.cli.plan import plan
from promosync.cli.results import results
from promosync.cli.sandbox import sandbox
from promosync.cli.status import status
from promosync.cli.validate import schema, validate

app = typer.Typer(
    name="promosync",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (init, validate, plan, apply, export, status, results, check, schema, explain, demo, version):
    app.command()(command)
app.command("help")(help_)
app.add_typer(codes, name="codes")
app.add_typer(sandbox, name="sandbox")


def _version(ctx: typer.Context, asked: bool) -> None:
    if asked:
        say_version(ctx.obj)
        raise typer.Exit


@app.callback()
def options(
    show_version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Show the version.")
    ] = False,
) -> None:
    """Stripe coupons and promotion codes as code: one JSON file in git, planned, reviewed and applied."""
