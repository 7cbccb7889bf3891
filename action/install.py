"""Installs promosync and its packages into a folder: each package by version and hash, and no others.

Usage: python3 -I install.py FOLDER. Then the command is `FOLDER/bin/promosync`. The action, the container image and
the pipeline for GitLab use it. promosync itself is not copied: it runs from this checkout, so its version is the
commit of this checkout.

The working folder may contain files of a stranger (a `pip.py`, a `pip.conf`); none of them is read. Mirrors, proxies
and certificates of the machine or the job are used: the hashes make sure that the packages are the right ones.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

LOCK = Path(__file__).resolve().with_name("requirements.txt")
SOURCE = LOCK.parents[1] / "src"

OF_THE_NETWORK = {
    f"PIP_{name}"
    for name in ("CERT", "CLIENT_CERT", "EXTRA_INDEX_URL", "FIND_LINKS", "INDEX_URL", "NO_INDEX", "PROXY", "TIMEOUT")
}
"""Variables that pip may read. Others (`PIP_REQUIREMENT`, `PIP_CONFIG_FILE`) could name other packages."""


def main(name: str) -> int:
    """Make the folder; return the exit code."""
    if sys.version_info < (3, 11):  # noqa: UP036 (any Python may call it)
        return told("it needs Python 3.11 or newer: use actions/setup-python before it")
    folder = Path(name).resolve()
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    pip = [str(python), "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    exactly = ["--require-hashes", "--only-binary", ":all:", "--requirement", str(LOCK)]
    done = subprocess.run([*pip, *exactly], cwd=folder, env=environment(), check=False)  # noqa: S603
    if done.returncode:
        return told("its packages could not be installed: see the message of pip")
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)}))
    (packages / "promosync.pth").write_text(f"{SOURCE}\n", encoding="utf-8")
    command = folder / "bin" / "promosync"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(str(python))} -I -m promosync "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    return 0


def environment() -> dict[str, str]:
    """Return the environment without variables that could load other code."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in OF_THE_NETWORK or not name.startswith(("PIP_", "PYTHON"))
    }


def told(why: str) -> int:
    """Print why promosync was not installed, as an error that GitHub's runner shows; return the exit code."""
    start = "::error title=promosync::" if os.environ.get("GITHUB_ACTIONS") == "true" else "error: "
    sys.stdout.write(f"{start}{why}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
