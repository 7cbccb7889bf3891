"""A report as one page of HTML: no request, readable on a phone, in the dark, on paper, and without its script.

All that is drawn is worked out before and in figures; a template only places it, and escapes every text. The one
script sorts, filters and unfolds; the page's policy names it and the style by their hashes, so nothing else runs.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from promosync import __version__
from promosync.model.live import Account
from promosync.model.ownership import Mode
from promosync.render.tables import Column, is_nothing
from promosync.render.values import mode_words
from promosync.render.visible import visible

_TEMPLATES = Path(__file__).parent / "templates"
_POLICY = (
    "default-src 'none'; style-src {style}; script-src {script}; img-src data:; base-uri 'none'; form-action 'none'"
)
_MANY = 12
"""A table of more rows begins folded."""


@dataclass(frozen=True, slots=True)
class PageRow:
    """One row of a table: its name and figures, fit to be seen, and what there is to say below the name.

    ``cells`` are by the name of their column, ``warn`` the columns that stand out. ``order`` is what a cell is
    sorted by where that is not its own text: a number as JavaScript writes it. ``pill`` is the class of its state.
    """

    name: str
    cells: Mapping[str, str]
    label: str = ""
    drift: Sequence[str] = ()
    note: str = ""
    warn: Collection[str] = ()
    order: Mapping[str, str] = field(default_factory=dict)
    pill: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a page, in a section of its own; ``kind`` a class, ``about`` what stands beside its heading."""

    id: str
    heading: str
    columns: Sequence[Column]
    rows: Sequence[PageRow]
    about: str = ""
    kind: str = ""

    @property
    def open(self) -> bool:
        """Whether it is short enough to begin unfolded."""
        return len(self.rows) <= _MANY


def table(
    id: str, heading: str, columns: Sequence[Column], rows: Sequence[PageRow], about: str = "", kind: str = ""
) -> Table:
    """Return a table without the columns of figures in which nothing stands."""
    shown = [
        column
        for column in columns
        if not (column.number and all(is_nothing(row.cells[column.name]) for row in rows))
    ]
    return Table(id, heading, shown, rows, about, kind)


def page(
    command: str,
    account: Account,
    owner: str,
    contents: Mapping[str, str],
    cards_below: str = "44rem",
    **content: Any,
) -> str:
    """Return the page of a command's report; ``content`` is what its own template asks for.

    ``contents`` are the headings of its sections by their id, in order. ``cards_below`` is the width, in CSS, below
    which the rows of a table stand as cards.
    """
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = environment.get_template("report.css").render(cards_below=cards_below)
    script = (_TEMPLATES / "report.js").read_text(encoding="utf-8")
    return environment.get_template(f"{command}.html.j2").render(
        command=command,
        contents=contents,
        policy=_POLICY.format(style=_hash(style), script=_hash(script)),
        style=style,
        script=script,
        owner=visible(owner),
        account=visible(account.id or "account not readable with this key"),
        live=account.mode is Mode.LIVE,
        mode=mode_words(account.mode),
        taken=day_and_time(account.now),
        version=__version__,
        **content,
    )


def day_and_time(seconds: int) -> str:
    """Return a moment, seconds UTC, as people write it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%-d %B %Y, %H:%M UTC")


def _hash(text: str) -> str:
    """Return how a policy names a style or a script, see https://www.w3.org/TR/CSP3/#framework-directive-source-list."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
