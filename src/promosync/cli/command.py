"""How a function becomes a command: a group of options is one parameter of it, and one option each for Typer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Annotated, Any, get_args, get_type_hints

import typer

from promosync.cli.help_pages import Command, Group
from promosync.cli.options import Format, Panel, option
from promosync.cli.run import Run

DebugRun = Annotated[Run, option("--debug", "Show the traceback of an unexpected error.", Panel.OTHER)]
"""The run of a command that has `--debug`."""


def group(**words: Any) -> typer.Typer:
    """Return a command that consists of others."""
    return typer.Typer(cls=Group, no_args_is_help=True, rich_markup_mode=None, **words)


def add(parent: typer.Typer, function: Callable[..., int | None], example: str, heading: str | None = None) -> None:
    """Make a function a command of ``parent``, below ``heading`` in the list of its commands.

    The first parameter of the function is its run. A parameter whose type is a dataclass is a group of options: each
    of its fields is an option, as the type of the field says. ``output`` is the format of the result. The function
    returns the exit code, None for 0.
    """
    name = function.__name__.rstrip("_")
    parent.command(name, cls=Command, epilog=example, rich_help_panel=heading)(_for_typer(function))


def _for_typer(function: Callable[..., int | None]) -> Callable[..., int | None]:
    """Return a function with a parameter for each option, and Typer's context instead of the run."""
    hints = get_type_hints(function, include_extras=True)
    run, *others = signature(function).parameters.values()
    parameters = [_parameter("ctx", typer.Context)]
    groups: dict[str, Any] = {}
    for one in others:
        if is_dataclass(kind := hints[one.name]):
            groups[one.name] = kind
            types = get_type_hints(kind, include_extras=True)
            parameters += [_parameter(field.name, types[field.name], field.default) for field in fields(kind)]
        else:
            parameters.append(_parameter(one.name, kind, one.default))
    if debug := get_args(hints[run.name])[1:]:
        parameters.append(_parameter("debug", Annotated[bool, *debug], False))

    @wraps(function)
    def command(**given: Any) -> int | None:
        run = _begin(given.pop("ctx"), given.get("output", Format.TEXT), given.pop("debug", False))
        for name, kind in groups.items():
            given[name] = kind(**{field.name: given.pop(field.name) for field in fields(kind)})
        return function(run, **given)

    command.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    return command


def _parameter(name: str, kind: Any, default: Any = Parameter.empty) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=kind)


def _begin(ctx: typer.Context, output: str, debug: bool) -> Run:
    """Return the run of a command, with its format set."""
    run: Run = ctx.obj
    run.output, run.json, run.debug = str(output), output == Format.JSON, debug
    run.command = ctx.command_path
    return run
