"""Measures the speed, compared with Stripe's limit, and the memory. `make bench` runs it."""
