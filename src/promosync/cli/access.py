"""Opens the account that the options and the environment choose: Stripe's, or the local sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from promosync.cli.options import Panel, above_zero, option
from promosync.cli.run import Run
from promosync.cli.writing import write_new
from promosync.model.problems import Problem, ProblemsFound

# What a command needs is imported when it is carried out: `--version` and `--help` need not wait for it.
if TYPE_CHECKING:
    from promosync.model.ownership import Mode
    from promosync.render.facts import Pace
    from promosync.sandbox import Sandbox
    from promosync.stripe_api.account import StripeAccount

SANDBOX = Path(".promosync", "sandbox.db")
SANDBOX_KEY = "sk_test_sandbox"

_LOCAL = 400.0
"""About how many requests the sandbox answers in a second, without a limit."""


@dataclass(frozen=True, slots=True)
class Access:
    """The group of options that chooses the account."""

    sandbox: Annotated[
        bool, option("--sandbox", "Use a local Stripe kept in .promosync/ instead; needs no key.", Panel.ACCOUNT)
    ] = False
    api_base: Annotated[
        str | None,
        option(
            "--api-base URL",
            "Where the API is: https, or http on this machine. STRIPE_API_BASE in the environment does the same.",
            Panel.ACCOUNT,
        ),
    ] = None
    stripe_account: Annotated[
        str | None,
        option(
            "--stripe-account ACCT",
            "Act for this connected account. STRIPE_ACCOUNT in the environment does the same.",
            Panel.ACCOUNT,
        ),
    ] = None
    live: Annotated[
        bool, option("--live", "Allow a live key. PROMOSYNC_LIVE=1 in the environment does the same.", Panel.ACCOUNT)
    ] = False
    rps: Annotated[
        float | None,
        option(
            "--rps N",
            "Requests per second on each endpoint, four times as many in total; otherwise 80 % of Stripe's limits.",
            Panel.ACCOUNT,
            callback=above_zero,
        ),
    ] = None

    @property
    def options(self) -> list[str]:
        """The options that choose the account, as they were given."""
        named = {"--api-base": self.api_base, "--stripe-account": self.stripe_account}
        flags = [word for word, given in (("--sandbox", self.sandbox), ("--live", self.live)) if given]
        return flags + [word for name, given in named.items() if given is not None for word in (name, given)]

    def pace(self, mode: Mode) -> Pace:
        """Return how many requests are sent in a second."""
        from promosync.apply.pacing import ENDPOINT_LIMIT, SHARE, TOTAL_LIMIT
        from promosync.render.facts import Pace

        if self.rps is not None:
            return Pace(self.rps, 4 * self.rps)
        if self.sandbox:
            return Pace(_LOCAL, _LOCAL)
        return Pace(ENDPOINT_LIMIT * SHARE, TOTAL_LIMIT[mode] * SHARE)


@contextmanager
def opened(run: Run, access: Access) -> Iterator[StripeAccount]:
    """Open the account for the duration of a command. With the sandbox no key is read or sent."""
    from promosync.workflows.connect import Connection, open_stripe

    if not access.sandbox:
        env = run.environ
        yield open_stripe(
            Connection(
                key=env.get("STRIPE_API_KEY", ""),
                api_base=access.api_base or env.get("STRIPE_API_BASE") or None,
                stripe_account=access.stripe_account or env.get("STRIPE_ACCOUNT") or None,
                allow_live=access.live or _is_on(env.get("PROMOSYNC_LIVE", "")),
                rps=access.rps,
            )
        )
        return
    if access.api_base is not None:
        raise typer.BadParameter("--sandbox is an API of its own: leave --api-base out.")
    from promosync.sandbox import running

    state = sandbox_file(run)
    run.reads += [state.with_name(f"{state.name}{more}") for more in ("", "-wal", "-shm", "-journal")]
    run.say(f"Using the local sandbox in {state.parent}: nothing reaches Stripe.")
    with sandbox_at(state) as sandbox, running(sandbox=sandbox) as handle:
        yield open_stripe(
            Connection(SANDBOX_KEY, handle.url, access.stripe_account, rps=access.rps, paced=access.rps is not None)
        )


def sandbox_file(run: Run) -> Path:
    """Return where the sandbox is kept: in the folder that ``PROMOSYNC_SANDBOX`` names, else in `.promosync`."""
    folder = run.environ.get("PROMOSYNC_SANDBOX")
    return Path(folder, SANDBOX.name) if folder else SANDBOX


@contextmanager
def sandbox_at(path: Path, *, limited: bool = False, latency: float = 0.0) -> Iterator[Sandbox]:
    """Open the sandbox that is kept in a file, with Stripe's rate limits if ``limited``; ``latency`` in seconds."""
    import sqlite3

    from promosync.sandbox import Limits, Sandbox

    try:
        if not path.is_absolute() and (links := [folder for folder in path.parents if folder.is_symlink()]):
            raise ValueError(f"{links[0]} is a symbolic link; delete it")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            write_new(path.parent / ".gitignore", "*\n")
        sandbox = Sandbox(path, limits=Limits.stripe() if limited else Limits(), latency=latency)
    except (OSError, ValueError, sqlite3.Error) as error:
        raise ProblemsFound(
            [Problem((), f"the sandbox cannot be opened: {error}", f"look at {path.parent}", rule="sandbox")]
        ) from error
    with closing(sandbox):
        yield sandbox


def _is_on(word: str) -> bool:
    if word.lower() in ("1", "true", "yes", "on"):
        return True
    if word.lower() in ("", "0", "false", "no", "off"):
        return False
    raise ProblemsFound([Problem((), "PROMOSYNC_LIVE is neither on nor off", "set it to 1, or unset it")])
