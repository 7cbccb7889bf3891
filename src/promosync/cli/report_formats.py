"""Writing the report of a command, in whatever format it was asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from promosync.cli.options import ReportFormat
from promosync.cli.run import Run

_MODULES = {
    ReportFormat.TABLE: "text",
    ReportFormat.MARKDOWN: "text",
    ReportFormat.JSON: "data",
    ReportFormat.CSV: "data",
    ReportFormat.HTML: "html",
}


def show_report(run: Run, command: str, report: Any, output: ReportFormat) -> None:
    """Write a report to standard output; only the module of its format is loaded.

    That is ``promosync.render.<command>_<module>``, and the function in it ``<command>_<format>``.
    """
    module = import_module(f"promosync.render.{command}_{_MODULES[output]}")
    if output is ReportFormat.TABLE:
        run.show(getattr(module, f"{command}_text")(report, run.out.width, run.room))
        return
    written = getattr(module, f"{command}_{output.value}")(report)
    if output is ReportFormat.JSON:
        run.emit(written, indent=2)
    else:
        run.out.file.write(written)
        run.out.file.flush()
