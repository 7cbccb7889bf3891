"""Where every command ends: an exit code and, if it failed, error messages.

0 done, 1 any error, 2 changes (`plan --detailed-exitcode`), an invalid code (`check`) or an alarm (`status`),
3 apply or results stopped at --max-minutes, 130 interrupted.
"""

from __future__ import annotations

import gc
import os
import re
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING

import typer

from promosync.cli.app import app
from promosync.cli.reports import LISTED, tell_errors
from promosync.cli.run import Run
from promosync.cli.signals import INTERRUPTED, Interrupted
from promosync.cli.streams import Steady, occupy_streams, open_console
from promosync.model.problems import Problem, ProblemsFound

if TYPE_CHECKING:
    from promosync.config import Source

ERROR, CHANGES, OUT_OF_TIME = 1, 2, 3

_MEANT = {"--auto-approve": "--yes", "-auto-approve": "--yes", "-y": "--yes"}
"""Names that other tools give to an option of ours."""

_PLAINLY = (
    (r"^Invalid value: |Value error, ", ""),
    (r"^Invalid value for ", ""),
    (r"Input should be a valid number, .*", "this is no number"),
    (r"Input should be a valid integer, .*", "this is no whole number"),
    (r"Input should be greater than or equal to (\S+)", r"it must be \1 or more"),
    (r"Input should be less than or equal to (\S+)", r"it must be \1 or less"),
)
"""Typer's messages about a value, some with pydantic's words, and the same in plain words."""


def main() -> int:
    """Carry out the command line of this process and return its exit code."""
    # A plan has many objects and hardly a reference cycle: looking for cycles would take a quarter of the time.
    gc.set_threshold(100_000, 50)
    environ = dict(os.environ)
    occupy_streams()
    run = Run(open_console(sys.stdout, environ), open_console(sys.stderr, environ), environ)
    return _final_code(run, carry_out(sys.argv[1:], run))


def carry_out(arguments: Sequence[str], run: Run) -> int:
    """Carry out a command line and return its exit code; nothing is raised."""
    run.carry_out = carry_out
    try:
        code = app(args=list(arguments), prog_name="promosync", standalone_mode=False, obj=run)
        return code if isinstance(code, int) else 0
    except (Interrupted, KeyboardInterrupt, typer.Abort):
        with suppress(OSError):  # of a terminal that is gone
            run.say(f"Interrupted: {run.command} did not finish. {run.so_far} Run it again.")
        return INTERRUPTED
    except ProblemsFound as found:
        _traceback(run, found)
        _refuse(run, found.problems, getattr(found, "source", None))
    except Exception as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            run.err.print(str(error))
        elif hasattr(error, "format_message"):  # Typer's usage errors: where their class lives differs by version
            run.json = run.json or "--format=json" in arguments or ("--format", "json") in pairwise(arguments)
            _refuse(run, [Problem((), *_usage(error, arguments), rule="usage")])
        else:
            _traceback(run, error)
            problem = _problem_of(run, error)
            _refuse(run, [problem])
            return OUT_OF_TIME if problem.rule == "out-of-time" else ERROR
    return ERROR


def _final_code(run: Run, code: int) -> int:
    """Return the exit code of a command that ended with ``code``: lost output is an error too."""
    lost = []
    for name, console in (("result", run.out), ("messages", run.err)):
        stream: Steady = console.file  # type: ignore[assignment]
        stream.flush()
        if stream.lost:
            lost.append(f"error: not all of the {name} could be written: {stream.lost}")
    for said in lost:
        run.say(said)
    return ERROR if lost and code in (0, CHANGES) else code


def _refuse(run: Run, problems: Sequence[Problem], source: Source | None = None) -> None:
    """Report every problem; ``source`` is the file that could not be used.

    Without it, what has a path is located in the file that was read, and the rest is not about a file.
    """
    # Rendering problems imports the loader: only where there are some.
    from promosync.render import FORMAT_VERSION
    from promosync.render.problems import problems_json, problems_text

    every = (*run.doubted, *problems)
    located = [(one, source or (run.source if one.path or one.at else None)) for one in every]
    for problem, place in located[:LISTED]:
        run.tell(problems_text([problem], place, run.err.width))
    if len(located) > LISTED:
        run.say(f"and {len(located) - LISTED:,} more errors; --format json has them all")
    if run.json:
        errors = [told for problem, place in located for told in problems_json([problem], place)]
        run.emit({"format_version": FORMAT_VERSION, "errors": errors})
    tell_errors(run, located)


def _problem_of(run: Run, error: Exception) -> Problem:
    """Return an error of Stripe or of promosync itself as a problem, in one line and without the key."""
    from promosync.apply.gateway import OutOfTime, StripeFault

    if isinstance(error, OutOfTime):
        said = "the time of --max-minutes was over before all of Stripe was read: nothing was changed"
        return Problem((), said, "run it again, with more time", rule="out-of-time")
    if isinstance(error, StripeFault):
        rule = f"stripe-{error.fault.value.replace(' ', '-')}"
        return Problem((), _scrubbed(str(error), run.environ), rule=rule)
    said = _scrubbed(f"{type(error).__name__}: {error}".removesuffix(": "), run.environ)
    hint = "" if run.debug else "add --debug to see where it comes from"
    return Problem((), f"unexpected {said}", hint, rule="internal")


def _usage(error: Exception, arguments: Sequence[str]) -> tuple[str, str]:
    context = getattr(error, "ctx", None)
    message: str = error.format_message()  # type: ignore[attr-defined]
    for words, plain in _PLAINLY:
        message = re.sub(words, plain, message)
    help_ = f"see {context.command_path if context else 'promosync'} --help"
    meant = [_MEANT[given] for given in arguments if given in _MEANT] if "No such option" in message else []
    return message, f"use {meant[0]}; {help_}" if meant else help_


def _traceback(run: Run, error: Exception) -> None:
    if run.debug:
        run.say(_scrubbed("".join(traceback.format_exception(error)).rstrip(), run.environ))


def _scrubbed(text: str, environ: Mapping[str, str]) -> str:
    """Return the text without the key, whatever form it has, and without anything that looks like one."""
    from promosync.stripe_api.keys import without_keys

    key = environ.get("STRIPE_API_KEY", "").strip()
    return without_keys(text.replace(key, "…") if key else text)
