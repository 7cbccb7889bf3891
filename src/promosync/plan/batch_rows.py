"""The rows of a batch's own file and the account: texts in use, addresses without a customer, codes to adopt.

A message names a row by its line only: no code and no address may be in a terminal or a log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from promosync.codes.emails import batch_salt, salted_hash
from promosync.codes.files import LISTED
from promosync.codes.text_set import TextSet
from promosync.model.configuration import BatchEntry, Generate
from promosync.model.issued import Comparison, IssuedBuilder, IssuedCodes, Shape
from promosync.model.live import LiveCode
from promosync.model.problems import Path, Problem
from promosync.model.promotions import fold


@dataclass(frozen=True, slots=True)
class Rows:
    """What a batch's own file says, in its order: codes, addresses, or both.

    ``customers`` has the Stripe customers of those addresses (as written) that were looked up. ``first_line`` is the
    line of the first row; each further row is on the next line.
    """

    codes: Sequence[str] | None = None
    emails: Sequence[str] | None = None
    customers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    first_line: int = 1


@dataclass(frozen=True, slots=True)
class Usable:
    """The rows to issue codes for, the salted hash of each one's address, and how many were skipped.

    ``missing`` counts the customers that are to be created.
    """

    rows: Rows
    hashes: Sequence[str] = ()
    skipped: int = 0
    missing: int = 0
    problems: Sequence[Problem] = ()


Unmanaged = Mapping[tuple[str, str | None], LiveCode]
"""Active codes that nobody manages, by folded text and customer."""


@dataclass(frozen=True, slots=True)
class Adoptable:
    """The codes to adopt, by the index of their row; ``alike`` has the same codes, compact, with their shapes."""

    codes: Mapping[int, LiveCode] = field(default_factory=dict)
    alike: IssuedCodes = field(default_factory=IssuedCodes)

    def texts(self) -> TextSet:
        """Return the texts of the codes."""
        return TextSet(text for text, _ in self.alike.texts())


def file_path(entry: BatchEntry) -> Path:
    """Return the place in the configuration that names a batch's file."""
    return (
        (*entry.path, "generate", "emails") if isinstance(entry.source, Generate) else (*entry.path, "import", "file")
    )


def unbound(entry: BatchEntry, rows: Rows, records: IssuedCodes, owner: str) -> list[str]:
    """Return the addresses that have no code of the batch yet: their customers must be looked up."""
    if not rows.emails:
        return []
    bound = {record.email for record in records if record.email}
    salt = batch_salt(owner, entry.id)
    return [email for email in rows.emails if salted_hash(email, salt) not in bound]


def usable_rows(entry: BatchEntry, rows: Rows, owner: str) -> Usable:
    """Return the rows whose customer is known or will be, and what is wrong with the others."""
    if rows.emails is None:
        return Usable(rows)
    salt = batch_salt(owner, entry.id)
    keep: list[int] = []
    hashes: list[str] = []
    none: list[int] = []
    several: list[str] = []
    new: set[str] = set()
    for index, email in enumerate(rows.emails):
        found = rows.customers.get(email)  # None: it has a code already, so it was not looked up
        if found is not None and len(found) > 1:
            several.append(f"{index + rows.first_line} ({', '.join(sorted(found))})")
            continue
        hashed = salted_hash(email, salt)
        if found is not None and not found:
            if entry.source.missing_customer != "create":
                none.append(index + rows.first_line)
                continue
            new.add(hashed)
        keep.append(index)
        hashes.append(hashed)
    codes = None if rows.codes is None else [rows.codes[index] for index in keep]
    kept = Rows(codes, [rows.emails[index] for index in keep], rows.customers, rows.first_line)
    return Usable(kept, hashes, len(none), len(new), _address_problems(entry, none, several))


def taken_texts(
    entry: BatchEntry,
    rows: Rows,
    records: IssuedCodes,
    taken: Callable[[str], bool],
    holder: Callable[[str], str],
) -> list[Problem]:
    """Return a problem for each imported text that is in use: its line in the file, and what uses it."""
    if not rows.codes:
        return []
    own = TextSet(text for text, active in records.texts() if active)
    lost = [index for index, code in enumerate(rows.codes) if code not in own and taken(code)]
    name = entry.source.file if not isinstance(entry.source, Generate) else ""
    problems = [
        Problem(
            file_path(entry),
            f"{name}, line {index + rows.first_line}: the code is in use by {holder(rows.codes[index])}",
            "take it out of the file, or switch the other off first",
            rule="conflict",
        )
        for index in lost[:LISTED]
    ]
    if len(lost) > LISTED:
        more = f"{name}: and {len(lost) - LISTED:,} more codes that are in use"
        problems.append(Problem(file_path(entry), more, rule="conflict"))
    return problems


def adoptable(
    rows: Rows, records: IssuedCodes, unmanaged: Unmanaged, compare: Callable[[Shape], Comparison]
) -> Adoptable:
    """Return the codes of an import's rows that are in Stripe already and that nobody manages: they are adopted.

    These are active, for the customer of their row (or for everybody where the file has no addresses), and equal in
    every field that Stripe cannot change; no code of the batch has their text. ``records`` are the batch's own.
    ``compare`` compares what some codes share with the file.
    """
    if not unmanaged or not rows.codes:
        return Adoptable()
    own = TextSet(text for text, _ in records.texts())
    found = IssuedBuilder()
    codes: dict[int, LiveCode] = {}
    for row, text in enumerate(rows.codes):
        customer = None
        if rows.emails is not None:
            holders = rows.customers.get(rows.emails[row], ())
            if len(holders) != 1:
                continue
            customer = holders[0]
        code = unmanaged.get((fold(text), customer))
        if code is not None and text not in own:
            codes[row] = code
            found.add(code)
    alike = IssuedCodes()
    alike.shapes = found.codes.shapes
    comparisons = [compare(shape) for shape in alike.shapes]
    kept = {}
    for (row, code), record in zip(codes.items(), found.codes, strict=True):
        comparison = comparisons[record.shape]
        if comparison.current and not comparison.gone and not comparison.ended and comparison.born <= code.created:
            kept[row] = code
            alike.append(record)
    return Adoptable(kept, alike)


def _address_problems(entry: BatchEntry, none: list[int], several: list[str]) -> list[Problem]:
    found = []
    if several:
        hint = "merge the customers, or take the addresses out"
        found.append((several, "with more than one customer in Stripe", hint))
    if none and entry.source.missing_customer == "error":
        have = "has" if len(none) == 1 else "have"
        hint = 'create the customers, or set missing_customer to "create" or "skip"'
        found.append((list(map(str, none)), f"{have} no customer in Stripe", hint))
    path, rule = file_path(entry), "missing-customer"
    return [
        Problem(path, f"{len(lines):,} address{'es' * (len(lines) != 1)} {what}: line {_few(lines)}", hint, rule)
        for lines, what, hint in found
    ]


def _few(things: Sequence[str]) -> str:
    shown = ", ".join(things[:LISTED])
    return f"{shown} and {len(things) - LISTED:,} more" if len(things) > LISTED else shown
