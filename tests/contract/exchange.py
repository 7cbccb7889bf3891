"""One request and its answer, as the tee writes them and the checks read them."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from urllib.parse import parse_qsl

from promosync.sandbox import Request, Response
from promosync.sandbox.call import NEWEST_VERSION
from promosync.sandbox.routes import find


@dataclass(frozen=True)
class Exchange:
    """``test`` is pytest's name of what sent it; ``answer`` is JSON, or empty where none came whole."""

    test: str
    method: str
    path: str
    query: str
    body: str
    version: str
    status: int
    answer: str

    @classmethod
    def of(cls, request: Request, response: Response, test: str) -> Exchange:
        whole = response.cut is None and response.headers.get("Content-Type") == "application/json"
        return cls(
            test=test.partition(" ")[0],
            method=request.method,
            path=request.path,
            query=request.query,
            body=request.body.decode(),
            version=response.headers.get("Stripe-Version", NEWEST_VERSION),
            status=response.status,
            answer=response.body.decode() if whole else "",
        )

    @classmethod
    def from_line(cls, line: str) -> Exchange:
        return cls(**json.loads(line))

    def as_line(self) -> str:
        return json.dumps(asdict(self)) + "\n"

    @property
    def is_current(self) -> bool:
        """Whether it is of the version of the API that the spec describes; some tests ask in older ones."""
        return self.version == NEWEST_VERSION

    @property
    def endpoint(self) -> str:
        """Like ``GET /v1/coupons/{id}``."""
        return f"{self.method} {find(self.method, self.path)[0]}"

    @property
    def parameters(self) -> set[str]:
        """The top-level names of the parameters."""
        pairs = parse_qsl(self.query, keep_blank_values=True) + parse_qsl(self.body, keep_blank_values=True)
        return {re.split(r"\[", name)[0] for name, _ in pairs}
