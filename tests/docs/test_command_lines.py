"""promosync understands every command line in the pages and the examples."""

from __future__ import annotations

import re
import shlex
from enum import Enum
from pathlib import Path
from typing import Any, get_args

import pytest
import typer

from promosync.cli.app import app
from tests.docs.pages import DOCS, ROOT, calls, command_lines

PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
SCRIPTS = sorted([*ROOT.glob("examples/ci/**/*.yml"), ROOT / "action.yml"])


def understood(line: str) -> str:
    """Return promosync's error for a command line, "" if there is none. A word in capitals is a placeholder.

    A value may be left out at the end, as in prose.
    """
    command: Any = typer.main.get_command(app)
    words = shlex.split(re.sub(r"\[([A-Z]+)\]", r"\1", line))[1:]
    name = "promosync"
    while (inner := getattr(command, "commands", None)) is not None:
        word = words.pop(0) if words else ""
        if word in ("--help", "-h", *(name for one in command.params for name in one.opts)):
            return ""
        if not word or word.isupper():  # the text names a group, or a placeholder for a command
            return ""
        if word not in inner:
            return f"{name} has no command {word!r}"
        command, name = inner[word], f"{name} {word}"
    typed = {name: one for one in command.params for name in (*one.opts, *one.secondary_opts)}
    rest = iter(words)
    given = 0
    for word in rest:
        option, _, value = word.partition("=")
        if not word.startswith("-") or word == "-":
            given += 1
        elif option not in typed and option not in ("--help", "-h", "--"):
            return f"{name} has no option {option}"
        elif option in typed and not typed[option].is_flag:
            value = value or next(rest, "")
            known = choices(typed[option])
            if known and value and not value.isupper() and not {*value.split("|")} <= known:
                return f"{option} of {name} cannot be {value!r}"
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    if given > len(arguments) and all(one.nargs != -1 for one in arguments):
        return f"{name} takes no more than {len(arguments)} arguments"
    return ""


def choices(option: Any) -> set[str]:
    """Return the words that an option takes, none where it takes anything."""
    kind = option.type_descriptor.annotation
    kind = next(iter(get_args(kind)), kind)
    return {one.value for one in kind} if isinstance(kind, type) and issubclass(kind, Enum) else set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_name_what_there_is(page: Path) -> None:
    for line in command_lines(page.read_text(encoding="utf-8")):
        assert understood(line) == "", line


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: str(script.relative_to(ROOT)))
def test_scripts_name_what_there_is(script: Path) -> None:
    lines = [line for line in script.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    for line in calls("\n".join(lines)):
        assert understood(line) == "", line


def test_a_slip_is_found() -> None:
    """Of a command, an option, a value, and an argument too many."""
    for line in (
        "promosync plann",
        "promosync codes list",
        "promosync plan --jason",
        "promosync plan --format yaml",
        "promosync schema promosync.json",
    ):
        assert understood(line), line
    assert not understood("promosync plan [FILE] --format text|json --target ID --sandbox")


def test_command_lines_are_found() -> None:
    text = "`promosync init` and\n```console\n$ promosync plan - 2> /dev/null | tail -1\nprompted: promosync x\n```\n"
    assert list(command_lines(text)) == ["promosync plan -", "promosync init"]
