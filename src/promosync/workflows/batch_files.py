"""Reading the files that batches name, all their faults at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from promosync.codes.files import ImportFile, read_addresses, read_codes
from promosync.codes.folder import resolve_inside
from promosync.model.configuration import BatchEntry, Configuration, Generate
from promosync.model.problems import Problem, ProblemsFound
from promosync.model.promotions import fold
from promosync.plan.batches import Rows


def read_batch_files(configuration: Configuration, folder: Path | None) -> dict[str, Rows]:
    """Return what the files of the batches say, by batch id; raise ProblemsFound with every bad line of them.

    ``folder`` is the configuration's own; None when it came from standard input and has none.
    """
    rows: dict[str, Rows] = {}
    problems: list[Problem] = []
    for entry in configuration.batches:
        try:
            rows[entry.id] = _read(entry, folder)
        except ProblemsFound as found:
            problems += found.problems
    problems += _repeated(configuration, rows)
    if problems:
        raise ProblemsFound(problems)
    return rows


def _read(entry: BatchEntry, folder: Path | None) -> Rows:
    source = entry.source
    if isinstance(source, Generate):
        if source.emails is None:
            return Rows()
        at, name = (*entry.path, "generate", "emails"), source.emails
        return Rows(emails=read_addresses(_inside(folder, name, at), name, at).addresses)
    at, name = (*entry.path, "import", "file"), source.file
    file: ImportFile = read_codes(_inside(folder, name, at), name, at)
    return Rows(codes=file.codes, emails=file.emails)


def _inside(folder: Path | None, name: str, at: tuple[str | int, ...]) -> Path:
    if folder is None:
        message = "a configuration from standard input has no folder to find this file in"
        raise ProblemsFound([Problem(at, message, "give the configuration as a file", rule="bad-path")])
    return resolve_inside(folder, name, at)


def _repeated(configuration: Configuration, rows: Mapping[str, Rows]) -> list[Problem]:
    """A text can be in one import only, and not among the single codes; its place in the file says which it is."""
    seen = {fold(entry.spec.code): f"promotion code {entry.id!r}" for entry in configuration.codes}
    problems = []
    for entry in configuration.batches:
        for number, code in enumerate(rows.get(entry.id, Rows()).codes or (), start=1):
            holder = seen.setdefault(fold(code), f"batch {entry.id!r}")
            if holder != f"batch {entry.id!r}":
                problems.append(
                    Problem(
                        (*entry.path, "import", "file"),
                        f"code number {number:,} of the file is also a code of the {holder}",
                        "take it out of one of them",
                        rule="duplicate-code",
                    )
                )
    return problems[:100]
