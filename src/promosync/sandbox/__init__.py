"""A local Stripe for coupons, promotion codes, products, customers, events and account.

It imports nothing else of promosync, so that a mistake of promosync is not repeated here. What is slow to import is
imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client import Control as Control
    from .client import ControlError as ControlError
    from .core import Sandbox as Sandbox
    from .limits import Limits as Limits
    from .server import Handle as Handle
    from .server import running as running
    from .server import serve as serve
    from .wire import Request as Request
    from .wire import Response as Response

_HOMES = {
    "Control": "client",
    "ControlError": "client",
    "Handle": "server",
    "Limits": "limits",
    "Request": "wire",
    "Response": "wire",
    "Sandbox": "core",
    "running": "server",
    "serve": "server",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
