"""What a command writes for a pull request besides its text: annotations, SARIF, Markdown, the summary of the job.

They are also written if something fails, and change no exit code.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from promosync.cli.run import Run
from promosync.cli.writing import append
from promosync.model.problems import Problem, ProblemsFound
from promosync.render.visible import visible

if TYPE_CHECKING:
    from promosync.cli.streams import Steady
    from promosync.config import Source
    from promosync.render.findings import Finding

LISTED = 100
"""How many errors, and how many warnings, are reported in words; the rest are counted."""

Located = Sequence[tuple[Problem, "Source | None"]]


def tell_errors(run: Run, located: Located) -> None:
    """Write errors in the chosen format, and into the summary of the job."""
    if run.output in ("github", "sarif"):
        tell_findings(run, [("error", *one) for one in located])

    def page() -> str:
        from promosync.render.problems import problems_markdown

        return problems_markdown(located, run.name)

    if run.output == "markdown":
        run.write(page())
    leave_summary(run, page)


def tell_findings(run: Run, located: Iterable[tuple[str, Problem, Source | None]]) -> None:
    """Write findings, each with its level, as annotations or as SARIF."""
    from promosync.render.findings import commands, sarif

    findings = [_finding(run, *one) for one in located]
    if run.output == "sarif":
        from promosync.lint import titles

        run.emit(sarif(findings, titles().get), indent=2)
        return
    out: Steady = run.out.file  # type: ignore[assignment]
    for line in commands(findings):
        out.command(f"{line}\n")
    out.flush()


def leave_summary(run: Run, page: Callable[[], str]) -> None:
    """Add a page to the summary of a GitHub job, where there is one: ``GITHUB_STEP_SUMMARY`` names its file."""
    name = run.environ.get("GITHUB_STEP_SUMMARY")
    if not name:
        return
    try:
        append(Path(name), page() + "\n", run.reads)
    except OSError as error:
        run.say(f"The summary of the job cannot be written: {error.strerror}.")
    except ProblemsFound as found:
        run.say(f"The summary of the job cannot be written: {visible(str(found))}.")


def _finding(run: Run, level: str, problem: Problem, source: Source | None) -> Finding:
    from promosync.render.findings import Level, finding

    if source is not None:
        source, problem = source.own(problem)
    return finding(Level(level), problem, source, _in_repository(run, source.name) if source else None)


def _in_repository(run: Run, name: str) -> PurePosixPath | None:
    """Return a file's path from the root of the repository that the job has checked out, if it is in it."""
    if name == "<stdin>":
        return None
    path = Path(os.path.abspath(name))  # noqa: PTH100 (links are not followed)
    root = Path(os.path.abspath(run.environ.get("GITHUB_WORKSPACE") or "."))  # noqa: PTH100
    return PurePosixPath((path.relative_to(root) if path.is_relative_to(root) else path).as_posix())
