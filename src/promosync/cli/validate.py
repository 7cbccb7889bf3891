"""The commands that need nothing but the file."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import Annotated

from promosync.cli.command import DebugRun
from promosync.cli.options import DEFAULT_FILE, FilesArgument, Panel, option
from promosync.cli.reports import LISTED, tell_findings
from promosync.cli.run import ERROR, Run
from promosync.render.visible import visible


class CheckFormat(StrEnum):
    """The formats of findings."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"


def validate(
    run: DebugRun,
    files: FilesArgument = None,
    strict: Annotated[bool, option("--strict", "Treat warnings as errors: exit 1 when there is one.")] = False,
    output: Annotated[
        CheckFormat,
        option(
            "--format", "The format of the findings; github is annotations, sarif is for code scanning.", Panel.OUTPUT
        ),
    ] = CheckFormat.TEXT,
) -> int:
    """Check a configuration offline. JSON, schema, references, batches, lint: every error is reported at once."""
    from promosync.lint import Facts, lint
    from promosync.plan.exposure import batch_sizes
    from promosync.render import FORMAT_VERSION
    from promosync.render.problems import problems_json, warnings_text

    now = int(time.time())
    loaded, rows = run.load(files or [DEFAULT_FILE], now)
    found, source = loaded.configuration, loaded.source
    warnings = lint(Facts(found, source, now, batch_sizes(found, rows)))
    level, refused = ("error", bool(warnings)) if strict else ("warning", False)
    counts = {
        "coupons": len(found.coupons),
        "promotion_codes": len(found.codes),
        "code_batches": len(found.batches),
    }
    run.tell(warnings_text(warnings[:LISTED], source, level))
    if len(warnings) > LISTED:
        run.say(f"and {len(warnings) - LISTED:,} more; --format json has them all")
    if run.json:
        lists = {"warnings": [], "errors": [], f"{level}s": problems_json(warnings, source)}
        run.emit({"format_version": FORMAT_VERSION, "file": source.name, **counts, **lists}, indent=2)
    if output in (CheckFormat.GITHUB, CheckFormat.SARIF):
        tell_findings(run, [(level, warning, source) for warning in warnings])
    if output in (CheckFormat.TEXT, CheckFormat.GITHUB) and not refused:
        words = [
            f"{count:,} {_noun(name, count)}" for name, count in counts.items() if count or name != "code_batches"
        ]
        run.answer(f"{visible(source.name)} is valid: {', '.join(words)}.")
    if warnings:
        count = f"{len(warnings):,} {_noun('warnings', len(warnings))}{' treated as errors' * strict}"
        run.say(f"{count}. `promosync explain RULE` explains the rule in brackets, and how to switch it off.")
    return ERROR if refused else 0


def schema(run: Run) -> None:
    """Print the JSON Schema of the configuration, for editors."""
    from promosync.config import schema_text

    run.write(schema_text())


def _noun(name: str, count: int) -> str:
    plural = name.replace("_", " ")
    return plural if count != 1 else plural.removesuffix("es" if plural.endswith("ches") else "s")
