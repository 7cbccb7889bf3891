"""Ctrl-C, SIGTERM and SIGHUP at any time: exit 130, one true line, and a second signal stops at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from promosync.cli.signals import Interrupted
from promosync.sandbox import Handle, running
from tests.cli.conftest import Cli, changed, process_env, write
from tests.cli.test_process import KEY, PATIENCE, PROMOSYNC, at, until

pytestmark = pytest.mark.usefixtures("folder")

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
BATCH = {"id": "vip", "coupon": "vip", "generate": {"count": 3, "pattern": "VIP-####-####"}}
READING = {
    "plan": ["plan", "--out", "saved.plan"],
    "plan in JSON": ["plan", "--format", "json"],
    "apply": ["apply", "--yes"],
    "status": ["status", "--save", "last.json"],
    "export": ["export", "--out", "exported.json"],
    "codes export": ["codes", "export", "--out", "codes.csv"],
    "check": ["check", "LAUNCH20"],
}


def _as_from_a_terminal() -> None:
    """Under `nohup`, and so in some CI, a child would ignore SIGHUP as its parent does."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@contextmanager
def started(*arguments: str, **env: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*PROMOSYNC, *arguments],
        env=process_env(**env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_as_from_a_terminal,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def slow() -> Iterator[Handle]:
    """A sandbox whose lists of promotion codes never come in time."""
    with running() as handle:
        reads = {"method": "GET", "path": "/v1/promotion_codes"}
        handle.control.faults({"fault": "slow", "match": reads, "seconds": 60})
        yield handle


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("command", READING)
def test_reading_is_interrupted(slow: Handle, command: str, number: signal.Signals) -> None:
    """Nothing was written, and the message says so; the command does not wait for the answer."""
    write(changed(code_batches=[BATCH]))
    before = sorted(Path().iterdir())
    asked = slow.control.counters()["requests"].get("GET /v1/promotion_codes", 0)
    with started(*READING[command], **at(slow)) as process:
        until(
            lambda: (
                slow.control.counters()["requests"].get("GET /v1/promotion_codes", 0) > asked
                or process.poll() is not None
            )
        )
        begun = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)
    assert time.monotonic() - begun < 10
    assert process.returncode == 130
    name = command.removesuffix(" in JSON")
    assert err.splitlines()[-1] == (
        f"Interrupted: promosync {name} did not finish. Nothing was changed in Stripe, and no file was "
        "written. Run it again."
    )
    assert "Traceback" not in err
    assert out == ""
    assert sorted(Path().iterdir()) == before
    assert slow.control.counters()["writes"] == 0


@pytest.mark.parametrize("number", SIGNALS)
def test_checking_a_large_file_is_interrupted(number: signal.Signals) -> None:
    """There is no network in `validate`, but a file may be as large as people make it."""
    codes = [{"id": f"c{n}", "code": f"CODE{n}", "coupon": "vip"} for n in range(100_000)]
    with started("validate", "-") as process:
        assert process.stdin is not None
        process.stdin.write(json.dumps(changed(promotion_codes=codes)))  # ends when it has been read
        process.stdin.close()
        process.stdin = None
        time.sleep(0.2)
        process.send_signal(number)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Interrupted: promosync validate did not finish. Nothing was changed" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("number", SIGNALS)
def test_a_served_sandbox_ends_well(number: signal.Signals) -> None:
    """That is how it is ended: exit 0, with a line that says where its content is."""
    with started("sandbox", "serve", "--port", "0") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(number)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert err.splitlines()[-1].startswith("Stopped. What the sandbox holds is kept in .promosync")


@pytest.mark.parametrize("number", SIGNALS)
def test_the_demo_is_interrupted(number: signal.Signals) -> None:
    """It plays other commands, and ends with the one that is interrupted."""
    with started("demo") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(number)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert err.splitlines()[-1] == (
        "Interrupted: promosync demo did not finish. It leaves nothing behind. Run it again."
    )
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("command", "shows", "says", "there"),
    [
        (
            ["plan", "--sandbox", "--out", "it.plan"],
            "plan_text.plan_text",
            "Nothing was changed in Stripe, and the plan is in it.plan.",
            True,
        ),
        (
            ["status", "--sandbox", "--save", "it.json"],
            "status_text.status_text",
            "Nothing was changed in Stripe, and the snapshot is in it.json.",
            True,
        ),
        (
            ["export", "--sandbox", "--out", "it.json"],
            "export.export_notes",
            "Nothing was changed in Stripe. Written completely: it.json.",
            True,
        ),
        (["apply", "--sandbox", "--yes"], "outcomes.report_text", "Changes may have been made in Stripe", False),
        (["plan", "--sandbox"], "plan_text.plan_text", "and no file was written.", False),
    ],
)
def test_what_was_finished_is_told(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, command: list[str], shows: str, says: str, there: bool
) -> None:
    """Interrupted while the result is shown: files on the disk are complete, and are named."""

    def interrupted(*_: object, **__: object) -> None:
        raise Interrupted

    monkeypatch.setattr(f"promosync.render.{shows}", interrupted)
    done = cli(*command)
    assert done.code == 130
    assert says in done.err
    assert [path.name.startswith("it.") for path in Path().iterdir()].count(True) == there


def test_codes_that_were_written_are_told(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """No half file, and no message about a file that was not written."""
    write(changed(code_batches=[BATCH]))
    assert cli("apply", "--sandbox", "--yes").code == 0

    def interrupted(*_: object) -> None:
        raise Interrupted

    monkeypatch.setattr("promosync.codes.listing.cells", interrupted)
    done = cli("codes", "export", "--sandbox", "--out", "codes.csv")
    assert (done.code, "no file was written" in done.err) == (130, True)
    assert not Path("codes.csv").exists()
    done = cli("codes", "export", "--sandbox")
    assert (done.code, "The printed list may be incomplete." in done.err) == (130, True)


def script(body: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", body],
        env=process_env(PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_as_from_a_terminal,
    )


@pytest.mark.parametrize("first", SIGNALS)
@pytest.mark.parametrize("second", SIGNALS)
def test_a_second_signal_ends_what_takes_long_to_end(first: signal.Signals, second: signal.Signals) -> None:
    """If the clean-up hangs, a second signal ends it."""
    process = script(
        "import time\n"
        "from promosync.cli.signals import interruptible\n"
        "with interruptible():\n"
        "    try:\n"
        "        print('ready'); time.sleep(60)\n"
        "    finally:\n"
        "        print('tidying'); time.sleep(60)\n"
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(first)
    assert process.stdout.readline() == "tidying\n"
    process.send_signal(second)
    _, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (130, "\nStopped at once.\n")


def test_who_was_told_to_outlive_its_terminal_does() -> None:
    """`nohup` starts a command with SIGHUP ignored; it stays so, while it works and while it applies."""
    process = script(
        "import os, signal\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "from promosync.cli.signals import interruptible, stopping\n"
        "with interruptible(), stopping() as stop:\n"
        "    os.kill(os.getpid(), signal.SIGHUP)\n"
        "    print(stop.is_set())\n"
        "assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN\n"
    )
    assert process.communicate(timeout=20)[0] == "False\n"
    assert process.returncode == 0


def test_a_signal_that_comes_while_it_loads_is_no_traceback() -> None:
    """Commands load for a moment; a signal during that time also ends with exit 130."""
    process = script(
        "import sys, types\n"
        "class Door(types.ModuleType):\n"
        "    def __getattr__(self, name): raise Interrupted\n"
        "from promosync.cli.signals import Interrupted\n"
        "sys.modules['promosync.cli.exits'] = Door('door')\n"
        "from promosync.__main__ import main\n"
        "sys.exit(main())\n"
    )
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, "")
    assert err == "Interrupted before anything was begun. Run it again.\n"


def test_a_closed_terminal_ends_an_apply_in_order() -> None:
    """SIGHUP, as Ctrl-C: what has begun is finished, and the next apply does the rest."""
    codes = [{"id": f"c{n}", "code": f"CODE{n}", "coupon": "vip"} for n in range(200)]
    write(changed(promotion_codes=codes))
    with running() as handle:
        create = {"method": "POST", "path": "/v1/promotion_codes"}
        handle.control.faults({"fault": "slow", "match": create, "seconds": 0.1})
        with started("apply", "--yes", "--rps", "10000", **at(handle)) as process:
            until(lambda: handle.control.counters()["requests"].get("POST /v1/promotion_codes", 0) > 0)
            process.send_signal(signal.SIGHUP)
            out, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 130
        assert "Interrupted" in out
        assert 0 < len(handle.control.dump()["promotion_codes"]) < 200


def test_the_time_of_a_run_includes_its_reading(slow: Handle) -> None:
    """`--max-minutes` ends an apply that waits for an answer: exit 3, in words, and nothing was written."""
    begun = time.monotonic()
    env = {**process_env(), "STRIPE_API_KEY": KEY, "STRIPE_API_BASE": slow.url}
    done = subprocess.run(
        [*PROMOSYNC, "apply", "--yes", "--max-minutes", "0.05", "--format", "json"],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert time.monotonic() - begun < 20
    assert done.returncode == 3, done.stderr
    [error] = json.loads(done.stdout)["errors"]
    assert error["rule"] == "out-of-time"
    assert "nothing was changed" in done.stderr
    assert slow.control.counters()["writes"] == 0


def test_the_key_is_handed_to_no_child() -> None:
    """promosync starts no program, so no program gets its environment."""
    source = Path(__file__).parents[2] / "src" / "promosync"
    for module in source.rglob("*.py"):
        text = module.read_text(encoding="utf-8")
        for word in ("subprocess", "os.system", "os.exec", "os.spawn", "os.fork", "multiprocessing", "Popen"):
            assert word not in text, f"{module}: {word}"
    assert "STRIPE_API_KEY" not in os.environ
