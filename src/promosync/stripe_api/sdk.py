"""The SDK, with everything switched off that it would say to anybody but its caller; nobody imports it directly.

Telemetry, logging (which prints parameters, unique codes among them) and a line for coding agents on standard error.
Nor does it load what only its asynchronous requests need, which nobody makes: that is half of its time to start.
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
    """Make modules that are not loaded yet look as if they were not installed, while the block lasts."""
    hidden = [name for name in modules if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None is what import takes for "not there"
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
