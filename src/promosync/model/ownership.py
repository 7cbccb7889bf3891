"""The metadata that promosync writes to Stripe objects, so that no state file is needed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from sys import intern
from typing import Final

PREFIX = "promosync_"

IMPORTED: Final = "import"
"""The slot of an imported code: it has no number, its text identifies it."""


class Mode(StrEnum):
    """The half of a Stripe account that a key opens. Sandboxes count as test."""

    TEST = "test"
    LIVE = "live"


class Retired(StrEnum):
    """Why promosync switched a code off. A code that is off without a reason was switched off by hand."""

    SWAP = "swap"  # a successor replaces it: switched on again if the swap was interrupted
    WITHDRAWN = "withdrawn"  # its entry left the file, or its batch shrank
    OFF = "off"  # the file says `active: false`, or its date has passed
    HAND = "hand"  # it was found off by hand: without this, it looks like the others once its coupon is deleted


@dataclass(frozen=True, slots=True)
class Tags:
    """Promosync's own metadata keys on one object; ``owner`` is None if the object is not managed by promosync.

    ``carried`` counts the redemptions of this object's predecessors, ``late`` those of the predecessor after the
    limit of this object was set (coupons only). ``slot`` is the place of a unique code in its batch; ``email`` is a
    salted hash of the address that a unique code is for. ``unreadable`` names the keys whose value cannot be read.
    """

    owner: str | None = None
    id: str | None = None
    carried: int = 0
    late: int = 0
    retired: Retired | None = None
    protect: bool = False
    slot: str | None = None
    email: str | None = None
    unreadable: tuple[str, ...] = field(default=(), compare=False)

    @property
    def uncounted(self) -> bool:
        """Whether it is unknown how often the predecessors were used."""
        return "carried" in self.unreadable or "late" in self.unreadable

    def to_metadata(self) -> dict[str, str]:
        """Return the keys and values as Stripe stores them, without defaults."""
        found = {
            "owner": self.owner,
            "id": self.id,
            "carried": str(self.carried) if self.carried else None,
            "late": str(self.late) if self.late else None,
            "retired": self.retired.value if self.retired else None,
            "protect": "true" if self.protect else None,
            "slot": self.slot,
            "email": self.email,
        }
        return {PREFIX + key: value for key, value in found.items() if value is not None}


_RETIRED: Mapping[str, Retired] = {reason.value: reason for reason in Retired}
_NOBODYS = Tags()
_NO_METADATA: Mapping[str, str] = {}


def split_metadata(metadata: Mapping[str, str]) -> tuple[Tags, Mapping[str, str]]:
    """Split the metadata of an object into promosync's own keys and all others.

    Keys with the prefix that this version does not know are in neither part. Keys whose value cannot be read, because
    somebody edited it, are named in ``unreadable`` and get a safe value: a count is 0 (such an object is never
    recreated), a code that is off counts as switched off by hand, an object counts as protected.
    """
    own: dict[str, str] = {}
    others: dict[str, str] = {}
    for key, value in metadata.items():
        if key.startswith(PREFIX):
            own[key[len(PREFIX) :]] = value
        else:
            others[key] = value
    if not own:
        return _NOBODYS, others or _NO_METADATA
    owner = own.get("owner")
    tags = Tags(
        owner=None if owner is None else intern(owner),
        id=own.get("id"),
        carried=_count(own.get("carried")),
        late=_count(own.get("late")),
        retired=_RETIRED.get(own.get("retired", "")),
        protect=own.get("protect", "false") != "false",
        slot=own.get("slot"),
        email=own.get("email"),
        unreadable=tuple(key for key, text in own.items() if key in _READABLE and not _READABLE[key](text)),
    )
    return tags, others or _NO_METADATA


def slot_number(slot: str | None) -> int | None:
    """Return a slot as a number below 2**63; None for an imported code, and for what cannot be read."""
    return int(slot) if slot and _SLOT(slot) else None


def _count(text: str | None) -> int:
    return int(text) if text and _COUNT(text) else 0


_COUNT = re.compile("[0-9]{1,12}").fullmatch  # no code is redeemed more often
_SLOT = re.compile("[0-9]{1,18}").fullmatch
_READABLE: Mapping[str, Callable[[str], object]] = {
    "carried": _COUNT,
    "late": _COUNT,
    "retired": frozenset(Retired).__contains__,
    "protect": frozenset(("true", "false")).__contains__,
    "slot": lambda text: text == IMPORTED or _SLOT(text),
    "email": re.compile("[0-9a-f]{32}").fullmatch,
}
"""By key: whether a value can be one of promosync's. Owner and id may have any text."""
