"""`promosync demo`: every step against a temporary sandbox, with the real commands."""

from __future__ import annotations

import difflib
import shlex
import sys
import tempfile
from collections.abc import Mapping
from contextlib import chdir
from pathlib import Path
from shutil import which

from rich.text import Text

from promosync.cli.access import SANDBOX, sandbox_at
from promosync.cli.options import DEFAULT_FILE
from promosync.cli.run import Run
from promosync.cli.signals import INTERRUPTED, Interrupted
from promosync.cli.workflow_files import examples

PRODUCTS = ("pro", "team")
"""The products that the example's `applies_to` names: a coupon cannot be limited to a product that does not exist."""

EDITS = (
    ('"name": "Welcome Discount"', '"name": "Welcome Gift"'),
    ('"duration_in_months": 12', '"duration_in_months": 6'),
    (
        '"code": "ANNUAL20",\n      "coupon": "annual_20"',
        '"code": "ANNUAL20",\n      "coupon": "annual_20",\n      "active": false',
    ),
)


def demo(run: Run) -> None:
    """Show every step, without an account. It runs against a local sandbox and leaves nothing behind."""
    run.so_far = "It leaves nothing behind."
    before = (examples() / "omnibase-complete.json").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="promosync-demo-") as folder, chdir(folder):
        file = Path(DEFAULT_FILE)
        file.write_text(before, encoding="utf-8")
        _make_products()
        _tell(run, f"OmniBase's complete example is {DEFAULT_FILE}. Is it sound, and what would it change?")
        _command(run, "validate")
        _command(run, "plan", "--sandbox")
        _tell(run, "Apply it, and plan again: a second time there is nothing to do.")
        _command(run, "apply", "--sandbox", "--yes")
        _command(run, "plan", "--sandbox", "--detailed-exitcode")
        _tell(run, "Customers use a code. Meanwhile the file is edited:")
        order = ("--amount", "4900", "--currency", "usd", "--as", "subscription")
        _command(run, "sandbox", "redeem", "STARTUP2024", "--times", "37", *order)
        after = edited(before)
        file.write_text(after, encoding="utf-8")
        _diff(run, before, after)
        _tell(run, "Stripe cannot shorten a coupon, so it is replaced, and the 37 redemptions count on:")
        _command(run, "plan", "--sandbox")
        _command(run, "apply", "--sandbox", "--yes")
        _tell(run, "Others buy once with another code, and two months pass: subscriptions renew.")
        _command(run, "sandbox", "redeem", "WELCOME50", "--times", "12", "--amount", "14900")
        _command(run, "sandbox", "advance", "63")
        _tell(run, "What did each coupon bring, and what did it cost?")
        _command(run, "results", "--sandbox")
    shell = called_as(sys.argv[0], run.environ)
    how = "Type:" if shell else "Start promosync as you did now, with these words in place of `demo`:"
    _tell(run, f"Next, a file of your own, still without an account. {how}")
    for line in ("init shop", "plan shop/promosync.json --sandbox"):
        run.show([Text(f"$ {shell} {line}" if shell else f"  {line}", "bold")])


def called_as(started: str, environ: Mapping[str, str]) -> str:
    """Return the command that starts promosync in the reader's shell, "" if not known; ``started`` is argv[0].

    ``uvx`` and ``uv run`` put it on the path for one command only, and set ``UV``. A full path may be one that only a
    launcher or a container knows. https://docs.astral.sh/uv/reference/environment/#uv
    """
    if "UV" not in environ and which("promosync", path=environ.get("PATH")):
        return "promosync"
    return "" if Path(started).is_absolute() else shlex.quote(started)


def edited(text: str) -> str:
    """Return the example with the changes of the demo."""
    for old, new in EDITS:
        if text.count(old) != 1:
            raise ValueError(f"the example has {old!r} {text.count(old)} times")
        text = text.replace(old, new)
    return text


def _make_products() -> None:
    from promosync.sandbox import Control

    with sandbox_at(SANDBOX) as sandbox:
        Control.of(sandbox).seed("product", [{"id": name, "name": name.capitalize()} for name in PRODUCTS])


def _command(run: Run, *arguments: str) -> None:
    """Carry out a command line as the shell would, and show it first."""
    run.show([Text(f"$ promosync {' '.join(arguments)}", "bold")])
    code = run.carry_out(arguments, Run(run.out, run.err, environ={}))
    if code == INTERRUPTED:
        raise Interrupted
    if code != 0:
        raise RuntimeError(f"promosync {arguments[0]} exited with {code}")


def _tell(run: Run, text: str) -> None:
    run.show([Text(f"\n# {text}", "cyan")])


def _diff(run: Run, before: str, after: str) -> None:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=2, lineterm="")
    for line in [*lines][2:]:
        style = {"+": "green", "-": "red", "@": "dim"}.get(line[:1], "")
        run.show([Text(line, style)])
