"""The setup of a measurement: a sandbox in its own process, and the client in another, timed from start to exit."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from promosync.sandbox import Control

LIMIT = 25.0
"""Requests per second that the sandbox accepts on an endpoint, and that the client makes (`--rps`)."""
TOTAL = 100.0
LATENCY = 0.1
"""The least seconds that an answer takes."""

KEY = "sk_test_benchmarks0123456789"


@dataclass(frozen=True)
class Taken:
    """The measurement of one process: wall seconds from start to exit, peak memory, and output.

    ``megabytes`` is None if the peak is below that of this process, because a child starts with its parent's peak.
    """

    seconds: float
    megabytes: float | None
    out: str
    requests: int = 0
    refused: int = 0


def timed(command: Sequence[str], **env: str) -> Taken:
    """Run a process to its end; RuntimeError if it fails."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command, env={**os.environ, **env}, stdin=subprocess.DEVNULL, stdout=out, stderr=err
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0), err.seek(0)
        if process.returncode != 0:
            raise RuntimeError(
                f"{command} ended with {process.returncode}:\n{out.read()[-2000:]}{err.read()[-2000:]}"
            )
        # Kilobytes on Linux, bytes on macOS.
        unit = 2**20 if sys.platform == "darwin" else 2**10
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return Taken(seconds, usage.ru_maxrss / unit if usage.ru_maxrss > own else None, out.read())


def python(*arguments: str) -> Taken:
    return timed([sys.executable, *arguments])


@dataclass
class Ground:
    """A running sandbox, and a folder for the file."""

    url: str
    control: Control
    folder: Path

    def promosync(self, command: str, *more: str, rps: float = LIMIT) -> Taken:
        """Run a command on the folder's file; the sandbox counts the requests and refusals."""
        self.control.clear_counters()
        taken = timed(
            [sys.executable, "-m", "promosync", command, str(self.file), f"--rps={rps:g}", *more],
            STRIPE_API_KEY=KEY,
            STRIPE_API_BASE=self.url,
        )
        counters = self.control.counters()
        refused = counters["statuses"].get("429", 0)
        return Taken(taken.seconds, taken.megabytes, taken.out, counters["total"], refused)

    @property
    def file(self) -> Path:
        return self.folder / "promosync.json"

    def write(
        self, coupons: Iterable[Any] = (), codes: Iterable[Any] = (), batches: Iterable[Any] = (), **settings: Any
    ) -> None:
        """Write the file, entry by entry, to keep this process small: a child starts with its peak."""
        with self.file.open("w", encoding="utf-8") as out:
            out.write(json.dumps({"promosync": {"owner": "bench", **settings}})[:-1])
            for name, entries in (("coupons", coupons), ("promotion_codes", codes), ("code_batches", batches)):
                out.write(f', "{name}": [')
                for number, entry in enumerate(entries):
                    out.write((",\n" if number else "\n") + json.dumps(entry))
                out.write("]")
            out.write("}")


@contextmanager
def ground(latency: float = LATENCY) -> Iterator[Ground]:
    """Serve an empty sandbox with Stripe's limits during the block."""
    with tempfile.TemporaryDirectory(prefix="promosync-bench-") as name:
        folder = Path(name)
        command = [sys.executable, "-m", "promosync", "sandbox", "serve", "--port=0", "--limits"]
        with served([*command, f"--state={folder / 'sandbox.db'}"]) as url:
            control = Control(url)
            control.limits(endpoint=LIMIT, total=TOTAL, latency=latency)
            yield Ground(url, control, folder)


@contextmanager
def recorded(here: Ground, count: int, **record: Any) -> Iterator[Ground]:
    """Serve ``count`` copies of a recorded row (:mod:`benchmarks.recorded`) instead of the sandbox."""
    file = here.folder / "record.json"
    file.write_text(json.dumps(record), encoding="utf-8")
    with served([sys.executable, "-m", "benchmarks.recorded", str(count), str(file)]) as url:
        here.control.clear_counters()
        yield Ground(url, here.control, here.folder)


def requests_of(elsewhere: Ground) -> int:
    """Return the number of requests that a server of recorded rows has got."""
    with urlopen(f"{elsewhere.url}/_requests") as answer:
        return int(json.load(answer))


@contextmanager
def served(command: Sequence[str]) -> Iterator[str]:
    """Run a server that prints its URL first, during the block."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.communicate()
