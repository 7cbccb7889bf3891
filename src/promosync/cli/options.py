"""The options that several commands share, each with its one help text."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import Annotated

import typer

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


class PlanFormat(StrEnum):
    """What a plan is written as."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


class CheckFormat(StrEnum):
    """What the findings of a check are written as."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"


class ReportFormat(StrEnum):
    """What a report is written as."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"
    HTML = "html"


scope_option = partial(typer.Option, rich_help_panel=Panel.SCOPE)
output_option = partial(typer.Option, rich_help_panel=Panel.OUTPUT)
_account_option = partial(typer.Option, rich_help_panel=Panel.ACCOUNT)


def _above_zero(value: float | None) -> float | None:
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
FormatOption = Annotated[Format, output_option("--format", help="What the result is written as.")]
PlanFormatOption = Annotated[
    PlanFormat, output_option("--format", help="What the plan is written as; markdown is for a pull request.")
]
CheckFormatOption = Annotated[
    CheckFormat,
    output_option("--format", help="What is found is written as; github is annotations, sarif for code scanning."),
]
ReportFormatOption = Annotated[
    ReportFormat, output_option("--format", help="What the report is written as; html is one page of its own.")
]
ByOption = Annotated[
    list[str] | None,
    typer.Option(
        "--by",
        metavar="KEY",
        help="Also count by the values of this metadata key, a code's own or its coupon's, such as campaign or "
        "source; may be given several times.",
    ),
]
DebugOption = Annotated[
    bool, typer.Option("--debug", help="Show the traceback of an unexpected error.", rich_help_panel=Panel.OTHER)
]

TargetOption = Annotated[
    list[str] | None,
    scope_option("--target", metavar="ID", help="Only this entry and what it needs; may be given several times."),
]
VerboseOption = Annotated[
    bool,
    output_option(
        "--verbose", help="List also each code that only moves with its coupon, and all that is left alone."
    ),
]
NoPruneOption = Annotated[bool, scope_option("--no-prune", help="Leave what is not in the file as it is.")]

SandboxOption = Annotated[
    bool, _account_option("--sandbox", help="Use a local Stripe kept in .promosync/ instead; needs no key.")
]
ApiBaseOption = Annotated[
    str | None,
    _account_option(
        "--api-base",
        metavar="URL",
        help="Where the API is: https, or http on this machine. STRIPE_API_BASE in the environment does the same.",
    ),
]
AccountOption = Annotated[
    str | None,
    _account_option(
        "--stripe-account",
        metavar="ACCT",
        help="Act for this connected account. STRIPE_ACCOUNT in the environment does the same.",
    ),
]
LiveOption = Annotated[
    bool, _account_option("--live", help="Allow a live key. PROMOSYNC_LIVE=1 in the environment does the same.")
]
RpsOption = Annotated[
    float | None,
    _account_option(
        "--rps",
        metavar="N",
        callback=_above_zero,
        help="Requests a second on each endpoint, and four times as many in all, instead of 80 % of Stripe's limits.",
    ),
]
MaxMinutesOption = Annotated[
    float | None,
    typer.Option("--max-minutes", metavar="N", callback=_above_zero, help="Stop cleanly after so long; exit 3."),
]
