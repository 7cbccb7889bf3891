"""The SDK without its own output; every other module imports it from here.

Switched off are telemetry, logging (it prints parameters, unique codes too) and a line for coding agents on standard
error. Packages for asynchronous requests, which promosync does not make, are not loaded: that halves the import time.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from io import StringIO

from promosync import __version__

os.environ.pop("STRIPE_LOG", None)  # read once, when the SDK is imported


@contextmanager
def _without(*modules: str) -> Iterator[None]:
    """Hide modules that are not loaded yet in the block, as if they were not installed."""
    hidden = [name for name in modules if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # for import, None means "not there"
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


with redirect_stderr(StringIO()), _without("aiohttp", "httpx"):
    import stripe as stripe

stripe.log = None
logging.getLogger("stripe").disabled = True
stripe.enable_telemetry = False  # it would also leave a file in the home directory
stripe.set_app_info("promosync", version=__version__)
