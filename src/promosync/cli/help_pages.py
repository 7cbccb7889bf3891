"""The page of `--help`: options in groups, their values in plain words, an example; no word is cut or broken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any

import typer.core

from promosync.cli.options import Panel
from promosync.cli.streams import PIPE_WIDTH
from promosync.render.layout import paragraph

WIDEST = 100
"""Columns of a page: longer lines are hard to read beside a column of names."""

_COLUMN = 24
"""The widest column of names; the text of a longer name is on the next line."""


class _WithPage:
    def get_help(self, ctx: Any) -> str:
        """Return the help page."""
        width = min(ctx.obj.out.width if ctx.obj else PIPE_WIDTH, WIDEST)
        return "\n".join(line.rstrip() for line in _lines(self, ctx, width))


class Command(_WithPage, typer.core.TyperCommand):
    """A command with a help page of ours."""


class Group(_WithPage, typer.core.TyperGroup):
    """A command of commands, with a help page of ours."""


def _lines(command: Any, ctx: Any, width: int) -> Iterator[str]:
    """Yield the lines of the help of a command."""
    parameters = command.get_params(ctx)
    arguments = [one for one in parameters if one.param_type_name == "argument"]
    children = getattr(command, "commands", {})
    words = [ctx.command_path, "[OPTIONS]", *map(_in_usage, arguments), *["COMMAND"] * bool(children)]
    yield from _wrapped(f"Usage: {' '.join(words)}", width, "", "  ")
    yield ""
    yield from _wrapped(" ".join(command.help.split()), width)
    groups: dict[str, list[tuple[str, str]]] = {}
    for name, child in children.items():
        groups.setdefault(child.rich_help_panel or "Commands", []).append((name, first_sentence(child.help)))
    for one in arguments:
        groups.setdefault("Arguments", []).append((one.metavar, _said(one)))
    options = [one for one in parameters if one not in arguments and not one.hidden]
    for one in sorted(options, key=lambda one: list(Panel).index(_panel(one))):
        groups.setdefault(_panel(one), []).append((_flags(one), _said(one)))
    for heading, rows in groups.items():
        yield from ("", f"{heading}:")
        yield from columns(rows, width)
    if command.epilog:
        yield from ("", "Example:")
        yield from (f"  {line}" for line in command.epilog.split("\n"))


def first_sentence(text: str) -> str:
    """Return the first sentence of a help text without its full stop, for the list of commands."""
    return " ".join(text.split()).partition(". ")[0].rstrip(".")


def _panel(option: Any) -> Panel:
    """Return the group of an option: Typer's own are in the last."""
    own = option.name in ("help", "install_completion", "show_completion")
    return Panel.OTHER if own else Panel(option.rich_help_panel)


def _in_usage(argument: Any) -> str:
    word = f"{argument.metavar}{'...' * (argument.nargs != 1)}"
    return word if argument.required else f"[{word}]"


def _flags(option: Any) -> str:
    """Return the names of an option, and what it takes: ``--format text|json``."""
    names = ", ".join(sorted(option.opts, key=len)) + "".join(f" / {name}" for name in option.secondary_opts)
    if option.is_flag:
        return names
    return f"{names} {option.metavar or '|'.join(_word(one) for one in option.type_descriptor.choices)}"


def _said(parameter: Any) -> str:
    """Return the help of a parameter, with its default value if that is worth showing."""
    default = parameter.default
    shown = parameter.show_default and default not in (None, False, "") and not callable(default)
    return f"{parameter.help} [default: {_word(default)}]" if shown else parameter.help


def _word(value: Any) -> str:
    return str(value.value if isinstance(value, Enum) else value)


def columns(rows: Iterable[tuple[str, str]], width: int, margin: str = "  ") -> Iterator[str]:
    """Yield names with their texts beside them."""
    rows = list(rows)
    column = max((len(name) for name, _ in rows if len(name) <= _COLUMN), default=0)
    indent = " " * (len(margin) + column + 2)
    for name, text in rows:
        first = f"{margin}{name:{column}}  "
        if len(name) > column:
            yield f"{margin}{name}"
            first = indent
        yield from _wrapped(text, width, first, indent)


def _wrapped(text: str, width: int, first: str = "  ", indent: str = "  ") -> Iterator[str]:
    yield from (line.plain for line in paragraph(text, width, "", first, indent))
