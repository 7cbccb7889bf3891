"""`promosync export`: the account as a configuration that adopts it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated

import typer

from promosync.cli.access import Access, opened
from promosync.cli.command import DebugRun
from promosync.cli.options import Panel, option
from promosync.cli.progress import reading
from promosync.cli.run import Run
from promosync.cli.writing import check_target, writing
from promosync.render.visible import visible

FILES_FROM = 50


def export(
    run: DebugRun,
    *,
    out: Annotated[
        str | None, option("--out FILE", "Write to this file, and unique codes to files beside it.", Panel.OUTPUT)
    ] = None,
    overwrite: Annotated[bool, option("--overwrite", "Replace files that are there already.", Panel.OUTPUT)] = False,
    coupon: Annotated[
        list[str] | None, option("--coupon ID", "Only this Stripe coupon and its codes; may be given several times.")
    ] = None,
    owner: Annotated[
        str | None, option("--owner NAME", "Only what this owner manages, with the ids of the owner's file.")
    ] = None,
    include_ended: Annotated[
        bool, option("--include-ended", "Include what is used up or past its date; codes as `active: false`.")
    ] = False,
    files_from: Annotated[
        int,
        option(
            "--files-from N",
            "With --out: write so many or more unique codes of one kind to a file of their own.",
            Panel.OUTPUT,
            min=1,
        ),
    ] = FILES_FROM,
    access: Access,
) -> None:
    """Print what the account holds as a configuration. Applying it adopts everything and changes nothing else."""
    from promosync.config.writing import to_json
    from promosync.export.proposal import Wishes
    from promosync.render.export import export_notes
    from promosync.workflows.export import Selection, make

    if owner is not None and coupon:
        raise typer.BadParameter("--owner exports everything of that owner: leave --coupon out.")
    if out is not None:
        check_target(Path(out), run.reads, overwrite)
    selection = Selection(owner, tuple(coupon or ()), Wishes(include_ended, None if out is None else files_from))
    with opened(run, access) as stripe, reading(run, stripe):
        made = make(stripe, selection)
    if out is None:
        run.write(to_json(made.configuration, ascii_only=_is_narrow(run)))
    else:
        whole = list[str]()
        paths = {Path(out).parent / file.name: file for file in made.files.values()}
        for path in paths:
            check_target(path, run.reads, overwrite)
        for path, file in paths.items():
            with writing(path, run.reads) as handle:
                csv.writer(handle, lineterminator="\n").writerows(file.rows())
            whole.append(str(path))
            run.so_far = f"Nothing was changed in Stripe. Written completely: {', '.join(whole)}."
        with writing(Path(out), run.reads) as handle:
            handle.write(to_json(made.configuration))
        run.so_far = f"Nothing was changed in Stripe. Written completely: {', '.join([*whole, out])}."
    run.tell(export_notes(made, run.err.width))
    if out is not None:
        run.say(f"Wrote {', '.join(map(visible, [out, *whole]))}.")


def _is_narrow(run: Run) -> bool:
    """Whether standard output cannot show every character."""
    return run.out.encoding.lower().replace("-", "") != "utf8"
