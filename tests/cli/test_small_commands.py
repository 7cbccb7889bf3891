"""init, schema, sandbox and demo."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from promosync import __version__
from promosync.cli.demo import called_as
from promosync.cli.init import owner_for
from promosync.cli.workflow_files import origin
from promosync.config import load, schema_text
from promosync.sandbox import Control
from tests.cli.conftest import Cli, process_env


def test_init_writes_a_file_that_applies(cli: Cli) -> None:
    """The starter is valid, plans, applies, and its schema lies beside it."""
    Path("promosync.json").unlink()
    result = cli("init")
    assert result.code == 0
    document = json.loads(Path("promosync.json").read_text(encoding="utf-8"))
    assert document["promosync"]["owner"] == owner_for(Path.cwd().name)
    assert Path(document["$schema"]).read_text(encoding="utf-8") == schema_text()
    assert cli("validate").code == 0
    assert "2 to create" in cli("plan", "--sandbox").out


def test_init_makes_the_folder(cli: Cli) -> None:
    """A folder may be named; the file's owner is the folder's name, fit for an owner."""
    assert cli("init", "sub/Spring Sale ☀").code == 0
    text = Path("sub/Spring Sale ☀/promosync.json").read_bytes()
    assert load(text, "promosync.json").configuration.settings.owner == "Spring-Sale"


def test_init_never_overwrites(cli: Cli) -> None:
    """A file that is there stays as it is, also where only its schema is missing."""
    before = Path("promosync.json").read_bytes()
    result = cli("init")
    assert result.code == 1
    assert "is there already" in result.err
    assert Path("promosync.json").read_bytes() == before
    assert not Path("promosync.schema.json").exists()
    assert cli("init", "promosync.json").code == 1


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("shop", "shop"),
        ("My Shop!", "My-Shop"),
        ("", "default"),
        ("夏", "default"),
        ("a" * 80, "a" * 64),
        ("..", "default"),
    ],
)
def test_a_folder_gives_an_owner(name: str, owner: str) -> None:
    """Whatever a folder is called, the owner is one that the schema takes."""
    assert owner_for(name) == owner


def test_schema_prints_what_is_shipped(cli: Cli) -> None:
    """To the byte, so that it can be redirected into a file."""
    assert cli("schema").out == schema_text()


def test_the_sandbox_is_reset_and_redeemed(cli: Cli) -> None:
    """Redeem says how often, and why not; reset forgets."""
    cli("apply", "--sandbox", "--yes")
    assert cli("sandbox", "redeem", "launch20", "--times", "2").out == "Redeemed launch20 2 times.\n"
    refused = cli("sandbox", "redeem", "NOBODY")
    assert refused.code == 1
    assert "NOBODY" in refused.err
    partly = cli("sandbox", "redeem", "LAUNCH20", "--times", "1000")
    assert (partly.code, partly.out) == (1, "Redeemed LAUNCH20 98 times.\n")
    assert cli("sandbox", "reset").code == 0
    assert "4 to create" in cli("plan", "--sandbox").out


def test_the_sandbox_is_stocked_with_what_the_file_names(cli: Cli, folder: Path) -> None:
    """Products by the ids they have in Stripe, customers by id or address; once is enough."""
    document = {
        "coupons": [{"id": "c", "percent_off": 5, "duration": "once", "applies_to": ["pro", "team"]}],
        "products": [{"id": "pro", "stripe_id": {"test": "prod_1"}}],
        "promotion_codes": [
            {"id": "one", "code": "ONE", "coupon": "c", "customer": "cus_1"},
            {"id": "two", "code": "TWO", "coupon": "c", "customer_email": "Two@example.com"},
        ],
        "code_batches": [{"id": "b", "coupon": "c", "generate": {"length": 12, "emails": "b.csv"}}],
    }
    (folder / "stocked.json").write_text(json.dumps(document))
    (folder / "b.csv").write_text("two@example.com\nthree@example.com\n")
    assert cli("plan", "stocked.json", "--sandbox").code == 1
    assert cli("sandbox", "stock", "stocked.json").out == "Added 2 products and 3 customers to the sandbox.\n"
    assert cli("sandbox", "stock", "stocked.json").out == "Added 0 products and 0 customers to the sandbox.\n"
    assert cli("apply", "stocked.json", "--sandbox", "--yes").code == 0


def test_the_sandbox_is_served(folder: Path) -> None:
    """The first line is its address; Ctrl-C ends it well, and its state is there for --sandbox."""
    process = subprocess.Popen(
        [sys.executable, "-m", "promosync", "sandbox", "serve", "--port", "0"],
        env=process_env(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout
            url = process.stdout.readline().strip()
            Control(url).seed("coupon", [{"id": "seeded", "percent_off": 5, "duration": "once"}])
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert Path(".promosync/sandbox.db").exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1"])
def test_the_sandbox_is_served_on_this_machine_only(cli: Cli, host: str) -> None:
    """Anybody could use it otherwise: it takes every key."""
    result = cli("sandbox", "serve", "--host", host)
    assert result.code == 1
    assert "loopback" in result.err


def test_a_broken_sandbox_is_told(cli: Cli) -> None:
    """Its file may be damaged, or its folder a file."""
    Path(".promosync").mkdir()
    Path(".promosync/sandbox.db").write_bytes(b"this is no database" * 100)
    result = cli("plan", "--sandbox")
    assert result.code == 1
    assert "the sandbox cannot be opened" in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("started", "on_path", "uv", "called"),
    [
        ("/shop/bin/promosync", True, {}, "promosync"),
        ("/cache/uv/archive/bin/promosync", True, {"UV": "/usr/bin/uv"}, ""),
        ("/opt/installed/bin/promosync", False, {}, ""),
        (".venv/bin/promosync", False, {}, ".venv/bin/promosync"),
        ("my tools/promosync", True, {"UV": "/usr/bin/uv"}, "'my tools/promosync'"),
    ],
    ids=["on the path", "uvx", "in a container", "in a folder", "in a folder, by uv run"],
)
def test_what_the_demo_says_to_type_is_there(
    tmp_path: Path, started: str, on_path: bool, uv: dict[str, str], called: str
) -> None:
    """`uvx` has promosync on the path for one command; a full path may be nothing that the reader can reach."""
    if on_path:
        (tmp_path / "promosync").touch(0o755)
    assert called_as(started, {"PATH": str(tmp_path), **uv}) == called


def test_the_demo_says_how_where_it_does_not_know_the_command(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """After `uvx --from … promosync demo` there is no `promosync`: the words alone are said."""
    monkeypatch.setattr(sys, "argv", ["/cache/uv/archive/bin/promosync", "demo"])
    *_, how, first, second = cli("demo", env={"UV": "/usr/bin/uv"}).out.splitlines()
    assert how.endswith("Start promosync as you did now, with these words in place of `demo`:")
    assert (first, second) == ("  init shop", "  plan shop/promosync.json --sandbox")


def test_the_demo_tells_the_whole_story(cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Validated, planned, applied, planned again, edited, applied once more, summed; nothing is left behind."""
    monkeypatch.setattr(sys, "argv", ["bin/promosync", "demo"])
    before = sorted(path.name for path in folder.iterdir())
    result = cli("demo", env={"STRIPE_API_KEY": "sk_live_notlookedat12345"})
    assert result.code == 0
    shown = [line.split() for line in result.out.splitlines() if line.startswith("$ ")]
    assert [" ".join(words[2:]) for words in shown[-2:]] == ["init shop", "plan shop/promosync.json --sandbox"]
    commands = [words[2] for words in shown[:-2]]
    assert commands == [
        *("validate", "plan", "apply", "plan", "sandbox", "plan", "apply"),
        *("sandbox", "sandbox", "results"),
    ]
    story = ("Plan: 6 to create.", "Apply: 6 done.", "No changes.", "of which 37 used: 163 left")
    for words in (*story, "123 orders of 37 customers (37 new) and 12 guests: 3,613.50 USD after"):
        assert words in result.out
    assert "error" not in result.err
    assert Path.cwd() == folder
    assert sorted(path.name for path in folder.iterdir()) == before


COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize("ci", ["github", "gitlab"])
def test_init_writes_the_jobs(cli: Cli, ci: str) -> None:
    """With the names filled in: nothing is left to replace, and nothing that is there is overwritten."""
    result = cli("init", "--ci", ci, "--uses", f"acme/promosync@{COMMIT}")
    assert result.code == 0, result.err
    files = [Path(line.removeprefix("Wrote ").removesuffix(".")) for line in result.out.splitlines()]
    assert files == sorted(Path(".github/workflows").glob("*.yml")) if ci == "github" else [Path(".gitlab-ci.yml")]
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert not re.findall(r"\bOWNER\b|\bCOMMIT\b", text)
        assert "acme/promosync" in text
        assert COMMIT in text
        paths = re.findall(r"\.github/workflows/[\w.-]+", text)
        assert all(Path(path).exists() for path in paths)
    again = cli("init", "--ci", ci, "--uses", f"acme/promosync@{COMMIT}")
    assert again.code == 1
    assert again.err.count("is there already") == len(files)


@pytest.mark.parametrize(
    "uses", [None, "acme/promosync", "acme/promosync@v1", "promosync@" + COMMIT, "a b/c@" + COMMIT]
)
def test_jobs_fetch_a_commit(cli: Cli, uses: str | None) -> None:
    """Which is asked for where it is not known; nothing is written before."""
    result = cli("init", "--ci", "github", *(["--uses", uses] if uses else []))
    assert result.code == 1
    assert "--uses OWNER/promosync@" in " ".join(result.err.split())
    assert not Path(".github").exists()
    assert cli("init", "--uses", f"acme/promosync@{COMMIT}").code == 1


@pytest.mark.parametrize(
    ("record", "found"),
    [
        ({"url": "https://github.com/acme/promosync", "vcs_info": {"commit_id": COMMIT}}, f"acme/promosync@{COMMIT}"),
        ({"url": "https://github.com/acme/it.git", "vcs_info": {"commit_id": COMMIT}}, f"acme/it@{COMMIT}"),
        ({"url": "https://example.com/acme/promosync", "vcs_info": {"commit_id": COMMIT}}, None),
        ({"url": "file:///somewhere", "dir_info": {"editable": True}}, None),
        (None, None),
    ],
)
def test_an_installation_knows_its_commit(
    record: dict[str, object] | None, found: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As pip, pipx and uv record it beside the package."""
    info = tmp_path / "promosync-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: promosync\nVersion: 1\n", encoding="utf-8")
    if record:
        (info / "direct_url.json").write_text(json.dumps(record), encoding="utf-8")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert origin() == found


def test_help_is_help(cli: Cli, capfd: pytest.CaptureFixture[str]) -> None:
    """`help COMMAND` says what `COMMAND --help` does, and a command that is none is an error."""
    for words in ((), ("plan",), ("codes", "export")):
        assert cli(*words, "--help").code == 0
        told = capfd.readouterr().out
        assert cli("help", *words).code == 0
        assert capfd.readouterr().out == told
        assert "Usage: promosync" in told
    assert cli("help", "nope").code == 1


def test_version_is_version(cli: Cli) -> None:
    assert cli("version").out == cli("--version").out == f"promosync {__version__}\n"


@pytest.mark.parametrize("given", ["-y", "--auto-approve", "-auto-approve"])
def test_what_others_call_yes(cli: Cli, given: str) -> None:
    """Is not taken for it, but told."""
    result = cli("apply", "--sandbox", given)
    assert result.code == 1
    assert "use --yes" in result.err
    assert "use --yes" not in cli("apply", "--sandbox", "--nope").err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes(shell: str, tmp_path: Path, forked: Path) -> None:
    """Commands and options, by the script that is printed for it."""
    env = process_env(HOME=str(tmp_path))

    def said(**more: str) -> str:
        done = subprocess.run([forked], env={**env, **more}, capture_output=True, text=True, timeout=60, check=False)
        return done.stdout

    assert f"complete_{shell}" in said(_PROMOSYNC_COMPLETE=f"source_{shell}")
    asked = {"_PROMOSYNC_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    for line, word, cword in (("promosync pl", "plan", "1"), ("promosync plan --detail", "--detailed-exitcode", "2")):
        told = said(**asked, COMP_WORDS=line, COMP_CWORD=cword, _TYPER_COMPLETE_ARGS=line)
        assert word in told
