"""Checks of an API key, an address and an account id, before anything is sent."""

from __future__ import annotations

import ipaddress
import re

from promosync.model.ownership import Mode
from promosync.model.problems import Problem

_KEY = re.compile(r"(sk|rk)_(test|live)_[A-Za-z0-9_]{1,250}")
# Strict, so that all programs find the same host in an address.
_BASE = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:(?P<port>[0-9]{1,5}))?"
    r"(/[a-z0-9._~-]+)*/?",
    re.IGNORECASE | re.ASCII,
)
_ACCOUNT = re.compile(r"acct_[A-Za-z0-9]{1,250}")
_WHERE = "set it to a secret or restricted key from the Dashboard under Developers, API keys"


_SECRET = re.compile(r"\b((?:sk|rk|pk|ek|whsec)_(?:(?:test|live|org)_)*)[^\s'\"`<>,;:()]+")


def without_keys(text: str) -> str:
    """Return a text with every key in it, even a masked one, cut to its prefix."""
    return _SECRET.sub(r"\1…", text)


def check_key(key: str, allow_live: bool) -> Mode | Problem:
    """Return the mode of a key, or what is wrong with it. The message has nothing of the key but its prefix."""
    if not key:
        return _bad("STRIPE_API_KEY is not set", f"{_WHERE}; or try --sandbox, which needs none")
    if key != key.strip() or not key.isascii() or not key.isprintable():
        return _bad("the key in STRIPE_API_KEY has blanks or unprintable characters in it", "copy it again")
    if key.startswith("pk_"):
        return _bad("the key in STRIPE_API_KEY is a publishable one (pk_…), which can change nothing", _WHERE)
    if key.startswith("sk_org_"):
        return _bad("the key in STRIPE_API_KEY is an organisation's (sk_org_…)", "use a key of the account itself")
    if not _KEY.fullmatch(key):
        return _bad("the key in STRIPE_API_KEY does not look like one (sk_test_…, rk_live_…)", _WHERE)
    mode = Mode(key.split("_")[1])
    if mode is Mode.LIVE and not allow_live:
        return _bad(
            "the key in STRIPE_API_KEY is a live one",
            "to use a live key, add --live or set PROMOSYNC_LIVE=1",
        )
    return mode


def check_base(base: str, mode: Mode | None) -> Problem | None:
    """Return what is wrong with the address of an API: the key is sent there."""
    found = _BASE.fullmatch(base)
    if found is None or not 0 < int(found["port"] or 443) < 65536:
        # The address is not shown: it may contain a password.
        return _bad("the API base is not an address", "give one such as http://127.0.0.1:12111", "api-base")
    host = found["host"].lower()
    if found["scheme"].lower() == "http" and not is_loopback(host.strip("[]")):
        return _bad(
            f"the API base at {host!r} is neither https nor on this machine",
            "use https: the key would go over the network in the clear",
            "api-base",
        )
    if mode is Mode.LIVE and host != "stripe.com" and not host.endswith(".stripe.com"):
        return _bad(
            f"a live key is not sent to {host!r}",
            "live keys go to Stripe alone: use a test key there, or leave the API base out",
            "api-base",
        )
    return None


def check_account(account: str) -> Problem | None:
    """Return what is wrong with the id of a connected account: it is sent in a header."""
    if _ACCOUNT.fullmatch(account):
        return None
    return _bad("the Stripe account is not an account id", "give one such as acct_1AbcDef", "stripe-account")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _bad(message: str, hint: str, rule: str = "api-key") -> Problem:
    return Problem((), message, hint, rule=rule)
