"""Reading the files that batches name, and checking their batches against them: all errors at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from promosync.codes.capacity import check_capacity
from promosync.codes.files import LISTED, read_addresses, read_codes
from promosync.codes.folder import resolve_inside
from promosync.config import Refused
from promosync.model.configuration import BatchEntry, Configuration, Generate
from promosync.model.life import is_over
from promosync.model.problems import Problem, ProblemsFound
from promosync.model.promotions import fold
from promosync.plan.batch_rows import Rows, file_path
from promosync.plan.exposure import needed_codes


def read_batch_files(configuration: Configuration, folder: Path | None, now: int | None = None) -> dict[str, Rows]:
    """Return the content of the files of the batches, by batch id; raise ProblemsFound with all errors.

    That is every bad line, and every batch whose codes do not fit its pattern or are easy to guess, whatever the
    account holds. ``folder`` is the configuration's own; None when it came from standard input and has none. ``now``
    is as for :func:`promosync.config.load`.
    """
    rows, problems = _read_all(configuration, folder, now)
    if problems:
        raise ProblemsFound(problems)
    return rows


def with_file_faults(refused: Refused, folder: Path | None, now: int | None) -> Refused:
    """Return a refused configuration with the errors in the files of its batches added."""
    if refused.rest is None:
        return refused
    told = {problem.path for problem in refused.problems}
    named = tuple(entry for entry in refused.rest.batches if not any(path[:2] == entry.path for path in told))
    _, problems = _read_all(replace(refused.rest, batches=named), folder, now)
    return Refused([*refused.problems, *problems], refused.source)


def _read_all(
    configuration: Configuration, folder: Path | None, now: int | None
) -> tuple[dict[str, Rows], list[Problem]]:
    rows: dict[str, Rows] = {}
    problems: list[Problem] = []
    coupons = {coupon.id: coupon.spec.redeem_by for coupon in configuration.coupons}
    for entry in configuration.batches:
        over = is_over(entry.spec.expires_at, now) or is_over(coupons.get(entry.spec.coupon), now)
        try:
            rows[entry.id] = read_rows(entry, folder)
            problems += [] if over else _capacity(entry, rows[entry.id])
        except ProblemsFound as found:
            problems += found.problems
    problems += _repeated(configuration, rows)
    return rows, problems


def read_rows(entry: BatchEntry, folder: Path | None) -> Rows:
    """Return the content of the file of one batch, nothing if it has none; raise ProblemsFound with its bad lines."""
    source, at = entry.source, file_path(entry)
    if isinstance(source, Generate):
        if source.emails is None:
            return Rows()
        addresses = read_addresses(_inside(folder, source.emails, at), source.emails, at)
        return Rows(emails=addresses.addresses, first_line=addresses.first_line)
    codes = read_codes(_inside(folder, source.file, at), source.file, at)
    return Rows(codes=codes.codes, emails=codes.emails, first_line=codes.first_line)


def _capacity(entry: BatchEntry, rows: Rows) -> list[Problem]:
    """Return why a batch's pattern cannot hold its codes, whatever the account holds."""
    skips = entry.source.missing_customer == "skip" and rows.emails is not None  # Stripe knows how many are left
    return check_capacity(entry, 0 if skips else needed_codes(entry, rows), 0)


def _inside(folder: Path | None, name: str, at: tuple[str | int, ...]) -> Path:
    if folder is None:
        message = "a configuration from standard input has no folder to find this file in"
        raise ProblemsFound([Problem(at, message, "give the configuration as a file", rule="bad-path")])
    return resolve_inside(folder, name, at)


def _repeated(configuration: Configuration, rows: Mapping[str, Rows]) -> Iterator[Problem]:
    """Yield each line whose code is also in another import, or is that of a single promotion code that is active."""
    single = {fold(entry.spec.code): entry.id for entry in configuration.codes if entry.spec.active}
    imports = [entry for entry in configuration.batches if rows.get(entry.id, Rows()).codes]
    earlier: dict[str, set[str]] = {}  # by batch id; the last, or only, file is not needed
    for entry in imports:
        given, listed, more = rows[entry.id], 0, 0
        for line, code in enumerate(given.codes or (), start=given.first_line):
            text = fold(code)
            holder = f"promotion code {single[text]!r}" if text in single else ""
            if not holder and earlier:
                holder = next((f"batch {name!r}" for name, texts in earlier.items() if text in texts), "")
            if holder and listed < LISTED:
                listed += 1
                yield _twice(entry, f"line {line}: the code is also that of the {holder}")
            elif holder:
                more += 1
        if more:
            yield _twice(entry, f"and {more:,} more codes that are elsewhere in the configuration")
        if entry is not imports[-1]:
            earlier[entry.id] = {fold(code) for code in given.codes or ()}


def _twice(entry: BatchEntry, message: str) -> Problem:
    name = "" if isinstance(entry.source, Generate) else entry.source.file
    comma = ":" if message.startswith("and") else ","
    return Problem(file_path(entry), f"{name}{comma} {message}", "take it out of one of them", rule="duplicate-code")
