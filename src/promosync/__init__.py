"""Stripe coupons and promotion codes as code: one JSON file in git, planned, reviewed and applied."""

__version__ = "0.1.0"
