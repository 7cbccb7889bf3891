"""The requests and answers of the sandbox, so that it can be asked without a server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Cut = Literal["reset", "half"]


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request: `path` and `query` still percent-encoded, header names in lower case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP answer, sent after `delay` seconds.

    `cut`: "reset" drops the connection before the first byte, "half" in the middle of the body.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    delay: float = 0.0
    cut: Cut | None = None
