"""The command line in this process: fast, and with everything seen that it writes."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from promosync.cli.exits import carry_out
from promosync.cli.run import Run
from promosync.cli.streams import open_console

SHOP: dict[str, Any] = {
    "promosync": {"owner": "shop"},
    "coupons": [
        {"id": "spring", "name": "Spring", "percent_off": 20, "duration": "once", "max_redemptions": 100},
        {"id": "vip", "percent_off": 30, "duration": "forever"},
    ],
    "promotion_codes": [
        {"id": "launch", "code": "LAUNCH20", "coupon": "spring"},
        {"id": "insider", "code": "INSIDER", "coupon": "vip", "metadata": {"source": "mail"}},
    ],
}
WIDTH = 400


@dataclass(frozen=True)
class Result:
    """The result of a command: its exit code, and its output on each stream."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def events(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


Cli = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory of the test, with a shop's configuration in it."""
    monkeypatch.chdir(tmp_path)
    write(SHOP)
    return tmp_path


@pytest.fixture
def cli(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Carry out a command line in the folder; nobody sits at its terminal."""

    def run(*arguments: str, env: Mapping[str, str] | None = None, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        environ = {"COLUMNS": str(WIDTH), **(env or {})}
        out, err = io.BytesIO(), io.BytesIO()
        consoles = [open_console(io.TextIOWrapper(raw, encoding="utf-8"), environ) for raw in (out, err)]
        code = carry_out(arguments, Run(consoles[0], consoles[1], environ))
        for console in consoles:
            console.file.flush()
        return Result(code, out.getvalue().decode(), err.getvalue().decode())

    return run


def write(document: Any, name: str = "promosync.json") -> Path:
    """Write a configuration into the working directory."""
    path = Path(name)
    path.write_text(json.dumps(document, indent=2), encoding="utf-8")
    return path


def changed(**sections: Any) -> dict[str, Any]:
    """Return the shop's configuration with other sections."""
    return {**json.loads(json.dumps(SHOP)), **sections}


def process_env(**more: str) -> dict[str, str]:
    """Return an environment for a separate process; the environment of the tests has no secrets already."""
    return {**os.environ, "COLUMNS": str(WIDTH), **more}
