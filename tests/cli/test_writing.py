"""Commands write over no file that they read, through no link, completely or not at all, and only for the user."""

from __future__ import annotations

import os
import resource
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from promosync.cli.writing import writing
from promosync.model.problems import ProblemsFound

from .conftest import Cli, changed, cli, folder, process_env, write

__all__ = ["cli", "folder"]

BATCHES = changed(
    code_batches=[
        {"id": "printed", "coupon": "spring", "import": {"file": "codes.csv"}},
        {"id": "mailed", "coupon": "spring",
         "generate": {"length": 12, "emails": "lists/addresses.csv", "missing_customer": "create"}},
    ],
)  # fmt: skip
READ = ("promosync.json", "codes.csv", "lists/addresses.csv", ".promosync/sandbox.db")
WRITERS = {
    "plan": ("plan", "--sandbox", "--out"),
    "status": ("status", "--sandbox", "--save"),
    "codes": ("codes", "export", "--sandbox", "--overwrite", "--out"),
}
"""Every command that writes a file of a name it is given, and reads some."""


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the first test has made with an apply, for the others; empty before."""
    return tmp_path_factory.mktemp("applied")


@pytest.fixture
def shop(cli: Cli, folder: Path, applied: Path) -> Cli:
    if any(applied.iterdir()):
        shutil.copytree(applied, folder, dirs_exist_ok=True)
        return cli
    write(BATCHES)
    Path("codes.csv").write_text("PRINTED1\nPRINTED2\n", encoding="utf-8")
    Path("lists").mkdir()
    Path("lists/addresses.csv").write_text("ann@example.com\n", encoding="utf-8")
    assert cli("apply", "--sandbox", "--yes").code == 0
    shutil.copytree(folder, applied, dirs_exist_ok=True)
    return cli


def spelt(name: str) -> str:
    return f"./lists/../{name}"


def absolute(name: str) -> str:
    return str(Path(name).absolute())


def hard_link(name: str) -> str:
    Path("other-name").hardlink_to(name)
    return "other-name"


def linked(name: str) -> str:
    Path("link").symlink_to(name)
    return "link"


def through_a_folder(name: str) -> str:
    Path("way").symlink_to(".", target_is_directory=True)
    return f"way/{name}"


@pytest.mark.parametrize("way", [str, spelt, absolute, hard_link, linked, through_a_folder])
@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize("command", WRITERS)
def test_what_is_read_is_not_written_over(shop: Cli, command: str, name: str, way: Callable[[str], str]) -> None:
    """By any name of the file: codes that customers hold, addresses, the configuration, the sandbox."""
    before = Path(name).read_bytes()
    result = shop(*WRITERS[command], way(name))
    assert result.code == 1
    assert "is a file that this command reads" in result.err or "is a symbolic link" in result.err
    assert Path(name).read_bytes() == before or name.endswith(".db")
    assert shop("status", "--sandbox").code == 0


def test_files_of_a_folder_are_read_too(shop: Cli) -> None:
    """An applied plan is a file that is read: the summary of a job is not written to it."""
    Path("shop").mkdir()
    Path("promosync.json").rename("shop/a.json")
    Path("codes.csv").rename("shop/codes.csv")
    Path("lists").rename("shop/lists")
    for name in ("shop/a.json", "shop/codes.csv"):
        assert "this command reads" in shop("plan", "shop", "--sandbox", "--out", name).err
    assert shop("plan", "shop", "--sandbox", "--out", "plan.json").code == 0
    before = Path("plan.json").read_bytes()
    done = shop("apply", "--plan", "plan.json", "--sandbox", "--yes", env={"GITHUB_STEP_SUMMARY": "plan.json"})
    assert done.code == 0
    assert "this command reads" in done.err
    assert Path("plan.json").read_bytes() == before


@pytest.mark.parametrize("command", [*WRITERS, "export"])
def test_a_link_is_refused(shop: Cli, command: str) -> None:
    """Whatever its target, even none: the link may be part of a checkout."""
    Path("elsewhere").mkdir()
    Path("elsewhere/there").write_text("mine", encoding="utf-8")
    how = WRITERS.get(command, ("export", "--sandbox", "--overwrite", "--out"))
    for target in ("elsewhere/there", "elsewhere/nothing"):
        Path("link").unlink(missing_ok=True)
        Path("link").symlink_to(target)
        result = shop(*how, "link")
        assert result.code == 1
        assert "link is a symbolic link" in result.err
    assert [path.read_text() for path in Path("elsewhere").iterdir()] == ["mine"]


@pytest.mark.parametrize("command", [*WRITERS, "export"])
def test_a_pipe_is_written_to(shop: Cli, command: str) -> None:
    """It is not replaced by a file, and /dev/null is not replaced either."""
    how = WRITERS.get(command, ("export", "--sandbox", "--overwrite", "--out"))
    os.mkfifo("pipe")
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(Path("pipe").read_text(encoding="utf-8")))
    reader.start()
    assert shop(*how, "pipe").code == 0
    reader.join(10)
    assert read[0]
    assert stat.S_ISFIFO(Path("pipe").stat().st_mode)
    assert shop(*how, "/dev/null").code == 0
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def run(*arguments: str, stdout: object = subprocess.PIPE, **more: object) -> subprocess.CompletedProcess[str]:
    """Run a command line in a separate process."""
    command = [sys.executable, "-m", "promosync", *arguments]
    return subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, env=process_env(), timeout=60, **more)  # type: ignore[call-overload,no-any-return] # fmt: skip # noqa: E501


def test_standard_output_is_written_to(shop: Cli) -> None:
    """By its name under /dev, also where it is a file with something in it."""
    assert '"promosync_plan"' in run("plan", "--sandbox", "--out", "/dev/stdout").stdout
    Path("log").write_text("before\n", encoding="utf-8")
    with Path("log").open("a", encoding="utf-8") as log:
        assert run("plan", "--sandbox", "--out", "/dev/stdout", stdout=log).returncode == 0
    text = Path("log").read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert '"promosync_plan"' in text


@pytest.mark.parametrize("command", [*WRITERS, "export"])
def test_only_its_owner_may_read_it(shop: Cli, command: str) -> None:
    """Also where a file that all may read is replaced; and no temporary file is left."""
    how = WRITERS.get(command, ("export", "--sandbox", "--overwrite", "--out"))
    Path("made").mkdir()
    Path("made/new").write_text("", encoding="utf-8")
    Path("made/new").chmod(0o644)
    assert shop(*how, "made/new").code == 0
    [made] = [path for path in Path("made").iterdir() if path.suffix != ".csv"]
    assert stat.S_IMODE(made.stat().st_mode) == 0o600


def test_the_temporary_name_can_not_be_guessed(tmp_path: Path) -> None:
    """It differs each time, and the file is made by this command and no other."""
    seen = set()
    for _ in range(2):
        with writing(tmp_path / "plan.json") as handle:
            [beside] = [path for path in tmp_path.iterdir() if path.name != "plan.json"]
            assert stat.S_IMODE(beside.stat().st_mode) == 0o600
            seen.add(beside.name)
            handle.write("x")
    assert len(seen) == 2


def test_what_can_not_be_written_whole_is_not_there(tmp_path: Path) -> None:
    """On a full disk the old file stays, and no half of the new file is left."""
    target = tmp_path / "plan.json"
    target.write_text("old", encoding="utf-8")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(ProblemsFound, match="cannot be written: File too large"), writing(target) as handle:
            handle.write("x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert target.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_init_writes_through_no_link(cli: Cli) -> None:
    """Not for its configuration, and not for the schema beside it."""
    for name, code in (("promosync.json", 1), ("promosync.schema.json", 0)):
        Path(f"shop{code}").mkdir()
        Path(f"shop{code}", name).symlink_to("../elsewhere")
        result = cli("init", f"shop{code}")
        assert result.code == code
        assert "unexpected" not in result.err
        assert not Path("elsewhere").exists()
