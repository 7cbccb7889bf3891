"""The documentation is true: what it shows is what is printed, and what there is is documented."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from promosync.cli.app import app
from tests.cli.conftest import process_env

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
COMMANDS = ROOT / "docs" / "commands.md"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])

_BLOCK = re.compile(r"(?<=```console\n).*?(?=```)", re.DOTALL)
_CONFIG = re.compile(r"```json\n(.*?)```", re.DOTALL)


def shown_again(text: str) -> str:
    """Return the README with its console blocks as the commands print them now, run in order in one folder."""
    with tempfile.TemporaryDirectory() as folder:
        config = _CONFIG.search(text)
        assert config is not None
        Path(folder, "promosync.json").write_text(config[1], encoding="utf-8")
        return _BLOCK.sub(lambda block: "".join(_played(block[0], folder)), text)


def _played(block: str, folder: str) -> Iterator[str]:
    for line in block.splitlines():
        if line.startswith("$ "):
            yield f"{line}\n{_printed(line[2:], folder)}"


def _printed(command: str, folder: str) -> str:
    path = f"{Path(sys.executable).parent}:{process_env()['PATH']}"
    env = {**process_env(PATH=path, PYTHONUTF8="1"), "COLUMNS": "80"}
    done = subprocess.run(
        ["/bin/sh", "-c", command], cwd=folder, env=env, capture_output=True, encoding="utf-8", timeout=60, check=True
    )
    return re.sub(r"in \d+\.\d s", "in 0.0 s", done.stdout)


def test_the_readme_shows_what_is_printed() -> None:
    """Every console block is the true output; `python -m tests.test_docs` writes them anew."""
    text = README.read_text(encoding="utf-8")
    assert len(_BLOCK.findall(text)) >= 2
    assert shown_again(text) == text


def commands(command: Any, name: str = "promosync") -> Iterator[tuple[str, Any]]:
    """Yield every command with its full name, groups gone into."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield name, command
    for word, each in sorted((inner or {}).items()):
        yield from commands(each, f"{name} {word}")


ALL = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_command_is_documented(name: str) -> None:
    """With each of its options, by its long name."""
    page = COMMANDS.read_text(encoding="utf-8")
    assert f"`{name}" in page
    for parameter in ALL[name].params:
        if parameter.param_type_name == "option":
            assert f"`{parameter.opts[0]}" in page or f" `{parameter.opts[-1]}`" in page, parameter.opts
        assert parameter.help, f"{parameter.name} says nothing in --help"


def test_no_command_is_documented_that_is_not_there() -> None:
    """The page shows no more than the program can do."""
    page = COMMANDS.read_text(encoding="utf-8")
    options = {option for command in ALL.values() for one in command.params for option in one.opts}
    documented = set(re.findall(r"`(--[a-z-]+)", page))
    assert documented <= options | {"--help", "--version"}
    for name in re.findall(r"`(promosync [a-z][a-z ]*[a-z])", page):
        assert any(name == known or known.startswith(f"{name} ") for known in ALL), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_named_exists(page: Path) -> None:
    """Links, and paths in backquotes, lead somewhere."""
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (page.parent / target).exists(), target
    for target in re.findall(r"`((?:src|tests|docs|examples|schema)/[\w./-]*)`", text):
        assert (ROOT / target).exists(), target


if __name__ == "__main__":
    README.write_text(shown_again(README.read_text(encoding="utf-8")), encoding="utf-8")
