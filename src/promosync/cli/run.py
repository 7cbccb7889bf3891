"""One run of the program: its streams, its environment, and what the door must know when it ends badly."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.text import Text

from promosync.cli.options import Format

if TYPE_CHECKING:
    from promosync.config import Loaded, Source
    from promosync.plan.batches import Rows
    from promosync.workflows.saved import Inputs


@dataclass
class Run:
    """``out`` is for results, ``err`` for talk. The rest is set by the command, for the messages of the door.

    ``output`` is the format of the result, ``name`` the configuration's as it was given, ``folder`` the one from
    which it names the files of its batches.
    """

    out: Console
    err: Console
    environ: Mapping[str, str]
    json: bool = False
    debug: bool = False
    source: Source | None = None
    output: str = "text"
    name: str = ""
    folder: Path | None = None

    def show(self, lines: Iterable[Text]) -> None:
        """Write lines of the result."""
        for line in lines:
            if self.out.is_terminal:
                self.out.print(line)
            else:  # nothing to colour, and ten times as fast
                self.out.file.write(f"{line.plain}\n")
        self.out.file.flush()

    def say(self, text: str) -> None:
        """Write a line of talk."""
        self.err.print(Text(text))

    def emit(self, document: Mapping[str, Any], indent: int | None = None) -> None:
        """Write a JSON document, in ASCII so that no encoding harms it, and no runner reads a command in it."""
        self.out.file.write(json.dumps(document, indent=indent).replace("##[", "#\\u0023[") + "\n")
        self.out.file.flush()

    def load(self, files: str | Sequence[str], now: int | None = None) -> tuple[Loaded, dict[str, Rows]]:
        """Read and check a configuration and the files of its batches; later problems are located in it."""
        from promosync.config import display_name
        from promosync.workflows.configuration import read_configuration

        names = [files] if isinstance(files, str) else files
        self.name = ", ".join(map(display_name, names))
        loaded, rows, self.folder = read_configuration(names, now)
        self.source = loaded.source
        return loaded, rows

    def inputs(self, loaded: Loaded, rows: Mapping[str, Rows]) -> Inputs:
        """Return what was read, with what tells whether it is the same the next time."""
        from promosync.workflows.saved import Inputs, import_digests

        imports = import_digests(loaded.configuration, self.folder)
        return Inputs(loaded.configuration, rows, loaded.source.files, imports)


def begin(ctx: typer.Context, output: StrEnum = Format.TEXT, debug: bool = False) -> Run:
    """Return the run of a command, told how it is to speak."""
    run: Run = ctx.obj
    run.output, run.json, run.debug = output.value, output.value == "json", debug
    return run
