"""If no browser can be installed, this is printed, and it is not a failure."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .chromium import main

APT = """#!/bin/sh
echo "$@" >> "{log}"
case $1 in
  update) exit {update} ;;
  install) printf '#!/bin/sh\\nexit {starts}\\n' > "{bin}/chromium"; chmod +x "{bin}/chromium" ;;
esac
"""


@pytest.mark.parametrize(
    ("user", "update", "starts", "code", "said"),
    [
        (0, 0, 0, 0, "are looked at in a browser"),
        (0, 100, 0, 3, "`apt-get update` failed"),
        (0, 0, 1, 3, "chromium --version` failed"),
        (1000, 0, 0, 3, "only by root"),
    ],
    ids=["installed", "no network", "does not start", "not root"],
)
def test_it_is_installed_where_it_may_be(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    user: int,
    update: int,
    starts: int,
    code: int,
    said: str,
) -> None:
    """By root, with apt-get, and only chromium; otherwise it prints `NOT CHECKED` and the reason."""
    bin, log = tmp_path / "bin", tmp_path / "log"
    bin.mkdir()
    apt = bin / "apt-get"
    apt.write_text(APT.format(log=log, bin=bin, update=update, starts=starts))
    apt.chmod(0o755)
    (bin / "chmod").symlink_to("/bin/chmod")
    monkeypatch.setenv("PATH", str(bin))
    monkeypatch.delenv("TEST_BROWSER", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert main([]) == 3, "none is installed unless it is asked for"
    assert not log.exists()
    capsys.readouterr()
    assert main(["--install"]) == code
    out = capsys.readouterr().out
    assert said in out
    assert ("NOT CHECKED" in out) == (code == 3)
    if user == 0 and not update:
        assert log.read_text().splitlines() == ["update", "install --yes --no-install-recommends chromium"]
