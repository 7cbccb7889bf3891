"""The options that several commands share, each with its one help text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

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
    """The formats of a result."""

    TEXT = "text"
    JSON = "json"


def option(shape: str, text: str, panel: Panel = Panel.OPTIONS, **more: Any) -> Any:
    """Return an option for Typer. ``shape`` is what the help shows: its name, and what it takes: ``--rps N``."""
    name, _, metavar = shape.partition(" ")
    return typer.Option(name, metavar=metavar or None, help=text, rich_help_panel=panel, **more)


def argument(metavar: str, text: str, **more: Any) -> Any:
    """Return an argument for Typer."""
    return typer.Argument(metavar=metavar, help=text, **more)


def above_zero(value: float | None) -> float | None:
    """Return a number as it is; raise BadParameter if it is not above 0."""
    if value is not None and not 0 < value <= 100_000:
        raise typer.BadParameter(f"{value} is not a number above 0.")
    return value


FileArgument = Annotated[str, argument("FILE", "The configuration; - is standard input.")]
FilesArgument = Annotated[
    list[str] | None,
    argument(
        "FILE",
        f"The configuration: a file, several, or a folder of them; - is standard input. [default: {DEFAULT_FILE}]",
        show_default=False,
    ),
]
FormatOption = Annotated[Format, option("--format", "The format of the result.", Panel.OUTPUT)]
VerboseOption = Annotated[
    bool,
    option(
        "--verbose", "List also each code that only moves with its coupon, and all that is left alone.", Panel.OUTPUT
    ),
]
MaxMinutesOption = Annotated[
    float | None, option("--max-minutes N", "Stop cleanly after so many minutes; exit 3.", callback=above_zero)
]


@dataclass(frozen=True)
class Scope:
    """The group of options that limits what is planned."""

    no_prune: Annotated[bool, option("--no-prune", "Leave what is not in the file as it is.", Panel.SCOPE)] = False
    target: Annotated[
        list[str] | None,
        option("--target ID", "Only this entry and what it needs; may be given several times.", Panel.SCOPE),
    ] = None
    refresh: Annotated[
        bool,
        option("--refresh", "Read all codes of the account, whatever the seals of its coupons say.", Panel.SCOPE),
    ] = False

    @property
    def policy(self) -> Policy:
        """These options, as the planner takes them."""
        from promosync.plan.planner import Policy

        return Policy(not self.no_prune, tuple(self.target or ()), self.refresh)
