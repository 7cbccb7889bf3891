"""Unique codes: alphabets, drawing, batches and the files they come from."""
