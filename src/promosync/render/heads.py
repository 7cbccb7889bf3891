"""How every output begins: the account, its mode, and the owner."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from promosync.model.live import Account
from promosync.model.ownership import Mode
from promosync.plan.fields import iso
from promosync.render import FORMAT_VERSION
from promosync.render.markdown import code
from promosync.render.values import mode_words
from promosync.render.visible import visible


def text_head(account: Account, owner: str) -> Text:
    """Return the first line on a terminal."""
    return Text.assemble(
        f"Account {visible(account.id or 'not readable with this key')}, ",
        (mode_words(account.mode), "bold red" if account.mode is Mode.LIVE else ""),
        f", owner {visible(owner)}",
    )


def markdown_head(account: Account) -> str:
    """Return the line below the heading of a report in Markdown."""
    name = code(account.id) if account.id else "account not readable with this key"
    return f"{name}, {mode_words(account.mode)}, {iso(account.now)}"


def json_head(account: Account, owner: str) -> dict[str, Any]:
    """Return the first fields of a JSON document."""
    return {
        "format_version": FORMAT_VERSION,
        "account": account.id,
        "mode": account.mode.value,
        "owner": owner,
    }
