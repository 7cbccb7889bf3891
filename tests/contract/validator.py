"""Stripe's own validator, stripe-mock, which knows every parameter: fetched with Go, and served on loopback only.

``python -m tests.contract.validator`` puts it and the spec inside it into a folder that git ignores, or says why not.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

MODULE, VERSION = "github.com/stripe/stripe-mock", "v0.203.0"
FOLDER = Path(__file__).resolve().parents[2] / ".stripe-mock" / VERSION
PROGRAM, SPEC = FOLDER / "stripe-mock", FOLDER / "spec3.json"

_PATIENCE = 600.0  # seconds, for a download over a slow line
_ADDRESS = re.compile(r"HTTP at address: (127\.0\.0\.1:\d+)\n")


class Unavailable(Exception):
    """The validator is not available here; the message is the reason."""


def fetch() -> None:
    """Put the program and its spec into FOLDER, unless they are there; raise Unavailable."""
    if PROGRAM.exists() and SPEC.exists():
        return
    if not shutil.which("go"):
        raise Unavailable("Go is not installed")
    FOLDER.mkdir(parents=True, exist_ok=True)
    _go("install", f"{MODULE}@{VERSION}")
    module = json.loads(_go("mod", "download", "-json", f"{MODULE}@{VERSION}"))
    shutil.copyfile(Path(module["Dir"]) / "embedded" / "openapi" / SPEC.name, SPEC)


def _go(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["go", *arguments],
            cwd=FOLDER,
            env={**os.environ, "GOBIN": str(FOLDER)},
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
        )
    except subprocess.TimeoutExpired:
        raise Unavailable(f"`go {arguments[0]}` took longer than {_PATIENCE:g} seconds") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise Unavailable(f"`go {' '.join(arguments)}` failed: {said[-1] if said else 'it did not say why'}")
    return done.stdout


@dataclass(frozen=True)
class Validator:
    """The validator being served at ``url``."""

    url: str
    session: requests.Session

    def refusal(self, endpoint: str, query: str = "", body: str = "") -> str | None:
        """Return the validator's error for a request; None if it passes. It accepts every id."""
        method, path = endpoint.split()
        answer = self._ask(method, path.replace("{id}", "id"), query, body)
        return None if answer.status_code == 200 else f"{answer.status_code} {answer.json()['error']['message']}"

    def example(self, path: str) -> dict[str, Any]:
        """The object at a path, the same one whatever its id."""
        found: dict[str, Any] = self._ask("GET", path).json()
        return found

    def _ask(self, method: str, path: str, query: str = "", body: str = "") -> requests.Response:
        headers = {"Authorization": "Bearer sk_test_contract", "Content-Type": "application/x-www-form-urlencoded"}
        url = f"{self.url}{path}?{query}" if query else f"{self.url}{path}"
        return self.session.request(method, url, data=body.encode(), headers=headers, timeout=30)


@contextmanager
def running() -> Iterator[Validator]:
    """Serve the validator for as long as the block lasts."""
    anywhere = "127.0.0.1:0"  # both addresses are named; otherwise they would be open to the whole network
    command = [str(PROGRAM), "-http-addr", anywhere, "-https-addr", anywhere]
    with (
        tempfile.NamedTemporaryFile("w+") as log,  # it prints a line for each request, which would fill a pipe
        subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT) as process,
        requests.Session() as session,
    ):
        try:
            session.trust_env = False
            yield Validator(f"http://{_address(process, Path(log.name))}", session)
        finally:
            process.terminate()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    while (found := _ADDRESS.search(log.read_text(encoding="utf-8"))) is None:
        assert process.poll() is None, log.read_text(encoding="utf-8")
        time.sleep(0.02)
    return found[1]


def main() -> int:
    """Fetch the validator; if it is not available, print this clearly and return 3."""
    try:
        fetch()
    except Unavailable as why:
        print(f"NOT CHECKED: no request was shown to Stripe's own validator: {why}.")
        print(
            "             It is fetched with Go, from Go's module proxy. Where both are there, run `make contract`."
        )
        return 3
    print(f"Stripe's own validator is there: stripe-mock {VERSION}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
