"""Lists everything that is missing before a version can be released, from the version and the changelog.

Usage: release.py [--tag TAG] [--notes]. With ``--tag`` the tag exists already, and must be the tag of the version.
``--notes`` prints the version's section of the changelog instead.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: list[str]) -> int:
    """Return the exit code: 1 if something is missing."""
    parser = argparse.ArgumentParser(prog="release.py")
    parser.add_argument("--tag", default="")
    parser.add_argument("--notes", action="store_true")
    given = parser.parse_args(arguments)
    version = version_of()
    if given.notes:
        sys.stdout.write(f"{sections().get(version, '')}\n")
        return 0
    lines = list(missing(version, given.tag))
    if lines:
        sys.stdout.write("".join(f"missing: {line}\n" for line in lines))
        return 1
    how = "" if given.tag else f" Release it with: git tag --sign v{version} && git push origin v{version}"
    sys.stdout.write(f"Version {version} has all that a release needs.{how}\n")
    return 0


def missing(version: str, tag: str) -> Iterator[str]:
    """Yield everything that prevents a release."""
    found = sections()
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        yield f"__version__ is {version}, but must be three numbers"
    if version not in found:
        yield f"CHANGELOG.md has no heading: ## [{version}] - YYYY-MM-DD"
    elif not found[version]:
        yield f"CHANGELOG.md has no changes under [{version}]"
    elif next(iter(found)) != version and list(found)[:2] != ["Unreleased", version]:
        yield f"CHANGELOG.md has a version that is newer than {version}"
    if found.get("Unreleased"):
        yield "CHANGELOG.md has changes under [Unreleased]: move them to a version"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    if f"promosync@v{version}" not in readme:
        yield f"README.md and docs/ do not name v{version} in their install commands"
    if "OWNER/promosync" in readme:
        yield "the owner of the repository is not named: run make owner OWNER=name"
    if tag:
        if tag != f"v{version}":
            yield f"the tag is {tag}, but the version is {version}"
    elif git("tag", "--list", f"v{version}"):
        yield f"the tag v{version} exists already: increase __version__ in src/promosync/__init__.py"
    if git("status", "--porcelain"):
        yield "there are changes that are not committed"


def version_of() -> str:
    """Return the version of the package."""
    text = (ROOT / "src" / "promosync" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "(.*)"$', text, re.MULTILINE)
    return found[1] if found else "not found"


def sections() -> dict[str, str]:
    """Return the section of each version in the changelog, the newest first."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    heading = r"^## \[(Unreleased|\d+\.\d+\.\d+)\](?: - \d{4}-\d{2}-\d{2})?$"
    _, *parts = re.split(heading, text, flags=re.MULTILINE)
    return {name: body.strip() for name, body in zip(parts[::2], parts[1::2], strict=True)}


def git(*arguments: str) -> str:
    """Return the output of a git command in this repository."""
    return subprocess.run(  # noqa: S603
        ["git", *arguments],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
