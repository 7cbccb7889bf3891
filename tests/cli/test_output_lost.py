"""Output that cannot be written stops no work half-way: it goes on, says so where it can, and exits 1."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import changed, process_env, write

pytestmark = [
    pytest.mark.usefixtures("folder"),
    pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full"),
]

CODES = [{"id": f"c{n}", "code": f"CODE{n}", "coupon": "vip"} for n in range(60)]
SHOP = changed(
    promotion_codes=CODES,
    code_batches=[{"id": "cards", "coupon": "vip", "generate": {"count": 30, "length": 12}}],
)
COMMANDS = {
    "apply": ("apply", "--sandbox", "--yes"),
    "apply json": ("apply", "--sandbox", "--yes", "--format", "json"),
    "plan": ("plan", "--sandbox"),
    "plan json": ("plan", "--sandbox", "--format", "json"),
    "plan markdown": ("plan", "--sandbox", "--format", "markdown"),
    "status": ("status", "--sandbox"),
    "status csv": ("status", "--sandbox", "--format", "csv"),
    "status html": ("status", "--sandbox", "--format", "html"),
    "codes": ("codes", "export", "--sandbox"),
    "export": ("export", "--sandbox"),
    "validate": ("validate",),
    "validate sarif": ("validate", "--format", "sarif"),
    "validate github": ("validate", "--format", "github"),
    "schema": ("schema",),
    "help": ("--help",),
    "a refusal": ("validate", "nope.json"),
    "a refusal in json": ("validate", "nope.json", "--format", "json"),
    "a wrong option": ("plan", "--nope"),
}


BEGUN = f'"{sys.executable}" -m promosync'
"""How a command is called whose streams are closed, or end, before it begins."""


def promosync(
    program: str | Path, *arguments: str, shell: str = "", before: Callable[[], None] | None = None
) -> tuple[int, str, str]:
    """Run a command to its end, with a redirection of the shell."""
    command = " ".join([str(program), *arguments, shell])
    done = subprocess.run(
        ["/bin/sh", "-c", command], env=process_env(), capture_output=True, text=True, timeout=60, preexec_fn=before
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done.returncode, done.stdout, done.stderr


def nothing_left(forked: Path) -> bool:
    return promosync(forked, "plan", "--sandbox", "--detailed-exitcode")[0] == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk_is_told(name: str, forked: Path) -> None:
    """On standard error; an apply is at its end all the same."""
    write(SHOP)
    code, _, said = promosync(forked, *COMMANDS[name], shell=">/dev/full")
    if name in ("a refusal", "a wrong option"):
        assert "could be written" not in said  # nothing was to be written there
    else:
        assert "No space left on device" in said
        assert name == "help" or "error: not all of the result could be written" in said
    assert code == 1
    assert not name.startswith("apply") or nothing_left(forked)


@pytest.mark.parametrize("name", COMMANDS)
def test_so_it_is_of_standard_error(name: str, forked: Path) -> None:
    """There is nowhere to say it then; the exit code does, and what has a result has it whole."""
    write(SHOP)
    arguments = COMMANDS[name]
    code, out, _ = promosync(forked, *arguments, shell="2>/dev/full")
    refused = "refusal" in name or "wrong" in name
    talks = "--sandbox" in arguments or name.startswith("validate")
    assert code == int(talks or refused)
    assert bool(out) or refused
    if name == "apply json":
        assert json.loads(out.splitlines()[-1])["event"] == "summary"
    assert not name.startswith("apply") or nothing_left(forked)


@pytest.mark.parametrize("name", COMMANDS)
def test_and_of_both(name: str, forked: Path) -> None:
    write(SHOP)
    assert promosync(forked, *COMMANDS[name], shell=">/dev/full 2>/dev/full")[0] == 1
    assert not name.startswith("apply") or nothing_left(forked)


@pytest.mark.parametrize("name", ["apply", "apply json"])
@pytest.mark.parametrize("room", [0, 1, 100, 5000])
def test_a_disk_that_fills_up_half_way(name: str, room: int, forked: Path) -> None:
    """After any number of bytes: what came before is there, and the apply is done."""
    resource = pytest.importorskip("resource")
    write(SHOP)
    # The sandbox keeps its state in a file as well: it is given room, the output is not.
    promosync(forked, "plan", "--sandbox")

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2**24, 2**24))

    Path("log").write_bytes(b"")
    os.truncate("log", 2**24 - room)
    code, _, said = promosync(BEGUN, *COMMANDS[name], shell=">>log", before=limit)
    assert code == 1
    assert "File too large" in said
    assert Path("log").stat().st_size <= 2**24
    assert nothing_left(forked)


@pytest.mark.parametrize("shell", ["| head -1 >/dev/null", "| true", ">&-", ">&- 2>&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("name", ["apply", "apply json"])
def test_whoever_does_not_listen_is_no_error(name: str, shell: str, forked: Path) -> None:
    """A reader that has gone, a stream that was closed: the work is done, and no other file is written to."""
    write(SHOP)
    code, _, _ = promosync(BEGUN if "&-" in shell else forked, *COMMANDS[name], shell=shell)
    assert code == 0
    assert nothing_left(forked)


ODD = b"shop-\xff\xfe-\xe4.json"


@pytest.mark.parametrize("arguments", [
    *(("validate", "--format", output) for output in ("text", "json", "github", "sarif")),
    *(("plan", "--sandbox", "--format", output) for output in ("text", "json", "markdown")),
    ("plan", "--sandbox", "--out", "plan.json"),
    *(("status", "--sandbox", "--format", output) for output in ("table", "json", "csv", "markdown", "html")),
    ("codes", "export", "--sandbox"),
    ("check", "CODE1", "--sandbox"),
    ("apply", "--sandbox", "--yes"),
])  # fmt: skip
@pytest.mark.parametrize("sound", [True, False])
def test_a_file_name_that_is_not_utf_8(arguments: tuple[str, ...], sound: bool, forked: Path) -> None:
    """Every output, of a result and of errors, has the name in some form; and so has the summary of a job."""
    odd = os.fsdecode(ODD)
    write(SHOP if sound else {**SHOP, "coupons": [{"id": "vip", "percent_off": 300, "duration": "x"}]}, odd)
    at = 2 if arguments[0] in ("codes", "check") else 1
    command = [str(forked), *arguments[:at], odd, *arguments[at:]]
    env = process_env(GITHUB_STEP_SUMMARY="summary.md", GITHUB_ACTIONS="true")
    done = subprocess.run(command, env=env, capture_output=True, timeout=60)
    assert b"Traceback" not in done.stderr
    assert b"unexpected" not in done.stderr + done.stdout
    assert done.returncode == (2 if sound and "check" in arguments else 0 if sound else 1)
    if "sarif" in arguments:
        places = [one["locations"][0]["physicalLocation"] for one in json.loads(done.stdout)["runs"][0]["results"]]
        assert {place["artifactLocation"]["uri"] for place in places} == {"shop-%FF%FE-%E4.json"}
    done.stdout.decode()
    done.stderr.decode()


@pytest.mark.parametrize("name", [b"plan-\xff.json"])
def test_nor_need_that_of_a_plan_be(name: bytes, forked: Path) -> None:
    odd = os.fsdecode(name)
    for arguments in (("plan", "--sandbox", "--out", odd), ("apply", "--sandbox", "--yes", "--plan", odd)):
        command = [str(forked), *arguments]
        done = subprocess.run(command, env=process_env(), capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr.count("unexpected")) == (0, 0)
