"""From the text of a file to a checked configuration, with the place of every fault."""
