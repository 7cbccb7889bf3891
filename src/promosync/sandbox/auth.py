"""The caller of a request: its API key, mode, permissions and account."""

from __future__ import annotations

import json
import re
import sqlite3
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass

from .errors import StripeError

ACCOUNT = "acct_1PromosyncSandbox"

_SECRET = re.compile(r"(sk|rk)_(test|live)_[A-Za-z0-9_]+")


@dataclass(frozen=True)
class Caller:
    key: str
    account: str
    livemode: bool
    permissions: frozenset[str] | None  # None: everything


def authenticate(db: sqlite3.Connection, headers: Mapping[str, str]) -> Caller:
    """The caller, or Stripe's refusal; any well-formed secret key may do everything unless it was registered."""
    key = _given_key(headers.get("authorization", ""))
    if not key:
        raise _unauthorized(
            "You did not provide an API key. You need to provide your API key in the Authorization header, "
            "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See "
            "https://stripe.com/docs/api#authentication for details, or we can help at "
            "https://support.stripe.com/."
        )
    if key.startswith("pk_"):
        raise _unauthorized(
            "This API call cannot be made with a publishable API key. Please use a secret API key. You can "
            "find a list of your API keys at https://dashboard.stripe.com/account/apikeys.",
            code="secret_key_required",
        )
    matched = _SECRET.fullmatch(key)
    if matched is None:
        raise _unauthorized(f"Invalid API Key provided: {_starred(key)}")
    registered = db.execute("SELECT permissions, expired FROM keys WHERE key = ?", (key,)).fetchone()
    permissions = None
    if registered is not None:
        if registered["expired"]:
            raise _unauthorized(f"Expired API Key provided: {_short(key)}", code="api_key_expired")
        if registered["permissions"] is not None:
            permissions = frozenset(json.loads(registered["permissions"]))
    account = headers.get("stripe-account") or headers.get("stripe-context") or ACCOUNT
    if not account.startswith("acct_"):
        raise StripeError(
            f"The provided key '{_short(key)}' does not have access to account '{account}' (or that account "
            "does not exist). Application access may have been revoked.",
            code="account_invalid",
            status=403,
        )
    return Caller(key, account, matched[2] == "live", permissions)


def permit(caller: Caller, permission: str) -> None:
    """Refuses a key without `permission`, such as "coupon_read"; the right to write includes reading."""
    if caller.permissions is None or permission in caller.permissions:
        return
    resource, _, kind = permission.rpartition("_")
    if kind == "read" and f"{resource}_write" in caller.permissions:
        return
    mode = "" if caller.livemode else "test/"
    title = resource.replace("_", " ").title() + "s"
    raise StripeError(
        f"Permission denied. The provided key '{_short(caller.key)}' does not have the required permissions "
        f"for this endpoint on account '{caller.account}'. Enabling \"{title} "
        f"{kind.capitalize()}\" ('{permission}') permissions on this key would allow this request to "
        f"continue. You can edit permissions at https://dashboard.stripe.com/{mode}apikeys",
        code="more_permissions_required",
        status=403,
    )


def _given_key(authorization: str) -> str:
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    if scheme.lower() == "basic":
        try:
            return b64decode(credentials).decode().partition(":")[0]
        except ValueError:
            return ""
    return ""


def _unauthorized(message: str, code: str | None = None) -> StripeError:
    headers = {"WWW-Authenticate": 'Bearer realm="Stripe"'}
    return StripeError(message, code=code, status=401, headers=headers, logged=False)


def _starred(key: str) -> str:
    """`sk_test_****1234`: all but the prefix and the end is hidden."""
    matched = re.match(r"[a-z]{2}_(?:test|live)_", key)
    prefix = matched[0] if matched else ""
    rest = key[len(prefix) :]
    shown = 4 if len(rest) > 8 else 0
    return prefix + "*" * (len(rest) - shown) + rest[len(rest) - shown :]


def _short(key: str) -> str:
    """`rk_live_***j4va7j`."""
    return f"{key[:8]}***{key[-6:]}"
