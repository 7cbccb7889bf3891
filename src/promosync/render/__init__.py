"""Plans, outcomes and problems as text, JSON and more."""
