"""The commands that need nothing but the file."""

from __future__ import annotations

import time

import typer

from promosync.cli.options import DEFAULT_FILE, DebugOption, FileArgument, Format, FormatOption
from promosync.cli.run import begin


def validate(
    ctx: typer.Context,
    file: FileArgument = DEFAULT_FILE,
    output: FormatOption = Format.TEXT,
    debug: DebugOption = False,
) -> None:
    """Check a configuration offline: JSON, schema, references. Tells every fault at once."""
    from promosync.render import FORMAT_VERSION
    from promosync.render.problems import problems_json, problems_text

    run = begin(ctx, output, debug)
    loaded, _ = run.load(file, now=int(time.time()))
    found = loaded.configuration
    counts = {
        "coupons": len(found.coupons),
        "promotion_codes": len(found.codes),
        "code_batches": len(found.batches),
    }
    if run.json:
        notes = problems_json(loaded.notes, loaded.source)
        document = {"format_version": FORMAT_VERSION, "file": loaded.source.name, **counts}
        run.emit({**document, "notes": notes, "errors": []}, indent=2)
        return
    for line in problems_text(loaded.notes, loaded.source, run.err.width, word="note"):
        run.err.print(line)
    words = [f"{count} {_noun(name, count)}" for name, count in counts.items() if count or name != "code_batches"]
    run.out.print(f"{loaded.source.name} is valid: {', '.join(words)}.")


def schema(ctx: typer.Context) -> None:
    """Print the JSON Schema of the configuration, for editors."""
    from promosync.config import schema_text

    run = begin(ctx)
    run.out.file.write(schema_text())
    run.out.file.flush()


def _noun(name: str, count: int) -> str:
    plural = name.replace("_", " ")
    return plural if count != 1 else plural.removesuffix("es" if plural.endswith("ches") else "s")
