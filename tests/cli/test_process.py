"""The program as the shell sees it: pipes, encodings, signals, a terminal, and how much it loads."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from promosync.sandbox import Handle, running
from tests.cli.conftest import changed, process_env, write

PROMOSYNC = [sys.executable, "-m", "promosync"]
KEY = "sk_test_process0123456789"
PATIENCE = 30.0

pytestmark = pytest.mark.usefixtures("folder")


def promosync(*arguments: str, program: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, with nothing on standard input: ``program`` where its start is not the question."""
    return subprocess.run(
        [*([program] if program else PROMOSYNC), *arguments],
        env=process_env(**env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )


def at(handle: Handle) -> dict[str, str]:
    return {"STRIPE_API_KEY": KEY, "STRIPE_API_BASE": handle.url}


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def test_a_reader_that_goes_away_is_no_error() -> None:
    """`promosync plan | head -1`: no traceback, and the exit code is the plan's own."""
    codes = [{"id": f"c{n}", "code": f"CODE{n}", "coupon": "vip"} for n in range(3000)]
    write(changed(promotion_codes=codes))
    process = subprocess.Popen(
        [*PROMOSYNC, "plan", "--sandbox", "--detailed-exitcode"],
        env=process_env(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline().startswith(b"Account")
        process.stdout.close()
        said = process.stderr.read().decode()
        assert process.wait(PATIENCE) == 2
    assert "Traceback" not in said
    assert "Broken" not in said


def test_an_apply_goes_on_when_its_reader_has_gone(forked: Path) -> None:
    """What was begun is not left half done because of a closed pipe."""
    process = subprocess.Popen(
        [*PROMOSYNC, "apply", "--sandbox", "--yes", "--format", "json"],
        env=process_env(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with process:
        assert process.stdout
        process.stdout.close()
        assert process.wait(PATIENCE) == 0
    assert promosync("plan", "--sandbox", "--detailed-exitcode", program=str(forked)).returncode == 0


def test_a_closed_standard_output_is_no_error() -> None:
    """As cron and supervisors leave it: the work is done all the same."""
    command = f'exec "{sys.executable}" -m promosync validate >&- 2>&-'
    assert subprocess.run(["/bin/sh", "-c", command], env=process_env(), check=False).returncode == 0


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_narrow_encoding_gets_plain_letters(encoding: str) -> None:
    """Symbols fall back to ASCII and foreign letters to escapes; nothing crashes, JSON stays JSON."""
    write(changed(coupons=[{"id": "spring", "name": "夏 → Größe", "percent_off": 20, "duration": "once"}]))
    write(
        {**changed(promotion_codes=[]), "coupons": [{"id": "a", "name": "夏", "percent_off": 1, "duration": "once"}]}
    )
    env = {"PYTHONIOENCODING": encoding}
    applied = promosync("apply", "--sandbox", "--yes", **env)
    assert (applied.returncode, applied.stderr.count("Traceback")) == (0, 0)
    assert '+ coupon a  "\\u590f"' in applied.stdout
    write({**changed(promotion_codes=[]), "coupons": [{"id": "a", "percent_off": 2, "duration": "once"}]})
    planned = subprocess.run(
        [*PROMOSYNC, "plan", "--sandbox"], env=process_env(**env), capture_output=True, timeout=PATIENCE, check=True
    ).stdout.decode(encoding)
    assert "1 % -> 2 %" in planned
    assert ("+/- coupon a" if encoding == "ascii" else "± coupon a") in planned


def test_what_cannot_be_written_is_an_error() -> None:
    """A full disk is told and is exit 1: the result did not arrive."""
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with Path("/dev/full").open("w") as full:
        process = subprocess.run(
            [*PROMOSYNC, "schema"],
            env=process_env(),
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=PATIENCE,
            check=False,
        )
    assert process.returncode == 1
    assert b"Traceback" not in process.stderr
    assert b"No space left" in process.stderr


@contextmanager
def many_codes_under_way(slow: float) -> Iterator[tuple[subprocess.Popen[str], Handle]]:
    """An apply of 400 codes, each of which takes the sandbox some seconds, in the middle of its work."""
    codes = [{"id": f"c{n}", "code": f"CODE{n}", "coupon": "vip"} for n in range(400)]
    write(changed(promotion_codes=codes))
    with running() as handle:
        create = {"method": "POST", "path": "/v1/promotion_codes"}
        handle.control.faults({"fault": "slow", "match": create, "seconds": slow})
        process = subprocess.Popen(
            [*PROMOSYNC, "apply", "--yes", "--rps", "10000"],
            env=process_env(**at(handle)),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            until(lambda: handle.control.counters()["requests"].get("POST /v1/promotion_codes", 0) > 0)
            yield process, handle
        finally:
            process.kill()
            process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_finishes_what_has_begun(number: signal.Signals, forked: Path) -> None:
    """The rest is skipped and reported, the exit is 130, and the next apply goes on to the same end."""
    with many_codes_under_way(0.1) as (process, handle):
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 130
        assert "Stopping" in err
        assert "Interrupted" in out
        assert "actions: apply was stopped before it" in out
        assert "failed" not in out
        made = len(handle.control.dump()["promotion_codes"])
        assert 0 < made < 400
        handle.control.clear_faults()
        again = promosync("apply", "--yes", "--rps", "10000", program=str(forked), **at(handle))
        assert again.returncode == 0
        assert f"Plan: {400 - made} to create" in again.stdout
        assert promosync("plan", "--detailed-exitcode", program=str(forked), **at(handle)).returncode == 0


def test_a_second_signal_stops_at_once() -> None:
    """Whoever presses Ctrl-C twice does not wait for a slow answer."""
    with many_codes_under_way(8.0) as (process, _):
        process.send_signal(signal.SIGINT)
        stderr = process.stderr
        assert stderr is not None
        until(lambda: bool(select.select([stderr], [], [], 0)[0]))
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
        assert time.monotonic() - begun < 5


def on_a_terminal(answer: bytes | None, *arguments: str, **env: str) -> tuple[int, str]:
    """Run a command whose three streams are a terminal; give an answer, or press Ctrl-C, when it asks."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [*PROMOSYNC, *arguments],
        env=process_env(TERM="xterm", **env),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    seen, asked = b"", False
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if not select.select([master], [], [], 0.1)[0]:
            if process.poll() is not None:
                break
            continue
        try:
            seen += os.read(master, 65536)
        except OSError:  # the other end is closed: that is how a pty says so
            break
        if b"Answer: " in seen and not asked:
            asked = True
            if answer is None:
                process.send_signal(signal.SIGINT)
            else:
                os.write(master, answer)
    os.close(master)
    return process.wait(PATIENCE), seen.decode()


def test_a_terminal_is_asked(forked: Path) -> None:
    """Only "yes" is a yes: everything else, Ctrl-C among it, leaves Stripe as it was."""
    for answer, code in ((b"y\n", 1), (b"\x04", 1), (None, 130)):
        left, seen = on_a_terminal(answer, "apply", "--sandbox")
        assert left == code
        assert "Only 'yes' is accepted" in seen
        assert "Traceback" not in seen
        assert promosync("plan", "--sandbox", "--detailed-exitcode", program=str(forked)).returncode == 2
    left, seen = on_a_terminal(b"yes\n", "apply", "--sandbox")
    assert left == 0
    assert "Apply: 4 done." in seen
    assert promosync("plan", "--sandbox", "--detailed-exitcode", program=str(forked)).returncode == 0


def test_colour_is_for_terminals_and_carries_nothing(forked: Path) -> None:
    """A pipe gets none, nor does a terminal with NO_COLOR, and the words are the same."""
    plain = promosync("plan", "--sandbox", program=str(forked)).stdout
    assert "\x1b" not in plain
    _, coloured = on_a_terminal(b"", "plan", "--sandbox")
    assert re.search(r"\x1b\[[0-9;]*3[0-9]", coloured)
    words = re.sub(r"\x1b\[[0-9;]*m", "", coloured).split()
    assert not Counter(plain.split()) - Counter(words)
    _, grey = on_a_terminal(b"", "plan", "--sandbox", NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", grey)


SLOW = {"stripe", "jsonschema", "pydantic", "deepdiff", "aiohttp", "tenacity", "rich.progress", "requests"}


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        (["--version"], set()),
        (["--help"], set()),
        (["plan", "--help"], {"pydantic"}),  # Typer's own, for options
        (["plan", "--bogus"], {"pydantic"}),
        (["schema"], {"pydantic"}),
        (["validate"], {"jsonschema", "pydantic"}),
    ],
    ids=lambda value: " ".join(sorted(value)),
)
def test_a_command_loads_only_what_it_needs(arguments: list[str], needed: set[str]) -> None:
    """Slow imports stand behind their own door, so that a quick command is quick."""
    code = (
        "import sys\n"
        "from promosync.cli.exits import main\n"
        f"sys.argv = ['promosync', *{arguments!r}]\n"
        "main()\n"
        f"print('loaded:', *sorted({SLOW!r} & set(sys.modules)))\n"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], env=process_env(), capture_output=True, text=True, timeout=PATIENCE, check=True
    ).stdout
    assert set(out.splitlines()[-1].split()[1:]) <= needed


def test_it_begins_either_way() -> None:
    """`promosync` and `python -m promosync` are one program."""
    script = Path(sys.executable).with_name("promosync")
    said = {
        subprocess.run([*begin, "--version"], capture_output=True, text=True, check=True, timeout=PATIENCE).stdout
        for begin in (PROMOSYNC, [str(script)])
    }
    assert len(said) == 1
    assert said.pop().startswith("promosync ")
