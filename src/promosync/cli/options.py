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
FormatOption = Annotated[Format, output_option("--format", help="The format of the result.")]
PlanFormatOption = Annotated[
    PlanFormat, output_option("--format", help="The format of the plan; markdown is for a pull request.")
]
CheckFormatOption = Annotated[
    CheckFormat,
    output_option("--format", help="The format of the findings; github is annotations, sarif is for code scanning."),
]
ReportFormatOption = Annotated[
    ReportFormat, output_option("--format", help="The format of the report; html is a page that loads nothing else.")
]
ByOption = Annotated[
    list[str] | None,
    typer.Option(
        "--by",
        metavar="KEY",
        help="Also count by the values of this metadata key of the code or its coupon, such as campaign or "
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

RefreshOption = Annotated[
    bool, scope_option("--refresh", help="Read all codes of the account, whatever the seals of its coupons say.")
]

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
        help="Requests per second on each endpoint, four times as many in total; otherwise 80 % of Stripe's limits.",
    ),
]
MaxMinutesOption = Annotated[
    float | None,
    typer.Option(
        "--max-minutes", metavar="N", callback=_above_zero, help="Stop cleanly after so many minutes; exit 3."
    ),
]
