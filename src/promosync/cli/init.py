"""`promosync init`: a starter file, and the schema beside it so that the editor helps."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Annotated

import typer

from promosync.cli.options import DEFAULT_FILE
from promosync.cli.run import begin
from promosync.cli.writing import write_new
from promosync.model.problems import Problem, ProblemsFound
from promosync.render.visible import visible

SCHEMA_FILE = "promosync.schema.json"


def init(
    ctx: typer.Context,
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="Where to write it.")] = ".",
) -> None:
    """Write a starter promosync.json. Its schema goes beside it for the editor; no file is overwritten."""
    from promosync.config import schema_text

    run = begin(ctx)
    place = Path(folder)
    target, schema = place / DEFAULT_FILE, place / SCHEMA_FILE
    text = json.dumps(starter(owner_for(place.resolve().name)), indent=2) + "\n"
    try:
        place.mkdir(parents=True, exist_ok=True)
        write_new(target, text)
        if not (schema.exists() or schema.is_symlink()):
            write_new(schema, schema_text())
    except FileExistsError:
        there = f"{target} is there already" if target.exists() else f"{place} is not a folder"
        raise ProblemsFound([Problem((), there, "init never overwrites: name another folder", rule="init")]) from None
    except OSError as error:
        raise ProblemsFound([Problem((), f"{target} can not be written: {error.strerror}", rule="init")]) from error
    run.out.print(f"Wrote {visible(str(target))}, with {SCHEMA_FILE} beside it for your editor.")
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
