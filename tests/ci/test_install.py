"""The action installs only the packages of its lock, and runs no code from the checkout."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from promosync.sandbox import Handle, running
from tests.ci.github_api import GitHub, github
from tests.ci.runner import ROOT, Job, read_yaml, use_action
from tests.ci.wheels import needed, pack

KEY = "rk_test_reader0123456789"
EVENT = {"pull_request": {"number": 7, "head": {"sha": "0" * 40, "repo": {"full_name": "me/shop"}}}}
SHOP = {"promosync": {"owner": "shop"}, "coupons": [{"id": "spring", "percent_off": 20, "duration": "once"}]}
MODULES = ("argparse", "json", "logging", "pip", "promosync", "sitecustomize", "subprocess", "usercustomize", "venv")


@pytest.fixture(scope="module")
def action(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The action as a runner fetches it, with a lock of wheels that are at hand."""
    place = tmp_path_factory.mktemp("fetched")
    for name in ("action.yml", "action"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, place / name)
    (place / "src").symlink_to(ROOT / "src")
    (place / "wheels").mkdir()
    (place / "action" / "requirements.txt").write_text(pack(place / "wheels"), encoding="utf-8")
    return place


@pytest.fixture
def stripe() -> Iterator[Handle]:
    with running() as handle:
        read = ["coupon", "promotion_code", "product", "customer", "connected_account"]
        handle.control.register_key(KEY, [f"{name}_read" for name in read])
        yield handle


@pytest.fixture
def hub() -> Iterator[GitHub]:
    with github() as served:
        yield served


def job(action: Path, folder: Path, stripe: Handle, hub: GitHub, env: Mapping[str, str]) -> Job:
    """Use the action in a checkout, with everything that it does by default."""
    workspace = folder / "shop"
    workspace.mkdir(exist_ok=True)
    (workspace / "promosync.json").write_text(json.dumps(SHOP), encoding="utf-8")
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(action / "wheels")}
    urls = {"GITHUB_API_URL": hub.url, "GITHUB_REPOSITORY": "me/shop", "STRIPE_API_BASE": stripe.url}
    return use_action(workspace, folder / "temp", {"stripe-api-key": KEY}, {**offline, **urls, **env}, EVENT, action)


@pytest.mark.parametrize("pointed_at", [False, True], ids=["the checkout alone", "variables that point at it"])
def test_nothing_of_a_hostile_checkout_is_run(
    action: Path, tmp_path: Path, stripe: Handle, hub: GitHub, pointed_at: bool
) -> None:
    """Modules that have the names of the standard library's, settings of pip, and variables that point at them."""
    workspace = tmp_path / "shop"
    (workspace / "bin").mkdir(parents=True)
    evil = f"open({str(tmp_path / 'pwned')!r}, 'a').write(__name__ + chr(10))\n"
    for name in MODULES:
        (workspace / f"{name}.py").write_text(evil, encoding="utf-8")
    (workspace / "evil.pth").write_text(f"import sys; {evil}", encoding="utf-8")
    (workspace / "requirements.txt").write_text("/nowhere/evil\n", encoding="utf-8")
    for name in ("pip.conf", "setup.cfg", ".pydistutils.cfg"):
        (workspace / name).write_text("[global]\nno-index = false\n[install]\nrequirement = requirements.txt\n")
    env = {
        "PYTHONPATH": str(workspace),
        "PYTHONSTARTUP": str(workspace / "json.py"),
        "PYTHONUSERBASE": str(workspace),
        "PYTHONHOME": str(workspace),
        "PIP_CONFIG_FILE": "pip.conf",
        "PIP_REQUIREMENT": "requirements.txt",
        "PIP_TARGET": str(workspace / "bin"),
        "PIP_REQUIRE_VIRTUALENV": "no",
    }
    before = sorted(workspace.rglob("*"))
    done = job(action, tmp_path, stripe, hub, env if pointed_at else {})
    assert not (tmp_path / "pwned").exists(), (tmp_path / "pwned").read_text(encoding="utf-8")
    assert done.code == 0, done.log
    assert done.outputs["changes"] == "true"
    assert "spring" in hub.comments[0]["body"]
    assert sorted({*before, workspace / "promosync.json"}) == sorted(workspace.rglob("*"))


def test_a_package_of_another_hash_is_not_installed(
    action: Path, tmp_path: Path, stripe: Handle, hub: GitHub
) -> None:
    """A package server cannot change a package."""
    place = tmp_path / "fetched"
    shutil.copytree(action, place, symlinks=True)
    lock = place / "action" / "requirements.txt"
    lock.write_text(re.sub(r"(typer==.*sha256:).{8}", r"\g<1>00000000", lock.read_text()), encoding="utf-8")
    done = job(place, tmp_path, stripe, hub, {})
    assert done.code == 1
    assert "DO NOT MATCH THE HASHES" in done.log
    assert "::error title=promosync::" in done.log
    assert len(done.ran) == 1


def locked() -> dict[str, list[str]]:
    """The lock as it is used: each requirement, and its hashes."""
    text = (ROOT / "action" / "requirements.txt").read_text(encoding="utf-8")
    found = {}
    for entry in re.split(r"\n(?=\S)", text.strip()):
        requirement, *hashes = (part.strip() for part in entry.replace("\\\n", "").split("--hash="))
        found[requirement] = hashes
    return found


def test_the_lock_pins_everything() -> None:
    """Each package that promosync needs here and what those need, by version and hash, within the bounds."""
    pins = {}
    for line, hashes in locked().items():
        one = Requirement(line)
        [pin] = one.specifier
        assert (pin.operator, one.url) == ("==", None), line
        assert hashes
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes), line
        pins[one.name] = pin.version
    assert set(needed()) <= set(pins)
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for line in project["dependencies"]:
        wanted = Requirement(line)
        assert wanted.specifier.contains(pins[wanted.name]), f"{line}: the lock has {pins[wanted.name]}; make lock"


def test_python_is_isolated_wherever_the_action_calls_it() -> None:
    """Every step starts Python with -I, because a step runs in the checkout."""
    scripts = "\n".join(step["run"] for step in read_yaml(ROOT / "action.yml")["runs"]["steps"])
    calls = re.findall(r"\b(?:python[\d.]*|pip[\d.]*|uvx?|pipx)\b(?! -I \"\$GITHUB_ACTION_PATH/action/).*", scripts)
    assert calls == []
    assert scripts.count("python3 -I") == 2
