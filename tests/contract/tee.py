"""A pytest plugin that writes requests and answers of sandboxes to a file: ``-p tests.contract.tee --tee FILE``."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator
from pathlib import Path

import pytest

from promosync.sandbox import Request, Response, Sandbox
from promosync.sandbox.control import PREFIX

from .exchange import Exchange


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--tee", type=Path, required=True, help="the file that is to hold the exchanges, one a line")


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    lock, handle = threading.Lock(), Sandbox.handle
    with session.config.getoption("--tee").open("w", encoding="utf-8") as file, pytest.MonkeyPatch.context() as patch:

        def noting(sandbox: Sandbox, request: Request) -> Response:
            response = handle(sandbox, request)
            if not request.path.startswith(PREFIX):
                exchange = Exchange.of(request, response, os.environ.get("PYTEST_CURRENT_TEST", ""))
                with lock:
                    file.write(exchange.as_line())
            return response

        patch.setattr(Sandbox, "handle", noting)
        return (yield)
