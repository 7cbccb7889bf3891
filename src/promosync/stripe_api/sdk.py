"""The SDK, with everything switched off that it would say to anybody but its caller; nobody imports it directly.

Telemetry, logging (which prints parameters, unique codes among them) and a line for coding agents on standard error.
"""

from __future__ import annotations

import logging
import os
from contextlib import redirect_stderr
from io import StringIO

from promosync import __version__

os.environ.pop("STRIPE_LOG", None)  # read once, when the SDK is imported
with redirect_stderr(StringIO()):
    import stripe as stripe

stripe.log = None
logging.getLogger("stripe").disabled = True
stripe.enable_telemetry = False  # it would also leave a file in the home directory
stripe.set_app_info("promosync", version=__version__)
