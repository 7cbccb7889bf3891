"""Unique codes: their characters, how they are drawn, their batches and files."""
