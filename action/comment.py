"""Writes a report into a comment on a pull or merge request: edits the comment of an earlier run, or makes a new one.

Usage: comment.py NUMBER REPORT [--name NAME] [--only-edit]. The first line of the report is a hidden marker, which
identifies the comment; NAME separates several comments on one configuration. Only a comment of the token's own user
is edited, because anybody can write the marker, and the author of a comment can change its text. With ``--only-edit``
no new comment is made. The comment ends with the commit, the run and the time.

In a job of GitHub the token is ``GITHUB_TOKEN``. In a job of GitLab it is ``GITLAB_TOKEN``, an access token of the
project with the scope `api`, because the job's own token may not comment. The job shows the report too, so a token
that may not comment (a fork has none) is a warning and not a failure.

It needs no installed package, not even promosync.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from http.client import HTTPException
from pathlib import Path
from typing import Any

PAGE = 100
MOST_PAGES = 100
LONGEST = 32_000_000
"""Bytes of an answer; a page of the longest comments has a quarter of that."""
MARKER = "<!-- promosync "


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Write the comment; return the exit code, which is 0 whatever the API answers."""
    parser = argparse.ArgumentParser(prog="comment.py", allow_abbrev=False)
    parser.add_argument("number", type=int)
    parser.add_argument("report", type=Path)
    parser.add_argument("--name", default="")
    parser.add_argument("--only-edit", action="store_true")
    given = parser.parse_args(arguments)
    place = gitlab(environ, given.number) if environ.get("GITLAB_CI") else github(environ, given.number)
    if not place.token:
        return told(place, "there is no token")
    try:
        marker, _, text = given.report.read_text(encoding="utf-8").partition("\n")
    except (OSError, ValueError):
        marker = text = ""
    if not marker.startswith(MARKER):
        return told(place, "there is no report")
    if given.name:
        name = "".join(sign if sign.isalnum() else "-" for sign in given.name)
        marker = marker.replace(" -->", f" {name} -->")
    body = {"body": f"{marker}\n{text.rstrip()}\n\n{about(place)}\n"}
    try:
        there = find(place, marker)
        if there is not None:
            place.call(place.edit, place.one.format(there), body)
        elif not given.only_edit:
            place.call("POST", place.all, body)
    except urllib.error.HTTPError as error:
        return told(place, f"{place.whose} refused it ({error.code})")
    except (OSError, ValueError, RecursionError, HTTPException) as error:
        return told(place, f"{place.whose} gave no answer that can be read ({type(error).__name__})")
    return 0


@dataclass(frozen=True)
class Place:
    """Where the comments of one request are. ``all`` and ``one`` are paths below ``api``; ``edit`` is a method."""

    whose: str
    api: str
    token: str
    headers: dict[str, str]
    all: str
    one: str
    edit: str
    author: str
    """The key of a comment's author; ``login`` is the key of the name in it."""
    login: str
    commit: str
    run: str

    def call(self, method: str, path: str, body: dict[str, str] | None = None) -> Any:
        """Send one request and return its answer. No redirect is followed, so only this API gets the token."""
        request = urllib.request.Request(  # noqa: S310 (the job's own API)
            self.api + path,
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={**self.headers, "Content-Type": "application/json", "User-Agent": "promosync"},
        )
        with urllib.request.build_opener(Stay).open(request, timeout=30) as answer:
            raw = answer.read(LONGEST + 1)
        if len(raw) > LONGEST:
            raise ValueError("the answer is too long")
        return json.loads(raw)


class Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: a redirect is an error with its status."""

    def redirect_request(self, *_: Any) -> None:
        """Return None: no other request is sent."""


def github(environ: Mapping[str, str], number: int) -> Place:
    """Return where the comments of a pull request are."""
    repository, token = environ.get("GITHUB_REPOSITORY", ""), environ.get("GITHUB_TOKEN", "")
    issues = f"/repos/{repository}/issues"
    return Place(
        whose="GitHub",
        api=environ.get("GITHUB_API_URL", "https://api.github.com"),
        token=token,
        headers={
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {token}",
            "X-GitHub-Api-Version": "2022-11-28",
        },
        all=f"{issues}/{number}/comments",
        one=f"{issues}/comments/{{}}",
        edit="PATCH",
        author="user",
        login="login",
        commit=environ.get("COMMIT") or environ.get("GITHUB_SHA", ""),
        run=f"{environ.get('GITHUB_SERVER_URL', '')}/{repository}/actions/runs/{environ.get('GITHUB_RUN_ID', '')}",
    )


def gitlab(environ: Mapping[str, str], number: int) -> Place:
    """Return where the notes of a merge request are."""
    token = environ.get("GITLAB_TOKEN", "")
    notes = f"/projects/{environ.get('CI_PROJECT_ID', '')}/merge_requests/{number}/notes"
    return Place(
        whose="GitLab",
        api=environ.get("CI_API_V4_URL", ""),
        token=token,
        headers={"PRIVATE-TOKEN": token},
        all=notes,
        one=f"{notes}/{{}}",
        edit="PUT",
        author="author",
        login="username",
        commit=environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or environ.get("CI_COMMIT_SHA", ""),
        run=environ.get("CI_JOB_URL", ""),
    )


def about(place: Place) -> str:
    """Return the line with the commit, the run and the time of a report."""
    said = []
    if re.fullmatch(r"[0-9a-f]{7,64}", place.commit):
        said.append(f"Commit {place.commit[:12]}")
    if re.fullmatch(r"https?://[\w.:/-]+/\d+", place.run):
        said.append(f"[run]({place.run})")
    now = datetime.now(timezone.utc)  # noqa: UP017 (Python 3.9 and 3.10, in a job that has not installed promosync)
    return ", ".join([*said, f"{now:%Y-%m-%d %H:%M} UTC"])


def find(place: Place, marker: str) -> int | None:
    """Return the id of our own comment that begins with the marker, or None."""
    ours = whose(place)
    for comment in comments(place):
        author = comment.get(place.author)
        if str(comment.get("body")).startswith(marker) and isinstance(author, dict) and ours(author):
            found: int = comment["id"]
            return found
    return None


def comments(place: Place) -> Iterator[dict[str, Any]]:
    """Yield the existing comments, page by page."""
    for page in range(1, MOST_PAGES + 1):
        found = place.call("GET", f"{place.all}?per_page={PAGE}&page={page}")
        if not isinstance(found, list) or not all(
            isinstance(one, dict) and isinstance(one.get("id"), int) for one in found
        ):
            raise ValueError("no list of comments")
        yield from found
        if len(found) < PAGE:
            return


def whose(place: Place) -> Callable[[dict[str, Any]], bool]:
    """Return a function that says whether a user is the token's own user; a job's own token writes as a bot."""
    try:
        user = place.call("GET", "/user")
    except urllib.error.HTTPError as error:
        if error.code not in (401, 403, 404):
            raise
        return lambda user: user.get("type") == "Bot"
    if not isinstance(user, dict) or not user.get(place.login):
        raise ValueError("no user")
    return lambda other: bool(other.get(place.login) == user[place.login])


def told(place: Place, why: str) -> int:
    """Print that there is no comment, as a warning that GitHub's runner shows."""
    start = "::warning title=promosync::" if place.whose == "GitHub" else "warning: "
    sys.stdout.write(f"{start}the plan is not in a comment: {why}. The job shows it.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
