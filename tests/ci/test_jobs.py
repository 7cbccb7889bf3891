"""The scripts of the jobs do what they are there for: those that can be run here are run, against local servers."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from promosync.sandbox import Handle, running
from tests.ci.runner import ROOT, read_yaml
from tests.ci.test_comment import says, serving
from tests.ci.wheels import pack
from tests.test_house import tracked

READER, WRITER = "rk_test_reader0123456789", "rk_test_writer0123456789"
READ = ["coupon_read", "promotion_code_read", "product_read", "customer_read", "connected_account_read"]
GITLAB = read_yaml(ROOT / "examples" / "ci" / "gitlab" / ".gitlab-ci.yml")
DRIFT = read_yaml(ROOT / "examples" / "ci" / "github" / "drift.yml")
SHOP = {
    "promosync": {"owner": "shop"},
    "coupons": [{"id": "spring", "percent_off": 20, "duration": "once"}],
    "promotion_codes": [{"id": "launch", "code": "LAUNCH20", "coupon": "spring"}],
}


@pytest.fixture
def stripe() -> Iterator[Handle]:
    with running() as handle:
        handle.control.register_key(READER, READ)
        handle.control.register_key(WRITER, [*READ, "coupon_write", "promotion_code_write"])
        yield handle


@pytest.fixture
def checkout(tmp_path: Path, forked: Path) -> Path:
    """A folder with a configuration in it, beside the one in which promosync is installed."""
    (tmp_path / "installed").mkdir()
    (tmp_path / "installed" / "bin").symlink_to(forked.parent)
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "promosync.json").write_text(json.dumps(SHOP), encoding="utf-8")
    return folder


def run(script: str, folder: Path, env: Mapping[str, str]) -> tuple[int, str]:
    """Run a script as both systems do: stop at the first command that fails."""
    places = (str(folder.parent / "installed" / "bin"), sysconfig.get_path("scripts"), os.environ["PATH"])
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script],
        cwd=folder,
        env={"PATH": os.pathsep.join(places), "HOME": str(folder), **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout


def gitlab(job: str, folder: Path, stripe: Handle, **env: str) -> tuple[int, str]:
    """Run a job of the pipeline; `$NAME` in its variables is one of the project's, as in GitLab."""
    variables = {name: env.get(text[1:], text) for name, text in GITLAB[job].get("variables", {}).items()}
    variables = {name: text.replace("/opt/", f"{folder.parent}/") for name, text in variables.items()}
    script = "\n".join(GITLAB[job]["script"]).replace("/opt/promosync", str(ROOT))
    return run(script, folder, {"STRIPE_API_BASE": stripe.url, "GITLAB_CI": "true", **env, **variables})


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[Any]]]:
    """A chat that takes messages in Slack's form, and keeps them."""
    told: list[Any] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        says(200, b"ok")(handler)

    with serving(answer, told) as (url, _):
        yield f"{url}/services/T0/B0/secret", told


def test_drift_is_told(checkout: Path, webhook: tuple[str, list[Any]]) -> None:
    """The step posts a text that leads to the run, and the job fails with 2; without an address it only fails."""
    url, told = webhook
    step = DRIFT["jobs"]["drift"]["steps"][-1]
    assert step["if"] == "steps.promosync.outputs.changes == 'true'"
    link = "https://github.example/me/shop/actions/runs/42"
    assert set(step["env"]) == {"WEBHOOK", "RUN"}
    code, log = run(step["run"], checkout, {"WEBHOOK": url, "RUN": link})
    assert (code, log) == (2, "")
    assert [json.loads(one) for one in told] == [{"text": f"Stripe is not as promosync.json says: {link}"}]
    assert run(step["run"], checkout, {"WEBHOOK": "", "RUN": link}) == (2, "")
    assert len(told) == 1


def test_a_chat_that_is_away_hides_no_drift(checkout: Path) -> None:
    """The job fails all the same, and the address, which is a secret, is in no log."""
    step = DRIFT["jobs"]["drift"]["steps"][-1]
    with serving(says(404, b"no_service")) as (url, _):
        code, log = run(step["run"], checkout, {"WEBHOOK": f"{url}/secret", "RUN": "https://x.example/1"})
    assert code not in (0, 1)
    assert "404" in log
    assert "secret" not in log


def test_gitlab_tells_of_drift(checkout: Path, stripe: Handle, webhook: tuple[str, list[Any]]) -> None:
    """Of drift only: nothing is told where Stripe holds what the file says, nor where it cannot be asked."""
    url, told = webhook
    env = {"DRIFT_WEBHOOK": url, "CI_JOB_URL": "https://gitlab.example/me/shop/-/jobs/99"}
    code, log = gitlab("drift", checkout, stripe, STRIPE_READ_KEY=READER, **env)
    assert code == 2, log
    assert [json.loads(one)["text"].split()[-1] for one in told] == [env["CI_JOB_URL"]]
    plan = run("promosync plan --out plan.json", checkout, {"STRIPE_API_BASE": stripe.url, "STRIPE_API_KEY": WRITER})
    assert plan[0] == 0
    assert gitlab("apply", checkout, stripe, STRIPE_WRITE_KEY=WRITER)[0] == 0
    assert gitlab("drift", checkout, stripe, STRIPE_READ_KEY=READER, **env)[0] == 0
    assert gitlab("drift", checkout, stripe, **env)[0] == 1
    assert len(told) == 1


def test_gitlab_plans_a_merge_request(checkout: Path, stripe: Handle) -> None:
    """Changes are no failure, an error is; the report goes into a note where there is a token."""
    with serving(says(200, b"[]")) as (url, came):
        env = {"CI_API_V4_URL": url, "CI_PROJECT_ID": "5", "CI_MERGE_REQUEST_IID": "7"}
        code, log = gitlab("plan", checkout, stripe, STRIPE_READ_KEY=READER, **env)
        assert code == 0, log
        assert "LAUNCH20" in log
        assert "there is no token" in log
        assert (checkout / "plan.json").exists()
        assert gitlab("plan", checkout, stripe, STRIPE_READ_KEY=READER, GITLAB_TOKEN="glpat-x", **env)[0] == 0
        assert came
        code, log = gitlab("plan", checkout, stripe, GITLAB_TOKEN="glpat-x", **env)
    assert code == 1
    assert "STRIPE_API_KEY" in log
    assert "LAUNCH20" not in log


def test_gitlab_plans_a_fork_for_a_sandbox(checkout: Path, stripe: Handle) -> None:
    """Which it has in no folder of the checkout. Only a fork has no key: elsewhere that is an error."""
    before = sorted(checkout.rglob("*"))
    code, log = gitlab("sandbox-plan", checkout, stripe)
    assert code == 0, log
    assert "2 to create" in log
    assert sorted(checkout.rglob("*")) == before
    assert [rule["if"].split()[-2] for rule in GITLAB["sandbox-plan"]["rules"]] == ["!="]
    assert "STRIPE_READ_KEY" not in str([job.get("rules") for job in GITLAB.values() if isinstance(job, dict)])


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository as a release begins with it: its files in a commit, and what it needs at hand."""
    place = tmp_path_factory.mktemp("release") / "promosync"
    for file in tracked():
        if file.is_file():
            target = place / file.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
    wheels = place.parent / "wheels"
    wheels.mkdir()
    (place / "action" / "requirements.txt").write_text(pack(wheels), encoding="utf-8")
    (place / ".venv").mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (place / ".venv" / name).symlink_to(Path(sys.executable).parents[1] / name)
    (place / ".venv" / "ready").touch()
    git(place, "init", "--quiet")
    git(place, "add", ".")
    git(place, "commit", "--quiet", "--message", "x")
    return place


def git(place: Path, *arguments: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    subprocess.run(["git", *who, *arguments], cwd=place, check=True, capture_output=True, timeout=60)


def make(place: Path, *words: str) -> tuple[int, str]:
    env = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(place.parent / "wheels")}
    done = subprocess.run(
        ["make", "--assume-old=.venv/ready", *words, f"PYTHON={sys.executable}"],  # .venv is ours: it stays as it is
        cwd=place,
        env={"PATH": os.environ["PATH"], "HOME": str(place.parent), **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout


def test_a_release_says_what_it_lacks_until_nothing_is_missing(source: Path) -> None:
    """All of it at once; version, changelog, owner, tag and the tree drive it."""
    code, said = make(source, "release", "TAG=v9.9.9")
    assert code
    assert "the tag is v9.9.9" in said
    assert "make owner" in said
    assert make(source, "owner", "OWNER=acme")[0] == 0
    readme = (source / "README.md").read_text(encoding="utf-8")
    assert "acme/promosync" in readme
    assert "OWNER/" not in readme
    changelog = source / "CHANGELOG.md"
    init = (source / "src" / "promosync" / "__init__.py").read_text(encoding="utf-8")
    [version] = re.findall(r'__version__ = "(.*)"', init)
    head = f"## [Unreleased]\n\n## [{version}] - 2026-11-25\n"
    text = changelog.read_text(encoding="utf-8")
    changelog.write_text(re.sub(r"## \[Unreleased\]\n", lambda _: head, text, count=1), encoding="utf-8")
    code, said = make(source, "release")
    assert code
    assert [line for line in said.splitlines() if line.startswith("missing: ")] == [
        "missing: there are changes that are not committed"
    ]
    git(source, "commit", "--all", "--quiet", "--message", "y")
    code, said = make(source, "release", f"TAG=v{version}")
    assert (code, said) == (0, f"Version {version} has all that a release needs.\n")
    git(source, "tag", f"v{version}")
    assert "exists already" in make(source, "release")[1]
    notes = subprocess.run(
        [sys.executable, "-I", str(source / ".github" / "release.py"), "--notes"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert notes.stdout.startswith("### Added")


def test_what_is_published_is_built_checked_and_tried(source: Path) -> None:
    """`make dist`, as the release does: twine takes it, and the wheel plays its demo where there is nothing else."""
    code, said = make(source, "dist")
    assert code == 0, said
    assert said.count("PASSED") == 2
    assert said.splitlines()[-1].endswith("promosync plan shop/promosync.json --sandbox")
    names = sorted(path.suffix for path in (source / "dist").iterdir())
    assert names == [".gz", ".whl"]


def test_the_image_holds_what_is_needed(tmp_path: Path) -> None:
    """With what is copied into it alone, commands that read files of the package do their work."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    kept = re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    copied = re.findall(r"^COPY (\S+) /opt/promosync/(\S+)$", text, re.MULTILINE)
    assert sorted(source for source, _ in copied) == sorted(kept)
    for source, target in copied:
        shutil.copytree(ROOT / source, tmp_path / target)
    start = f"import sys; sys.path.insert(0, {str(tmp_path / 'src')!r}); from promosync.cli.exits import main; main()"
    uses = "acme/promosync@" + "0" * 40
    (tmp_path / "shop").mkdir()
    for words in (["schema"], ["explain", "no-limit"], ["demo"], ["init", "--ci", "gitlab", "--uses", uses]):
        done = subprocess.run(
            [sys.executable, "-I", "-c", start, *words],
            cwd=tmp_path / "shop",
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (done.returncode, done.stderr.count("rror")) == (0, 0), done.stderr
        assert done.stdout
    user = re.findall(r"^USER (\d+)", text, re.MULTILINE)
    assert user
    assert user != ["0"]
    assert re.search(r'^ENTRYPOINT \["/opt/installed/bin/promosync"\]$', text, re.MULTILINE)
