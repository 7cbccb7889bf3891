"""Files of a checkout cannot change or show anything outside the checkout."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from promosync.config import Refused, read_file

from .conftest import SHOP, Cli, cli, folder, write

__all__ = ["cli", "folder"]

SECRET = "s3cret-that-lies-elsewhere"
NAMES = ("sandbox.db", "sandbox.db-wal", "sandbox.db-shm", "sandbox.db-journal")


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("elsewhere")


@pytest.mark.parametrize("target", ["there", "nothing"])
@pytest.mark.parametrize("name", NAMES)
def test_a_sandbox_that_is_a_link_is_refused(cli: Cli, elsewhere: Path, name: str, target: str) -> None:
    """The file, and each that SQLite keeps beside it; wherever the link leads."""
    (elsewhere / "there").write_bytes(b"mine")
    Path(".promosync").mkdir()
    Path(".promosync", name).symlink_to(elsewhere / target)
    for arguments in (("plan", "--sandbox"), ("apply", "--sandbox", "--yes"), ("sandbox", "reset")):
        result = cli(*arguments)
        assert result.code == 1
        assert "is a symbolic link" in result.err
    assert [path.read_bytes() for path in elsewhere.iterdir()] == [b"mine"]


@pytest.mark.parametrize("target", ["there", "nothing"])
def test_nor_may_its_folder_be_one(cli: Cli, elsewhere: Path, target: str) -> None:
    (elsewhere / "there").mkdir()
    Path(".promosync").symlink_to(elsewhere / target, target_is_directory=True)
    result = cli("plan", "--sandbox")
    assert result.code == 1
    assert ".promosync is a symbolic link" in result.err
    assert list(elsewhere.rglob("*")) == [elsewhere / "there"]


def test_nothing_is_written_through_its_gitignore(cli: Cli, elsewhere: Path) -> None:
    Path(".promosync").mkdir()
    Path(".promosync/.gitignore").symlink_to(elsewhere / "nothing")
    assert cli("plan", "--sandbox").code == 0
    assert list(elsewhere.iterdir()) == []


def by_file(elsewhere: Path) -> str:
    Path("link.json").symlink_to(elsewhere / "secret.json")
    return "link.json"


def by_relative(elsewhere: Path) -> str:
    Path("link.json").symlink_to(os.path.relpath(elsewhere / "secret.json"))
    return "./link.json"


def by_folder(elsewhere: Path) -> str:
    Path("shop").symlink_to(elsewhere, target_is_directory=True)
    return "shop/secret.json"


def by_all_of_a_folder(elsewhere: Path) -> str:
    Path("shop").symlink_to(elsewhere, target_is_directory=True)
    return "shop"


def by_two(elsewhere: Path) -> str:
    Path("between").symlink_to(elsewhere / "secret.json")
    Path("link.json").symlink_to("between")
    return str(Path("link.json").absolute())


def beside_another(elsewhere: Path) -> str:
    Path("shop").mkdir()
    write(SHOP, "shop/a.json")
    Path("shop/b.json").symlink_to(elsewhere / "secret.json")
    return "shop"


@pytest.mark.parametrize(
    "text", [SECRET, f'{{"coupons": "{SECRET}"}}', f'{{"promosync": {{"owner": "{SECRET} !"}}}}']
)
@pytest.mark.parametrize("way", [by_file, by_relative, by_folder, by_all_of_a_folder, by_two, beside_another])
def test_a_configuration_that_leads_out_is_not_read(
    cli: Cli, elsewhere: Path, way: Callable[[Path], str], text: str
) -> None:
    """No error quotes the content of the file, in any format, or says whether it is JSON."""
    (elsewhere / "secret.json").write_text(text, encoding="utf-8")
    name = way(elsewhere)
    for output in ("text", "json", "github", "sarif"):
        result = cli("validate", name, "--format", output, env={"GITHUB_STEP_SUMMARY": "summary"})
        assert result.code == 1
        told = result.out + result.err + Path("summary").read_text(encoding="utf-8")
        assert "a link that leads out of its folder" in told
        assert "s3cret" not in told
    assert "s3cret" not in cli("plan", name, "--sandbox", "--debug").err


def test_a_link_within_is_followed(cli: Cli, elsewhere: Path) -> None:
    """Between the folders of a repository; and from a folder elsewhere that somebody names, as in a container."""
    Path("shop").mkdir()
    Path("shop/link.json").symlink_to("../promosync.json")
    assert cli("validate", "shop/link.json").code == 0
    (elsewhere / "..data").mkdir()
    write(SHOP, str(elsewhere / "..data" / "promosync.json"))
    (elsewhere / "promosync.json").symlink_to("..data/promosync.json")
    assert cli("validate", str(elsewhere / "promosync.json")).code == 0
    assert cli("validate", str(elsewhere / "..data" / "promosync.json")).code == 0


def test_a_link_of_the_systems_own_is_no_checkouts(tmp_path: Path) -> None:
    """`promosync validate <(make-it)` and `/dev/stdin` are read."""
    reading, writing = os.pipe()
    os.write(writing, b'{"coupons": []}')
    os.close(writing)
    assert read_file(f"/dev/fd/{reading}", io.BytesIO()) == b'{"coupons": []}'
    os.close(reading)


def test_a_loop_of_links_is_told(folder: Path) -> None:
    Path("loop.json").symlink_to("loop.json")
    with pytest.raises(Refused, match="cannot be read"):
        read_file("loop.json")
