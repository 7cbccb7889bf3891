"""Stripe's form encoding: `a[b][0]=x` and `a[b][]=x` both become nested values."""

from __future__ import annotations

import re
from typing import TypeAlias
from urllib.parse import parse_qsl

from .errors import StripeError

Form: TypeAlias = "str | dict[str, Form]"

_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)\Z")
_PART = re.compile(r"\[([^\[\]]*)\]")


def pairs(encoded: str | bytes) -> list[tuple[str, str]]:
    """The decoded names and values in the order sent, empty values kept."""
    text = encoded if isinstance(encoded, str) else encoded.decode("utf-8", "replace")
    return parse_qsl(text, keep_blank_values=True)


def nest(flat: list[tuple[str, str]]) -> dict[str, Form]:
    """Nested dicts from names with brackets, a list with the keys "0", "1", …; the last of equal names counts."""
    root: dict[str, Form] = {}
    for name, value in flat:
        matched = _KEY.match(name)
        # A name with wrong brackets is kept as it is, so that it is refused as unknown.
        parts = [matched[1], *_PART.findall(matched[2])] if matched else [name]
        node = root
        for depth, part in enumerate(parts[:-1]):
            child = node.setdefault(_index(node, part), {})
            if isinstance(child, str):
                raise StripeError("Invalid object", param=_path(parts[: depth + 1]))
            node = child
        last = _index(node, parts[-1])
        if isinstance(node.get(last), dict):
            raise StripeError("Invalid object", param=_path(parts))
        node[last] = value
    return root


def _index(node: dict[str, Form], part: str) -> str:
    return part or str(len(node))


def _path(parts: list[str]) -> str:
    return parts[0] + "".join(f"[{part}]" for part in parts[1:])
