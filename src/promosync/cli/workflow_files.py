"""The jobs that `promosync init --ci` writes: the examples, with the names filled in."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from promosync.model.problems import Problem, ProblemsFound

EXAMPLE = "OWNER/promosync"
"""The placeholder in the examples for the repository of promosync; that for the commit is ``COMMIT``."""


class Ci(StrEnum):
    """The CI systems whose jobs can be written."""

    GITHUB = "github"
    GITLAB = "gitlab"


def workflow_files(ci: Ci, uses: str | None) -> dict[Path, str]:
    """Return the files of one kind of CI by their paths from the root of a repository.

    ``uses`` is ``owner/name@commit``; None for the commit from which promosync was installed.
    """
    repository, _, commit = (uses or origin() or "").partition("@")
    if not re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", f"{repository}@{commit}"):
        fault = (
            f"--uses {uses} is no owner, name and commit" if uses else "which promosync the jobs fetch is not known"
        )
        way = f"add --uses {EXAMPLE}@ and the 40 digits of a commit, that of a release"
        raise ProblemsFound([Problem((), fault, way, rule="init")])
    folder = examples() / "ci" / ci
    names = {file: file.relative_to(folder) for file in sorted(folder.rglob("*.yml"))}
    return {
        Path(".github", "workflows", f"promosync-{name}") if ci is Ci.GITHUB else name: (
            re.sub(r"\bCOMMIT\b", commit, file.read_text(encoding="utf-8"))
            .replace(EXAMPLE, repository)
            .replace(f"workflows/{name}", f"workflows/promosync-{name}")
        )
        for file, name in names.items()
    }


def origin() -> str | None:
    """Return ``owner/name@commit`` where promosync was installed from a commit on GitHub, as pip and uv record it.

    Source: https://packaging.python.org/en/latest/specifications/direct-url/
    """
    try:
        known = json.loads(distribution("promosync").read_text("direct_url.json") or "{}")
    except PackageNotFoundError:
        return None
    place = re.fullmatch(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?", known.get("url", ""))
    commit = known.get("vcs_info", {}).get("commit_id")
    return f"{place[1]}@{commit}" if place and commit else None


def examples() -> Path:
    """Return the folder of the examples, in the installed package or in the source tree."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "examples"
    return installed if installed.is_dir() else package.parents[1] / "examples"
