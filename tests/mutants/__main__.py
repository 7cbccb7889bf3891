"""Mutation testing: lines of the core are changed one at a time, and a test ought to fail.

The changes are those of cosmic-ray, which makes them in place: so it works on copies of the project, one for each
process. First the tests run once, to learn which of them run which lines. Then each change is tried with the tests
that run its line, the quick ones first, until one fails.
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
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from cosmic_ray.commands.init import init
from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkResult

from tests.mutants import lines

ROOT = Path(__file__).resolve().parents[2]
SOURCE = Path("src", "promosync")
FOLDERS = ("apply", "export", "plan", "status", "stripe_api")

_APART = ("browser", "ci", "docs", "test_docs.py", "test_house.py")
"""Tests that are left out: they start processes, whose lines are not followed, or look at the files themselves."""

_MOST = 120.0
"""Seconds. Of the tests that run a line, so many are run as take this long when nothing is changed."""

_SLACK = 60.0  # seconds, beside three times what the tests take

_SAME = re.compile(r"(^|_)(Eq_Is|Is_Eq|NotEq_IsNot|IsNot_NotEq)$")
"""Changes that are none where members of enumerations, None and small numbers are compared."""

Place = tuple[Path, tuple[int, int]]
"""A module, and a line and column in it."""


def main(size: int, seed: int) -> int:
    """Change so many places, drawn by the seed; print the share that was seen, and each change that was not."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="promosync-mutants-") as folder:
        _enter_copy(folder)
        places = list(_places().values())
        drawn = [chance.choice(changes) for changes in chance.sample(places, min(size, len(places)))]
        print(f"{len(places):,} places can be changed; {len(drawn)} are, drawn by seed {seed}", flush=True)
        seconds, tests_of = _watched(Path(folder), seed)
        chosen = [_tests(change, seconds, tests_of) for change in drawn]
        with ProcessPoolExecutor(initializer=_enter_copy, initargs=(folder,)) as pool:
            unseen = 0
            patience = [3 * sum(seconds[test] for test in tests) + _SLACK for tests in chosen]
            attempts = pool.map(_attempt, drawn, chosen, [seed] * len(drawn), patience)
            for change, tests, result in zip(drawn, chosen, attempts, strict=True):
                seen = result.test_outcome is TestOutcome.KILLED
                unseen += not seen
                line = f"{change.module_path}:{change.start_pos[0]} {change.operator_name}, {len(tests):,} tests"
                print(f"{'seen    ' if seen else 'NOT SEEN'} {line}", flush=True)
                if not seen:
                    print(result.diff or result.output, flush=True)
    print(f"{len(drawn) - unseen} of {len(drawn)} were seen by a test: {1 - unseen / len(drawn):.0%}")
    return 0


def _watched(folder: Path, seed: int) -> tuple[Mapping[str, float], Mapping[str, Mapping[int, list[str]]]]:
    """The seconds of each test, and the tests of each line, as seen in one run of the tests, which must pass."""
    written = folder / "lines"
    written.mkdir()
    command = f"{sys.executable} -m pytest -n auto -p tests.mutants.lines --hypothesis-seed={seed}"
    command += "".join(f" --ignore tests/{each}" for each in _APART)
    sources = " ".join(str(SOURCE / each) for each in FOLDERS)
    done = subprocess.run(
        command.split(),
        env=os.environ | {"LINES_IN": str(written), "LINES_OF": sources},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"a test fails before anything is changed:\n{done.stdout}{done.stderr}"
    seconds, of_line = lines.read(written)
    return seconds, {str(Path(module).relative_to(Path.cwd())): tests for module, tests in of_line.items()}


def _tests(
    change: MutationSpec, seconds: Mapping[str, float], tests_of: Mapping[str, Mapping[int, list[str]]]
) -> list[str]:
    """The tests that run what is changed, the quick ones first; for what runs at import, all tests of its folder."""
    of_line = tests_of[str(change.module_path)]
    running = {test for line in _statement(change) for test in of_line.get(line, ())}
    if not running:
        running = {test for test in seconds if test.startswith(f"tests/{change.module_path.parts[2]}/")}
    chosen: list[str] = []
    left = _MOST
    for test in sorted(running, key=lambda each: (seconds[each], each)):
        left -= seconds[test]
        if chosen and left < 0:
            break
        chosen.append(test)
    return chosen


def _statement(change: MutationSpec) -> range:
    """The lines of the smallest statement around a change; of a statement with a body, those before the body."""
    line = change.start_pos[0]
    smallest = range(line, line + 1)
    for node in ast.walk(ast.parse(change.module_path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            end = body[0].lineno if isinstance(body, list) else (node.end_lineno or node.lineno) + 1
            around = range(node.lineno, max(end, node.lineno + 1))
            if line in around:  # statements come from the outside in
                smallest = around
    return smallest


def _enter_copy(folder: str) -> None:
    """Work in a new copy of the project from now on."""
    copy = Path(tempfile.mkdtemp(dir=folder)) / "promosync"
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0"):
        if (ROOT / name).is_file():  # git lists what is deleted, too
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    os.chdir(copy)
    os.environ["PYTHONPATH"] = str(copy / "src")  # before the installed package, which is not the copy


def _places() -> Mapping[Place, list[MutationSpec]]:
    """What can be changed, by place; in one order, whatever the machine.

    By place, because there are eleven changes of each comparison and one of each condition.
    """
    modules = sorted({module for folder in FOLDERS for module in (SOURCE / folder).rglob("*.py")})
    with use_db(":memory:", WorkDB.Mode.create) as database:
        init(modules, database, {})
        found = [change for item in database.work_items for change in item.mutations]
    left_out = {module: _left_out(module) for module in modules}
    places: dict[Place, list[MutationSpec]] = defaultdict(list)
    for change in sorted(found, key=lambda each: (each.module_path, each.start_pos, each.operator_name)):
        outside = not any(start <= change.start_pos < end for start, end in left_out[change.module_path])
        if outside and not _SAME.search(change.operator_name):
            places[change.module_path, change.start_pos].append(change)
    return places


def _left_out(module: Path) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """From where to where nothing is changed: annotations, which nothing evaluates, and decorators of classes.

    These say that a class is frozen and has slots, which mypy checks.
    """
    nodes = list(ast.walk(ast.parse(module.read_text(encoding="utf-8"))))
    found: list[ast.expr | None] = [node.annotation for node in nodes if isinstance(node, ast.arg | ast.AnnAssign)]
    found += [node.returns for node in nodes if isinstance(node, ast.FunctionDef)]
    found += [decorator for node in nodes if isinstance(node, ast.ClassDef) for decorator in node.decorator_list]
    return [
        ((each.lineno, each.col_offset), (each.end_lineno or 0, each.end_col_offset or 0)) for each in found if each
    ]


def _attempt(change: MutationSpec, tests: list[str], seed: int, patience: float) -> WorkResult:
    listed = Path("tests-of-change")
    listed.write_text("\n".join(tests), encoding="utf-8")
    command = f"{sys.executable} -m pytest -x -q -p no:cacheprovider --hypothesis-seed={seed} @{listed}"
    result: WorkResult = mutate_and_test([change], command, patience)
    return result


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
