"""The two streams of a command: stdout for the result, stderr for messages; neither can break the command.

A reader that goes away (`promosync plan | head -1`) does not stop an apply half-way and changes no exit code. A disk
that is full does not stop it either: the work goes on, and the end of the command tells what could not be written.
What the stream's encoding lacks is written in ASCII.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import re
from collections.abc import Mapping
from typing import IO, Any, TextIO, cast

from rich.console import Console

PIPE_WIDTH = 80
"""The columns of what is no terminal, unless COLUMNS says otherwise."""

_PLAIN = {"→": "->", "←": "<-", "±": "+/-", "×": "x", "…": "...", "–": "-", "—": "-", "·": "-"}
_ERRORS = "promosync-plain"

_COMMANDS = re.compile(r"(?m)^[^\S\n]*::|##\[")
"""What begins a command to a workflow's runner: two colons first on a line, or the older form anywhere in it."""


def open_console(stream: TextIO | None, environ: Mapping[str, str]) -> Console:
    """Return a console that writes lines as they are: no markup, no highlighting, no cropping.

    It is one with ``soft_wrap`` where nothing says how wide the reader's lines are.
    """
    if stream is None:  # closed by the caller of the process
        stream = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 (lives as long as the process)
    codecs.register_error(_ERRORS, _in_plain_letters)
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors=_ERRORS)
    columns = _columns(stream, environ)
    return Console(
        file=cast("IO[str]", Steady(stream, environ.get("GITHUB_ACTIONS") == "true")),
        width=columns or PIPE_WIDTH,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=columns is None,
    )


def occupy_streams() -> None:
    """Lead what the caller of the process has closed of its three streams to nowhere.

    Else the next file that is opened gets the number of a stream, and is written to by whoever means the stream.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free


class Steady:
    """A text stream that goes quiet when it cannot be written to, instead of raising OSError.

    ``lost`` says why, in a few words; it is empty while all arrives, and where the reader has gone of its own accord.
    With ``inert``, a line that a workflow's runner would obey is broken up; :meth:`command` writes those that are
    meant. Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """

    def __init__(self, stream: TextIO, inert: bool = False) -> None:
        self._stream, self._inert = stream, inert
        self.lost = ""

    def write(self, text: str) -> int:
        self.command(_COMMANDS.sub(lambda found: " ".join(found[0]), text) if self._inert else text)
        return len(text)

    def command(self, text: str) -> None:
        """Write text as it is."""
        with self._quiet_when_lost():
            self._stream.write(text)

    def flush(self) -> None:
        with self._quiet_when_lost():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @contextlib.contextmanager
    def _quiet_when_lost(self) -> Any:
        try:
            yield
        except OSError as error:
            if not isinstance(error, BrokenPipeError):
                self.lost = self.lost or error.strerror or str(error)
            # The interpreter flushes the stream once more at its end: let that go nowhere too.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


def _in_plain_letters(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    plain = "".join(_PLAIN.get(sign) or sign.encode("ascii", "backslashreplace").decode() for sign in signs)
    return plain, error.end


def _columns(stream: TextIO, environ: Mapping[str, str]) -> int | None:
    columns = environ.get("COLUMNS", "")
    if columns.isascii() and columns.isdecimal() and 0 < int(columns) < 10_000:
        return int(columns)
    try:
        return (stream.isatty() and os.get_terminal_size(stream.fileno()).columns) or None
    except (OSError, ValueError):
        return None
