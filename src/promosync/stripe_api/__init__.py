"""The only home of the Stripe SDK."""

import os

# Asked to log, the SDK prints the parameters of every request, unique codes among them.
os.environ.pop("STRIPE_LOG", None)
