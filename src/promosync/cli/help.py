"""`promosync help` and `promosync version`: what people type before they know that it is an option."""

from __future__ import annotations

from typing import Annotated

from promosync import __version__
from promosync.cli.options import argument
from promosync.cli.run import Run


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
