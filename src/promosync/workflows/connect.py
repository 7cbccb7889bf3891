"""From an environment and flags to an open account, or every reason why not."""

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

    ``rps`` is requests a second on each endpoint, None for the usual share of Stripe's limit; ``paced`` False sends
    as fast as it goes, for the local sandbox.
    """

    key: str = field(repr=False)
    api_base: str | None = None
    stripe_account: str | None = None
    allow_live: bool = False
    rps: float | None = None
    paced: bool = True


def open_stripe(connection: Connection) -> StripeAccount:
    """Return the open account; raise ProblemsFound where the key or the address is not one to use.

    The first request is made here: what is wrong with the key shows at once, as a StripeFault.
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

    # The SDK is slow to import, and not needed to refuse.
    from promosync.apply.pacing import pacer
    from promosync.stripe_api.account import StripeAccount
    from promosync.stripe_api.client import Client
    from promosync.stripe_api.transport import Transport

    loopback = base is not None and is_loopback(urlsplit(base).hostname or "")
    transport = Transport(pacer(connection.rps, mode, connection.paced), CONNECTIONS, loopback)
    client = Client(connection.key, transport, base, connection.stripe_account)
    return StripeAccount(client, mode)
