"""Opening an account, or reporting every reason why it cannot be opened."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from promosync.model.problems import Problem, ProblemsFound
from promosync.stripe_api.keys import check_account, check_base, check_key, is_loopback

if TYPE_CHECKING:
    from promosync.stripe_api.account import StripeAccount

CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach Stripe. ``key`` is never printed, not by ``repr`` either.

    ``rps`` is requests a second on each endpoint, None for the usual share of Stripe's limit; ``paced`` False has no
    limit, for the local sandbox.
    """

    key: str = field(repr=False)
    api_base: str | None = None
    stripe_account: str | None = None
    allow_live: bool = False
    rps: float | None = None
    paced: bool = True


def open_stripe(connection: Connection) -> StripeAccount:
    """Return the open account; raise ProblemsFound if the key or the address cannot be used.

    The first request is made here: a key that Stripe refuses raises StripeFault at once.
    """
    mode = check_key(connection.key, connection.allow_live)
    base = connection.api_base
    found = [
        mode,
        check_base(base, None if isinstance(mode, Problem) else mode) if base is not None else None,
        check_account(connection.stripe_account) if connection.stripe_account is not None else None,
    ]
    if isinstance(mode, Problem) or any(found[1:]):
        raise ProblemsFound([problem for problem in found if isinstance(problem, Problem)])

    # The SDK is slow to import, and not needed for an error.
    from promosync.apply.pacing import pacer
    from promosync.stripe_api.account import StripeAccount
    from promosync.stripe_api.client import Client
    from promosync.stripe_api.transport import Transport

    loopback = base is not None and is_loopback(urlsplit(base).hostname or "")
    transport = Transport(pacer(connection.rps, mode, connection.paced), CONNECTIONS, loopback)
    client = Client(connection.key, transport, base, connection.stripe_account)
    return StripeAccount(client, mode)
