"""Which tests run which lines: a plugin for pytest that writes it down.

    LINES_OF="src/promosync/plan src/promosync/apply" LINES_IN=FOLDER pytest -p tests.mutants.lines

Each process of pytest writes a file of coverage's, in which a context is a test, and one of how many seconds each of
its tests took.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from coverage import Coverage, CoverageData


class _Lines:
    def __init__(self, folder: Path, sources: list[str], worker: str) -> None:
        self._seconds: dict[str, float] = {}
        self._seconds_in = folder / f"{worker}.json"
        self._coverage = Coverage(data_file=str(folder / f"{worker}.lines"), source=sources, messages=False)
        self._coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        started = time.monotonic()
        self._coverage.switch_context(item.nodeid)
        yield
        self._coverage.switch_context("")
        self._seconds[item.nodeid] = time.monotonic() - started

    def pytest_sessionfinish(self) -> None:
        self._coverage.stop()
        self._coverage.save()
        self._seconds_in.write_text(json.dumps(self._seconds))


def pytest_configure(config: pytest.Config) -> None:
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None and config.getoption("numprocesses", None):
        return  # the process that hands out the tests runs none
    lines = _Lines(Path(os.environ["LINES_IN"]), os.environ["LINES_OF"].split(), worker or "main")
    config.pluginmanager.register(lines)


def read(folder: Path) -> tuple[Mapping[str, float], Mapping[str, Mapping[int, list[str]]]]:
    """What was written: the seconds of each test, and the tests of each line, by module (its absolute path)."""
    seconds: dict[str, float] = {}
    lines: dict[str, dict[int, list[str]]] = {}
    for written in sorted(folder.glob("*.json")):
        seconds |= json.loads(written.read_text())
        data = CoverageData(str(written.with_suffix(".lines")))
        data.read()
        for module in data.measured_files():
            of_module = lines.setdefault(module, {})
            for line, tests in data.contexts_by_lineno(module).items():
                of_module.setdefault(line, []).extend(test for test in tests if test)
    return seconds, lines
