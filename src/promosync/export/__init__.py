"""Makes a configuration from the objects of an account."""
