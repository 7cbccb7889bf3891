"""`promosync codes`: the unique codes themselves, for those who send them out."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

from promosync.cli.access import Access, opened
from promosync.cli.command import DebugRun, add, group
from promosync.cli.options import DEFAULT_FILE, FileArgument, Panel, option
from promosync.cli.writing import check_target, writing
from promosync.model.life import State
from promosync.render.visible import visible

if TYPE_CHECKING:
    from promosync.workflows.export_codes import Codes


class CodesFormat(StrEnum):
    """The formats of a list of codes."""

    CSV = "csv"
    JSONL = "jsonl"


def export(
    run: DebugRun,
    *,
    file: FileArgument = DEFAULT_FILE,
    batch: Annotated[list[str] | None, option("--batch ID", "Only this batch; may be given several times.")] = None,
    status: Annotated[
        list[State] | None,
        option(
            "--status STATE",
            "Only codes that are active, redeemed, expired, withdrawn, off, 'switched off' or orphaned; may be "
            "given several times.",
        ),
    ] = None,
    output: Annotated[
        CodesFormat, option("--format", "csv is safe to open in a spreadsheet, jsonl is verbatim.", Panel.OUTPUT)
    ] = CodesFormat.CSV,
    out: Annotated[
        str | None, option("--out FILE", "Write to this file, readable by you alone.", Panel.OUTPUT)
    ] = None,
    overwrite: Annotated[
        bool, option("--overwrite", "Replace the file if it is there already.", Panel.OUTPUT)
    ] = False,
    access: Access,
) -> None:
    """Write unique codes with their addresses and states. Whoever has them can redeem them."""
    from promosync.workflows.export_codes import read_codes_of

    loaded = run.load_entries(file)
    if out is not None:
        check_target(Path(out), run.reads, overwrite)
    with opened(run, access) as stripe:
        found = read_codes_of(loaded.configuration, run.folder, stripe, batch or ())
    wanted = status or []
    if out is None:
        run.so_far = "Nothing was changed in Stripe. The printed list may be incomplete."
        _write(run.out.file, found, wanted, output)
        run.out.file.flush()
        return
    with writing(Path(out), run.reads) as handle:
        count = _write(handle, found, wanted, output)
    run.so_far = f"Nothing was changed in Stripe, and {out} is complete."
    run.say(f"Wrote {count:,} code{'s' * (count != 1)} to {visible(out)}, readable by you alone.")


def _write(handle: IO[str], found: Codes, wanted: list[State], output: CodesFormat) -> int:
    """Write the codes one by one, and return their number."""
    from promosync.codes.listing import cells, headers, metadata_keys, row, row_writer
    from promosync.plan.fields import iso

    keys = metadata_keys(found.batches)
    write = row_writer(handle)
    if output is CodesFormat.CSV:
        write(headers(keys))
    count = 0
    for code in found.listed(wanted):
        values = row(code, iso)
        if output is CodesFormat.CSV:
            write(cells(values, keys))
        else:
            handle.write(json.dumps(values) + "\n")
        count += 1
    return count


codes = group(help="Work with unique codes.", epilog="promosync codes export --out codes.csv")
add(codes, export, "promosync codes export --batch vip --out codes.csv")
