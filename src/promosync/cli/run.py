"""One run of the program: its streams, its environment, and what an error message needs to know."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from promosync.render.layout import folded

if TYPE_CHECKING:
    from promosync.config import Loaded, Source
    from promosync.model.problems import Problem
    from promosync.plan.batch_rows import Rows
    from promosync.stripe_api.account import StripeAccount
    from promosync.workflows.configuration import Unchecked
    from promosync.workflows.saved import Inputs

LARGE = 2_000_000
"""Characters of a configuration that take longer to check than a request to answer; some ten thousand entries."""

_NO_END = 10_000

ERROR, FOUND, OUT_OF_TIME = 1, 2, 3
"""Exit codes: any error; what was looked for is there, such as changes; stopped at --max-minutes."""


def _no_commands(_arguments: Sequence[str], _run: Run) -> int:
    raise RuntimeError("this run has no commands")


@dataclass
class Run:
    """``out`` is for results, ``err`` for messages. The rest is set by the command, for the messages at its end.

    ``output`` is the format of the result, ``name`` the configuration's name as it was given, ``folder`` the one that
    contains the files of its batches. ``doubted`` are its problems if the clock of this machine is right, until
    Stripe's time is known. ``reads`` are the files that the command reads: it overwrites none of them. ``command``
    and ``so_far`` are for the message when it is interrupted: what was running, and a sentence about what it has done
    so far. ``begun`` is on the monotonic clock. ``carry_out`` runs a command line, for commands made of others.
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
    doubted: tuple[Problem, ...] = ()
    reads: list[Path] = field(default_factory=list)
    command: str = "promosync"
    so_far: str = "Nothing was changed in Stripe, and no file was written."
    begun: float = field(default_factory=time.monotonic)
    carry_out: Callable[[Sequence[str], Run], int] = field(default=_no_commands, repr=False)

    def deadline(self, minutes: float | None) -> float | None:
        """Return when so many minutes are over, on the monotonic clock; None for no limit."""
        return None if minutes is None else self.begun + 60 * minutes

    def show(self, lines: Iterable[Text]) -> None:
        """Write lines of the result."""
        _write(self.out, lines)

    def answer(self, text: str) -> None:
        """Write a text of the result."""
        self.show(Text(line) for line in text.split("\n"))

    @property
    def room(self) -> int:
        """How many columns a row of the result may take: no limit where the width is not known."""
        return _NO_END if self.out.soft_wrap else self.out.width

    def tell(self, lines: Iterable[Text]) -> None:
        """Write lines of messages."""
        _write(self.err, lines)

    def say(self, text: str) -> None:
        """Write a message."""
        self.tell(Text(line) for line in text.split("\n"))

    def write(self, text: str) -> None:
        """Write a text of the result as it is."""
        self.out.file.write(text)
        self.out.file.flush()

    def emit(self, document: Mapping[str, Any], indent: int | None = None) -> None:
        """Write a JSON document in ASCII, which every encoding has; no CI runner takes a part of it as a command."""
        self.write(json.dumps(document, indent=indent).replace("##[", "#\\u0023[") + "\n")

    def load(self, files: Sequence[str], now: int | None = None) -> tuple[Loaded, dict[str, Rows]]:
        """Read and check a configuration and the files of its batches; later problems are located in it.

        ``now`` is as for :func:`promosync.config.load`.
        """
        return self._check(self._read(files), now)

    def load_beside(self, files: Sequence[str]) -> Callable[[StripeAccount], tuple[Loaded, dict[str, Rows]]]:
        """Read a configuration; return a function that checks it by Stripe's clock, once the account is open.

        It is checked offline first, by the clock of this machine: an error at any time ends the program here. If it
        is so large that this takes seconds, it is checked only while the account is read.
        """
        from promosync.config import Refused
        from promosync.workflows.configuration import same_at

        unchecked = self._read(files)
        large = len(unchecked.draft.source.text) >= LARGE
        owner, codes, waiting = unchecked.draft.owner, unchecked.draft.codes, [unchecked]
        checked, clock = None, int(time.time())
        if not large:
            try:
                checked = self._check(unchecked, clock)
            except Refused as refused:
                try:  # without a clock: that of this machine may be wrong
                    self._check(unchecked, None)
                except Refused:
                    raise refused from None
                self.source, self.doubted = refused.source, refused.problems

        def check(stripe: StripeAccount) -> tuple[Loaded, dict[str, Rows]]:
            self.doubted = ()
            if checked is not None and same_at(checked[0].configuration, clock, stripe.now):
                return checked
            if large:
                stripe.read_ahead(owner, codes)
            return self._check(waiting.pop(), stripe.now)  # it is large, and not needed any more

        return check

    def _read(self, files: Sequence[str]) -> Unchecked:
        from promosync.config import display_name
        from promosync.workflows.configuration import read_configuration

        self.name = ", ".join(map(display_name, files))
        read = read_configuration(files, int(time.time()))
        self.reads += [Path(source.name) for source in read.draft.source.files]
        return read

    def _check(self, unchecked: Unchecked, now: int | None) -> tuple[Loaded, dict[str, Rows]]:
        loaded, rows = unchecked.check(now)
        self._note(loaded, unchecked.folder)
        return loaded, rows

    def load_entries(self, file: str) -> Loaded:
        """Read and check a configuration, and leave the files of its batches for later."""
        from promosync.config import load
        from promosync.config.files import STDIN, display_name, read_file

        loaded = load(read_file(file), display_name(file))
        self.reads.append(Path(file))
        self._note(loaded, None if file == STDIN else Path(file).parent)
        return loaded

    def _note(self, loaded: Loaded, folder: Path | None) -> None:
        self.source, self.folder = loaded.source, folder
        self.reads += [] if folder is None else [folder / name for name in loaded.configuration.files]

    def inputs(self, loaded: Loaded, rows: Mapping[str, Rows]) -> Inputs:
        """Return what was read, with digests that show later whether a file was changed."""
        from promosync.workflows.saved import Inputs, import_digests

        imports = import_digests(loaded.configuration, self.folder)
        return Inputs(loaded.configuration, rows, loaded.source.files, imports, self.folder)


def _write(console: Console, lines: Iterable[Text]) -> None:
    for line in lines:
        for part in [line] if console.soft_wrap else folded(line, console.width):
            if console.is_terminal:
                console.print(part, soft_wrap=True)
            else:  # nothing to colour, and ten times as fast
                console.file.write(f"{part.plain}\n")
    console.file.flush()
