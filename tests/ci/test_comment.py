"""The comment's token is sent to this API only, and every wrong answer is a warning and not a failure."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.ci.github_api import GitHub, github
from tests.ci.runner import ROOT

MARKER = "<!-- promosync plan of promosync.json 0123456789ab -->"
TOKEN = "ghs_do_not_tell"
COMMIT = "0123456789abcdef0123456789abcdef01234567"

Raw = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def serving(answer: Raw, bodies: list[bytes] | None = None) -> Iterator[tuple[str, list[str]]]:
    """Answer every request in one way; yield the address, and the requests with their tokens.

    ``bodies`` is given what they brought.
    """
    came: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if bodies is not None:
                bodies.append(body)
            came.append(f"{self.command} {self.path} {self.headers.get('Authorization')}")
            answer(self)

        do_GET = do_POST = do_PATCH = do_PUT = handle_any

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", came
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def says(status: int, raw: bytes, length: int | None = None, **headers: str) -> Raw:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(raw) if length is None else length))
        handler.end_headers()
        handler.wfile.write(raw)

    return answer


def comment(folder: Path, *options: str, **env: str) -> str:
    """Run it as a job does; return its output. It must always end with 0 and without a traceback."""
    report = folder / "report.md"
    report.write_text(f"{MARKER}\n### promosync: changes to Stripe\n", encoding="utf-8")
    script = str(ROOT / "action" / "comment.py")
    done = subprocess.run(
        [sys.executable, "-I", script, *options, "--", "7", str(report)],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert TOKEN not in done.stdout
    return done.stdout


def on_github(url: str) -> dict[str, str]:
    return {"GITHUB_API_URL": url, "GITHUB_REPOSITORY": "me/shop", "GITHUB_TOKEN": TOKEN}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(tmp_path: Path, status: int) -> None:
    """No other host and no other port gets the token."""
    with (
        serving(says(200, b"[]")) as (elsewhere, came),
        serving(says(status, b"", Location=elsewhere)) as (url, asked),
    ):
        said = comment(tmp_path, **on_github(url))
    assert asked
    assert came == []
    assert f"refused it ({status})" in said


ANSWERS: dict[str, Raw] = {
    "cut": says(200, b'{"login": "a', length=100),
    "no JSON": says(200, b"<html>We are down</html>"),
    "nothing": says(200, b""),
    "no UTF-8": says(200, b'"\xff"'),
    "deep": says(200, b"[" * 100_000),
    "a text": says(200, b'"no"'),
    "null": says(200, b"null"),
    "a list of what is no comment": says(200, b"[null, 1]"),
    "a comment without an id": says(200, b'[{"body": "x"}]'),
    "an error": says(500, b"oops"),
    "no HTTP": lambda handler: handler.wfile.writelines([b"SSH-2.0\r\n"]),
    "a connection that ends": lambda handler: handler.connection.close(),
}


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("known", [False, True], ids=["the first answer", "the second"])
def test_an_answer_that_is_none_is_a_warning(tmp_path: Path, name: str, known: bool) -> None:
    """Wrong answers to the request for the user, and to the request for the comments."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        good = known and handler.path == "/user"
        (says(200, b'{"login": "ann"}') if good else ANSWERS[name])(handler)

    with serving(answer) as (url, _):
        said = comment(tmp_path, **on_github(url))
    assert said.startswith("::warning title=promosync::the plan is not in a comment: GitHub ")


def test_endless_pages_end(tmp_path: Path) -> None:
    """An API with a full page for every page number is not read without end."""
    page = json.dumps([{"id": 1, "body": "", "user": {}}] * 100).encode()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        says(200, b'{"login": "ann"}' if handler.path == "/user" else page)(handler)

    with serving(answer) as (url, came):
        comment(tmp_path, **on_github(url))
    assert 50 < len(came) < 200


def test_without_a_token_or_a_report_there_is_no_comment(tmp_path: Path) -> None:
    assert "there is no token" in comment(tmp_path, GITHUB_REPOSITORY="me/shop")
    with github() as hub:
        (tmp_path / "report.md").write_text("", encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-I", str(ROOT / "action" / "comment.py"), "7", str(tmp_path / "nothing.md")],
            env=on_github(hub.url),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert "there is no report" in done.stdout
        assert not hub.comments


def test_a_merge_request_gets_its_note(tmp_path: Path) -> None:
    """A merge request in GitLab gets one note, like a pull request: the next run edits it, and no other note."""
    notes: list[dict[str, Any]] = [{"id": 1, "body": f"{MARKER}\nspoofed", "author": {"username": "mallory"}}]

    def answer(handler: BaseHTTPRequestHandler) -> None:
        assert handler.headers["PRIVATE-TOKEN"] == TOKEN
        path, _, query = handler.path.partition("?")
        if path == "/api/v4/user":
            return says(200, b'{"username": "project_5_bot"}')(handler)
        if handler.command == "GET":
            assert (path, query) == ("/api/v4/projects/5/merge_requests/7/notes", "per_page=100&page=1")
        return says(200 if handler.command == "GET" else 201, json.dumps(notes).encode())(handler)

    with serving(answer) as (url, came):
        env = {
            "GITLAB_CI": "true",
            "CI_API_V4_URL": f"{url}/api/v4",
            "CI_PROJECT_ID": "5",
            "CI_JOB_URL": "https://gitlab.example/me/shop/-/jobs/99",
            "CI_COMMIT_SHA": COMMIT,
            "GITLAB_TOKEN": TOKEN,
        }
        assert comment(tmp_path, **env) == ""
        notes.append({"id": 2, "body": f"{MARKER}\nolder", "author": {"username": "project_5_bot"}})
        assert comment(tmp_path, **env) == ""
        notes.pop()
        assert comment(tmp_path, "--only-edit", **env) == ""
    writes = [line.split()[:2] for line in came if not line.startswith("GET")]
    assert writes == [
        ["POST", "/api/v4/projects/5/merge_requests/7/notes"],
        ["PUT", "/api/v4/projects/5/merge_requests/7/notes/2"],
    ]


def test_what_it_is_about_is_never_markup(tmp_path: Path) -> None:
    """A commit or an address that is not valid is left out."""
    with github() as hub:
        env = {
            "COMMIT": "[x](y)",
            "GITHUB_SERVER_URL": "javascript:alert(1)",
            "GITHUB_RUN_ID": "1",
        }
        hub.token = TOKEN
        comment(tmp_path, **on_github(hub.url), **env)
        last = hub.comments[0]["body"].rstrip().splitlines()[-1]
    assert "[" not in last
    assert last.endswith(" UTC")


def test_the_hub_is_one(tmp_path: Path) -> None:
    """Checks the test's own server: with good answers the comment is written, so the warnings above are real."""
    with github() as hub:
        hub.token = TOKEN
        assert isinstance(hub, GitHub)
        assert comment(tmp_path, **on_github(hub.url)) == ""
        assert len(hub.comments) == 1
