"""The options of `status` and `results`, and the formats of their reports."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import Annotated, Any

from promosync.cli.options import DEFAULT_FILE, FileArgument, Panel, option
from promosync.cli.run import Run


class ReportFormat(StrEnum):
    """The formats of a report."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"
    HTML = "html"


_MODULES = {
    ReportFormat.TABLE: "text",
    ReportFormat.MARKDOWN: "text",
    ReportFormat.JSON: "data",
    ReportFormat.CSV: "data",
    ReportFormat.HTML: "html",
}


@dataclass(frozen=True)
class ReportOptions:
    """The group of options for the configuration, the metadata keys and the format of a report."""

    file: FileArgument = DEFAULT_FILE
    by: Annotated[
        list[str] | None,
        option(
            "--by KEY",
            "Also count by the values of this metadata key of the code or its coupon, such as campaign or "
            "source; may be given several times.",
        ),
    ] = None
    output: Annotated[
        ReportFormat,
        option("--format", "The format of the report; html is a page that loads nothing else.", Panel.OUTPUT),
    ] = ReportFormat.TABLE

    @property
    def keys(self) -> tuple[str, ...]:
        """The metadata keys to count by; the HTML page always has some."""
        from promosync.status.builder import ALWAYS

        return tuple(dict.fromkeys(self.by or ())) or (ALWAYS if self.output is ReportFormat.HTML else ())

    def show(self, run: Run, command: str, report: Any) -> None:
        """Write a report to standard output; only the module of its format is loaded.

        That is ``promosync.render.<command>_<module>``, and the function in it ``<command>_<format>``.
        """
        output = self.output
        module = import_module(f"promosync.render.{command}_{_MODULES[output]}")
        if output is ReportFormat.TABLE:
            run.show(getattr(module, f"{command}_text")(report, run.out.width, run.room))
            return
        written = getattr(module, f"{command}_{output.value}")(report)
        if output is ReportFormat.JSON:
            run.emit(written, indent=2)
        else:
            run.write(written)
