"""Plans, outcomes and problems as text, JSON and more."""

FORMAT_VERSION = 1
"""Of every JSON document; it grows when a field changes its meaning or goes."""
