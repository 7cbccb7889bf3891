"""The commands, put together."""

from __future__ import annotations

from typing import Annotated

import typer

from promosync.cli.apply import apply
from promosync.cli.check import check
from promosync.cli.codes import codes
from promosync.cli.command import add, group
from promosync.cli.demo import demo
from promosync.cli.explain import explain
from promosync.cli.export import export
from promosync.cli.help import help_, version
from promosync.cli.init import init
from promosync.cli.options import Panel, option
from promosync.cli.plan import plan
from promosync.cli.results import results
from promosync.cli.sandbox import sandbox
from promosync.cli.status import status
from promosync.cli.validate import schema, validate

COMMANDS = (
    ("Main commands", init, "promosync init shop"),
    ("Main commands", validate, "promosync validate --strict promosync.json"),
    ("Main commands", plan, "promosync plan --sandbox\npromosync plan --out plan.json shop/"),
    ("Main commands", apply, "promosync apply --sandbox\npromosync apply --plan plan.json --live"),
    ("Reports", status, "promosync status --save today.json"),
    ("Reports", results, "promosync results --from 2027-03-01 --by campaign"),
    ("Reports", check, "promosync check LAUNCH20 --amount 4900 --currency usd"),
    ("From Stripe to files", export, "promosync export --out promosync.json"),
    ("To try and to learn", demo, "promosync demo"),
    ("To try and to learn", explain, "promosync explain no-limit"),
    ("To try and to learn", schema, "promosync schema > promosync.schema.json"),
    ("To try and to learn", help_, "promosync help codes export"),
    ("To try and to learn", version, "promosync version"),
)
"""Under which heading each command stands in the list of all, and an example of its use."""

app = group(
    name="promosync",
    epilog="promosync init shop\npromosync plan shop/promosync.json --sandbox",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for heading, command, example in COMMANDS:
    add(app, command, example, heading)
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
