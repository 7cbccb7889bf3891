"""A function becomes a command: its groups of options are options, its run is made of Typer's context."""

from __future__ import annotations

import ast
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer

from promosync import cli
from promosync.cli.command import DebugRun, add, group
from promosync.cli.options import Format, FormatOption, option
from promosync.cli.run import Run
from promosync.cli.streams import open_console


@dataclass(frozen=True)
class Size:
    """Two options."""

    width: Annotated[int, option("--width N", "How wide.", min=1)] = 3
    tall: Annotated[bool, option("--tall", "Whether it is tall.")] = False


def build(run: DebugRun, name: str, *, output: FormatOption = Format.TEXT, size: Size, end: int = 0) -> int:
    """Build it. With what was given."""
    run.say(f"{name} {size} {end} {run.debug} {run.json} {run.command}")
    return end


@pytest.fixture
def app() -> typer.Typer:
    parent = group()
    add(parent, build, "build it", "Main")
    parent.callback()(lambda: None)
    return parent


def carried_out(app: typer.Typer, *arguments: str) -> tuple[int, str]:
    """Return the exit code of a command line, and what it said."""
    out, err = (open_console(io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), {}) for _ in "12")
    code = app(list(arguments), prog_name="test", standalone_mode=False, obj=Run(out, err, {}))
    err.file.seek(0)
    return code, err.file.read()


def test_a_group_of_options_is_one_parameter(app: typer.Typer) -> None:
    """Each of its fields is an option, with its default; all else reaches the function as it was given."""
    assert carried_out(app, "build", "a") == (0, "a Size(width=3, tall=False) 0 False False test build\n")
    given = ("build", "b", "--tall", "--width", "5", "--end", "2", "--debug", "--format", "json")
    assert carried_out(app, *given) == (2, "b Size(width=5, tall=True) 2 True True test build\n")


def test_the_options_stand_in_the_order_of_the_parameters(app: typer.Typer) -> None:
    command: Any = typer.main.get_command(app)
    built = command.commands["build"]
    assert [one.name for one in built.params] == ["name", "output", "width", "tall", "end", "debug"]
    assert (built.help, built.epilog, built.rich_help_panel) == ("Build it. With what was given.", "build it", "Main")


def test_no_option_is_declared_twice() -> None:
    """Neither in two commands nor in a command and a group: with the same name it says something else."""
    declared = Counter(
        ast.unparse(call).partition(", panel=")[0]
        for module in Path(cli.__path__[0]).glob("*.py")
        for call in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and ast.unparse(call.func) in ("option", "argument")
    )
    assert len(declared) > 50
    assert [words for words, count in declared.items() if count > 1] == []
