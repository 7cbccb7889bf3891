"""The options that several commands share, each with its one help text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from promosync.plan.planner import Policy

DEFAULT_FILE = "promosync.json"


class Panel(StrEnum):
    """The groups of options in a help, in their order."""

    OPTIONS = "Options"
    SCOPE = "What to plan"
    OUTPUT = "Output"
    SNAPSHOTS = "Snapshots"
    ACCOUNT = "Stripe account"
    OTHER = "Other options"


class Format(StrEnum):
    """What a result is written as."""

    TEXT = "text"
    JSON = "json"


scope_option = partial(typer.Option, rich_help_panel=Panel.SCOPE)
output_option = partial(typer.Option, rich_help_panel=Panel.OUTPUT)


def above_zero(value: float | None) -> float | None:
    """Return a number as it is; raise BadParameter if it is not above 0."""
    if value is not None and not 0 < value <= 100_000:
        raise typer.BadParameter(f"{value} is not a number above 0.")
    return value


FileArgument = Annotated[str, typer.Argument(metavar="FILE", help="The configuration; - is standard input.")]
FilesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE",
        help="The configuration: a file, several, or a folder of them; - is standard input. "
        f"[default: {DEFAULT_FILE}]",
        show_default=False,
    ),
]
FormatOption = Annotated[Format, output_option("--format", help="The format of the result.")]
VerboseOption = Annotated[
    bool,
    output_option(
        "--verbose", help="List also each code that only moves with its coupon, and all that is left alone."
    ),
]
MaxMinutesOption = Annotated[
    float | None,
    typer.Option(
        "--max-minutes", metavar="N", callback=above_zero, help="Stop cleanly after so many minutes; exit 3."
    ),
]


@dataclass(frozen=True)
class Scope:
    """The group of options that says what is planned."""

    no_prune: Annotated[bool, scope_option("--no-prune", help="Leave what is not in the file as it is.")] = False
    target: Annotated[
        list[str] | None,
        scope_option("--target", metavar="ID", help="Only this entry and what it needs; may be given several times."),
    ] = None
    refresh: Annotated[
        bool, scope_option("--refresh", help="Read all codes of the account, whatever the seals of its coupons say.")
    ] = False

    @property
    def policy(self) -> Policy:
        """These options, as the planner takes them."""
        from promosync.plan.planner import Policy

        return Policy(not self.no_prune, tuple(self.target or ()), self.refresh)
