"""Snapshots as files: JSON with the used codes of each batch packed, half a million in about ten megabytes."""

from __future__ import annotations

import json
import sys
from array import array
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from promosync.config.files import read_bounded
from promosync.model.live import Account
from promosync.model.ownership import Mode
from promosync.model.problems import Problem, ProblemsFound
from promosync.plan.fields import iso
from promosync.status.report import LineKind
from promosync.status.since import Snapshot, UsedSlots, mismatch

FORMAT = 2
_VERSION = "promosync_snapshot"

_LARGEST = 256 * 1024 * 1024
_MAKE = "make the first one: promosync status --save FILE"
_LATEST = 253_402_300_799
"""The last second of the year 9999: Python has no later date."""


def dump(taken: Snapshot) -> str:
    """Return the text of the file. It has no unique code, only the used slots of a batch."""
    lines: dict[str, dict[str, int]] = {kind.value: {} for kind in LineKind}
    for (kind, name), used in taken.lines.items():
        lines[kind.value][name] = used
    document = {
        _VERSION: FORMAT,
        "account": taken.account.id,
        "mode": taken.account.mode.value,
        "owner": taken.owner,
        "taken": iso(taken.account.now),
        "taken_at": taken.account.now,
        "used": lines,
        "used_slots": {
            batch: {"keys": _packed(slots.keys), "used": _packed(slots.used)}
            for batch, slots in sorted(taken.slots.items())
        },
    }
    return json.dumps(document, indent=2) + "\n"


def parse(text: str, name: str) -> Snapshot:
    """Return the snapshot in a file; raise ProblemsFound if it is not one, or was cut or changed by hand.

    ``name`` is the name of the file for the message.
    """
    try:
        document = json.loads(text)
        version = document[_VERSION]
        if version != FORMAT:
            raise ValueError(f"it is of version {version!r}, and this promosync reads version {FORMAT}")
        account = Account(document["account"], Mode(document["mode"]), _instant(document["taken_at"]))
        lines = {
            (kind, str(line)): _count(used)
            for kind in LineKind
            for line, used in dict(document["used"][kind.value]).items()
        }
        slots = {str(batch): _slots(packed) for batch, packed in dict(document["used_slots"]).items()}
        return Snapshot(account, str(document["owner"]), lines, slots)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        said = f": {error}" if isinstance(error, ValueError) and not isinstance(error, json.JSONDecodeError) else ""
        raise _fault(f"{name} is not a snapshot{said}", "make one: promosync status --save FILE") from error


def read(names: Iterable[str], account: Account, owner: str) -> list[Snapshot]:
    """Return the snapshots in files and folders, the oldest first; only the latest has the used codes of batches.

    Raises ProblemsFound with every fault: a file that is no snapshot (in a folder all but hidden files must be
    snapshots), one of another account, mode or owner, and two of the same time.
    """
    found: dict[int, tuple[Path, Snapshot]] = {}
    problems: list[Problem] = []
    for name in names:
        with _noted(problems):
            for file in _files(Path(name)):
                with _noted(problems):
                    _add(found, file, _checked(file, account, owner))
    if problems:
        raise ProblemsFound(problems)
    return [one for _, (_, one) in sorted(found.items())]


def _files(path: Path) -> list[Path]:
    """Return the files of a folder, without hidden ones; for a file, that file."""
    if not path.is_dir():
        return [path]
    try:
        inside = sorted(file for file in path.iterdir() if not file.name.startswith("."))
    except OSError as error:
        raise _refused(path, error.strerror or "it is a folder that cannot be read") from error
    if not inside:
        raise _refused(path, "it is a folder without a snapshot")
    return inside


def _checked(file: Path, account: Account, owner: str) -> Snapshot:
    if file.is_dir():
        raise _refused(file, "it is a folder in a folder", "name it with --since too, or move it away")
    try:
        text = read_bounded(file, _LARGEST).decode()
    except (OSError, ValueError) as error:  # a text that is not UTF-8 is a ValueError, as is a NUL in a name
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is not text"
        raise _refused(file, reason) from error
    found = parse(text, str(file))
    if refused := mismatch(found, account, owner):
        raise ProblemsFound([replace(refused, message=f"{file}: {refused.message}")])
    return found


def _add(found: dict[int, tuple[Path, Snapshot]], file: Path, one: Snapshot) -> None:
    """Add a snapshot under its time; only the latest keeps its slots, which can be megabytes."""
    taken = one.account.now
    if taken in found:
        raise _fault(f"{file} is of the same time as {found[taken][0]}: {iso(taken)}", "leave one of them out")
    older = min(taken, max(found, default=taken))
    found[taken] = file, one
    if len(found) > 1:
        found[older] = found[older][0], replace(found[older][1], slots={})


@contextmanager
def _noted(problems: list[Problem]) -> Iterator[None]:
    """Collect the problems that are raised in the block, and go on."""
    try:
        yield
    except ProblemsFound as fault:
        problems += fault.problems


def _refused(path: Path, reason: str, hint: str = _MAKE) -> ProblemsFound:
    return _fault(f"{path} cannot be read: {reason}", hint)


def _fault(message: str, hint: str) -> ProblemsFound:
    return ProblemsFound([Problem((), message, hint, rule="snapshot")])


def _slots(packed: Any) -> UsedSlots:
    keys, used = _unpacked(packed["keys"]), _unpacked(packed["used"])
    if len(keys) != len(used):
        raise ValueError("it was cut")
    return UsedSlots(zip(keys, used, strict=True))


def _packed(numbers: array[int]) -> str:
    return b64encode(_little(numbers).tobytes()).decode()


def _unpacked(text: str) -> array[int]:
    return _little(array("Q", b64decode(text, validate=True)))


def _little(numbers: array[int]) -> array[int]:
    """Return numbers with their bytes in little-endian order, or back in the order of this machine."""
    if sys.byteorder == "little":
        return numbers
    swapped = numbers[:]
    swapped.byteswap()
    return swapped


def _count(number: Any) -> int:
    if type(number) is not int or not 0 <= number < 1 << 62:
        raise ValueError(f"{number!r} is not a count")
    return number


def _instant(number: Any) -> int:
    if _count(number) > _LATEST:
        raise ValueError(f"{number!r} is no date")
    return int(number)
