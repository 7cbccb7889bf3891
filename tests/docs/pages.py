"""The pages as text: their links, their files, and their console blocks, played as a reader would.

A fenced block whose first line names a file, such as ```` ```json promosync.json ````, is that file; a console block
shows commands after ``$ `` and what a terminal shows of them. A page is played from its top to its end in one shell,
as a reader types it: a ``cd`` or a variable of one command holds for the next.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.cli.conftest import process_env

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PROMOSYNC = Path(sys.executable).with_name("promosync")

_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>[a-z]*)(?: (?P<file>\S+))?\n(?P<body>.*?)^ *```$", re.DOTALL | re.MULTILINE
)
_LINK = re.compile(r"\]\((?!https?:)(?P<path>[^)#\s]*)(?:#(?P<anchor>[^)\s]*))?\)")
_CALL = re.compile(
    r"(?:^[\s-]*(?:run: )?|[;&|(]\s*)(?:\w+=\S*\s+)*(?P<line>promosync [a-z-][^\n|;&)#>]*)", re.MULTILINE
)
_INLINE = re.compile(r"`([^`]+)`")
# Seconds that passed, and ids that are drawn: what two runs cannot have in common.
_VARIES = (
    (re.compile(r"in \d+\.\d s"), "in 0.0 s"),
    (re.compile(r"promo_[A-Za-z0-9]{24}"), "promo_0123456789abcdefABCDEFGH"),
)
# What tells the output of one command from that of the next, and a file's text from a command.
_MARK = r"printf '\036%s\036' $?"
_MARKED = re.compile("([^\036]*)\036([0-9]+)\036")
_END = "END OF FILE"


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the file it is ("" for none), and what is between the fences."""

    language: str
    file: str
    body: str

    @property
    def commands(self) -> list[str]:
        """What a console block runs."""
        return [line[2:] for line in self.body.splitlines() if line.startswith("$ ")]


def blocks(text: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page."""
    for found in _FENCE.finditer(text):
        yield _block(found)


def played(text: str, folder: Path, program: Path) -> str:
    """Return a page with its console blocks as they are printed now, its files written to ``folder`` on the way.

    ``program`` is the promosync that the page calls by its name.
    """
    page = [_block(found) for found in _FENCE.finditer(text)]
    printed = _typed(page, folder, program)

    def shown(found: re.Match[str]) -> str:
        block = _block(found)
        if block.language != "console":
            return found[0]
        again = "```console\n" + "".join(f"$ {command}\n{next(printed)}" for command in block.commands) + "```"
        return textwrap.indent(again, found["indent"])

    return _FENCE.sub(shown, text)


def links(text: str) -> Iterator[tuple[str, str]]:
    """Yield the path and the anchor of each link to a file; either may be empty."""
    for found in _LINK.finditer(_FENCE.sub("", text)):
        yield found["path"], found["anchor"] or ""


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them of headings that are all different."""
    headings = re.findall(r"^#{1,6} (.+)$", _FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def command_lines(text: str) -> Iterator[str]:
    """Yield what a page has people type, in its blocks and in its prose, as far as it begins with promosync."""
    for block in blocks(text):
        if block.language == "console":
            for command in block.commands:
                yield from calls(command)
        elif block.language in ("sh", "yaml"):
            yield from calls("\n".join(line for line in block.body.splitlines() if not line.lstrip().startswith("#")))
    for code in _INLINE.findall(_FENCE.sub("", text)):
        if code.startswith("promosync "):
            yield code


def calls(script: str) -> Iterator[str]:
    """Yield the command lines of promosync in a piece of shell, without what they are piped or redirected to."""
    for found in _CALL.finditer(script.replace('"$PROMOSYNC" ', "promosync ")):
        yield re.sub(r"\s2$", "", found["line"]).strip()  # of 2>


def _block(found: re.Match[str]) -> Block:
    return Block(found["language"], found["file"] or "", textwrap.dedent(found["body"]))


def _typed(page: Iterable[Block], folder: Path, program: Path) -> Iterator[str]:
    """Yield what each command of a page prints, stdout and stderr as they come; a command that fails is an error."""
    lines = []
    for block in page:
        if block.file:
            lines.append(f"cat > {shlex.quote(block.file)} <<'{_END}'\n{block.body}{_END}")
        if block.language == "console":
            lines += [f"{command}\n{_MARK}" for command in block.commands]
    path = f"{program.parent}:{PROMOSYNC.parent}:{process_env()['PATH']}"
    env = process_env(PATH=path, PYTHONUTF8="1", COLUMNS="")
    done = subprocess.run(
        ["/bin/sh", "-c", "\n".join(lines)],
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=300,
        check=True,
    )
    for printed, status in re.findall(_MARKED, done.stdout):
        assert status == "0", printed
        for varies, fixed in _VARIES:
            printed = varies.sub(fixed, printed)
        yield printed
