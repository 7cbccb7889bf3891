"""The validator, its spec, and the requests that some other tests send to sandboxes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import validator as stripes
from .exchange import Exchange
from .spec import Spec
from .validator import Validator

ROOT = Path(__file__).resolve().parents[2]
JOURNEYS = [
    f"tests/journeys/test_{name}.py" for name in ("batches", "customer_account", "fields", "pairs", "recreate")
]
OTHERS = [
    *(f"tests/sandbox/test_{name}.py" for name in ("exam", "exam_reading", "objects", "orders", "search")),
    *(f"tests/stripe_api/test_{name}.py" for name in ("creates", "orders", "reader")),
]

SAID = pytest.StashKey[str]()
"""What the checks have to tell in the end."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if SAID in config.stash:
        terminalreporter.write_line(config.stash[SAID])


@pytest.fixture(scope="package")
def validator() -> Iterator[Validator]:
    assert stripes.PROGRAM.exists(), "Stripe's validator is not here yet: run `make contract`"
    with stripes.running() as served:
        yield served


@pytest.fixture(scope="package")
def spec() -> Spec:
    assert stripes.SPEC.exists(), "Stripe's spec is not here yet: run `make contract`"
    return Spec(stripes.SPEC)


@pytest.fixture(scope="package")
def exchanges(tmp_path_factory: pytest.TempPathFactory) -> list[Exchange]:
    """The requests and answers while a separate pytest runs the journeys and the exam again."""
    file = tmp_path_factory.mktemp("tee") / "exchanges"
    command = [sys.executable, "-m", "pytest", "-p", "tests.contract.tee", "--tee", str(file), *JOURNEYS, *OTHERS]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, done.stdout + done.stderr
    with file.open(encoding="utf-8") as lines:
        return [exchange for exchange in map(Exchange.from_line, lines) if exchange.is_current]
