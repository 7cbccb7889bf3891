"""The two streams of a command: stdout for the result, stderr for messages. A fault in them does not stop a command.

A reader that goes away (`promosync plan | head -1`) does not stop an apply half-way and changes no exit code. With a
full disk the work goes on, too, and the command reports at its end what could not be written. Characters that the
encoding of a stream lacks are written in ASCII.
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
"""The width where there is no terminal, unless COLUMNS is set."""

_PLAIN = {"→": "->", "←": "<-", "±": "+/-", "×": "x", "…": "...", "–": "-", "—": "-", "·": "-"}
_ERRORS = "promosync-plain"

_COMMANDS = re.compile(r"(?m)^[^\S\n]*::|##\[")
"""The start of a command to a CI runner: two colons first on a line, or the older form anywhere in it."""


def open_console(stream: TextIO | None, environ: Mapping[str, str]) -> Console:
    """Return a console that writes lines as they are: no markup, no highlighting, no cropping.

    It has ``soft_wrap`` where the width is not known.
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
    """Open the null device for each of the three streams that the caller of the process has closed.

    Otherwise the next file that is opened gets the number of such a stream, and output for the stream goes into it.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free


class Steady:
    """A text stream that drops its text when it cannot be written to, instead of raising OSError.

    ``lost`` is the reason; it is empty while all text is written, and where the reader has closed the pipe. With
    ``inert``, a line that a CI runner would take as a command is broken up; :meth:`command` writes real commands.
    Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
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
            # The interpreter flushes the stream once more at its end: that must not fail.
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
