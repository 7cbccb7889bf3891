"""The fuzzer itself runs: it is not part of the other tests, and shall not rot."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_fuzzer_finds_nothing_in_a_moment() -> None:
    """One round of each kind, at least; `make fuzz` takes ten minutes."""
    command = [sys.executable, "-m", "benchmarks.fuzz", "0.01"]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "answers: " in done.stdout
