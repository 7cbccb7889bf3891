"""Reads a configuration file and checks it; every fault has a line and a column."""

from promosync.config.files import display_name, read_file, schema_text
from promosync.config.loading import Draft, Loaded, draft, load
from promosync.config.source import Refused, Source, render_line, render_place

__all__ = [
    "Draft",
    "Loaded",
    "Refused",
    "Source",
    "display_name",
    "draft",
    "load",
    "read_file",
    "render_line",
    "render_place",
    "schema_text",
]
