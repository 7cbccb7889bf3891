"""The permissions on the page are enough, and not one of them is too much."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.cli.conftest import Cli, cli, folder, write
from tests.docs.pages import DOCS
from tests.fakes import fake_stripe

__all__ = ["cli", "folder"]

KEY = "rk_test_0123456789"
RESOURCES = {
    "Coupons": "coupon",
    "Promotion Codes": "promotion_code",
    "Products": "product",
    "Customers": "customer",
    "Connect: Accounts": "connected_account",
}
COUPON: dict[str, Any] = {"id": "spring", "name": "Spring", "percent_off": 20, "duration": "once"}
CODE = {"id": "launch", "code": "LAUNCH20", "coupon": "spring"}
BATCH = {"id": "vip", "coupon": "spring", "generate": {"emails": "vip.csv", "length": 10}}
SHOP = {"promosync": {"owner": "shop"}, "coupons": [COUPON], "promotion_codes": [CODE]}
CREATING = {**BATCH, "generate": {**BATCH["generate"], "missing_customer": "create"}}  # type: ignore[dict-item]
# For each "needed when" of the page, a file for which it is true.
FILES: dict[str, dict[str, Any]] = {
    "always": SHOP,
    "a coupon has `applies_to`": {**SHOP, "coupons": [{**COUPON, "applies_to": ["prod_a"]}]},
    "a code has `customer` or `customer_email`, or a batch has addresses": {
        **SHOP,
        "promotion_codes": [{**CODE, "customer_email": "jenny@example.com"}],
        "code_batches": [BATCH],
    },
    'a batch has `"missing_customer": "create"`': {**SHOP, "code_batches": [CREATING]},
    "the file names its `account`": {
        **SHOP,
        "promosync": {"owner": "shop", "account": "acct_1PromosyncSandbox"},
    },
}


def rows() -> list[tuple[str, str, str, str]]:
    """Return the page's table: resource, what plan needs, what apply needs, and when."""
    text = (DOCS / "permissions.md").read_text(encoding="utf-8")
    found = re.findall(r"^\| ([\w :]+) \| (read|write) \| (read|write) \| (.+) \|$", text, re.MULTILINE)
    return [(RESOURCES[name], reads, writes, when) for name, reads, writes, when in found]


def needed(when: str, command: str) -> set[str]:
    """Return the permissions that the page asks for."""
    own = [row for row in rows() if row[3] in ("always", when)]
    return {f"{name}_{reads if command == 'plan' else writes}" for name, reads, writes, _ in own}


def ends(cli: Cli, command: str, permissions: set[str]) -> int:
    """Return the exit code of a command with a key of these permissions, in a new account."""
    with fake_stripe() as stripe:
        stripe.control.seed("product", [{"id": "prod_a"}])
        stripe.control.seed("customer", [{"id": "cus_jenny", "email": "jenny@example.com"}])
        stripe.control.register_key(KEY, sorted(permissions))
        more = ("--yes",) if command == "apply" else ()
        return cli(command, *more, "--rps", "1000", env={"STRIPE_API_KEY": KEY}).code


def test_every_row_is_tried() -> None:
    assert {when for *_, when in rows()} == set(FILES)


def test_without_a_list_of_orders_results_says_what_is_missing(cli: Cli) -> None:
    """And without coupons it does not run, as the page has it."""
    text = (DOCS / "permissions.md").read_text(encoding="utf-8")
    table = re.findall(
        r"^\| ([\w ]+) \| read \| (it does not run|.* not in the figures, and it says so) \|$", text, re.M
    )
    names = {"Coupons": "coupon", "Invoices": "invoice", "Checkout Sessions": "checkout_session"}
    assert [name for name, _ in table] == list(names)
    write(SHOP)
    for name, words in table:
        with fake_stripe() as stripe:
            assert cli("apply", "--yes", env={"STRIPE_API_KEY": "sk_test_0123456789"}).code == 0
            permissions = {f"{one}_read" for one in (*names.values(), "promotion_code")} - {f"{names[name]}_read"}
            stripe.control.register_key(KEY, sorted(permissions))
            done = cli("results", "--format", "json", env={"STRIPE_API_KEY": KEY})
        runs = words != "it does not run"
        assert (done.code == 0) is runs, name
        assert done.json.get("missing") == ([name.lower()] if runs else None)


@pytest.mark.parametrize("command", ["plan", "apply"])
@pytest.mark.parametrize("when", FILES)
def test_they_are_enough_and_none_is_too_much(cli: Cli, folder: Any, when: str, command: str) -> None:
    """Without any one of them, or with reading where the page says writing, the command ends with 1."""
    addresses = "jenny@example.com\n" + ("new@example.com\n" if "create" in when else "")
    (folder / "vip.csv").write_text(addresses, encoding="utf-8")
    write(FILES[when])
    permissions = needed(when, command)
    assert ends(cli, command, permissions) == 0
    for one in permissions:
        assert ends(cli, command, permissions - {one}) == 1, f"{one} is not needed"
        if one.endswith("_write"):
            less = {*permissions, one.replace("_write", "_read")} - {one}
            assert ends(cli, command, less) == 1, f"{one} need only be read"
