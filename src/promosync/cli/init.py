"""`promosync init`: a starter file, and the schema beside it so that the editor helps."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Annotated

import typer

from promosync.cli.options import DEFAULT_FILE, argument, option
from promosync.cli.run import Run
from promosync.cli.workflow_files import Ci, workflow_files
from promosync.cli.writing import write_new
from promosync.model.problems import Problem, ProblemsFound
from promosync.render.visible import visible

SCHEMA_FILE = "promosync.schema.json"


def init(
    run: Run,
    folder: Annotated[str, argument("FOLDER", "Where to write it.")] = ".",
    ci: Annotated[Ci | None, option("--ci", "Write CI jobs that plan and apply, instead of a starter file.")] = None,
    uses: Annotated[
        str | None,
        option(
            "--uses OWNER/NAME@COMMIT",
            "The promosync that the jobs install. [default: this one, if it was installed from a commit]",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write a starter promosync.json. Its schema goes beside it for the editor; no file is overwritten."""
    from promosync.config import schema_text

    place = Path(folder)
    if ci is not None:
        _write_jobs(run, place, ci, uses)
        return
    if uses is not None:
        raise typer.BadParameter("--uses is for --ci.")
    target, schema = place / DEFAULT_FILE, place / SCHEMA_FILE
    text = json.dumps(starter(owner_for(place.resolve().name)), indent=2) + "\n"
    run.so_far = f"{target} may have been written."
    _write(target, text)
    if not (schema.exists() or schema.is_symlink()):
        _write(schema, schema_text())
    run.answer(f"Wrote {visible(str(target))}, with {SCHEMA_FILE} beside it for your editor.")
    run.say(f"Try it without an account: promosync plan {visible(shlex.quote(str(target)))} --sandbox")


def starter(owner: str) -> dict[str, object]:
    """Return a configuration to begin with."""
    return {
        "$schema": f"./{SCHEMA_FILE}",
        "promosync": {"owner": owner},
        "coupons": [
            {
                "id": "welcome_20",
                "name": "Welcome Discount",
                "percent_off": 20,
                "duration": "once",
                "max_redemptions": 100,
            }
        ],
        "promotion_codes": [
            {"id": "welcome", "code": "WELCOME20", "coupon": "welcome_20", "first_time_transaction": True}
        ],
    }


def owner_for(name: str) -> str:
    """Return a folder's name as an owner: letters, digits, ``.``, ``_`` and ``-``, at most 64."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:64] or "default"


def _write_jobs(run: Run, place: Path, ci: Ci, uses: str | None) -> None:
    """Write the files of a CI, or none where one of them is there."""
    files = {place / path: text for path, text in workflow_files(ci, uses).items()}
    there = [
        Problem((), f"{path} is there already", "init never overwrites", rule="init")
        for path in files
        if path.exists()
    ]
    if there:
        raise ProblemsFound(there)
    for path, text in files.items():
        _write(path, text)
        run.answer(f"Wrote {path}.")
    run.say("The comment at the top of each file names the secrets that it needs.")


def _write(path: Path, text: str) -> None:
    """Write a file that is not there yet, and the folders that it is in."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_new(path, text)
    except FileExistsError:
        there = f"{path} is there already" if path.exists() else f"{path.parent} is not a folder"
        raise ProblemsFound([Problem((), there, "init never overwrites: name another folder", rule="init")]) from None
    except OSError as error:
        raise ProblemsFound([Problem((), f"{path} cannot be written: {error.strerror}", rule="init")]) from error
