"""Reads files of codes and of addresses, and reports every bad line by its number, never with its content.

Accepted: UTF-8 with or without BOM; LF, CRLF or CR; RFC 4180 quoting; blanks around a cell (removed); empty lines at
the end. A line break in quotes is not accepted: no code and no address has one, so an open quote is a fault of its
line only. The first row is a header if every cell is a known column name, in any case: so a code that reads ``code``
must not be the first one.
"""

from __future__ import annotations

import csv
import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path as FilePath
from typing import Final

from promosync.codes.alphabet import CODE_CHARACTERS, MAX_CODE_LENGTH
from promosync.codes.emails import normalise
from promosync.model.problems import Path, Problem, ProblemsFound
from promosync.model.promotions import fold

LISTED: Final = 100
"""How many bad lines of one file are listed; the rest are counted."""

MAX_ADDRESS_LENGTH: Final = 512
"""Stripe's limit; source: https://docs.stripe.com/api/customers/create#create_customer-email."""

CODE_HEADERS: Final = frozenset({"code", "codes", "coupon", "voucher", "promo"}) | {
    f"{kind}_code" for kind in ("coupon", "voucher", "promo", "promotion", "discount")
}
EMAIL_HEADERS: Final = frozenset({"email", "emails", "e_mail", "email_address", "customer_email", "address"})

_ADDRESS = re.compile(r"[^@]+@[^@.]+(\.[^@.]+)+")
_NOT_IN_ADDRESS = re.compile(r"[\s\"<>(),:;\\\[\]\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class ImportFile:
    """The codes of an import in the order of its file, with the address of each, or None for a file of codes.

    ``first_line`` is the line number of the first code; each further code is on the next line.
    """

    codes: Sequence[str]
    emails: Sequence[str] | None
    first_line: int = 1


@dataclass(frozen=True, slots=True)
class AddressFile:
    """The addresses of a file in its order, as they are written; ``first_line`` as in :class:`ImportFile`."""

    addresses: Sequence[str]
    first_line: int = 1


def read_codes(file: FilePath, name: str, at: Path) -> ImportFile:
    """Read a file with ``code`` or ``code,email`` on each line.

    ``name`` is the name of the file for messages, ``at`` the place in the configuration that names it. Raises
    ProblemsFound with the number of every bad line, never with its content.
    """
    faults = _Faults(name, at)
    codes: list[str] = []
    emails: list[str] = []
    lines = array("L")
    columns: tuple[int, ...] | None = None  # of code and address, known after the first row
    first_row = 0
    for line, cells, header in _rows(file, faults):
        if header:
            first_row = line
            columns = tuple(header.index(kind) for kind in ("code", "email") if kind in header)
            if header.count("code") != 1 or header.count("email") > 1:
                faults.add(line, "the header needs one column of codes and at most one of addresses")
                break
            continue
        if columns is None and 1 <= len(cells) <= 2:
            first_row, columns = line, tuple(range(len(cells)))
        if fault := _row_fault(cells, columns, first_row):
            faults.add(line, fault)
            continue
        assert columns is not None
        codes.append(cells[columns[0]])
        if len(columns) == 2:
            emails.append(cells[columns[1]])
        lines.append(line)
    faults.duplicates("code", codes, lines, fold)
    faults.raise_any(empty=not codes)
    with_emails = columns is not None and len(columns) == 2
    return ImportFile(codes, emails if with_emails else None, lines[0])


def read_addresses(file: FilePath, name: str, at: Path) -> AddressFile:
    """Read a file with one address on each line; parameters and errors as in :func:`read_codes`."""
    faults = _Faults(name, at)
    addresses: list[str] = []
    lines = array("L")
    for line, cells, header in _rows(file, faults):
        if header == ["email"]:
            continue
        if len(cells) != 1:
            faults.add(line, f"{len(cells)} columns where one address is expected")
        elif fault := address_fault(cells[0]):
            faults.add(line, fault)
        else:
            addresses.append(cells[0])
            lines.append(line)
    faults.duplicates("address", addresses, lines, normalise)
    faults.raise_any(empty=not addresses)
    return AddressFile(addresses, lines[0])


@dataclass(slots=True)
class _Faults:
    """The bad lines of one file: all are counted, the first ones are kept."""

    name: str
    at: Path
    kept: list[tuple[int, str]] = field(default_factory=list)
    counted: int = 0
    whole: str = ""

    def add(self, line: int, fault: str) -> None:
        self.counted += 1
        if self.counted <= LISTED:
            self.kept.append((line, fault))

    def duplicates(self, what: str, texts: Sequence[str], lines: Sequence[int], same: Callable[[str], str]) -> None:
        """Add each line whose text was on an earlier one.

        Hashes are compared first, an eighth of them at a time, as that takes a tenth of the memory of a set
        of a million texts; then the texts of those whose hash came twice.
        """
        hashes = array("q", (hash(same(text)) for text in texts))
        twice: set[int] = set()
        for part in range(8):
            some = sorted(number for number in hashes if number & 7 == part)
            twice.update(one for one, other in pairwise(some) if one == other)
        if not twice:
            return
        found = 0
        first: dict[str, int] = {}
        for text, line, hashed in zip(texts, lines, hashes, strict=True):
            if hashed in twice and (earlier := first.setdefault(same(text), line)) != line:
                found += 1
                if found <= LISTED:
                    self.kept.append((line, f"the same {what} as on line {earlier}, regardless of case"))
        self.counted += found

    def raise_any(self, *, empty: bool) -> None:
        """Raise ProblemsFound if there are faults, in the order of the lines; an empty file is a fault, too."""
        if self.whole or (empty and not self.counted):
            raise ProblemsFound([self._problem(f"{self.name}: {self.whole or 'the file is empty'}.")])
        listed = sorted(self.kept)[:LISTED]
        problems = [self._problem(f"{self.name}, line {line}: {fault}.") for line, fault in listed]
        if self.counted > len(listed):
            problems.append(self._problem(f"{self.name}: and {self.counted - len(listed):,} more bad lines."))
        if problems:
            raise ProblemsFound(problems)

    def _problem(self, message: str) -> Problem:
        return Problem(self.at, message, rule="codes-file")


def _rows(file: FilePath, faults: _Faults) -> Iterator[tuple[int, list[str], list[str]]]:
    """Yield number and cells of each line that can be read, and its columns if it is a header; note the others."""
    blank: list[int] = []
    first = True
    try:
        for line, raw in _lines(file):
            if line == 1 and raw.startswith((b"\xff\xfe", b"\xfe\xff")):
                faults.whole = "the text is UTF-16; save it as UTF-8"
                return
            cells = _cells(raw, line)
            if cells == [""] and b'"' not in raw:
                blank.append(line)
                continue
            for number in blank:  # these blank lines are not at the end of the file
                faults.add(number, "the line is blank")
            blank.clear()
            if isinstance(cells, str):
                faults.add(line, cells)
            else:
                yield line, cells, _header(cells) if first else []
                first = False
    except OSError as error:
        faults.whole = f"the file cannot be read ({error.strerror})"


def _lines(file: FilePath) -> Iterator[tuple[int, bytes]]:
    number = 0
    with file.open("rb") as handle:
        for chunk in handle:
            for raw in chunk.splitlines():
                number += 1
                yield number, raw


def _cells(raw: bytes, line: int) -> list[str] | str:
    """Return the cells of a line, or what is wrong with it."""
    try:
        text = raw.decode("utf-8-sig" if line == 1 else "utf-8")
    except UnicodeDecodeError:
        return "the text is not UTF-8"
    if "\0" in text:
        return "there is a NUL byte in it"
    if '"' not in text:
        return [cell.strip() for cell in text.split(",")]
    try:
        return [cell.strip() for cell in next(csv.reader([text], strict=True))]
    except csv.Error:
        return "a quote is not closed, or text follows it"


def _header(cells: list[str]) -> list[str]:
    """Return the kind of each column if this row is a header, else an empty list."""
    kinds = []
    for cell in cells:
        word = re.sub(r"[\s_-]+", "_", cell.lower())
        kinds.append("code" if word in CODE_HEADERS else "email" if word in EMAIL_HEADERS else "")
    return kinds if all(kinds) else []


def _row_fault(cells: list[str], columns: tuple[int, ...] | None, first_row: int) -> str:
    if not 1 <= len(cells) <= 2:
        return f"{len(cells)} columns where code or code,email is expected"
    assert columns is not None
    if len(cells) < len(columns):
        return f"no address, although line {first_row} has that column"
    if len(cells) > len(columns):
        return f"a second column, although line {first_row} has one only"
    fault = code_fault(cells[columns[0]])
    return fault or (address_fault(cells[columns[1]]) if len(columns) == 2 else "")


def code_fault(code: str) -> str:
    """Return what is wrong with a code, without the code; empty if nothing is."""
    if not code:
        return "the code is blank"
    if len(code) > MAX_CODE_LENGTH:
        return f"the code is longer than {MAX_CODE_LENGTH} characters"
    if not CODE_CHARACTERS.issuperset(code):
        return "the code has characters that Stripe does not take: it may have letters, digits, - and _"
    return ""


def address_fault(address: str) -> str:
    """Return what is wrong with an address, without the address; empty if nothing is."""
    if not address:
        return "the address is blank"
    if len(address) > MAX_ADDRESS_LENGTH:
        return f"the address is longer than {MAX_ADDRESS_LENGTH} characters"
    looks_right = _ADDRESS.fullmatch(address) and not _NOT_IN_ADDRESS.search(address)
    return "" if looks_right else "this is no email address"
