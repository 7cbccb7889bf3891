"""A report as one HTML page: it loads nothing, and can be read on a phone, in dark mode, on paper, without script.

All that is drawn is computed before, in numbers; a template only places it. Whatever a template shows is made
visible and escaped here, so text reaches it as people wrote it. The only script sorts, filters and unfolds; the
page's policy names it and the style by their hashes, so nothing else runs.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from promosync import __version__
from promosync.model.live import Account
from promosync.model.ownership import Mode
from promosync.render.tables import Table, filled
from promosync.render.values import mode_words
from promosync.render.visible import visible
from promosync.status.tally import NO_VALUE

_TEMPLATES = Path(__file__).parent / "templates"
_POLICY = (
    "default-src 'none'; style-src {style}; script-src {script}; img-src data:; base-uri 'none'; form-action 'none'"
)


def page_table(table: Table, about: str = "", kind: str = "") -> Table:
    """Return a table for a page: without columns of numbers that are empty, with its CSS class and a remark."""
    numbers = [column.name for column in table.columns if column.number]
    return replace(table, columns=filled(table.columns, [table], numbers), about=about, kind=kind)


def tells_apart(names: Iterable[str]) -> bool:
    """Whether a chart of lines with these names compares anything: some have a metadata value."""
    return any(name != NO_VALUE for name in names)


def page(
    command: str,
    account: Account,
    owner: str,
    contents: Mapping[str, str],
    cards_below: str = "44rem",
    **content: Any,
) -> str:
    """Return the page of a command's report; ``content`` is for its own template.

    ``contents`` are the headings of its sections by their id, in order, empty for a section that is left out.
    ``cards_below`` is the width, in CSS, below which each row of a table is a card.
    """
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        finalize=_finalized,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = environment.get_template("report.css").render(cards_below=cards_below)
    script = (_TEMPLATES / "report.js").read_text(encoding="utf-8")
    return environment.get_template(f"{command}.html.j2").render(
        command=command,
        contents={id: heading for id, heading in contents.items() if heading},
        policy=_POLICY.format(style=_hash(style), script=_hash(script)),
        style=style,
        script=script,
        owner=owner,
        account=account.id or "account not readable with this key",
        live=account.mode is Mode.LIVE,
        mode=mode_words(account.mode),
        taken=day_and_time(account.now),
        version=__version__,
        **content,
    )


def day_and_time(seconds: int) -> str:
    """Return a moment, seconds UTC, in words."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%-d %B %Y, %H:%M UTC")


def _finalized(value: Any) -> Any:
    """Return a value that a template shows, with every character of a text visible; HTML is not changed."""
    return visible(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _hash(text: str) -> str:
    """Return the name of a style or script in a policy: https://www.w3.org/TR/CSP3/#framework-directive-source-list."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
