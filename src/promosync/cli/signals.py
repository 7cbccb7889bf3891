"""How a run is stopped by signals: the first one stops it cleanly, the second one at once.

The signals are Ctrl-C (SIGINT), SIGTERM, and SIGHUP, which comes when a terminal is closed. The exit code is always
130. Handlers write with ``os.write``, because they may interrupt another write.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

INTERRUPTED = 130


class Interrupted(BaseException):
    """A signal came. It is not a KeyboardInterrupt: Typer turns that into an exit without a message."""


_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # not every system has all of them

_POLITE = b"\nStopping: what has begun is finished first. A second signal stops at once.\n"
_AT_ONCE = b"\nStopped at once.\n"
_WRITING_AT_ONCE = b"\nStopped at once: what was under way may or may not be done. The next plan shows it.\n"


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise Interrupted at the first signal while the block lasts; end the process at the second."""

    def first() -> None:
        raise Interrupted

    with _handled(first, _AT_ONCE):
        yield


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """Give an event that the first signal sets; end the process at the second."""
    stop = threading.Event()

    def first() -> None:
        stop.set()
        tell(_POLITE)

    with _handled(first, _WRITING_AT_ONCE):
        yield stop


def tell(line: bytes) -> None:
    """Write to standard error, if somebody still reads it."""
    with suppress(OSError):
        os.write(2, line)


@contextmanager
def _handled(first: Callable[[], None], last_words: bytes) -> Iterator[None]:
    come = False

    def handle(_number: int, _frame: FrameType | None) -> None:
        nonlocal come
        if come:
            tell(last_words)
            os._exit(INTERRUPTED)
        come = True
        first()

    numbers = [number for name in _NAMES if (number := getattr(signal, name, None)) is not None]
    before = {number: signal.getsignal(number) for number in numbers}
    if (
        before.get(getattr(signal, "SIGHUP", None)) is signal.SIG_IGN
    ):  # `nohup`: it is meant to go on without a terminal
        del before[signal.SIGHUP]
    for number in before:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
