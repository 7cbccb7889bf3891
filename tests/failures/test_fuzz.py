"""The fuzzer itself works; no other test runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def test_the_fuzzer_finds_nothing_in_a_moment(request: pytest.FixtureRequest) -> None:
    """One round of each kind, at least; `make fuzz` takes ten minutes. It has a seed where hypothesis has one."""
    seed = request.config.getoption("--hypothesis-seed", None)
    env = os.environ if seed is None else {**os.environ, "FUZZ_SEED": str(seed)}
    command = [sys.executable, "-m", "benchmarks.fuzz", "0.01"]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120, check=False, env=env)
    assert done.returncode == 0, done.stderr
    assert "answers: " in done.stdout
