"""A snapshot as a file: JSON, the used codes of each batch packed: half a million take some ten megabytes."""

from __future__ import annotations

import json
import sys
from array import array
from base64 import b64decode, b64encode
from typing import Any

from promosync.model.live import Account
from promosync.model.ownership import Mode
from promosync.model.problems import Problem, ProblemsFound
from promosync.plan.fields import iso
from promosync.status.report import LineKind
from promosync.status.since import Snapshot, UsedSlots

FORMAT = 2
_VERSION = "promosync_snapshot"

_LATEST = 253_402_300_799
"""The last second of the year 9999: what comes after it has no date."""


def dump(taken: Snapshot) -> str:
    """Return the text of the file. It holds no unique code, only which slots of a batch were used."""
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
    """Return the snapshot in a file; raise ProblemsFound where it is none, or was cut or changed by hand.

    ``name`` is the file's, for the message.
    """
    try:
        document = json.loads(text)
        version = document[_VERSION]
        if version != FORMAT:
            raise ValueError(f"it is of version {version!r}, and this promosync reads version {FORMAT}")
        account = Account(_text_or_none(document["account"]), Mode(document["mode"]), _instant(document["taken_at"]))
        lines = {
            (kind, str(line)): _count(used)
            for kind in LineKind
            for line, used in dict(document["used"][kind.value]).items()
        }
        slots = {str(batch): _slots(packed) for batch, packed in dict(document["used_slots"]).items()}
        return Snapshot(account, str(document["owner"]), lines, slots)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        said = f": {error}" if isinstance(error, ValueError) and not isinstance(error, json.JSONDecodeError) else ""
        raise ProblemsFound(
            [
                Problem(
                    (), f"{name} is not a snapshot{said}", "make one: promosync status --save FILE", rule="snapshot"
                )
            ]
        ) from error


def _slots(packed: Any) -> UsedSlots:
    keys, used = _unpacked(packed["keys"]), _unpacked(packed["used"])
    if len(keys) != len(used):
        raise ValueError("it was cut")
    return UsedSlots(zip(keys, used, strict=True))


def _packed(numbers: array[int]) -> str:
    little = numbers if sys.byteorder == "little" else array("Q", numbers)
    if sys.byteorder != "little":
        little.byteswap()
    return b64encode(little.tobytes()).decode()


def _unpacked(text: str) -> array[int]:
    numbers = array("Q")
    numbers.frombytes(b64decode(text, validate=True))
    if sys.byteorder != "little":
        numbers.byteswap()
    return numbers


def _count(number: Any) -> int:
    if type(number) is not int or not 0 <= number < 1 << 62:
        raise ValueError(f"{number!r} is not a count")
    return number


def _instant(number: Any) -> int:
    if _count(number) > _LATEST:
        raise ValueError(f"{number!r} is no date")
    return int(number)


def _text_or_none(text: Any) -> str | None:
    return None if text is None else str(text)
