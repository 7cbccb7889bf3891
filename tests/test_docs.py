"""The documentation is complete: every command is documented, and everything documented exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from promosync.cli.app import app

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = ROOT / "docs" / "commands.md"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


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
    known = [*ALL.values(), typer.main.get_command(app)]
    options = {option for command in known for one in command.params for option in one.opts}
    documented = set(re.findall(r"`(--[a-z-]+)", page))
    assert documented <= options | {"--help"}
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
