"""`promosync help` and `promosync version`: what people type before they know that it is an option."""

from __future__ import annotations

from typing import Annotated

import typer

from promosync import __version__
from promosync.cli.run import Run, begin

CommandArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="COMMAND", help="A command, such as `plan` or `codes export`.", show_default=False),
]


def help_(ctx: typer.Context, command: CommandArgument = None) -> None:
    """Show what a command does, and its options."""
    run = begin(ctx)
    if code := run.carry_out([*(command or ()), "--help"], run):
        raise typer.Exit(code)


def version(ctx: typer.Context) -> None:
    """Show the version."""
    say_version(begin(ctx))


def say_version(run: Run) -> None:
    """Write name and version."""
    run.answer(f"promosync {__version__}")
