"""Orders that were read, kept in a file of JSON lines, so that the next run reads little more than new orders.

    {"promosync_ledger": 2, …}            account and owner, and how far each list was read
    {"orders": [[…], …]}                  orders that had a discount
    {"customers": [[…], …]}               customers, and when the first order of each was paid
    {"codes": [[…], …]}                   promotion codes, the entry of each, and its text
    {"lines": …, "checksum": "…"}         the end: it does not match if the file was cut or edited

Customers, codes and their texts are salted hashes. Of metadata a ledger has only the values to count by.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from typing import Any

from promosync.model.live import Account
from promosync.model.ownership import Mode
from promosync.model.problems import Problem, ProblemsFound
from promosync.plan.fields import iso
from promosync.results.book import Book, Given, Kept, Known, Stretch
from promosync.results.orders import Source
from promosync.status.report import LineKind
from promosync.status.since import of_another

FORMAT = 2
AGAIN_SECONDS = 40 * 86_400
"""How old orders are read again each time: they may be refunded or paid late until then."""

_VERSION = "promosync_ledger"
_MOST = 1 << 62
_A_LINE = 100
"""How many orders, customers or codes are in one line."""
_ENCODER = json.JSONEncoder(separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Read:
    """How far a list was read: all orders made from ``since`` (None: the first) to ``until``, without ``gaps``."""

    since: int | None
    until: int
    gaps: tuple[Stretch, ...] = ()

    def open(self, begin: int | None) -> tuple[Stretch, ...]:
        """Return what must be read to know every order from ``begin`` on, the newest stretch first."""
        newest = self.until - AGAIN_SECONDS
        if self.since is not None:
            newest = max(newest, self.since)
        older = [gap for gap in self.gaps if gap[0] is None or gap[0] < newest]
        older = [(since, newest - 1 if until is None or until >= newest else until) for since, until in older]
        if self.since is not None and (begin is None or begin < self.since):
            older.append((begin, self.since - 1))
        return ((newest, None), *older)


@dataclass(frozen=True, slots=True)
class Ledger:
    """A book with its account and owner, and how far each list was read; ``keys`` are those to count by."""

    account: Account
    owner: str
    keys: tuple[str, ...]
    book: Book
    read: Mapping[Source, Read] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every list was read to its end."""
        return not any(read.gaps for read in self.read.values())

    def mismatch(self, account: Account, owner: str) -> Problem | None:
        """Return why this ledger is of another account, mode or owner, if it is."""
        return of_another("ledger", self.account, self.owner, account, owner)


def dump(ledger: Ledger) -> Iterator[str]:
    """Yield the lines of the file."""
    digest, count = sha256(), 0
    for content in _contents(ledger):
        line = _ENCODER.encode(content) + "\n"
        digest.update(line.encode())
        count += 1
        yield line
    yield _end(count, digest.hexdigest())


def parse(lines: Iterable[str], name: str) -> Ledger:
    """Return the ledger in a file; raise ProblemsFound if it is not one, or was cut short or edited.

    ``name`` is the name of the file for the message.
    """
    try:
        return _parsed(iter(lines))
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError, struct.error) as error:
        own = isinstance(error, _Refused)
        said = str(error) if own else "it is not one, or it was cut short or edited"
        hint = "delete it, or name another file" if own else "name another file"
        hint += ": this one is not overwritten"
        problem = Problem((), f"{name} is no ledger that can be used: {said}", hint, rule="ledger")
        raise ProblemsFound([problem]) from error


class _Refused(ValueError):
    """What is wrong with a ledger, in words for the user."""


def _contents(ledger: Ledger) -> Iterator[dict[str, Any]]:
    account, book = ledger.account, ledger.book
    yield {
        _VERSION: FORMAT,
        "account": account.id,
        "mode": account.mode.value,
        "owner": ledger.owner,
        "taken": iso(account.now),
        "taken_at": account.now,
        "salt": book.salt.hex(),
        "keys": list(ledger.keys),
        "read": {
            source.value: {"since": read.since, "until": read.until, "gaps": [list(gap) for gap in read.gaps]}
            for source, read in ledger.read.items()
        },
    }
    rows: dict[str, Iterator[Any]] = {
        "orders": map(_order, book),
        "customers": ((f"{customer:x}", first) for customer, first in book.customers()),
        "codes": (
            (f"{code:x}", known.kind and known.kind.value, known.id, dict(known.values), text)
            for code, known, text in book.codes
        ),
    }
    for kind, of_kind in rows.items():
        while some := list(islice(of_kind, _A_LINE)):
            yield {kind: some}


def _order(order: Kept) -> Any:
    given = [(one.amount, one.coupon, f"{one.code:x}") for one in order.discounts]
    return *order[:6], f"{order.customer:x}", int(order.renewal), given


def _end(count: int, checksum: str) -> str:
    return json.dumps({"lines": count, "checksum": checksum}) + "\n"


def _parsed(lines: Iterator[str]) -> Ledger:
    first = next(lines, "")
    head = json.loads(first)
    if head[_VERSION] != FORMAT:
        raise _Refused(f"it is of version {head[_VERSION]!r}, and this promosync reads version {FORMAT}")
    book = Book(bytes.fromhex(head["salt"]))
    digest, count, end = sha256(first.encode()), 1, ""
    for line in lines:
        content = json.loads(line)
        if "checksum" in content:
            end = line
            break
        _take(book, content)
        digest.update(line.encode())
        count += 1
    if end != _end(count, digest.hexdigest()) or next(lines, None) is not None:
        raise _Refused("it was cut short or edited")
    account = Account(head["account"], Mode(head["mode"]), _number(head["taken_at"]))
    read = {Source(name): _read(one) for name, one in head["read"].items()}
    return Ledger(account, str(head["owner"]), tuple(map(str, head["keys"])), book, read)


def _take(book: Book, content: Mapping[str, Any]) -> None:
    [(kind, rows)] = content.items()
    if kind == "orders":
        for source, created, paid, currency, after, refunded, customer, renewal, given in rows:
            discounts = tuple([Given(int(amount), str(coupon), int(code, 16)) for amount, coupon, code in given])
            numbers = (_number(created), _number(paid), str(currency), int(after), int(refunded))
            book.keep(Kept(Source(source), *numbers, int(customer, 16), bool(renewal), discounts))
    elif kind == "customers":
        for customer, paid in rows:
            book.note_customer(int(customer, 16), _number(paid))
    elif kind == "codes":
        for code, entry, name, own, text in rows:
            known = Known(None if entry is None else LineKind(entry), str(name), tuple(own.items()))
            book.codes.note(int(code, 16), known, _number(text), 0)
    else:
        raise _Refused(f"it has a line of a kind {kind!r}")


def _read(content: Mapping[str, Any]) -> Read:
    since = content["since"]
    gaps = tuple((_bound(begin), _bound(end)) for begin, end in content["gaps"])
    return Read(_bound(since), _number(content["until"]), gaps)


def _bound(number: Any) -> int | None:
    return None if number is None else _number(number)


def _number(number: Any) -> int:
    if type(number) is not int or not 0 <= number < _MOST:
        raise ValueError(f"{number!r} is not a moment")
    return number
