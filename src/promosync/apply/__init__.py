"""Carrying a plan out: when, how fast, again, or not any more."""
