"""Flags, consoles and exit codes."""
