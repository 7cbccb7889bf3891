"""From the text of a file to a checked configuration, with the place of every fault."""

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
