"""The runbooks that need a preparation: objects of Terraform are adopted, and a key is rotated."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tests.cli.conftest import Cli, cli, folder
from tests.docs.pages import DOCS, blocks, calls
from tests.fakes import fake_stripe

__all__ = ["cli", "folder"]

OLD, NEW = "rk_live_0123456789old", "rk_live_0123456789new"


def commands(title: str) -> list[list[str]]:
    """Return the commands of the shell blocks under a heading of the page, without `promosync`."""
    page = (DOCS / "runbooks.md").read_text(encoding="utf-8")
    section = re.split(r"^## ", page[page.index(f"## {title}\n") :], maxsplit=2, flags=re.MULTILINE)[1]
    scripts = [block.body for block in blocks(section) if block.language == "sh"]
    return [shlex.split(line)[1:] for script in scripts for line in calls(script)]


def test_what_terraform_made_is_adopted(cli: Cli, folder: Path) -> None:
    """Export, plan, apply, plan: nothing but promosync's keys is written, and in the end nothing is to do."""
    Path("promosync.json").unlink()
    with fake_stripe() as stripe:
        stripe.control.seed("product", [{"id": "prod_a"}])
        coupons = [
            {"id": "tf_20", "percent_off": 20, "duration": "once", "applies_to": {"products": ["prod_a"]}},
            {"id": "tf_10", "amount_off": 1000, "currency": "usd", "duration": "forever", "metadata": {"by": "tf"}},
        ]
        stripe.control.seed("coupon", coupons)
        codes = [{"code": f"TF{number}", "promotion": {"type": "coupon", "coupon": "tf_20"}} for number in range(5)]
        stripe.control.seed("promotion_code", codes)
        stripe.control.redeem("TF0", customer=None)
        before = stripe.control.dump()

        export, plan, apply, again = commands("From Terraform to promosync")
        env = {"STRIPE_API_KEY": "sk_test_0123456789"}
        assert cli(*export, env=env).code == 0
        shown = cli(*plan, env=env)
        assert "Plan: 7 to adopt." in shown.out
        assert cli(*apply, "--yes", env=env).code == 0
        last = cli(*again, env=env)
        assert (last.code, "No changes" in last.out) == (0, True)

        after = stripe.control.dump()
    for kind, rows in before.items():
        for old, new in zip(rows, after[kind], strict=True):
            own = {key: value for key, value in new.get("metadata", {}).items() if not key.startswith("promosync_")}
            assert {**new, "metadata": own} == {**old, "metadata": old.get("metadata", {})}


def test_a_key_is_rotated(cli: Cli) -> None:
    """The new key plans as the page says, and applies a plan of the old key; the old key is refused."""
    [plan] = commands("Rotate a key")
    with fake_stripe() as stripe:
        assert cli("plan", "--live", "--out", "plan.json", env={"STRIPE_API_KEY": OLD}).code == 0
        stripe.control.register_key(OLD, expired=True)
        assert cli(*plan, env={"STRIPE_API_KEY": NEW}).code == 2
        assert cli("apply", "--plan", "plan.json", "--live", "--yes", env={"STRIPE_API_KEY": NEW}).code == 0
        assert cli(*plan, env={"STRIPE_API_KEY": NEW}).code == 0
        refused = cli("plan", "--live", "--format", "json", env={"STRIPE_API_KEY": OLD})
    assert refused.code == 1
    assert refused.json["errors"][0]["rule"] == "stripe-denied"
    assert OLD not in refused.out + refused.err + Path("plan.json").read_text(encoding="utf-8")
