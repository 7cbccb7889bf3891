"""The only home of the Stripe SDK."""
