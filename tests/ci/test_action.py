"""The action does in a job what it says: it is run step by step, against the sandbox and a GitHub of its own."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from promosync.sandbox import Handle, running
from tests.ci.github_api import BOT, GitHub, github
from tests.ci.runner import ROOT, Job, evaluate, read_yaml, use_action

KEY = "rk_test_reader0123456789"
READ = ["coupon_read", "promotion_code_read", "product_read", "customer_read", "connected_account_read"]
WRITER = "rk_test_writer0123456789"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def pull_request(head: str = "me/shop") -> dict[str, Any]:
    """The event of a pull request whose head is in a repository."""
    return {"pull_request": {"number": 7, "head": {"sha": COMMIT, "repo": {"full_name": head}}}}


SHOP = {
    "promosync": {"owner": "shop"},
    "coupons": [{"id": "spring", "percent_off": 20, "duration": "once"}],
    "promotion_codes": [{"id": "launch", "code": "LAUNCH20", "coupon": "spring"}],
}
INSTALL, VALIDATE, PLAN, COMMENT, FAIL, APPLY = (
    step["name"] for step in read_yaml(ROOT / "action.yml")["runs"]["steps"]
)


@pytest.fixture
def stripe() -> Iterator[Handle]:
    """A sandbox that knows a key that may read, and one that may write as well."""
    with running() as handle:
        handle.control.register_key(KEY, READ)
        handle.control.register_key(WRITER, [*READ, "coupon_write", "promotion_code_write"])
        yield handle


@pytest.fixture
def hub() -> Iterator[GitHub]:
    with github() as served:
        yield served


class Repository:
    """A checkout with a configuration in it, in which jobs use the action, with a promosync that is there already."""

    def __init__(self, folder: Path, stripe: Handle, hub: GitHub, promosync: Path) -> None:
        self.folder, self.stripe, self.hub, self.promosync, self.jobs = folder, stripe, hub, str(promosync), 0
        self.temp = folder.parent / "temp"
        folder.mkdir()
        self.write(SHOP)

    def write(self, content: Any, name: str = "promosync.json") -> None:
        text = content if isinstance(content, str) else json.dumps(content, indent=2)
        (self.folder / name).write_text(text, encoding="utf-8")

    def job(self, event: Any = None, **inputs: str) -> Job:
        """Run a job, for a pull request where nothing else is said."""
        self.jobs += 1
        event = pull_request() if event is None else event
        given = {"promosync": self.promosync, "stripe_api_key": KEY, **inputs}
        env = {
            "GITHUB_API_URL": self.hub.url,
            "GITHUB_REPOSITORY": "me/shop",
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_RUN_ID": "42",
            "STRIPE_API_BASE": self.stripe.url,
        }
        named = {name.replace("_", "-"): value for name, value in given.items()}
        return use_action(self.folder, self.temp.with_name(f"temp{self.jobs}"), named, env, event)


@pytest.fixture
def repository(tmp_path: Path, stripe: Handle, hub: GitHub, forked: Path) -> Repository:
    return Repository(tmp_path / "shop", stripe, hub, forked)


def test_a_pull_request_gets_one_comment(repository: Repository) -> None:
    """With a key that may only read. The next run edits the comment, and nothing is applied."""
    job = repository.job()
    assert (job.code, job.ran) == (0, [INSTALL, VALIDATE, PLAN, COMMENT])
    [comment] = repository.hub.comments
    assert "LAUNCH20" in comment["body"]
    report, _, about = comment["body"].rstrip().rpartition("\n\n")
    assert report in job.summary
    run = re.escape("https://github.example/me/shop/actions/runs/42")
    assert re.fullmatch(rf"Commit {COMMIT[:12]}, \[run\]\({run}\), 20\d\d-\d\d-\d\d \d\d:\d\d UTC", about)
    assert job.outputs["changes"] == "true"
    assert "+ promotion code launch  LAUNCH20" in job.log
    repository.write({**SHOP, "promotion_codes": []})
    repository.job()
    [comment] = repository.hub.comments
    assert "LAUNCH20" not in comment["body"]
    assert repository.hub.writes == ["POST", "PATCH"]
    assert repository.stripe.control.counters()["writes"] == 0


def test_a_bad_file_is_annotated_and_told(repository: Repository) -> None:
    """The job fails, and the comment says why: a report is there also when something fails."""
    repository.write({**SHOP, "coupons": [{"id": "spring", "percent_off": 120, "duration": "once"}]})
    job = repository.job(apply="true")
    assert (job.code, job.ran) == (1, [INSTALL, VALIDATE, PLAN, COMMENT, FAIL])
    assert re.search(r"^::error title=promosync [\w-]+,file=promosync.json,line=\d+,col=\d+::", job.log, re.M)
    [comment] = repository.hub.comments
    assert "is 120" in comment["body"]
    assert "is 120" in job.summary
    repository.write(SHOP)
    repository.job()
    assert len(repository.hub.comments) == 1


def test_stripe_that_does_not_answer_is_told(repository: Repository) -> None:
    """A plan that cannot be made for another reason than the file fails the job, too."""
    repository.stripe.control.register_key(KEY, expired=True)
    job = repository.job()
    assert (job.code, job.ran[-1]) == (1, FAIL)
    assert "1 error" in repository.hub.comments[0]["body"]
    assert KEY not in job.log + job.summary + repository.hub.comments[0]["body"]


def test_a_fork_is_planned_without_a_key(repository: Repository) -> None:
    """No secret, and a token that may not comment: the file is checked, planned for a sandbox, and the job passes."""
    job = repository.job(pull_request("you/shop"), stripe_api_key="", github_token="ghs_of_a_fork")
    assert (job.code, job.ran) == (0, [INSTALL, VALIDATE, PLAN, COMMENT])
    assert job.summary.splitlines()[1].startswith("**Planned for a local sandbox, not for a Stripe account**")
    assert "LAUNCH20" in job.summary
    assert "::warning title=promosync::" in job.log
    assert not repository.hub.comments
    assert repository.stripe.control.counters()["writes"] == 0


@pytest.mark.parametrize("event", [pull_request(), {}], ids=["pull request", "push"])
def test_a_key_that_is_missing_is_an_error(repository: Repository, event: Any) -> None:
    """A secret whose name has a typo is empty: a plan for a sandbox would be green, and false."""
    job = repository.job(event, stripe_api_key="")
    assert (job.code, job.ran[-1]) == (1, FAIL)
    assert "::error title=promosync::stripe-api-key is empty" in job.log
    assert "STRIPE_API_KEY is not set" in job.summary
    assert "LAUNCH20" not in job.log + job.summary


def test_a_sandbox_is_planned_for_on_request(repository: Repository) -> None:
    """And the key is not used then, nor is anything applied."""
    job = repository.job({}, sandbox="true", apply="true")
    assert (job.code, job.ran, job.outputs["changes"]) == (0, [INSTALL, VALIDATE, PLAN], "true")
    assert job.summary.splitlines()[1].startswith("**Planned for a local sandbox, not for a Stripe account**")
    assert repository.stripe.control.counters()["total"] == 0


def test_a_sandbox_of_the_checkout_is_not_looked_at(repository: Repository) -> None:
    """A fork may bring one along in which all is done already; what it says about the plan is nothing."""
    applied = [repository.promosync, "apply", "--sandbox", "--yes"]
    subprocess.run(applied, cwd=repository.folder, check=True, capture_output=True)
    before = sorted(repository.folder.rglob("*"))
    job = repository.job(pull_request("you/shop"), stripe_api_key="")
    assert (job.code, job.outputs["changes"]) == (0, "true")
    assert sorted(repository.folder.rglob("*")) == before


def test_a_comment_is_begun_when_there_is_something_to_say(repository: Repository) -> None:
    """With `comment: changes`; one that is there is kept true all the same."""
    repository.write({**SHOP, "promotion_codes": [], "coupons": []})
    assert COMMENT in repository.job(comment="changes").ran
    assert not repository.hub.comments
    repository.write(SHOP)
    repository.job(comment="changes")
    assert "LAUNCH20" in repository.hub.comments[0]["body"]
    repository.write({**SHOP, "promotion_codes": [], "coupons": []})
    repository.job(comment="changes")
    [comment] = repository.hub.comments
    assert "no changes" in comment["body"]
    repository.hub.comments.clear()
    repository.write("{")
    repository.job(comment="changes")
    assert "1 error" in repository.hub.comments[0]["body"]


def test_a_push_applies_its_own_plan(repository: Repository) -> None:
    """On request; there is no pull request to comment on, and a second run finds nothing to do."""
    job = repository.job({}, apply="true", stripe_api_key=WRITER)
    assert (job.code, job.ran) == (0, [INSTALL, VALIDATE, PLAN, APPLY])
    assert "promosync: applied" in job.summary
    [code] = repository.stripe.control.dump()["promotion_codes"]
    assert code["code"] == "LAUNCH20"
    again = repository.job({}, apply="true", stripe_api_key=WRITER)
    assert (again.code, again.ran, again.outputs["changes"]) == (0, [INSTALL, VALIDATE, PLAN], "false")


def test_a_plan_is_applied_by_a_later_job(repository: Repository) -> None:
    """One job plans with a key that may read, another applies with one that may write, and only that plan."""
    planned = repository.job({})
    plan = planned.outputs["plan"]
    job = repository.job({}, apply="true", saved_plan=plan, stripe_api_key=WRITER)
    assert (job.code, job.ran) == (0, [INSTALL, APPLY])
    assert len(repository.stripe.control.dump()["promotion_codes"]) == 1
    again = repository.job({}, apply="true", saved_plan=plan, stripe_api_key=WRITER)
    assert again.code == 1
    assert "applied already" in again.log


def test_a_later_job_goes_on_with_what_was_stopped(repository: Repository) -> None:
    """No failure where the job says that another goes on, else 3; the plan and its approval stay the same."""
    batch = {"id": "vip", "coupon": "spring", "generate": {"count": 300, "length": 12}}
    repository.write({**SHOP, "code_batches": [batch]})
    plan = repository.job({}).outputs["plan"]
    given = {"apply": "true", "saved_plan": plan, "stripe_api_key": WRITER}
    stopped = repository.job({}, max_minutes="0.03", go_on="true", **given)
    assert (stopped.code, stopped.outputs["stopped"]) == (0, "true"), stopped.log
    assert "a later job continues the same plan" in stopped.log
    assert repository.job({}, max_minutes="0.0001", **given).code == 3
    last = repository.job({}, **given)
    assert (last.code, last.outputs["stopped"]) == (0, "false"), last.log
    assert len(repository.stripe.control.dump()["promotion_codes"]) == 301


def test_a_plan_of_another_file_is_not_applied(repository: Repository) -> None:
    """The checkout moved on since the plan was approved."""
    plan = repository.job({}).outputs["plan"]
    repository.write({**SHOP, "coupons": []})
    repository.write({**SHOP, "coupons": [*SHOP["coupons"], {"id": "more", "percent_off": 1, "duration": "once"}]})
    job = repository.job({}, apply="true", saved_plan=plan, stripe_api_key=WRITER)
    assert job.code == 1
    assert "not the one the plan was made of" in job.log
    assert repository.stripe.control.counters()["writes"] == 0


def test_only_our_own_comment_is_edited(repository: Repository) -> None:
    """Whoever writes the marker first would have the plan in a comment that they can change."""
    repository.job()
    [ours] = repository.hub.comments
    stolen = {"id": 1, "user": {"login": "mallory", "type": "User"}, "body": ours["body"]}
    chatter = [{"id": index, "user": BOT, "body": "hello"} for index in range(2, 250)]
    repository.hub.comments[:] = [stolen, *chatter, ours]
    repository.write({**SHOP, "promotion_codes": []})
    repository.job()
    assert "LAUNCH20" in stolen["body"]
    assert "LAUNCH20" not in ours["body"]
    assert repository.hub.writes == ["POST", "PATCH"]


def test_a_token_of_a_person_edits_what_that_person_wrote(repository: Repository) -> None:
    repository.hub.token, repository.hub.user = "ghp_ann", "ann"
    repository.job(github_token="ghp_ann")
    repository.job(github_token="ghp_ann")
    assert repository.hub.writes == ["POST", "PATCH"]


def test_two_uses_have_two_comments(repository: Repository) -> None:
    """A test and a live account, say, planned from one file."""
    for _ in range(2):
        for name in ("test", "li-->ve"):
            repository.job(comment_name=name)
    assert len(repository.hub.comments) == 2
    assert all(comment["body"].partition("\n")[0].endswith(" -->") for comment in repository.hub.comments)


def test_no_comment_when_none_is_wanted(repository: Repository) -> None:
    job = repository.job(comment="false")
    assert job.ran == [INSTALL, VALIDATE, PLAN]
    assert not repository.hub.comments


def test_a_hostile_pull_request_commands_nothing(repository: Repository) -> None:
    """Names and metadata of the file are text, whatever they look like to the runner, to bash and to GitHub."""
    evil = "x ::error::spoof $(touch pwned) `touch pwned` ##[add-mask]a @octocat"
    long = " ".join(["::add-mask::a"] * 30)
    coupons = [{"id": "spring", "name": "::error::a ##[group]b", "percent_off": 20, "duration": "once"}]
    coupons[0]["metadata"] = {"a": evil, "b": long}
    repository.write({**SHOP, "coupons": coupons}, "a file;touch pwned.json")
    job = repository.job(file="a file;touch pwned.json")
    assert job.code == 0
    commands = [line for line in job.log.splitlines() if line.lstrip().startswith("::") or "##[" in line]
    assert all(line.startswith(("::warning title=promosync ", "::notice title=promosync ")) for line in commands)
    assert "add-mask" in job.log
    assert not list(repository.folder.parent.rglob("pwned"))
    assert "@octocat" in repository.hub.comments[0]["body"]


def test_inputs_are_never_put_into_scripts() -> None:
    """What a `${{ }}` in a script holds would be run: inputs are environment variables instead."""
    for step in read_yaml(ROOT / "action.yml")["runs"]["steps"]:
        assert "${{" not in step["run"]


def test_our_own_use_of_the_action_plans(repository: Repository) -> None:
    """The job in which the action tries itself says what it takes, of a file that is there."""
    steps = read_yaml(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]["action"]["steps"]
    [use] = [step for step in steps if step.get("uses") == "./"]
    inputs = {name: str(value).lower() if value in (True, False) else value for name, value in use["with"].items()}
    repository.write((ROOT / inputs["file"]).read_text(encoding="utf-8"))
    job = repository.job(**{**inputs, "file": "promosync.json"}, stripe_api_key="")
    assert (job.code, job.ran, job.outputs["changes"]) == (0, [INSTALL, VALIDATE, PLAN], "true")


def test_the_runner_reads_expressions_as_github_does() -> None:
    """The test's own tool: what is not there is empty, and words bind as they do there."""
    known = {"inputs": {"a": "true", "b-c": ""}, "steps": {"x": {"outputs": {"code": "2"}}}}
    for expression, value in {
        "inputs.a == 'true'": True,
        "inputs.nope == ''": True,
        "inputs.b-c != '' || steps.x.outputs.code == '2' && !(inputs.a == 'x')": True,
        "steps.x.outputs.code != '2'": False,
        "inputs.b-c || steps.x.outputs.code": "2",
        "'it''s'": "it's",
    }.items():
        assert evaluate(expression, known) == value
