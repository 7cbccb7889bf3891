"""A report as one page of HTML: no script, no request, readable on a phone, in the dark and on paper.

All that is drawn is worked out before and in figures; a template only places it, and escapes every text.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from promosync import __version__
from promosync.model.live import Account
from promosync.model.ownership import Mode
from promosync.render.facts import mode_words
from promosync.render.visible import visible

_TEMPLATES = Path(__file__).parent / "templates"


def page(command: str, account: Account, owner: str, cards_below: str = "44rem", **content: Any) -> str:
    """Return the page of a command's report; ``content`` is what its own template asks for.

    ``cards_below`` is the width, in CSS, below which the rows of a table stand as cards.
    """
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(f"{command}.html.j2").render(
        command=command,
        cards_below=cards_below,
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
