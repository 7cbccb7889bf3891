"""The rules of this repository, as far as a test can check them. Exceptions are named and counted."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from shutil import which

import pytest

from promosync import __version__

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "promosync"
MODULES = sorted(SOURCE.rglob("*.py"))

# Imports go down this list only. Only `cli` imports `sandbox`, which imports nothing of ours.
ROOMS = [
    *("cli", "workflows", "stripe_api", "apply", "render", "lint"),
    *("results", "status", "export", "plan", "codes", "config", "model"),
]
UPWARDS = {("render", "promosync.apply.outcome")}  # the outcome of a plan is a value, and is shown

# The folders that may import each package; slow packages are imported in few places.
DOORS = {
    "stripe": {"stripe_api"},
    "requests": {"stripe_api"},
    "tenacity": {"stripe_api"},
    "typer": {"cli"},
    "rich": {"cli", "render"},
    "jsonschema": {"config"},
    "pydantic": {"plan"},
    "deepdiff": {"plan"},
    "aiohttp": {"sandbox"},
}

MUTATING = {
    "append",
    "extend",
    "insert",
    "add",
    "update",
    "setdefault",
    "pop",
    "remove",
    "discard",
    "clear",
    "popitem",
}


def room_of(module: Path) -> str:
    """The room a module is in; the package's own two files are in none."""
    parts = module.relative_to(SOURCE).parts
    return parts[0] if len(parts) > 1 else ""


@cache
def tree(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


def imports(module: Path) -> Iterator[str]:
    """Yield all imports of a module, by full name."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = list(module.relative_to(SOURCE.parent).parent.parts)
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            name = ".".join(part for part in (base, node.module) if part)
            yield name
            yield from (f"{name}.{alias.name}" for alias in node.names if name == "promosync")


def rooms_imported(module: Path) -> Iterator[tuple[str, str]]:
    for name in imports(module):
        parts = name.split(".")
        if parts[0] == "promosync" and len(parts) > 1 and (SOURCE / parts[1]).is_dir():
            yield parts[1], name


def test_every_room_is_known() -> None:
    """Every folder has its place in the order."""
    found = {path.name for path in SOURCE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert found == {*ROOMS, "sandbox"}


def test_imports_go_down_only() -> None:
    """No room knows a room above it."""
    upwards = {
        (room_of(module), name)
        for module in MODULES
        for other, name in rooms_imported(module)
        if room_of(module) in ROOMS and other in ROOMS and ROOMS.index(other) < ROOMS.index(room_of(module))
    }
    assert upwards == UPWARDS


def test_imports_make_no_circle() -> None:
    """Also for types: if two modules import each other, you cannot read one without the other."""
    names = {
        ".".join(m.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__"): m for m in MODULES
    }
    known = {name: {one for one in _modules(module, names) if one != name} for name, module in names.items()}
    while free := [name for name, others in known.items() if not others & known.keys()]:
        for name in free:
            del known[name]
    assert sorted(known) == [], "these, or some of them, import each other"


def _modules(module: Path, names: Mapping[str, Path]) -> Iterator[str]:
    """Yield the modules of ours that a module imports, by full name."""
    package = list(module.relative_to(SOURCE.parent).parent.parts)
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            name = ".".join(part for part in (base, node.module) if part)
            inside = [f"{name}.{alias.name}" for alias in node.names]
            yield from (one if one in names else name for one in inside if one in names or name in names)


def test_the_sandbox_is_the_house_next_door() -> None:
    """It must not share our misunderstandings, and we must not depend on it."""
    for module in MODULES:
        others = {other for other, _ in rooms_imported(module)}
        if room_of(module) == "sandbox":
            assert others <= {"sandbox"}, module
            assert "promosync" not in imports(module), module
        elif room_of(module) != "cli":
            assert "sandbox" not in others, module


@pytest.mark.parametrize("package", sorted(DOORS))
def test_packages_stay_behind_their_door(package: str) -> None:
    users = {room_of(module) for module in MODULES if package in {name.split(".")[0] for name in imports(module)}}
    assert users
    assert users <= DOORS[package]


def test_the_sdk_is_imported_in_one_place() -> None:
    """There it is made silent first."""
    users = [m for m in MODULES if any(name.split(".")[0] == "stripe" for name in imports(m))]
    assert [module.name for module in users] == ["sdk.py"]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(SOURCE)))
def test_a_module_says_why_it_exists(module: Path) -> None:
    """With a sentence at its beginning."""
    said = ast.get_docstring(tree(module))
    assert said
    assert len(said.split()) > 3


def test_no_module_remembers_anything() -> None:
    """No `global`, and what a module binds at its top is not changed by its functions."""
    for module in MODULES:
        names = {
            target.id
            for node in tree(module).body
            if isinstance(node, ast.Assign | ast.AnnAssign)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name)
        }
        functions = (
            node for node in ast.walk(tree(module)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        )
        for node in (inner for function in functions for inner in ast.walk(function)):
            assert not isinstance(node, ast.Global), module
            changed = None
            if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
                changed = node.value
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MUTATING:
                changed = node.func.value
            if isinstance(changed, ast.Name):
                assert changed.id not in names, f"{module}:{changed.lineno}"


def tracked() -> list[Path]:
    """The files that git knows; those that would be packed, where git cannot be asked."""
    if (ROOT / ".git").exists() and which("git"):
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True)
        if listed.returncode == 0:
            return [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [
        path for folder in ("src", "tests", "schema", "examples", "docs") for path in (ROOT / folder).rglob("*.*")
    ]


def test_nothing_names_the_machine_it_was_written_on() -> None:
    """No path of somebody's disk, and no address of a package registry."""
    words = ["/" + "work/", "/" + "root/", "/home" + "/", "py" + "pi.org", "pythonhosted" + ".org", "index" + "-url"]
    private = re.compile("|".join(map(re.escape, words)))
    files = [path for path in tracked() if path.is_file()]
    assert len(files) > 100
    found = []
    for path in files:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # an image
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in private.finditer(text)]
    assert found == []


@pytest.mark.parametrize(
    "command", [["ruff", "format", "--check", "."], ["ruff", "check", "."], ["mypy", "src"]], ids=" ".join
)
def test_the_checkers_have_nothing_to_say(command: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as people get it. Without hatchling at hand, `build` fetches it."""
    folder = tmp_path_factory.mktemp("dist")
    at_hand = ["--no-isolation"] if find_spec("hatchling") else []
    command = [sys.executable, "-m", "build", "--wheel", *at_hand, "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    [made] = folder.glob("*.whl")
    return made


def test_the_wheel_has_all_that_is_needed(wheel: Path) -> None:
    """The schema, the templates of pages, and the mark that says it is typed; no tests."""
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"promosync/py.typed", "promosync/schema/stripe-config.schema.json", "promosync/__main__.py"} <= names
    files = [*MODULES, *(SOURCE / "render" / "templates").iterdir()]
    sources = {f"promosync/{file.relative_to(SOURCE).as_posix()}" for file in files}
    assert sources <= names
    assert not [name for name in names if name.startswith(("tests", "src", "."))]


def test_the_wheel_works_where_there_is_nothing_else(wheel: Path, tmp_path: Path) -> None:
    """Installed beside its dependencies and away from the source: version, schema and validate."""
    place = tmp_path / "venv"
    venv.create(place, with_pip=False)
    python = place / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", "--quiet"]
    subprocess.run([*install, "--disable-pip-version-check", str(wheel)], check=True, timeout=120)
    # The dependencies are those of this environment; a .pth in a .pth is not followed, so the source tree is not.
    [packages] = place.glob("lib/python*/site-packages")
    (packages / "beside.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    config = tmp_path / "promosync.json"
    config.write_text('{"coupons": [{"id": "spring", "percent_off": 20, "duration": "once"}]}', encoding="utf-8")

    def promosync(*arguments: str) -> str:
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
        program = [str(place / "bin" / "promosync"), *arguments]
        done = subprocess.run(program, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    where = subprocess.run(
        [python, "-c", "import promosync; print(promosync.__file__)"], cwd=tmp_path, capture_output=True, text=True
    )
    assert Path(where.stdout.strip()).is_relative_to(place)
    assert __version__ in promosync("--version")
    assert promosync("schema") == (ROOT / "schema" / "stripe-config.schema.json").read_text(encoding="utf-8")
    promosync("validate", str(config))
