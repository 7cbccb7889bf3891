"""What ought to change, decided by pure functions of values."""
