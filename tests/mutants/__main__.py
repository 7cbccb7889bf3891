"""Mutation testing: lines of the core are changed one at a time, and the tests ought to see it.

The changes are cosmic-ray's, which makes them in place: so it works on copies of the project, one for each process.
"""

from __future__ import annotations

import ast
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from cosmic_ray.commands.init import init
from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkResult

ROOT = Path(__file__).resolve().parents[1]
SOURCE = Path("src", "promosync")
_JOURNEYS = [f"tests/journeys/test_{name}.py" for name in ("fields", "batches", "recreate", "pairs")]
TESTS = {
    "export": ["tests/export"],
    "status": ["tests/status"],
    "plan": ["tests/plan", "tests/saved", "tests/check", "tests/lint", *_JOURNEYS],
    "apply": ["tests/apply", *_JOURNEYS],
    "stripe_api": ["tests/stripe_api", *_JOURNEYS],
}
"""Who ought to see a change of a module: of its folders here the first one counts. The tests end at a failure."""

_SLACK = 30.0  # seconds

_SAME = re.compile(r"(^|_)(Eq_Is|Is_Eq|NotEq_IsNot|IsNot_NotEq)$")
"""Changes that are none where members of enumerations, None and small numbers are compared."""

_LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "dist", "build")


def main(size: int, seed: int) -> int:
    """Change so many places, drawn by the seed; tell the share that was seen, and show each change that was not."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="promosync-mutants-") as folder:
        _enter_copy(folder)
        places = list(_places().values())
        drawn = [chance.choice(changes) for changes in chance.sample(places, min(size, len(places)))]
        print(f"{len(places):,} places can be changed; {len(drawn)} are, drawn by seed {seed}", flush=True)
        with ProcessPoolExecutor(initializer=_enter_copy, initargs=(folder,)) as pool:
            commands = [_command(change.module_path, seed) for change in drawn]
            different = sorted(set(commands))
            patience = dict(zip(different, pool.map(_patience, different), strict=True))
            unseen = 0
            attempts = pool.map(_attempt, drawn, commands, [patience[command] for command in commands])
            for change, result in zip(drawn, attempts, strict=True):
                seen = result.test_outcome is TestOutcome.KILLED
                unseen += not seen
                line = f"{change.module_path}:{change.start_pos[0]} {change.operator_name}"
                print(f"{'seen    ' if seen else 'NOT SEEN'} {line}", flush=True)
                if not seen:
                    print(result.diff or result.output, flush=True)
    print(f"{len(drawn) - unseen} of {len(drawn)} were seen by a test: {1 - unseen / len(drawn):.0%}")
    return 0


def _command(module: Path, seed: int) -> str:
    tests = next(tests for folder, tests in TESTS.items() if module.is_relative_to(SOURCE / folder))
    return f"{sys.executable} -m pytest -x -q -p no:cacheprovider --hypothesis-seed={seed} {' '.join(tests)}"


def _patience(command: str) -> float:
    """How many seconds the tests may take, by what they take while nothing is changed; they must pass."""
    started = time.monotonic()
    done = subprocess.run(command.split(), capture_output=True, text=True)
    assert done.returncode == 0, f"{command} fails before anything is changed:\n{done.stdout}{done.stderr}"
    return 3 * (time.monotonic() - started) + _SLACK


def _enter_copy(folder: str) -> None:
    """Work in a new copy of the project from now on."""
    copy = Path(tempfile.mkdtemp(dir=folder)) / "promosync"
    shutil.copytree(ROOT, copy, ignore=_LEFT_OUT)
    os.chdir(copy)
    os.environ["PYTHONPATH"] = str(copy / "src")  # before the installed package, which is not the copy


def _places() -> Mapping[tuple[Path, tuple[int, int]], list[MutationSpec]]:
    """What can be changed, by module and line and column; in one order, whatever the machine.

    By place, because there are eleven changes of each comparison and one of each condition.
    """
    modules = sorted({module for folder in TESTS for module in (SOURCE / folder).rglob("*.py")})
    with use_db(":memory:", WorkDB.Mode.create) as database:
        init(modules, database, {})
        found = [change for item in database.work_items for change in item.mutations]
    annotations = {module: _annotations(module) for module in modules}
    places: dict[tuple[Path, tuple[int, int]], list[MutationSpec]] = defaultdict(list)
    for change in sorted(found, key=lambda each: (each.module_path, each.start_pos, each.operator_name)):
        annotated = any(start <= change.start_pos < end for start, end in annotations[change.module_path])
        if not annotated and not _SAME.search(change.operator_name):
            places[change.module_path, change.start_pos].append(change)
    return places


def _annotations(module: Path) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """From where to where the annotations are: nothing evaluates them."""
    nodes = list(ast.walk(ast.parse(module.read_text(encoding="utf-8"))))
    found = [node.annotation for node in nodes if isinstance(node, ast.arg | ast.AnnAssign)]
    found += [node.returns for node in nodes if isinstance(node, ast.FunctionDef)]
    return [
        ((each.lineno, each.col_offset), (each.end_lineno or 0, each.end_col_offset or 0)) for each in found if each
    ]


def _attempt(change: MutationSpec, command: str, patience: float) -> WorkResult:
    result: WorkResult = mutate_and_test([change], command, patience)
    return result


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
