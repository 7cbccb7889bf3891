"""`promosync sandbox`: the local Stripe, for trying things and for programs of your own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from promosync.cli.access import SANDBOX_KEY, sandbox_at, sandbox_file
from promosync.cli.command import add, group
from promosync.cli.options import DEFAULT_FILE, FilesArgument, argument, option
from promosync.cli.run import Run
from promosync.model.problems import Problem, ProblemsFound
from promosync.render.visible import visible

if TYPE_CHECKING:
    from promosync.sandbox import Control


class OrderKind(StrEnum):
    """The kinds of orders."""

    SUBSCRIPTION = "subscription"
    PAYMENT = "payment"


StateOption = Annotated[
    Path | None,
    option(
        "--state FILE",
        "Where it is kept; PROMOSYNC_SANDBOX in the environment names a folder for it. "
        "[default: .promosync/sandbox.db]",
        show_default=False,
    ),
]


def serve(
    run: Run,
    port: Annotated[
        int, option("--port N", "The port to listen on; 0 chooses a free one.", min=0, max=65535)
    ] = 12111,
    host: Annotated[str, option("--host ADDRESS", "The loopback address to listen on.")] = "127.0.0.1",
    limits: Annotated[bool, option("--limits", "Refuse what is over Stripe's rate limits.")] = False,
    latency: Annotated[float, option("--latency SECONDS", "Seconds added to every answer.", min=0.0)] = 0.0,
    state: StateOption = None,
) -> None:
    """Serve the local Stripe over HTTP until Ctrl-C. The address is printed when it is ready."""
    from promosync.sandbox import serve as serve_sandbox

    def ready(url: str) -> None:
        run.answer(url)
        run.say(f"Use it with: STRIPE_API_KEY={SANDBOX_KEY} STRIPE_API_BASE={url} promosync plan")

    file = state or sandbox_file(run)
    with sandbox_at(file, limited=limits, latency=latency) as opened:
        try:
            serve_sandbox(opened, host, port, ready=ready)
            run.say(f"Stopped. What the sandbox holds is kept in {file}: serve it again to go on.")
        except (OSError, ValueError) as error:
            raise ProblemsFound([Problem((), f"the sandbox cannot be served: {error}", rule="sandbox")]) from error


def reset(run: Run, state: StateOption = None) -> None:
    """Empty the local Stripe."""
    with _control(run, state) as control:
        control.reset()
    run.answer("The sandbox is empty.")


def stock(run: Run, files: FilesArgument = None, state: StateOption = None) -> None:
    """Add the products and customers that a configuration names. A real account has them already."""
    from promosync.model.ownership import Mode
    from promosync.plan.desired import needs

    loaded, rows = run.load(files or [DEFAULT_FILE])
    named = needs(loaded.configuration, Mode.TEST)
    with _control(run, state) as control:
        there = control.dump()
        ids = {one["id"] for one in [*there["products"], *there["customers"]]}
        known = {(one.get("email") or "").lower() for one in there["customers"]}
        emails = {email.lower() for email in named.emails}
        emails |= {email.lower() for given in rows.values() for email in given.emails or ()}
        products = [{"id": one, "name": one} for one in sorted(named.products - ids)]
        customers = [{"id": one} for one in sorted(named.customers - ids)]
        customers += [{"email": email} for email in sorted(emails - known)]
        control.seed("product", products)
        control.seed("customer", customers)
    run.answer(f"Added {len(products):,} products and {len(customers):,} customers to the sandbox.")


def redeem(
    run: Run,
    code: Annotated[str, argument("CODE", "The text of a promotion code.")],
    times: Annotated[int, option("--times N", "How many times.", min=1)] = 1,
    customer: Annotated[str | None, option("--customer ID", "The customer who uses it.")] = None,
    amount: Annotated[
        int | None,
        option(
            "--amount N", "The amount of each order before the discount, in minor units; `results` counts it.", min=0
        ),
    ] = None,
    currency: Annotated[
        str | None, option("--currency CODE", "Its currency; the coupon's, or usd, unless given.")
    ] = None,
    kind: Annotated[
        OrderKind, option("--as", "A subscription has an invoice each month, a payment none.")
    ] = OrderKind.PAYMENT,
    state: StateOption = None,
) -> None:
    """Use a promotion code as a customer would."""
    from promosync.sandbox import ControlError

    if amount is None and currency is not None:
        raise typer.BadParameter("--currency belongs to an order: add --amount.")
    with _control(run, state) as control:
        try:
            answer = control.redeem(
                code, times=times, customer=customer, amount=amount, currency=currency, kind=kind.value
            )
        except ControlError as error:
            raise ProblemsFound([Problem((), str(error), rule="sandbox")]) from error
    done = answer["redeemed"]
    if done:
        run.answer(f"Redeemed {visible(code)} {done:,} time{'s' * (done != 1)}.")
    if answer["message"]:
        raise ProblemsFound([Problem((), answer["message"], rule=f"redeem-{answer['rule']}")])


def advance(
    run: Run,
    days: Annotated[int, argument("DAYS", "How many days.", min=1, max=3650)],
    state: StateOption = None,
) -> None:
    """Move the clock of the local Stripe on. Dates pass, and subscriptions renew."""
    from promosync.plan.fields import iso

    with _control(run, state) as control:
        now = control.advance(86_400.0 * days)
    run.answer(f"It is {iso(int(now))} in the sandbox.")


@contextmanager
def _control(run: Run, state: Path | None) -> Iterator[Control]:
    """Open the sandbox, to read and change what is in it."""
    from promosync.sandbox import Control

    run.so_far = "The sandbox may have been changed; nothing else was."
    with sandbox_at(state or sandbox_file(run)) as opened:
        yield Control.of(opened)


sandbox = group(
    help="Run a local Stripe, kept in .promosync/.",
    epilog="promosync sandbox stock\npromosync sandbox redeem LAUNCH20 --times 37",
)
add(sandbox, serve, "promosync sandbox serve --port 12111")
add(sandbox, reset, "promosync sandbox reset")
add(sandbox, stock, "promosync sandbox stock promosync.json")
add(sandbox, redeem, "promosync sandbox redeem LAUNCH20 --amount 4900")
add(sandbox, advance, "promosync sandbox advance 31")
