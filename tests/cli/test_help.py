"""Every help page can be read at any width: nothing is cut, no word is broken, no Python type is shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import typer

from promosync.cli import help_pages
from promosync.cli.app import app
from promosync.cli.options import Panel
from tests.cli.conftest import Cli
from tests.docs.test_command_lines import understood
from tests.test_docs import ALL

WIDTHS = (60, 80, 160)
ROOT: Any = typer.main.get_command(app)
PAGES = {"": ROOT, "codes": ROOT.commands["codes"], "sandbox": ROOT.commands["sandbox"]}
PAGES |= {name.removeprefix("promosync "): command for name, command in ALL.items()}


@pytest.fixture
def page(cli: Cli, capsys: pytest.CaptureFixture[str]) -> Callable[[str, int], list[str]]:
    """Return what gives the lines of a command's help at a width."""

    def lines(name: str, width: int) -> list[str]:
        assert cli(*name.split(), "--help", env={"COLUMNS": str(width)}).code == 0
        return capsys.readouterr().out.splitlines()

    return lines


@pytest.mark.parametrize("name", sorted(PAGES), ids=lambda name: name or "promosync")
def test_a_help_is_whole_at_every_width(page: Callable[[str, int], list[str]], name: str) -> None:
    """The words are the same, no line is too long, and there is no ellipsis and no type."""
    words = " ".join(page(name, 160)).split()
    for width in WIDTHS:
        lines = page(name, width)
        assert max(map(len, lines)) <= min(width, help_pages.WIDEST)
        assert " ".join(lines).split() == words
        assert not [line for line in lines if re.search(r"<|>=|\{|…|[^EDS]\.\.\.", line.partition(" > ")[0])]


@pytest.mark.parametrize("name", sorted(PAGES), ids=lambda name: name or "promosync")
def test_a_help_ends_with_an_example_that_can_be_typed(page: Callable[[str, int], list[str]], name: str) -> None:
    """Each of its lines is a command line of this very command, or of one of its group."""
    *_, example = "\n".join(page(name, 60)).split("\n\n")
    heading, *lines = example.split("\n")
    assert heading == "Example:"
    for line in lines:
        assert line.startswith(f"  promosync {name}".rstrip())
        assert understood(line.partition(" > ")[0].strip()) == ""
    assert lines


@pytest.mark.parametrize("name", sorted(ALL), ids=lambda name: name)
def test_every_option_is_in_its_group(page: Callable[[str, int], list[str]], name: str) -> None:
    """Once; the options of the account are in the same group in every command, and each value has a name."""
    groups: dict[str, list[str]] = {}
    for line in page(name.removeprefix("promosync "), 80):
        if re.fullmatch(r"[A-Z][a-z A-Z]+:", line):
            groups[line[:-1]] = here = []
        elif found := re.match(r"  (?:-., )?(--[a-z-]+)", line):
            here.append(found[1])
    options = [one for one in ALL[name].params if one.param_type_name == "option"]
    named = {option.opts[0]: option for option in options}
    assert sorted(word for group in groups.values() for word in group) == sorted([*named, "--help"])
    shown = [group for group in groups if group in [*Panel]]
    assert shown == [group for group in Panel if group in shown]
    account = {"--sandbox", "--api-base", "--stripe-account", "--live", "--rps"}
    assert set(groups.get(Panel.ACCOUNT, ())) == account & named.keys()
    for option in options:
        assert option.is_flag or option.metavar or option.type_descriptor.choices


@pytest.mark.parametrize("name", ["", "codes", "sandbox"])
def test_the_list_of_commands_has_a_line_for_each(page: Callable[[str, int], list[str]], name: str) -> None:
    """At 80 columns the sentence of a command is on its line, and it is the first sentence of its help."""
    lines = page(name, 80)
    for word, command in PAGES[name].commands.items():
        [line] = [line for line in lines if line.split()[:1] == [word] and line.startswith("  ")]
        assert line.split(maxsplit=1)[1] == help_pages.first_sentence(command.help)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("plan --format yaml", "'--format': 'yaml' is not one of 'text', 'json', 'markdown'."),
        ("results --every year", "'--every': 'year' is not one of 'day', 'week', 'month'."),
        ("plan --rps abc", "'--rps': this is no number"),
        ("plan --rps -5", "'--rps': -5.0 is not a number above 0."),
        ("sandbox redeem A --times x", "'--times': this is no whole number"),
        ("sandbox advance 0", "'DAYS': it must be 1 or more"),
        ("sandbox serve --port 99999", "'--port': it must be 65535 or less"),
        ("init --uses a", "--uses is for --ci."),
    ],
)
def test_a_value_that_does_not_fit_is_told_in_plain_words(cli: Cli, line: str, said: str) -> None:
    """Not in those of the library that reads it."""
    result = cli(*line.split())
    assert result.code == 1
    assert result.err.startswith(f"error: {said}\n")
