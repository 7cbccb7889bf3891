"""How fast, against what Stripe's limit allows, and in how much memory. `make bench` runs it."""
