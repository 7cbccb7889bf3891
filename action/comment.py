"""Puts a report on a pull request: into the comment that an earlier run left there, or into a new one.

Usage: comment.py NUMBER REPORT [NAME]. The first line of the report is a hidden marker, by which the comment is found
again; NAME tells several comments on one configuration apart. Only a comment of our own is edited: anybody can write
the marker, and whoever wrote a comment can change what it says. The report is in the summary of the job as well, so a
token that may not comment (that of a pull request from a fork) is a warning and no failure.

It needs nothing installed, promosync neither.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

PAGE = 100
MARKER = "<!-- promosync "


def main(number: str, report: str, name: str = "") -> int:
    """Write the comment; return the exit code, which is 0 whatever GitHub says."""
    marker, _, text = Path(report).read_text(encoding="utf-8").partition("\n")
    if not marker.startswith(MARKER):
        return told("there is no report")
    if name:
        marker = marker.replace(" -->", f" {''.join(sign if sign.isalnum() else '-' for sign in name)} -->")
    body = {"body": f"{marker}\n{text}"}
    issues = f"/repos/{os.environ['GITHUB_REPOSITORY']}/issues"
    comments = f"{issues}/{int(number)}/comments"
    try:
        there = find(comments, marker)
        if there is None:
            call("POST", comments, body)
        else:
            call("PATCH", f"{issues}/comments/{there}", body)
    except (OSError, ValueError) as error:
        return told(f"GitHub refused it ({getattr(error, 'code', type(error).__name__)})")
    return 0


def find(comments: str, marker: str) -> int | None:
    """Return the id of our own comment that begins with the marker, or None."""
    ours = whose()
    page = 1
    while True:
        found = call("GET", f"{comments}?per_page={PAGE}&page={page}")
        for comment in found:
            if (comment["body"] or "").startswith(marker) and ours(comment["user"] or {}):
                return int(comment["id"])
        if len(found) < PAGE:
            return None
        page += 1


def whose() -> Callable[[dict[str, Any]], bool]:
    """Return what tells whether a user is who the token writes as; a job's own token writes as a bot."""
    try:
        login = call("GET", "/user")["login"]
    except urllib.error.HTTPError as error:
        if error.code not in (401, 403, 404):
            raise
        return lambda user: user.get("type") == "Bot"
    return lambda user: user.get("login") == login


def call(method: str, path: str, body: dict[str, str] | None = None) -> Any:
    """Send one request to GitHub and return its answer."""
    request = urllib.request.Request(  # noqa: S310 (the runner's own API)
        os.environ.get("GITHUB_API_URL", "https://api.github.com") + path,
        data=None if body is None else json.dumps(body).encode(),
        method=method,
        headers={
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}",
            "Content-Type": "application/json",
            "User-Agent": "promosync",
            "X-GitHub-Api-Version": "2022-11-28",
        },
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.load(answer)


def told(why: str) -> int:
    """Say that there is no comment, in a way that the runner shows."""
    sys.stdout.write(f"::warning title=promosync::the plan is not in a comment: {why}. The job's summary has it.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
