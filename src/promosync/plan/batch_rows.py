"""What a batch's own file says, held against the account: texts that are taken, addresses without a customer.

Rows are named by their line alone: neither a code nor an address is for a terminal or a log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from promosync.codes.emails import batch_salt, salted_hash
from promosync.codes.files import LISTED
from promosync.codes.text_set import TextSet
from promosync.model.configuration import BatchEntry, Generate
from promosync.model.issued import IssuedCodes
from promosync.model.problems import Path, Problem


@dataclass(frozen=True, slots=True)
class Rows:
    """What a batch's own file says, in its order: codes, addresses, or both.

    ``customers`` has the Stripe customers of those addresses (as written) that were looked up. ``first_line`` is the
    line of the first row; each of the others is on the next.
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


def file_path(entry: BatchEntry) -> Path:
    """Return the place in the configuration that names a batch's file."""
    return (
        (*entry.path, "generate", "emails") if isinstance(entry.source, Generate) else (*entry.path, "import", "file")
    )


def unbound(entry: BatchEntry, rows: Rows, records: IssuedCodes, owner: str) -> list[str]:
    """Return the addresses of a batch that no code of it is bound to yet: their customers must be looked up."""
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
        found = rows.customers.get(email)  # None: bound already, so nobody looked
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
    """Return for each imported text that something else uses where it stands in the file, and what has it."""
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


def _address_problems(entry: BatchEntry, none: list[int], several: list[str]) -> list[Problem]:
    problems = []
    if several:
        problems.append(
            Problem(
                file_path(entry),
                f"{_counted(len(several), 'address', 'addresses')} with more than one customer in Stripe: "
                f"line {_few(several)}",
                "merge the customers, or take the addresses out",
                rule="missing-customer",
            )
        )
    if none and entry.source.missing_customer == "error":
        have = "has" if len(none) == 1 else "have"
        problems.append(
            Problem(
                file_path(entry),
                f"{_counted(len(none), 'address', 'addresses')} {have} no customer in Stripe: "
                f"line {_few([str(line) for line in none])}",
                'create the customers, or set missing_customer to "create" or "skip"',
                rule="missing-customer",
            )
        )
    return problems


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def _few(things: Sequence[str]) -> str:
    shown = ", ".join(things[:LISTED])
    return f"{shown} and {len(things) - LISTED:,} more" if len(things) > LISTED else shown
